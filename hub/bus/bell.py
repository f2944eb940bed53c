"""The bell: a Redis channel says "look"; what there is to see lies in PostgreSQL.

Ringing never raises and never blocks; waiting ends at a ring or at its time-out, so that every reader
polls underneath and a lost Redis costs moments, never a fact.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

PREFIX = "bigear:"
RETRY_S = 1.0

logger = logging.getLogger(__name__)


class Bell:
    """Rings and listens on one Redis. ``open`` starts its two tasks, ``close`` ends them."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._name = secrets.token_hex(4).encode()  # its own rings come back from Redis too
        self._out: dict[str, int] = {}  # channel → newest position not yet sent
        self._rung = asyncio.Event()
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._missed: set[str] = set()  # rung while nobody waited
        self._up = True
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Start sending and listening; returns at once, whether Redis is there or not."""
        self._tasks = [
            asyncio.create_task(self._keep(self._send), name="bell-send"),
            asyncio.create_task(self._keep(self._listen), name="bell-listen"),
        ]

    async def close(self) -> None:
        """Stop; nothing rings afterwards."""
        pending = set(self._tasks)
        while pending:  # the Redis client can swallow a cancellation while it connects
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=0.1)

    def ring(self, channel: str, position: int = 0) -> None:
        """Wake whoever waits on the channel, in this process at once, in others through Redis."""
        self._out[channel] = max(position, self._out.get(channel, 0))
        self._rung.set()
        self._wake(channel)

    async def wait(self, channel: str, timeout_s: float) -> bool:
        """True after a ring (also one since the last wait), False when the time ran out."""
        if channel in self._missed:
            self._missed.discard(channel)
            return True
        event = asyncio.Event()
        self._waiting.setdefault(channel, set()).add(event)
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting[channel].discard(event)
        return True

    def _wake(self, channel: str) -> None:
        events = self._waiting.setdefault(channel, set())
        if not events:
            self._missed.add(channel)
        for event in events:
            event.set()

    async def _keep(self, work: object) -> None:
        """Run one side for ever, over a new connection whenever the old one breaks."""
        while True:
            redis: Redis = Redis.from_url(
                self._redis_url, socket_connect_timeout=2, health_check_interval=5
            )
            try:
                await work(redis)  # type: ignore[operator]
            except (RedisError, OSError) as lost:
                if self._up:
                    self._up = False
                    logger.warning("redis is away, polling instead", extra={"error": repr(lost)})
                await asyncio.sleep(RETRY_S)
            finally:
                with suppress(RedisError, OSError):
                    await redis.aclose()

    def _back(self) -> None:
        if not self._up:
            self._up = True
            logger.warning("redis is back")

    async def _send(self, redis: Redis) -> None:
        await redis.ping()
        self._back()
        while True:
            await self._rung.wait()
            self._rung.clear()
            out, self._out = self._out, {}
            for channel, position in out.items():
                await redis.publish(PREFIX + channel, b"%b %d" % (self._name, position))

    async def _listen(self, redis: Redis) -> None:
        async with redis.pubsub() as pubsub:
            await pubsub.psubscribe(PREFIX + "*")
            async for message in pubsub.listen():
                if message["type"] == "pmessage" and not message["data"].startswith(self._name):
                    self._wake(message["channel"].decode().removeprefix(PREFIX))
