"""Start PostgreSQL and Valkey alone, print where they are, and run until Ctrl-C.

With a command after ``--`` that command runs with the addresses in its environment and the
servers end with it:  bigear servers --volatile -- pytest tests/store
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex

from hub.cli._standing import prepared, started, stop_requested
from hub.settings import Settings, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--volatile",
        action="store_true",
        help="faster, but a crash of the machine loses the database (for tests)",
    )
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="run this, then stop")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    with prepared(settings):
        return asyncio.run(_run(settings, args.command, volatile=args.volatile))


async def _run(settings: Settings, command: list[str], *, volatile: bool) -> int:
    addresses = {
        "BIGEAR_DATABASE_URL": settings.database_url,
        "BIGEAR_REDIS_URL": settings.redis_url,
    }
    stop = stop_requested()
    async with started(settings, volatile=volatile):
        if not command:
            for name, value in addresses.items():
                print(f"export {name}={shlex.quote(value)}", flush=True)
            await stop.wait()
            return 0
        process = await asyncio.create_subprocess_exec(*command, env=os.environ | addresses)
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            process.terminate()  # Ctrl-C reached it too: the terminal tells the whole group
        stopped.cancel()
        return await ended
