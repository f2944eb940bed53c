"""Limits hold for all processes together, and for each alone when Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from hub.bus import rate
from hub.bus.rate import Limit, Rates
from hub.model.errors import TooMany

FIVE = Limit(burst=5, interval_s=600.0)


@pytest.fixture
async def rates(redis_url: str) -> AsyncIterator[Rates]:
    one = Rates(redis_url)
    yield one
    await one.close()


@pytest.fixture
async def lonely() -> AsyncIterator[Rates]:
    """Where nothing listens."""
    one = Rates("redis://127.0.0.1:1")
    yield one
    await one.close()


async def spend(rates: Rates, times: int, bucket: str = "a", limit: Limit = FIVE) -> int:
    """How many of so many tries were let through."""
    through = 0
    for _ in range(times):
        try:
            await rates.spend(bucket, limit)
            through += 1
        except TooMany as refused:
            wait_s = refused.details["retry_after_s"]
            assert isinstance(wait_s, int) and 1 <= wait_s <= max(1.0, limit.interval_s)
    return through


async def test_a_bucket_gives_its_burst_and_then_says_when_to_come_back(rates: Rates) -> None:
    assert await spend(rates, 9) == 5
    assert await spend(rates, 9, "b") == 5


async def test_all_processes_share_the_buckets(rates: Rates, redis_url: str) -> None:
    other = Rates(redis_url)
    through = await asyncio.gather(*(spend(one, 5) for one in (rates, other, rates, other)))
    assert sum(through) == 5
    await other.close()


async def test_a_bucket_fills_again_and_leaves_nothing_behind(rates: Rates, redis_url: str) -> None:
    quick = Limit(burst=2, interval_s=0.02)
    assert await spend(rates, 2, limit=quick) == 2
    async with asyncio.timeout(10):
        while not await spend(rates, 1, limit=quick):
            await asyncio.sleep(0.01)
    redis = Redis.from_url(redis_url)
    async with asyncio.timeout(10):
        while await redis.exists("bigear:rate:a"):
            await asyncio.sleep(0.01)
    await redis.aclose()


async def test_without_redis_each_process_limits_by_itself(lonely: Rates) -> None:
    assert await spend(lonely, 9) == 5
    assert await spend(lonely, 9, "b") == 5


@asynccontextmanager
async def way_to(redis_url: str) -> AsyncIterator[tuple[str, Callable[[bool], None]]]:
    """A URL that leads to that Redis as long as the way is open, and what opens and closes it."""
    parts = urlsplit(redis_url)
    is_open, pipes = True, set[asyncio.StreamWriter]()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(4096):
            writer.write(chunk)
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not is_open:
            writer.close()
            return
        if parts.scheme == "unix":
            there, back = await asyncio.open_unix_connection(parts.path)
        else:
            there, back = await asyncio.open_connection(parts.hostname, parts.port)
        pipes.update((writer, back))
        await asyncio.gather(pipe(reader, back), pipe(there, writer), return_exceptions=True)

    def turn(to: bool) -> None:
        nonlocal is_open
        is_open = to
        for writer in pipes:
            writer.close()
        pipes.clear()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    account = f"{parts.netloc.rsplit('@', 1)[0]}@" if "@" in parts.netloc else ""
    async with server:
        yield f"redis://{account}127.0.0.1:{port}/0", turn
        turn(False)


async def test_redis_that_goes_away_and_comes_back_is_used_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "REDIS_AWAY_S", 0.0)
    async with way_to(redis_url) as (url, turn):
        rates = Rates(url)
        assert await spend(rates, 5) == 5
        turn(False)
        assert await spend(rates, 9) == 5  # of its own memory
        turn(True)
        assert await spend(rates, 1) == 0  # as Redis remembers
        assert await spend(rates, 9, "b") == 5
        await rates.close()


async def test_a_flood_of_addresses_does_not_eat_the_memory(
    lonely: Rates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "MEMORY_BUCKETS", 50)
    for number in range(200):
        await lonely.spend(f"address {number}", FIVE)
    assert len(lonely._memory) == 50
