"""Rate limits: token buckets in Redis, so that all processes share them; in memory when it is away."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.model.errors import TooMany

# GCRA (ITU-T I.371, "virtual scheduling"): one number a bucket, the theoretical arrival time.
_SCRIPT = """
local now = redis.call('TIME')
local t = now[1] * 1000 + math.floor(now[2] / 1000)
local tat = tonumber(redis.call('GET', KEYS[1]) or t)
if tat < t then tat = t end
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local wait = tat + interval - interval * burst - t
if wait > 0 then return wait end
redis.call('SET', KEYS[1], tat + interval, 'PX', math.ceil(tat + interval - t))
return 0
"""

MEMORY_BUCKETS = 20_000
REDIS_AWAY_S = 2.0
"""How long Redis is left alone after it failed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``burst`` at once, refilled one every ``interval_s`` seconds."""

    burst: int
    interval_s: float

    def scaled(self, scale: float) -> Limit:
        """``scale`` times as many, as fast."""
        return Limit(max(1, int(self.burst * scale)), self.interval_s / scale)


class Bucket:
    """One bucket in this process alone."""

    def __init__(self) -> None:
        self._arrival_s = 0.0

    def spend(self, limit: Limit) -> None:
        """Take one. Raises TooMany with ``retry_after_s``."""
        now = time.monotonic()
        arrival = max(self._arrival_s, now)
        wait = arrival + limit.interval_s * (1 - limit.burst) - now
        if wait > 0:
            raise TooMany(retry_after_s=max(1, round(wait)))
        self._arrival_s = arrival + limit.interval_s


class Rates:
    """Asks the buckets. Losing Redis makes the limits each process's own, never none."""

    def __init__(self, redis_url: str) -> None:
        self._redis: Redis = Redis.from_url(
            redis_url, socket_timeout=0.5, socket_connect_timeout=0.5
        )
        self._away_until = 0.0
        self._memory: OrderedDict[str, float] = OrderedDict()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()

    async def spend(self, bucket: str, limit: Limit) -> None:
        """Take one from the bucket. Raises TooMany: after its ``retry_after_s`` there is one again."""
        interval_ms = max(1, int(limit.interval_s * 1000))
        wait_ms = await self._in_redis(bucket, interval_ms, limit.burst)
        if wait_ms is None:
            wait_ms = self._in_memory(bucket, interval_ms, limit.burst)
        if wait_ms > 0:
            raise TooMany(retry_after_s=math.ceil(wait_ms / 1000))

    async def _in_redis(self, bucket: str, interval_ms: int, burst: int) -> float | None:
        if time.monotonic() < self._away_until:
            return None
        try:
            return float(
                await self._redis.eval(
                    _SCRIPT, 1, f"bigear:rate:{bucket}", str(interval_ms), str(burst)
                )
            )
        except (RedisError, OSError):
            self._away_until = time.monotonic() + REDIS_AWAY_S
            return None

    def _in_memory(self, bucket: str, interval_ms: int, burst: int) -> float:
        now = time.monotonic() * 1000
        arrival = max(self._memory.pop(bucket, now), now)
        wait = arrival + interval_ms - interval_ms * burst - now
        self._memory[bucket] = arrival if wait > 0 else arrival + interval_ms
        while len(self._memory) > MEMORY_BUCKETS:
            self._memory.popitem(last=False)
        return wait
