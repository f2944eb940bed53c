"""Restore a backup into an empty hub: a new home, or an empty database of one's own."""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import tempfile
from pathlib import Path

from hub.cli._postgres import run_program
from hub.cli._standing import standing
from hub.cli.backup import DUMP, FOLDERS
from hub.model.errors import Conflict, NotFound
from hub.settings import Settings, read_settings
from hub.store.migrate import is_empty

OF_THE_SERVER = "database_password"
"""The secret that stays behind: it opens this home's server, not the one that was backed up."""
_OF_EXTENSIONS = re.compile(r"\d+; \d+ \d+ (COMMENT - EXTENSION|TABLE DATA \S+ spatial_ref_sys) ")
"""Entries of a dump's list that only a superuser may restore, where one made the extensions. Every
PostGIS brings those rows along."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="what `bigear backup` made")


def run(args: argparse.Namespace) -> int:
    folder = args.folder.absolute()
    if not (folder / DUMP).is_file():
        raise NotFound("backup.none", folder=str(folder))
    settings = read_settings()
    settings.home.create()
    if any(settings.home.photos.iterdir()):
        raise Conflict("restore.not_empty", folder=str(settings.home.photos))
    asyncio.run(_restore(settings, folder))
    print("restored; `bigear doctor` examines it, `bigear up` starts it")
    return 0


async def _restore(settings: Settings, folder: Path) -> None:
    async with standing(settings):
        if not await is_empty(settings.database_url):
            raise Conflict("restore.not_empty")
        await _restore_database(settings, folder / DUMP)
    for name in FOLDERS:
        if (folder / name).is_dir():
            shutil.copytree(
                folder / name,
                settings.home.root / name,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns(OF_THE_SERVER),
            )


async def _restore_database(settings: Settings, dump: Path) -> None:
    """All of a dump but what is the extensions' own: the database's owner may be no superuser."""
    entries = (await run_program(settings, "pg_restore", "--list", str(dump))).splitlines()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as wanted:
        wanted.writelines(f"{entry}\n" for entry in entries if not _OF_EXTENSIONS.match(entry))
        wanted.flush()
        options = ("--no-owner", "--exit-on-error", "--single-transaction")
        await run_program(settings, "pg_restore", *options, f"--use-list={wanted.name}", str(dump))
