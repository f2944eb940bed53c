"""One supervisor a home, held by a file lock that the kernel drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.model.errors import BigEarError


class AlreadyRunning(BigEarError):
    """Another process holds this home; ``details`` name its ``pid`` and the ``lock``."""

    code = "home.in_use"


@contextmanager
def hold(lock: Path) -> Iterator[None]:
    """Hold ``lock`` for the time of the block. Raises ``AlreadyRunning`` at once if it is held."""
    fd = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 32).decode("ascii", "replace").strip()
            raise AlreadyRunning(pid=holder, lock=str(lock)) from None
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode("ascii"))
        yield
    finally:
        os.close(fd)
