"""The bell ends when it is told to, at whatever moment."""

from __future__ import annotations

import asyncio

from hub.bus.bell import Bell


async def test_closing_ends_at_every_moment_of_connecting_and_ringing(redis_url: str) -> None:
    for n in range(30):
        bell = Bell(redis_url)
        await bell.open()
        await asyncio.sleep(n * 0.0005)
        bell.ring("channel", n)
        await asyncio.sleep(n % 3 * 0.0003)
        async with asyncio.timeout(20):
            await bell.close()
