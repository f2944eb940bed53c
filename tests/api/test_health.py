"""``/healthz`` says whether a complaint with its photos could be taken now, and what is in the way."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.api.conftest import Door, Opener
from tests.conftest import with_database


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 256 kB, where every user's programs reach it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("a small disk cannot be mounted here (root and CAP_SYS_ADMIN are needed)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def fill(disk: Path) -> Path:
    """Leave no room on it; the file that takes it all."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return filler


async def health(door: Door) -> tuple[int, str]:
    reply = await door.ask("GET", "/healthz")
    return reply.status, "" if reply.status == 200 else reply.code


async def test_no_room_for_photos_is_told_until_there_is_some(
    open_door: Opener, small_disk: Path
) -> None:
    async with open_door(photos=small_disk / "photos") as door:
        assert await health(door) == (200, "")
        filler = fill(small_disk)
        assert await health(door) == (507, "disk.full")
        filler.unlink()
        assert await health(door) == (200, "")
        assert list((small_disk / "photos").iterdir()) == []


@pytest.fixture
async def full_database(
    servers: dict[str, str], city_url: str, small_disk: Path
) -> AsyncIterator[Path]:
    """The filler of the disk on which this database writes what it does not keep."""
    admin = await asyncpg.connect(with_database(servers["database"], "postgres"))
    try:
        owner = Path(await admin.fetchval("SHOW data_directory")).stat()
    except OSError:
        await admin.close()
        pytest.skip("the database is on another machine")
    os.chown(small_disk, owner.st_uid, owner.st_gid)
    name = city_url.rpartition("/")[2].partition("?")[0]
    await admin.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    await admin.execute(f'ALTER DATABASE "{name}" SET temp_tablespaces = small')
    yield fill(small_disk)
    await admin.execute(f'ALTER DATABASE "{name}" RESET temp_tablespaces')
    await _drop(admin)
    await admin.close()


async def _drop(admin: asyncpg.Connection) -> None:
    """Drop it as soon as the sessions that used it have ended."""
    async with asyncio.timeout(20):
        while True:
            try:
                await admin.execute("DROP TABLESPACE small")
                return
            except asyncpg.ObjectNotInPrerequisiteStateError:
                await asyncio.sleep(0.1)


async def test_no_room_for_the_database_is_told_until_there_is_some(
    full_database: Path, open_door: Opener
) -> None:
    async with open_door() as door:
        assert await health(door) == (507, "disk.full")
        full_database.unlink()
        assert await health(door) == (200, "")
        assert await health(door) == (200, "")
