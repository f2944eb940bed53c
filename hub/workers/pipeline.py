"""The pipeline: labels, locates and routes what was received, batch by batch.

Each stage is a use case of its own (``hub.flow.label``, ``locate``, ``route``) and one transaction.
When a batch fails, its items are tried one by one, so that one bad item never holds up the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import asyncpg

from hub.bus.bell import Bell
from hub.flow.ground import Ground
from hub.flow.receive import RECEIVED
from hub.store import pipeline
from hub.store.pool import DATABASE_LOST, unless_cancelled

Stage = Callable[[int, int | None], Awaitable[int]]
"""(at most so many items, or this one only) → how many it took on."""

BATCH = 64
POLL_S = 0.25
"""How long an item can wait when Redis is away."""
DATABASE_AWAY_S = 1.0
CONNECTION_LOST = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    OSError,
)
"""No fault of the items at hand."""

logger = logging.getLogger(__name__)


async def run(ground: Ground, bell: Bell, stages: list[tuple[str, Stage]]) -> None:
    """Run the stages, in order, until cancelled. ``stages``: (the stage it starts from, its work)."""
    while True:
        try:
            taken = await _round(ground, stages)
        except DATABASE_LOST as lost:
            unless_cancelled()
            logger.warning("pipeline lost the database", extra={"error": repr(lost)})
            await asyncio.sleep(DATABASE_AWAY_S)
            continue
        if not taken:
            await bell.wait(RECEIVED, POLL_S)


async def _round(ground: Ground, stages: list[tuple[str, Stage]]) -> int:
    """Every stage once, if there is anything to do; how many items were taken on."""
    async with ground.db.acquire() as connection:
        waiting = await pipeline.waiting(connection, [name for name, _ in stages])
    taken = 0
    for name, stage in stages:
        if taken or name in waiting:  # what one stage finishes, the next takes on at once
            taken += await _batch(ground, name, stage)
    return taken


async def _batch(ground: Ground, name: str, stage: Stage) -> int:
    try:
        return await stage(BATCH, None)
    except CONNECTION_LOST:
        raise
    except Exception:
        logger.exception("a batch failed; its items are tried one by one", extra={"stage": name})
        return await _one_by_one(ground, name, stage)


async def _one_by_one(ground: Ground, name: str, stage: Stage) -> int:
    async with ground.db.acquire() as connection, connection.transaction():
        waiting = [item.id for item in await pipeline.claim(connection, name, BATCH)]
    done = 0
    for item_id in waiting:
        try:
            done += await stage(1, item_id)
        except CONNECTION_LOST:
            raise
        except Exception:
            async with ground.db.acquire() as connection:
                attempts = await pipeline.put_off(connection, item_id)
            logger.exception(
                "an item failed and is put off",
                extra={"stage": name, "item": item_id, "attempts": attempts},
            )
    return done
