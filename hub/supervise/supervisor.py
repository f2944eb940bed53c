"""The supervisor: starts children in order, restarts what ends, ends them in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path

from hub.model.errors import BigEarError
from hub.supervise import notify
from hub.supervise.child import Child, spawn

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_AFTER_S = 30.0
"""A child that lived this long starts again at once; one that did not, after a growing pause."""
TRIES_AT_START = 3
LINES_TOLD = 5
LINE_MAX_CHARS = 400
LOG_MAX_BYTES = 16 * 1024 * 1024
LOG_CHECK_S = 60.0


class StartFailed(BigEarError):
    """A child did not become ready; ``details`` hold its ``name`` and the end of its ``log``."""

    code = "start.failed"


class Supervisor:
    """Runs children until ``stop``. All its methods belong to one event loop in the main thread."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._stopping = asyncio.Event()
        self._kept: dict[str, _Kept] = {}
        self._trimmer: asyncio.Task[None] | None = None

    async def start(self, children: Iterable[Child]) -> None:
        """Start ``children`` and return when all are ready. Raises ``StartFailed``; what was
        started then runs on until ``stop``."""
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._trimmer is None:
            self._trimmer = asyncio.create_task(self._trim_logs())
        fresh = [_Kept(child, self._logs / f"{child.name}.log") for child in children]
        self._kept |= {kept.child.name: kept for kept in fresh}
        for kept in fresh:
            kept.task = asyncio.create_task(self._keep(kept))
        try:
            await asyncio.gather(*(kept.started for kept in fresh))
        finally:
            for kept in fresh:  # a second failure must not be reported as never looked at
                kept.started.cancel()

    async def stop(self) -> None:
        """End every child, dependants first; returns when none is left."""
        self._stopping.set()
        if self._trimmer is not None:
            self._trimmer.cancel()
        while self._kept:
            needed = {name for kept in self._kept.values() for name in kept.child.after}
            wave = [kept for name, kept in self._kept.items() if name not in needed]
            await asyncio.gather(*(self._end(kept) for kept in wave))
            for kept in wave:
                del self._kept[kept.child.name]

    def pids(self) -> dict[str, int]:
        """Process id of every running child, by name."""
        return {
            name: kept.process.pid
            for name, kept in self._kept.items()
            if kept.process is not None and kept.process.returncode is None
        }

    async def _keep(self, kept: _Kept) -> None:
        pause_s = FIRST_PAUSE_S
        tries = 0
        while not self._stopping.is_set():
            for name in kept.child.after:
                await self._kept[name].is_ready.wait()
            began = time.monotonic()
            reason = await self._live(kept)
            kept.is_ready.clear()
            if self._stopping.is_set():
                return
            tries += 1
            if not kept.started.done() and tries >= TRIES_AT_START:
                kept.fail(f"ended {tries} times, last with {reason}")
                return
            if time.monotonic() - began > STEADY_AFTER_S:
                pause_s = FIRST_PAUSE_S
            if kept.started.done():
                self._tell(kept, reason, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _tell(self, kept: _Kept, reason: str, pause_s: float) -> None:
        """Say that a child ended; of one that ends again and again, with its last words."""
        self._say(f"{kept.child.name} ended ({reason}); again in {pause_s:.1f} s")
        if pause_s > FIRST_PAUSE_S:
            for line in (f"its log: {kept.log}", *last_lines(kept.log, LINES_TOLD)):
                self._say(f"  {line[:LINE_MAX_CHARS]}")

    async def _live(self, kept: _Kept) -> str:
        """One life of the child, from its start to its end; why it ended."""
        try:
            await self._launch(kept)
        except OSError as problem:  # no such program, or no memory or space for it just now
            return f"{kept.child.argv[0]}: {problem.strerror}"
        assert kept.process is not None
        return _reason(await kept.process.wait())

    async def _launch(self, kept: _Kept) -> None:
        """Start the child's process; return when it is ready, or ended, or took too long."""
        if kept.child.ready is not None:
            kept.process = await spawn(kept.child, kept.log)
            await self._until_ready(kept, _asked(kept.child.ready))
            return
        with notify.Notices() as notices:
            added = {notify.VARIABLE: notices.address}
            kept.process = await spawn(kept.child, kept.log, added)
            await self._until_ready(kept, notices.ready())

    async def _until_ready(self, kept: _Kept, readiness: Coroutine[None, None, None]) -> None:
        assert kept.process is not None
        ready = asyncio.create_task(readiness)
        ended = asyncio.create_task(kept.process.wait())
        try:
            await asyncio.wait(
                {ready, ended},
                timeout=kept.child.ready_timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if ready.done():
                ready.result()
                kept.is_ready.set()
                if not kept.started.done():
                    kept.started.set_result(None)
            elif not ended.done():
                kept.fail(f"not ready after {kept.child.ready_timeout_s:.0f} s")
                await self._end_process(kept)
        finally:
            ready.cancel()
            ended.cancel()

    async def _end(self, kept: _Kept) -> None:
        await self._end_process(kept)
        if kept.task is not None:
            kept.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await kept.task
        if kept.process is not None and kept.process.returncode is None:
            await self._end_process(kept)

    async def _end_process(self, kept: _Kept) -> None:
        process = kept.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(kept.child.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), kept.child.grace_s)
        except TimeoutError:
            self._say(f"{kept.child.name} did not end in {kept.child.grace_s:.0f} s: killed")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _trim_logs(self) -> None:
        while True:
            for path in self._logs.glob("*.log"):
                with contextlib.suppress(FileNotFoundError):
                    trim(path, LOG_MAX_BYTES)
            await asyncio.sleep(LOG_CHECK_S)


async def _asked(ready: Callable[[], Awaitable[bool]]) -> None:
    """Return when ``ready`` says yes."""
    pause_s = 0.01
    while not await ready():
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.2)


class _Kept:
    """A child with what became of it."""

    def __init__(self, child: Child, log: Path) -> None:
        self.child = child
        self.log = log
        self.process: asyncio.subprocess.Process | None = None
        self.task: asyncio.Task[None] | None = None
        self.is_ready = asyncio.Event()
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, reason: str) -> None:
        """Say that the first start came to nothing; later failures only restart."""
        if not self.started.done():
            end = "\n".join(last_lines(self.log, 15))
            self.started.set_exception(
                StartFailed(name=self.child.name, reason=reason, log=f"{self.log}\n{end}")
            )


def trim(log: Path, max_bytes: int) -> None:
    """Keep a log that grew past ``max_bytes`` as ``<name>.1`` and empty it. The writers append, so
    they go on at its new end; lines written between the two steps may be lost."""
    if log.stat().st_size <= max_bytes:
        return
    with contextlib.suppress(OSError):  # a full disk must not make it grow on
        shutil.copyfile(log, log.with_suffix(".log.1"))
    os.truncate(log, 0)


def last_lines(log: Path, count: int) -> list[str]:
    """The last ``count`` lines of ``log``, of its last 16 KiB at most."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
