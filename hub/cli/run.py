"""Run one role in this process: api, gateway, worker or connectors.

For systemd units and containers; it takes its servers from the environment, or those of a hub that
runs on the same home. `bigear up` runs all roles under one supervisor.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib

import uvloop

from hub import wiring
from hub.cli._standing import Stopped, stop_requested, until
from hub.settings import Settings, read_settings
from hub.supervise import notify

ROLES = ("api", "gateway", "worker", "connectors")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("role", choices=ROLES)


def run(args: argparse.Namespace) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(args.role, read_settings()))


async def _run(role: str, settings: Settings) -> int:
    with contextlib.suppress(Stopped):
        await until(stop_requested(), wiring.run_role(role, settings, notify.say_ready))
    return 0
