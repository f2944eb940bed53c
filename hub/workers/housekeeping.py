"""Housekeeping: what only time brings about: overdue cases, old uploads, old idempotency answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from hub.flow.ground import Ground
from hub.flow.overdue import mark_overdue
from hub.store import idempotency, pushes, quarantine
from hub.store.pool import DATABASE_LOST, unless_cancelled

OVERDUE_EVERY_S = 5.0
SWEEP_EVERY_S = 3600.0

logger = logging.getLogger(__name__)


async def run(ground: Ground, sweep: Callable[[], Awaitable[int]]) -> None:
    """Look around every few seconds until cancelled; ``sweep`` deletes orphaned photos."""
    swept_at = -SWEEP_EVERY_S
    while True:
        with _by_itself("overdue"):
            await mark_overdue(ground)
        if time.monotonic() - swept_at > SWEEP_EVERY_S:
            swept_at = time.monotonic()
            for kept in (idempotency, pushes, quarantine):
                with _by_itself(kept.__name__):
                    async with ground.db.acquire() as connection:
                        await kept.forget_old(connection)
            with _by_itself("photos"):
                logger.info("swept", extra={"dropped": await sweep()})
        await asyncio.sleep(OVERDUE_EVERY_S)


@contextmanager
def _by_itself(chore: str) -> Iterator[None]:
    """A chore that fails, perhaps each time anew, must not keep the next ones from being done."""
    try:
        yield
    except DATABASE_LOST as lost:
        unless_cancelled()
        logger.warning("housekeeping failed", extra={"chore": chore, "error": repr(lost)})
    except Exception:
        logger.exception("housekeeping failed", extra={"chore": chore})
