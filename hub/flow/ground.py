"""What every use case stands on: the database, the bell, and one way to change something.

A use case opens ``change``, does its writes through ``hub.store`` on ``tx.connection``, and says what
happened with ``tx.record``. State and outbox rows commit together; only then is the bell rung, and a
bell that nobody hears costs a moment of polling, never a fact.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from hub.model.people import SYSTEM
from hub.store import deliveries, log
from hub.store.pool import Connection, Pool


class Rings(Protocol):
    """The bell, as far as a use case knows it (``hub.bus.bell``)."""

    def ring(self, channel: str, position: int = 0) -> None:
        """Wake whoever waits on the channel. Never raises, never blocks."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """The database and the bell, built once by ``hub.wiring``."""

    db: Pool
    bell: Rings


OUTBOX = "outbox"
"""The bell's channel that wakes the relay."""
DELIVERIES = "deliveries"
"""The bell's channel that wakes those who send."""


@dataclass(slots=True)
class Change:
    """An open transaction and the facts it will leave in the outbox."""

    connection: Connection
    actor: str
    entries: list[log.Entry] = field(default_factory=list)
    rings: set[str] = field(default_factory=set)

    def record(
        self,
        type_: str,
        subject: str,
        subject_id: int | str,
        version: int,
        data: Mapping[str, Any],
        *,
        actor: str | None = None,
    ) -> None:
        """Say what happened. ``data``: ids, codes, absolute values, digests; never a person's text."""
        self.entries.append(
            log.Entry(type_, subject, str(subject_id), version, actor or self.actor, data)
        )

    def wake(self, channel: str) -> None:
        """Ring this channel too, once the transaction has committed."""
        self.rings.add(channel)


@asynccontextmanager
async def change(ground: Ground, actor: str = SYSTEM) -> AsyncIterator[Change]:
    """One transaction. Commits on leaving, rolls back on any exception; then wakes the relay.

    Whoever was sent a case that the facts tell of is to be sent it again, as it stands then.

    Raises asyncpg.PostgresError or OSError when the database refuses or is away: nothing was written.
    """
    async with ground.db.acquire() as connection:
        tx = Change(connection, actor)
        async with connection.transaction():
            yield tx
            await log.append(connection, tx.entries)
            await _renew_deliveries(tx)
    if tx.entries:
        ground.bell.ring(OUTBOX)
    for channel in tx.rings:
        ground.bell.ring(channel)


async def _renew_deliveries(tx: Change) -> None:
    versions = {int(e.subject_id): e.version for e in tx.entries if e.subject == "case"}
    if versions and await deliveries.renew(tx.connection, "case", versions):
        tx.wake(DELIVERIES)
