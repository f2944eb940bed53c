"""The ground that the use cases stand on, on a real PostgreSQL, with a bell that only counts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.flow.ground import Ground
from hub.store import log
from hub.store.pool import connect, open_pool


class CountingBell:
    """Keeps what was rung: a use case must not need anybody to hear it."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, channel: str, position: int = 0) -> None:
        self.rung.append(channel)


@pytest.fixture
async def ground(database_url: str) -> AsyncIterator[Ground]:
    pool = await open_pool(database_url, size=4)
    yield Ground(pool, CountingBell())
    await pool.close()


@pytest.fixture
def stamp_all(database_url: str):  # type: ignore[no-untyped-def]
    """Stamp everything in the outbox, as the relay would; returns the newest position."""

    async def stamp() -> int:
        connection = await connect(database_url)
        try:
            assert await log.try_become_relay(connection)
            newest = 0
            while position := await log.stamp(connection, 500):
                newest = position
            return newest
        finally:
            await connection.close()

    return stamp
