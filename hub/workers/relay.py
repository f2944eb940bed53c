"""The relay: alone, by a PostgreSQL advisory lock, it moves outbox rows into the log of facts.

It is the only writer of ``position``; a reader by position therefore misses nothing. Any number may
be started: one works, the others wait for its lock, which PostgreSQL frees when its session ends.
"""

from __future__ import annotations

import asyncio
import logging

from hub.bus.bell import Bell
from hub.flow.ground import OUTBOX
from hub.store import log
from hub.store.pool import DATABASE_LOST, connect, unless_cancelled

FACTS = "facts"
"""The bell's channel that tells of a newer position."""

BATCH = 500
POLL_S = 0.25
"""How long an outbox row can wait when Redis is away."""
STANDBY_S = 1.0

logger = logging.getLogger(__name__)


async def run(database_url: str, bell: Bell) -> None:
    """Stamp until cancelled; a lost connection means a new one, and a new try for the lock."""
    while True:
        try:
            await _hold(database_url, bell)
        except DATABASE_LOST as lost:
            unless_cancelled()
            logger.warning("relay lost the database", extra={"error": repr(lost)})
            await asyncio.sleep(STANDBY_S)


async def _hold(database_url: str, bell: Bell) -> None:
    connection = await connect(database_url)
    try:
        while not await log.try_become_relay(connection):
            await asyncio.sleep(STANDBY_S)
        logger.info("relay holds the lock")
        while True:
            position = await log.stamp(connection, BATCH)
            if position:
                bell.ring(FACTS, position)
            else:
                await bell.wait(OUTBOX, POLL_S)
    finally:
        await connection.close()
