"""Servers for the time of one command: the running hub's, one's own, or started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from hub import servers
from hub.cli._terminal import say
from hub.settings import Settings
from hub.supervise import AlreadyRunning, Supervisor, hold

WAIT_FOR_OTHER_S = 60.0

T = TypeVar("T")


class Stopped(Exception):
    """Ctrl-C or SIGTERM came before the work was done."""


def embedded(settings: Settings) -> list[str]:
    """Names of the servers that are ours to start."""
    names = []
    if settings.embedded_database:
        names.append("postgres")
    if settings.embedded_redis:
        names.append("valkey")
    return names


@contextlib.contextmanager
def prepared(
    settings: Settings,
    meanwhile: AbstractContextManager[None] = contextlib.nullcontext(),  # noqa: B008 - reusable
) -> Iterator[None]:
    """Hold the home, with the embedded servers on disk; they are put there inside ``meanwhile``.
    Raises ``AlreadyRunning`` when another process holds it. Downloads the first time, so do it
    before there is an event loop to block."""
    os.umask(0o022)  # another user runs root's servers; what is private is made so by itself
    servers.refuse_unknown_system(embedded(settings))  # before anything else is begun
    settings.home.create()
    with hold(settings.home.lock):
        settings.home.running.unlink(missing_ok=True)  # of one that was killed
        with meanwhile:
            servers.prepare(settings.home, embedded(settings), say)
        yield


@contextlib.asynccontextmanager
async def started(settings: Settings, *, volatile: bool = False) -> AsyncIterator[Supervisor]:
    """A supervisor with the embedded servers running, to which children may be added. The home
    must be ``prepared``; everything is stopped at the end."""
    supervisor = Supervisor(settings.home.logs, say)
    try:
        await supervisor.start(
            servers.children(settings.home, embedded(settings), volatile=volatile)
        )
        yield supervisor
    finally:
        await supervisor.stop()


@contextlib.asynccontextmanager
async def standing(settings: Settings) -> AsyncIterator[None]:
    """PostgreSQL and Redis answering at ``settings``' URLs during the block, whether the hub runs
    or not. For commands that read or change what the hub keeps."""
    if not embedded(settings):
        yield
        return
    async with contextlib.AsyncExitStack() as stack:
        try:
            stack.enter_context(prepared(settings))
            await stack.enter_async_context(started(settings))
        except AlreadyRunning:
            await _until_reachable(settings)
        yield


async def until(stop: asyncio.Event, work: Coroutine[None, None, T]) -> T:
    """The result of ``work``; raises ``Stopped`` when ``stop`` is set before it is there."""
    doing = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        doing.cancel()
        await asyncio.wait({doing})
        raise Stopped
    finally:
        stopping.cancel()


async def _until_reachable(settings: Settings) -> None:
    async with asyncio.timeout(WAIT_FOR_OTHER_S):
        for name in embedded(settings):
            while not await servers.reachable(settings.home, name):
                await asyncio.sleep(0.1)


def stop_requested() -> asyncio.Event:
    """An event that Ctrl-C and SIGTERM set, instead of ending this process where it stands."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, event.set)
    return event
