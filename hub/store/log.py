"""The outbox and the log of facts: append, stamp, read, verify."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.model.facts import GENESIS, Fact, chain_hash
from hub.store.pool import Connection

RELAY_LOCK = 0x0B16_EA01
"""The advisory lock whose holder alone stamps positions."""

PARTITION_ROWS = 5_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact that has no position yet."""

    type: str
    subject: str
    subject_id: str
    version: int
    actor: str
    data: Mapping[str, Any]


async def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write outbox rows, in the transaction of the change they tell of."""
    if not entries:
        return
    await connection.execute(
        """
        INSERT INTO outbox (type, subject, subject_id, version, actor, data)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::jsonb[])
        """,
        [e.type for e in entries],
        [e.subject for e in entries],
        [e.subject_id for e in entries],
        [e.version for e in entries],
        [e.actor for e in entries],
        [e.data for e in entries],
    )


async def try_become_relay(connection: Connection) -> bool:
    """Whether this session now holds the relay's lock (until it ends)."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK))


async def stamp(connection: Connection, limit: int) -> int:
    """Move up to ``limit`` outbox rows into the log; returns the newest position, 0 if nothing moved.

    Only the holder of the relay's lock may call this. Should two ever do, the log's primary key on
    ``position`` makes the second one's transaction fail whole.
    """
    async with connection.transaction():
        rows = await connection.fetch(
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT $1)"
            " RETURNING id, at, type, subject, subject_id, version, actor, data",
            limit,
        )
        if not rows:
            return 0
        rows.sort(key=lambda row: row["id"])
        last = await connection.fetchrow(
            "SELECT position, hash FROM fact ORDER BY position DESC LIMIT 1"
        )
        position, previous = (last["position"], last["hash"]) if last else (0, GENESIS)
        stamped = []
        for row in rows:
            position += 1
            fact = Fact(
                position,
                row["at"],
                row["type"],
                row["subject"],
                row["subject_id"],
                row["version"],
                row["actor"],
                row["data"],
            )
            previous = chain_hash(previous, fact)
            stamped.append((fact, previous))
        await _keep_partition_ahead(connection, position)
        await _insert(connection, stamped)
        return position


async def _insert(connection: Connection, stamped: Sequence[tuple[Fact, bytes]]) -> None:
    await connection.execute(
        """
        INSERT INTO fact (position, at, type, subject, subject_id, version, actor, data, hash)
        SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[],
                             $6::int[], $7::text[], $8::jsonb[], $9::bytea[])
        """,
        [fact.position for fact, _ in stamped],
        [fact.at for fact, _ in stamped],
        [fact.type for fact, _ in stamped],
        [fact.subject for fact, _ in stamped],
        [fact.subject_id for fact, _ in stamped],
        [fact.version for fact, _ in stamped],
        [fact.actor for fact, _ in stamped],
        [fact.data for fact, _ in stamped],
        [digest for _, digest in stamped],
    )


async def _keep_partition_ahead(connection: Connection, position: int) -> None:
    """Make the partition that holds ``position`` when the log has grown into a new one."""
    first = (position - 1) // PARTITION_ROWS * PARTITION_ROWS + 1
    if first > 1 and position - first < 1_000:  # a batch is smaller than this
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS fact_from_{first} PARTITION OF fact"
            f" FOR VALUES FROM ({first}) TO ({first + PARTITION_ROWS})"
        )


async def newest(connection: Connection) -> int:
    """The position of the newest fact; 0 in an empty log."""
    return int(await connection.fetchval("SELECT coalesce(max(position), 0) FROM fact"))


async def after(connection: Connection, position: int, limit: int) -> list[Fact]:
    """Up to ``limit`` facts with a greater position, in order. Positions are dense: none is missing."""
    rows = await connection.fetch(
        "SELECT position, at, type, subject, subject_id, version, actor, data FROM fact"
        " WHERE position > $1 ORDER BY position LIMIT $2",
        position,
        limit,
    )
    return [Fact(*row.values()) for row in rows]


async def of_case(connection: Connection, case_id: int, item_id: int) -> list[Fact]:
    """The whole history of one case and its item, in order."""
    rows = await connection.fetch(
        "SELECT position, at, type, subject, subject_id, version, actor, data FROM fact"
        " WHERE (subject = 'case' AND subject_id = $1) OR (subject = 'item' AND subject_id = $2)"
        " ORDER BY position",
        str(case_id),
        str(item_id),
    )
    return [Fact(*row.values()) for row in rows]


async def of_version(
    connection: Connection, subject: str, subject_id: int, version: int
) -> list[Entry]:
    """What was said when the subject came to that version, stamped or not yet."""
    rows = await connection.fetch(
        "SELECT type, subject, subject_id, version, actor, data FROM fact"
        " WHERE subject = $1 AND subject_id = $2 AND version = $3"
        " UNION ALL SELECT type, subject, subject_id, version, actor, data FROM outbox"
        " WHERE subject = $1 AND subject_id = $2 AND version = $3",
        subject,
        str(subject_id),
        version,
    )
    return [Entry(*row.values()) for row in rows]


async def verify(connection: Connection) -> AsyncIterator[tuple[int, bool]]:
    """Walk the whole chain: (position, whether its stored hash is right and no position is missing).

    Must run inside a transaction (it reads by a cursor).
    """
    previous, expected = GENESIS, 1
    async for row in connection.cursor(
        "SELECT position, at, type, subject, subject_id, version, actor, data, hash FROM fact"
        " ORDER BY position",
        prefetch=2_000,
    ):
        *columns, stored = row.values()
        fact = Fact(*columns)
        previous = chain_hash(previous, fact)
        yield fact.position, stored == previous and fact.position == expected
        previous, expected = stored, fact.position + 1
