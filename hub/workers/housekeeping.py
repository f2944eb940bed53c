"""Housekeeping: what only time brings about: overdue cases, old uploads, old idempotency answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from hub.flow.ground import Ground
from hub.flow.overdue import mark_overdue
from hub.store import idempotency, pushes, quarantine
from hub.store.pool import DATABASE_LOST, unless_cancelled

OVERDUE_EVERY_S = 5.0
SWEEP_EVERY_S = 3600.0

logger = logging.getLogger(__name__)


async def run(ground: Ground, sweep: Callable[[], Awaitable[int]]) -> None:
    """Look around every few seconds until cancelled; ``sweep`` deletes orphaned photos."""
    swept_at = 0.0
    while True:
        try:
            await mark_overdue(ground)
            if time.monotonic() - swept_at > SWEEP_EVERY_S:
                swept_at = time.monotonic()
                async with ground.db.acquire() as connection:
                    for kept in (idempotency, pushes, quarantine):
                        await kept.forget_old(connection)
                dropped = await sweep()
                logger.info("swept", extra={"dropped": dropped})
        except DATABASE_LOST as lost:
            unless_cancelled()
            logger.warning("housekeeping failed", extra={"error": repr(lost)})
        await asyncio.sleep(OVERDUE_EVERY_S)
