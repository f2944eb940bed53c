"""What the supervisor must know of a process: how to start it, when it is ready, how to end it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class User:
    """An account of the operating system that a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Child:
    """One supervised process. ``argv[0]`` is a path; ``env`` is the whole environment.

    ``ready`` is asked every few milliseconds until it says yes; None for a child that says so by
    itself (``hub.supervise.notify``). ``after`` names the children that must be ready before this one
    starts. ``stop_signal`` asks it to end, SIGKILL follows after
    ``grace_s``; ``death_signal`` is what the kernel sends when the supervisor itself dies.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready: Callable[[], Awaitable[bool]] | None = None
    after: tuple[str, ...] = ()
    user: User | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    grace_s: float = 10.0
    ready_timeout_s: float = 60.0


async def spawn(
    child: Child, log: Path, added: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Start ``child`` with its output appended to ``log`` and ``added`` in its environment. Call it
    from the main thread only: the kernel ties the death signal to the thread that forks.

    It gets a session of its own, so that Ctrl-C on the terminal reaches the supervisor alone, and
    ``/`` as working folder, so that no mounted folder is held busy.
    """
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    user: dict[str, object] = {}
    if child.user is not None:
        user = {"user": child.user.uid, "group": child.user.gid, "extra_groups": []}
    try:
        return await asyncio.create_subprocess_exec(
            *child.argv,
            env={**child.env, **(added or {})},
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=fd,
            stderr=fd,
            start_new_session=True,
            umask=0o077,
            preexec_fn=die_with_parent(child.death_signal),
            **user,  # type: ignore[arg-type]
        )
    finally:
        os.close(fd)


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """A ``preexec_fn`` after which the kernel sends ``death_signal`` when this process dies."""
    parent = os.getpid()

    def set_death_signal() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel was told
            os._exit(1)

    return set_death_signal
