"""Where a version is made: a folder of its own below the home's models, gone when the process ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.home import Home

PREFIX = ".making-"
LOCK = "lock"
TURN = ".making.lock"


@dataclass(frozen=True, slots=True)
class Making:
    """``folder``: empty but for its lock. ``lock``: that file's descriptor; a process that inherits it
    holds the folder, too, should this one be killed."""

    folder: Path
    lock: int


@contextmanager
def making(home: Home) -> Iterator[Making]:
    """A folder for the time of the block. First, those of killed processes are cleared: the kernel
    drops a lock when the last that holds it ends, however it ends."""
    home.create()
    turn = _open(home.models / TURN)
    try:
        # In turn: a folder of another process that has no lock yet would be cleared.
        fcntl.flock(turn, fcntl.LOCK_EX)
        _clear(home.models)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home.models))
        lock = _open(folder / LOCK)
        fcntl.flock(lock, fcntl.LOCK_EX)
    finally:
        os.close(turn)
    try:
        yield Making(folder, lock)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _clear(models: Path) -> None:
    for folder in models.glob(f"{PREFIX}*"):
        try:
            lock = _open(folder / LOCK)
        except FileNotFoundError:
            continue  # its maker was done in the meantime
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
