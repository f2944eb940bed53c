"""The Redis server itself: whether it answers, and which it is."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError

TIMEOUT_S = 5.0


async def version(redis_url: str) -> str:
    """Name and version, for example ``valkey 8.1.0``. Raises OSError when it does not answer."""
    async with Redis.from_url(
        redis_url, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S
    ) as redis:
        try:
            told = await redis.info("server")
        except RedisError as away:
            raise OSError(str(away)) from away
    name = told.get("server_name", "redis")
    return f"{name} {told.get(f'{name}_version', told.get('redis_version', '?'))}"
