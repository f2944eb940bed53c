"""The broadcast lane: nothing else waits in it, and it waits for nothing else."""

from __future__ import annotations

import asyncio
import logging

from hub.bus.bell import Bell
from hub.flow.broadcast import BROADCAST, carry_on
from hub.flow.ground import Ground
from hub.model.errors import BigEarError
from hub.rules.alerts import SUBMITTED_FOR
from hub.store import broadcasts
from hub.store.pool import DATABASE_LOST, unless_cancelled

POLL_S = 0.5

logger = logging.getLogger(__name__)


async def run(ground: Ground, bell: Bell) -> None:
    """Carry broadcasts on until cancelled; several lanes may run, a row's lock keeps them apart."""
    while True:
        try:
            async with ground.db.acquire() as connection:
                due = await broadcasts.due(connection, SUBMITTED_FOR)
            moved = [await _carry(ground, broadcast_id) for broadcast_id in due]
        except DATABASE_LOST as lost:
            unless_cancelled()
            logger.warning("broadcast lane lost the database", extra={"error": repr(lost)})
            moved = []
        if not any(moved):
            await bell.wait(BROADCAST, POLL_S)
        else:
            await asyncio.sleep(0)


async def _carry(ground: Ground, broadcast_id: int) -> bool:
    try:
        return await carry_on(ground, broadcast_id)
    except BigEarError as refused:
        logger.error(
            "a broadcast was not sent", extra={"broadcast": broadcast_id, "code": refused.code}
        )
        return False
