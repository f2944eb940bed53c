"""Photos: taken apart and written anew without metadata, kept by their SHA-256 under the home."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import re
import secrets
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from hub.flow.ground import Ground
from hub.model.errors import BadInput, TooLarge
from hub.store import photos

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE_PX = 2_048
"""Larger photos are made smaller: enough to read a sign, small enough for a phone."""
JPEG_QUALITY = 85
PROBE_BYTES = 64 * 1024
UNCLAIMED_S = 24 * 3600.0
FORMATS = ("JPEG", "PNG", "WEBP")
_FILE = re.compile(r"\.?([0-9a-f]{64})\.jpg(\.[0-9a-f]{8})?")

Image.MAX_IMAGE_PIXELS = None  # the limit is MAX_PIXELS, asked before anything is decoded
# Half a gigabyte each at worst: a flood of photos must not eat the memory.
_cleaners = ThreadPoolExecutor(2, thread_name_prefix="photo")


@dataclass(frozen=True, slots=True)
class Photo:
    """A stored upload; ``token`` is what a complaint names it by."""

    token: str
    width: int
    height: int
    size_bytes: int


async def store(ground: Ground, folder: Path, raw: bytes) -> Photo:
    """Re-encode and keep an uploaded photo; the file is on disk before its row commits.

    Raises BadInput ``photo.invalid``, TooLarge ``photo.too_large``, OSError when the disk is full.
    """
    if len(raw) > MAX_BYTES:
        raise TooLarge("photo.too_large")
    loop = asyncio.get_running_loop()
    clean, width, height = await loop.run_in_executor(_cleaners, _clean, raw)
    name = hashlib.sha256(clean).hexdigest()
    token = secrets.token_urlsafe(16)
    async with ground.db.acquire() as connection, connection.transaction():
        await photos.hold(connection, name)
        await asyncio.to_thread(_write, path_of(folder, name), clean)
        await photos.add(connection, token, name, width, height, len(clean))
    return Photo(token, width, height, len(clean))


async def probe(folder: Path) -> None:
    """Raises OSError when no photo could be kept there now. What is written is gone again."""
    await asyncio.to_thread(_probe, folder)


def _probe(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        file.write(bytes(PROBE_BYTES))


def path_of(folder: Path, name: str) -> Path:
    """Where the file of that SHA-256 lies: two signs of it make the folder."""
    return folder / name[:2] / f"{name}.jpg"


async def sweep(ground: Ground, folder: Path) -> int:
    """Delete uploads that no complaint took within a day, files that no row names and what a kill
    left half written; how many."""
    async with ground.db.acquire() as connection:
        dropped = await photos.drop_unclaimed(connection, UNCLAIMED_S)
    before = time.time() - UNCLAIMED_S
    for part in await asyncio.to_thread(_parts, folder):  # a 256th at a time: there may be millions
        whole, leftovers = await asyncio.to_thread(_names_before, part, before)
        async with ground.db.acquire() as connection:
            needed = await photos.known(connection, list(whole))
        dropped += await drop_files(ground, folder, sorted(whole - needed | leftovers))
    return dropped


async def drop_files(ground: Ground, folder: Path, names: Sequence[str]) -> int:
    """Delete the files of these names that no row needs, and what was left half written; how many.

    A file that a crash leaves here goes with the next ``sweep``.
    """
    dropped = 0
    for name in names:
        async with ground.db.acquire() as connection, connection.transaction():
            await photos.hold(connection, name)  # from here on nobody uploads it anew
            lost = not await photos.known(connection, [name])
            dropped += await asyncio.to_thread(_delete, path_of(folder, name), lost)
    return dropped


def _clean(raw: bytes) -> tuple[bytes, int, int]:
    """Decoded pixels as a new JPEG: no EXIF, no GPS, no profile, no trailing bytes."""
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise TooLarge("photo.too_large")
            image.draft(None, (MAX_SIDE_PX, MAX_SIDE_PX))  # a large JPEG is decoded smaller
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except TooLarge:
        raise
    except Exception:  # noqa: BLE001 - what Pillow raises of bytes that are no photo has no end
        raise BadInput("photo.invalid") from None
    upright.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue(), bare.width, bare.height


def _write(path: Path, content: bytes) -> None:
    """Write, flush to disk, rename, flush the folder: after this a power cut loses nothing."""
    if path.exists():
        return
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _flush(path.parent.parent)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")  # as _FILE reads it
    try:
        with fresh.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    _flush(path.parent)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("??"))


def _names_before(part: Path, moment_s: float) -> tuple[set[str], set[str]]:
    """The names of files that were written before then, and of what was left of writing one."""
    whole, leftovers = set[str](), set[str]()
    for path in part.iterdir():
        found = _FILE.fullmatch(path.name)
        with contextlib.suppress(FileNotFoundError):  # another worker sweeps too
            if found and path.stat().st_mtime < moment_s:
                (leftovers if found[2] else whole).add(found[1])
    return whole, leftovers


def _delete(path: Path, lost: bool) -> int:
    """Delete what was left of writing a file and, if it is lost, the file; how many there were."""
    dropped = 0
    for one in [*path.parent.glob(f".{path.name}.*"), *([path] if lost else [])]:
        with contextlib.suppress(FileNotFoundError):
            one.unlink()
            dropped += 1
    return dropped
