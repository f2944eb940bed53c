"""Make database and pages ready: migrations, the city on an empty one, first users. Safe to repeat.

`bigear up` does this by itself; it is for roles that run one by one (`bigear run ROLE`).
"""

from __future__ import annotations

import argparse
import asyncio

from hub import wiring
from hub.cli import pages
from hub.cli._standing import standing
from hub.settings import Settings, in_clone, read_settings


def add_arguments(_: argparse.ArgumentParser) -> None:
    """There are none."""


def run(_: argparse.Namespace) -> int:
    settings = read_settings()
    first_time = not settings.home.first_users.exists()
    asyncio.run(_migrate(settings))
    print("the database is ready")
    if first_time and settings.home.first_users.exists():
        print(f"logins and first passwords: {settings.home.first_users}")
    if in_clone():
        print(f"the pages are ready: {pages.build(settings.home)}")
    return 0


async def _migrate(settings: Settings) -> None:
    settings.home.create()
    async with standing(settings):
        await wiring.prepare(settings)
