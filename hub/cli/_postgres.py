"""PostgreSQL's own programs: the embedded server's, or for a server of one's own those on the PATH."""

from __future__ import annotations

import asyncio
import os
from urllib.parse import unquote, urlsplit, urlunsplit

from hub import servers
from hub.model.errors import BigEarError
from hub.settings import Settings


class ProgramFailed(BigEarError):
    """A program of PostgreSQL is missing or failed; ``details['reason']`` holds what it said."""

    code = "backup.program"


async def run_program(settings: Settings, name: str, *options: str) -> str:
    """Run one on the hub's database; what it printed. The password travels in the environment, where
    other users of the machine cannot see it. Raises ``ProgramFailed``."""
    address, password = _without_password(settings.database_url)
    env = dict(os.environ)
    if settings.embedded_database:
        env |= servers.postgres_environment(settings.home)
    if password:
        env["PGPASSWORD"] = password
    try:
        process = await asyncio.create_subprocess_exec(
            name,
            *options,
            f"--dbname={address}",
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError:
        raise ProgramFailed(program=name, reason="it is not installed") from None
    printed, said = await process.communicate()
    if process.returncode:
        raise ProgramFailed(program=name, reason=said.decode(errors="replace").strip()[-2_000:])
    return printed.decode(errors="replace")


def _without_password(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return urlunsplit(parts._replace(netloc=f"{name}{at}{place}")), unquote(password)
