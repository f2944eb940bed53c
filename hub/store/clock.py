"""The database's clock."""

from __future__ import annotations

from datetime import datetime

from hub.store.pool import Connection


async def now(connection: Connection) -> datetime:
    """The time of the running transaction, aware and in UTC: the same at each asking within it."""
    at: datetime = await connection.fetchval("SELECT now()")
    return at


async def moment(connection: Connection) -> datetime:
    """The time of this call, aware and in UTC: later than all that was committed under a lock before
    the running transaction got it, which ``now`` need not be."""
    at: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return at
