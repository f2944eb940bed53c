"""Back up everything the hub keeps into a folder: database, photos, areas, secrets, models. It may run.

The folder holds what people wrote and the hub's secrets: keep it as closed as the home itself.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
from pathlib import Path

from hub.cli._postgres import run_program
from hub.cli._standing import standing
from hub.model.errors import Conflict
from hub.settings import Settings, read_settings

DUMP = "database.dump"
FOLDERS = ("photos", "areas", "secrets", "models")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="a new or empty folder")


def run(args: argparse.Namespace) -> int:
    folder = args.folder.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict("backup.not_empty", folder=str(folder))
    folder.chmod(0o700)
    asyncio.run(_backup(read_settings(), folder))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder} holds the whole hub, {size / 1e6:.1f} MB")
    return 0


async def _backup(settings: Settings, folder: Path) -> None:
    """The database first: a photo's file is there before the row that names it."""
    async with standing(settings):
        await run_program(settings, "pg_dump", "--format=custom", f"--file={folder / DUMP}")
    for name in FOLDERS:
        if (settings.home.root / name).is_dir():
            # What begins with a dot is being written, and may be gone before it is copied.
            half_made = shutil.ignore_patterns(".*")
            shutil.copytree(settings.home.root / name, folder / name, ignore=half_made)
