"""The database's clock."""

from __future__ import annotations

from datetime import datetime

from hub.store.pool import Connection


async def now(connection: Connection) -> datetime:
    """The time of the running transaction, aware and in UTC: the same at each asking within it."""
    at: datetime = await connection.fetchval("SELECT now()")
    return at
