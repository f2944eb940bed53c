"""How fast: from receiving to the screen, and one change to a thousand screens. Nothing is asserted on
time; the figures are printed, each beside a floor measured in the same run on the same machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from hub.flow.ground import Ground
from hub.flow.receive import receive
from hub.gateway.protocol import Beat, Facts, decode_server, encode
from hub.home import Home
from hub.model.items import Batch, Inbound
from hub.store.pool import connect as connect_database
from tests.browser.hub import RunningHub, running_hub
from tests.faults.test_killed import ground_of, token_of_admin
from tests.gateway.conftest import WORDS
from tests.live import Line, line

Tell = Callable[[str], None]
SCREENS = 1_000
FRAMES = 10
BEAT = encode(Beat())
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Print a figure, whether or not output is captured."""

    def told(text: str) -> None:
        with capsys.disabled():
            print(f"  {text}", flush=True)

    return told


@pytest.fixture
def hub(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[RunningHub]:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    with running_hub(home.root, database_url, redis_url) as one:
        yield one


def percentiles(seconds: Sequence[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return " ".join(f"p{n} {cuts[n - 1] * 1000:.1f}" for n in (50, 95, 99)) + " ms"


class Meter:
    """CPU seconds that the hub's roles and PostgreSQL have used: figures that a busy machine leaves
    nearly as they are."""

    def __init__(self, hub: RunningHub, backend_pid: int) -> None:
        self._roles = {role: hub.pids(role) for role in ("worker", "gateway")}
        self._postmaster = int(_stat(backend_pid)[1])

    def read(self) -> dict[str, float]:
        used = {role: sum(map(_cpu_s, pids)) for role, pids in self._roles.items()}
        children = [
            int(folder.name)
            for folder in Path("/proc").glob("[0-9]*")
            if _stat(int(folder.name))[1:2] == [str(self._postmaster)]
        ]
        ended = sum(int(ticks) for ticks in _stat(self._postmaster)[13:15]) / TICKS
        return used | {"postgresql": sum(map(_cpu_s, children)) + ended}


def _stat(pid: int) -> list[str]:
    """``/proc/pid/stat`` from the state on; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _cpu_s(pid: int) -> float:
    return sum(int(ticks) for ticks in _stat(pid)[11:13]) / TICKS


class Screen:
    """An open staff page: notes when it first shows each reference."""

    def __init__(self) -> None:
        self.shown_at: dict[str, float] = {}

    async def watch(self, hub: RunningHub, token: str, queues: list[str]) -> None:
        async with line(f"{hub.live_url}live", token=token) as one:
            for queue in queues:
                await one.subscribe(queue)
            while True:
                frame = decode_server(await one.connection.recv())
                now = time.perf_counter()
                if isinstance(frame, Facts):
                    for change in frame.changes:
                        if change.case is not None:
                            self.shown_at.setdefault(change.case.ref, now)


async def from_receiving_to_the_screen(
    hub: RunningHub, ground: Ground, items: int, rate: float
) -> list[float]:
    """Receive so many, so many a second; how long each took to be shown, in seconds."""
    agencies = await ground.db.fetch(
        "SELECT DISTINCT jsonb_array_elements(document -> 'agencies') ->> 'code' AS code"
        " FROM config_version ORDER BY 1"
    )
    names = ["triage", *(row["code"] for row in agencies)]
    token = await token_of_admin(ground)
    screen = Screen()
    queues = [f"queue:{name}" for name in names]
    watching = [
        asyncio.create_task(screen.watch(hub, token, queues[start : start + 32]))
        for start in range(0, len(queues), 32)
    ]
    await asyncio.sleep(1)
    sent_at: dict[str, float] = {}

    async def send(number: int) -> None:
        at = time.perf_counter()
        text = f"{WORDS[number % len(WORDS)]} {secrets.token_hex(4)}"
        inbound = Inbound("post", "load", f"{number}-{at}", text, datetime.now(UTC))
        [received] = await receive(ground, Batch((inbound,)))
        sent_at[received.ref] = at

    began = time.perf_counter()
    async with asyncio.TaskGroup() as sending:
        for number in range(items):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            sending.create_task(send(number))
    async with asyncio.timeout(60):
        while not sent_at.keys() <= screen.shown_at.keys():
            assert not any(task.done() for task in watching), watching
            await asyncio.sleep(0.05)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return [screen.shown_at[ref] - at for ref, at in sent_at.items()]


async def floor(database_url: str, rounds: int) -> list[float]:
    """One INSERT with a NOTIFY, committed, until another session hears of it, in seconds."""
    writer, listener = [await connect_database(database_url) for _ in range(2)]
    heard = asyncio.Event()
    await listener.add_listener("floor", lambda *_: heard.set())
    await writer.execute("CREATE TEMP TABLE floor (id int, text text)")
    took = []
    for n in range(rounds):
        heard.clear()
        began = time.perf_counter()
        async with writer.transaction():
            await writer.execute("INSERT INTO floor VALUES ($1, $2)", n, "x" * 600)
            await writer.execute("NOTIFY floor")
        await heard.wait()
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.005)
    await writer.close()
    await listener.close()
    return took


async def receive_to_screen(
    hub: RunningHub, urls: tuple[str, str], items: int, rate: float, tell: Tell
) -> None:
    async with ground_of(*urls) as ground:
        before = await floor(urls[0], 200)
        meter = Meter(hub, await ground.db.fetchval("SELECT pg_backend_pid()"))
        used = meter.read()
        took = await from_receiving_to_the_screen(hub, ground, items, rate)
        used = {name: now - used[name] for name, now in meter.read().items()}
        after = await floor(urls[0], 200)
    assert len(took) == items
    lowest = statistics.median(before + after)
    tell(
        f"receive to screen, {items} items at {rate:.0f}/s: {percentiles(took)};"
        f" floor (INSERT and NOTIFY, once): {percentiles(before + after)};"
        f" ratio of medians {statistics.median(took) / lowest:.1f}"
    )
    each = ", ".join(f"{name} {spent / items * 1000:.1f}" for name, spent in used.items())
    tell(f"  CPU for an item, the idling between them included: {each} ms")


def test_items_come_to_the_screen(
    hub: RunningHub, database_url: str, redis_url: str, tell: Tell
) -> None:
    asyncio.run(receive_to_screen(hub, (database_url, redis_url), 40, 20, tell))


@pytest.mark.load
def test_from_receiving_to_the_screen_at_50_a_second(
    hub: RunningHub, database_url: str, redis_url: str, tell: Tell
) -> None:
    asyncio.run(receive_to_screen(hub, (database_url, redis_url), 1_000, 50, tell))


PLAIN = """
    import asyncio, sys
    from websockets.asyncio.server import broadcast, serve
    clients = set()
    async def handle(connection):
        clients.add(connection)
        async for words in connection:
            broadcast(clients, "x" * int(words))
    async def main():
        async with serve(handle, "127.0.0.1", 0, compression=None) as server:
            print(server.sockets[0].getsockname()[1], flush=True)
            await asyncio.get_running_loop().create_future()
    asyncio.run(main())
"""


@contextlib.contextmanager
def plain_server() -> Iterator[str]:
    """What the ``websockets`` package does by itself: its ``broadcast`` to everybody."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PLAIN)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"ws://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.kill()


@contextlib.asynccontextmanager
async def screens(
    url: str, greet: Callable[[ClientConnection], Awaitable[None]]
) -> AsyncIterator[list[ClientConnection]]:
    async with contextlib.AsyncExitStack() as stack:
        opened: list[ClientConnection] = []
        for _ in range(SCREENS // 50):
            batch = await asyncio.gather(
                *(connect(url, proxy=None, ping_interval=None) for _ in range(50))
            )
            for connection in batch:
                stack.push_async_callback(connection.close)
            await asyncio.gather(*(greet(connection) for connection in batch))
            opened += batch
        yield opened


async def arrivals(clients: list[ClientConnection]) -> tuple[float, float, int]:
    """When the first and the last of them got one frame, and its length in bytes."""
    at: list[float] = []

    async def one(connection: ClientConnection) -> int:
        while (frame := await connection.recv(decode=False)) == BEAT:
            pass
        at.append(time.perf_counter())
        return len(frame)

    sizes = await asyncio.gather(*(one(connection) for connection in clients))
    return min(at), max(at), sizes[0]


async def subscribe_to_counts(connection: ClientConnection, token: str) -> None:
    one = Line(connection)
    await one.ask(type="hello", token=token)
    await one.subscribe("counts")
    assert (await one.hear())["type"] == "snapshot"


async def fan_out(hub: RunningHub, urls: tuple[str, str], tell: Tell) -> None:
    """One new case, told to everybody who watches the totals; beside a plain broadcast."""
    async with ground_of(*urls) as ground:
        token = await token_of_admin(ground)
        whole, spread, size = [], [], 0
        async with screens(
            f"{hub.live_url}live", lambda client: subscribe_to_counts(client, token)
        ) as clients:
            for n in range(FRAMES):
                began = time.perf_counter()
                getting = asyncio.create_task(arrivals(clients))
                inbound = Inbound("post", "load", f"fan-{n}", WORDS[0], datetime.now(UTC))
                await receive(ground, Batch((inbound,)))
                first, last, size = await getting
                whole.append(last - began)
                spread.append(last - first)
                await asyncio.sleep(0.2)

    async def silent(_: ClientConnection) -> None:
        return

    plain_whole, plain_spread = [], []
    with plain_server() as url:
        async with screens(url, silent) as clients:
            for _ in range(FRAMES):
                began = time.perf_counter()
                getting = asyncio.create_task(arrivals(clients))
                await clients[0].send(str(size))
                first, last, _ = await getting
                plain_whole.append(last - began)
                plain_spread.append(last - first)
                await asyncio.sleep(0.2)
    median = statistics.median
    tell(
        f"one change to {SCREENS} screens ({size} bytes), first to last:"
        f" {median(spread) * 1000:.0f} ms; websockets.broadcast {median(plain_spread) * 1000:.0f} ms;"
        f" ratio {median(spread) / median(plain_spread):.2f}"
    )
    tell(
        f"  received to the last screen: {median(whole) * 1000:.0f} ms;"
        f" broadcast asked for to the last: {median(plain_whole) * 1000:.0f} ms"
    )


@pytest.mark.load
def test_one_change_to_a_thousand_screens(
    hub: RunningHub, database_url: str, redis_url: str, tell: Tell
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < SCREENS + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * SCREENS), hard))
    asyncio.run(fan_out(hub, (database_url, redis_url), tell))
