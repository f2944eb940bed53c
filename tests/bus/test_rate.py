"""Limits hold for all processes together, and for each alone when Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from hub.bus import rate
from hub.bus.rate import Limit, Rates
from hub.model.errors import TooMany
from tests.relay import way_to

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


@pytest.mark.parametrize(
    ("wait_ms", "told_s"), [(1, 1), (1_000, 1), (1_001, 2), (1_400, 2), (2_500, 3), (59_400, 60)]
)
async def test_who_comes_back_when_told_is_let_through(
    rates: Rates, monkeypatch: pytest.MonkeyPatch, wait_ms: int, told_s: int
) -> None:
    async def full(*_: object) -> float:
        return float(wait_ms)

    monkeypatch.setattr(rates, "_in_redis", full)
    with pytest.raises(TooMany) as refused:
        await rates.spend("a", FIVE)
    assert refused.value.details == {"retry_after_s": told_s}


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


async def test_redis_that_goes_away_and_comes_back_is_used_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "REDIS_AWAY_S", 0.0)
    async with way_to(redis_url) as way:
        rates = Rates(way.url)
        assert await spend(rates, 5) == 5
        way.close()
        assert await spend(rates, 9) == 5  # of its own memory
        way.open()
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
