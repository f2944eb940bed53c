"""Connections to PostgreSQL: one asyncpg pool a role, JSON and times the same everywhere."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = (
        asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    )
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

DATABASE_LOST = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # of a connection that was cut in the middle of a statement
    OSError,
)
"""What a loop catches that goes on when PostgreSQL is away, or went away under a statement; it calls
``unless_cancelled`` first."""


_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it is told to stop, or starts
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # a deadlock
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


def is_away(fault: Exception) -> bool:
    """Whether PostgreSQL is away or wants to be asked again, so that waiting helps. What cannot be
    stored is not: asyncpg's own DataError, which is a ValueError, is an InterfaceError too."""
    return isinstance(fault, _AWAY) and not isinstance(fault, ValueError)


def unless_cancelled() -> None:
    """Raise CancelledError if the running task was cancelled.

    asyncpg may answer a cancellation amid a statement with an error of its own: a loop that took it
    for a lost database would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _encode(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def _prepare(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=_encode, decoder=json.loads, schema="pg_catalog"
    )


async def _leave(_: asyncpg.Connection[asyncpg.Record]) -> None:
    """Nothing to reset: the hub sets nothing that outlives a transaction. Saves a round trip each."""


async def open_pool(database_url: str, *, size: int = 8) -> Pool:
    """A pool of at most ``size`` connections.

    ``command_timeout`` bounds every statement (30 s); ``jit`` is off because the hub's statements
    are short. Raises OSError or asyncpg.PostgresError when the server cannot be reached.
    """
    return await asyncpg.create_pool(
        database_url,
        min_size=1,
        max_size=size,
        command_timeout=30,
        init=_prepare,
        reset=_leave,
        server_settings={"timezone": "UTC", "jit": "off", "application_name": "bigear"},
    )


async def connect(database_url: str) -> asyncpg.Connection[asyncpg.Record]:
    """One connection of its own, for what must hold a session (the relay's advisory lock)."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        database_url,
        command_timeout=30,
        server_settings={"timezone": "UTC", "jit": "off", "application_name": "bigear"},
    )
    await _prepare(connection)
    return connection
