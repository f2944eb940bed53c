"""The log of facts: many write, one stamps, and a reader by position misses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator

import pytest

from hub.bus.bell import Bell
from hub.flow.ground import Ground, change
from hub.model.facts import Fact
from hub.settings import CLONE
from hub.store import log
from hub.store.pool import open_pool
from hub.workers import relay

WRITERS = 8


@pytest.fixture
async def ground(database_url: str, redis_url: str) -> AsyncIterator[Ground]:
    pool = await open_pool(database_url, size=WRITERS + 2)
    bell = Bell(redis_url)
    await bell.open()
    yield Ground(pool, bell)
    await bell.close()
    pool.terminate()


@contextlib.asynccontextmanager
async def relaying(database_url: str, ground: Ground) -> AsyncIterator[None]:
    assert isinstance(ground.bell, Bell)
    task = asyncio.create_task(relay.run(database_url, ground.bell))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def write(ground: Ground, writer: int, total: int) -> None:
    """``total`` facts in transactions of one to thirty; some take their time, some come to nothing."""
    dice = random.Random(writer)
    number = 0
    while number < total:
        size = min(dice.randint(1, 30), total - number)
        with contextlib.suppress(ZeroDivisionError):
            async with change(ground) as tx:
                for n in range(number, number + size):
                    tx.record("item.changed", "item", f"{writer}-{n}", 1, {"n": n})
                if dice.random() < 0.1:
                    await asyncio.sleep(dice.random() / 50)
                if dice.random() < 0.1:
                    raise ZeroDivisionError  # rolled back: written once more
                number += size


async def read(ground: Ground, total: int) -> list[Fact]:
    """Everything, as a reader sees it who follows by position while it is being written."""
    seen: list[Fact] = []
    async with asyncio.timeout(100):
        while len(seen) < total:
            async with ground.db.acquire() as connection:
                seen += await log.after(connection, seen[-1].position if seen else 0, 500)
            await asyncio.sleep(0.005)
    return seen


@pytest.mark.parametrize("total", [2_000, pytest.param(24_000, marks=pytest.mark.faults)])
async def test_a_reader_by_position_misses_nothing(
    ground: Ground, database_url: str, total: int
) -> None:
    each = total // WRITERS
    async with relaying(database_url, ground):
        reading = asyncio.create_task(read(ground, total))
        await asyncio.gather(*(write(ground, writer, each) for writer in range(WRITERS)))
        seen = await reading
    assert [fact.position for fact in seen] == list(range(1, total + 1))
    assert sorted(fact.subject_id for fact in seen) == sorted(
        f"{writer}-{n}" for writer in range(WRITERS) for n in range(each)
    )
    for writer in range(WRITERS):  # what one wrote comes in the order of writing
        own = [fact.data["n"] for fact in seen if fact.subject_id.startswith(f"{writer}-")]
        assert own == sorted(own)
    assert await ground.db.fetchval("SELECT count(*) FROM outbox") == 0
    async with ground.db.acquire() as connection, connection.transaction():
        assert all([right async for _, right in log.verify(connection)])


async def test_more_than_a_batch_at_once_is_moved_whole(ground: Ground, database_url: str) -> None:
    async with change(ground) as tx:
        for n in range(3 * relay.BATCH + 7):
            tx.record("item.changed", "item", n, 1, {})
    async with relaying(database_url, ground):
        seen = await read(ground, 3 * relay.BATCH + 7)
    assert [fact.subject_id for fact in seen] == [str(n) for n in range(3 * relay.BATCH + 7)]


async def test_two_stamps_at_once_lose_and_double_nothing(ground: Ground) -> None:
    """Should the lock ever fail its purpose."""
    async with ground.db.acquire() as first, ground.db.acquire() as second:
        await log.append(first, [log.Entry("item.changed", "item", "a", 1, "system", {})])
        async with first.transaction():
            assert await log.stamp(first, 10) == 1
            await log.append(second, [log.Entry("item.changed", "item", "b", 1, "system", {})])
            late = asyncio.create_task(log.stamp(second, 10))
            await asyncio.sleep(0.2)
            assert not late.done()
        assert await late == 2
        assert [fact.subject_id for fact in await log.after(first, 0, 10)] == ["a", "b"]


@contextlib.contextmanager
def relay_process(database_url: str, redis_url: str) -> Iterator[subprocess.Popen[str]]:
    """A relay in a process of its own; it tells on stderr when it holds the lock."""
    program = """
        import asyncio, logging, sys
        from hub.bus.bell import Bell
        from hub.workers import relay
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        async def main():
            bell = Bell(sys.argv[2])
            await bell.open()
            print("started", file=sys.stderr, flush=True)
            await relay.run(sys.argv[1], bell)
        asyncio.run(main())
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), database_url, redis_url],
        cwd=CLONE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


async def heard(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(30):
        return (await asyncio.to_thread(process.stderr.readline)).strip()


async def test_of_two_relays_one_works_and_the_other_takes_over(
    ground: Ground, database_url: str, redis_url: str
) -> None:
    with (
        relay_process(database_url, redis_url) as one,
        relay_process(database_url, redis_url) as other,
    ):
        assert [await heard(one), await heard(other)] == ["started", "started"]
        waits = {asyncio.create_task(heard(process)): process for process in (one, other)}
        done, waiting = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == ["relay holds the lock"]
        [first] = [waits[task] for task in done]
        writing = asyncio.create_task(write(ground, 0, 600))
        await read(ground, 200)
        assert not any(task.done() for task in waiting)  # the second has not so much as begun
        first.kill()
        [second] = waiting
        assert await second == "relay holds the lock"
        await writing
        seen = await read(ground, 600)
    assert [fact.position for fact in seen] == list(range(1, 601))
    assert [fact.subject_id for fact in seen] == [f"0-{n}" for n in range(600)]
