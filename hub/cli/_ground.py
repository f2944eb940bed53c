"""The ground for commands that work on the hub's data, whether it runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hub import wiring
from hub.cli._standing import standing
from hub.settings import Settings, read_settings
from hub.wiring import Standing

T = TypeVar("T")


def on_ground(work: Callable[[Standing], Awaitable[T]], settings: Settings | None = None) -> T:
    """Run ``work`` on a prepared hub: the running one's servers, or started for its time."""
    chosen = settings or read_settings()

    async def whole() -> T:
        async with standing(chosen):
            await wiring.prepare(chosen)
            async with wiring.standing(chosen, pool_size=4) as stand:
                return await work(stand)

    return asyncio.run(whole())
