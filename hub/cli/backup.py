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
FOLDERS = ("secrets", "areas", "models", "photos")
"""Without the secrets the rest is worth little; photos are the most."""
HALF_MADE = ".half-made"
"""Where all of it lies until it is whole, inside the backup's folder (which may be a disk's own)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="a new or empty folder")


def run(args: argparse.Namespace) -> int:
    folder = args.folder.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(path.name != HALF_MADE for path in folder.iterdir()):
        raise Conflict("backup.not_empty", folder=str(folder))
    folder.chmod(0o700)
    half_made = folder / HALF_MADE
    shutil.rmtree(half_made, ignore_errors=True)  # of one that was killed
    half_made.mkdir(mode=0o700)
    try:
        asyncio.run(_backup(read_settings(), half_made))
        for path in sorted(half_made.iterdir(), key=lambda path: path.name == DUMP):
            path.rename(folder / path.name)  # the dump last: it makes the folder a backup
    finally:
        shutil.rmtree(half_made, ignore_errors=True)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder} holds the whole hub, {size / 1e6:.1f} MB")
    return 0


async def _backup(settings: Settings, folder: Path) -> None:
    """The database first: a photo's file is there before the row that names it."""
    async with standing(settings):
        await run_program(settings, "pg_dump", "--format=custom", f"--file={folder / DUMP}")
    for name in FOLDERS:
        _copy(settings.home.root / name, folder / name)


def _copy(source: Path, target: Path) -> None:
    """A file, or a folder with all in it but what begins with a dot, which is being written. What the
    hub deletes meanwhile is passed over: it belongs to no backup."""
    try:
        if not source.is_dir():
            shutil.copy2(source, target)
            return
        entries = list(source.iterdir())
        target.mkdir()
        shutil.copymode(source, target)
        for entry in entries:
            if not entry.name.startswith("."):
                _copy(entry, target / entry.name)
    except FileNotFoundError:
        if source.exists():
            raise
