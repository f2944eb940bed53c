"""Whether what is stored agrees with itself: the questions that ``bigear doctor`` asks. Reads only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from hub.model.kinds import KINDS
from hub.store.log import RELAY_LOCK
from hub.store.pool import Connection

BATCH_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for its position. ``relay``: whether somebody holds the relay's lock."""

    rows: int
    oldest_s: float
    relay: bool


@dataclass(frozen=True, slots=True)
class StuckItem:
    """An item that failed in the stage after ``stage``, and how often."""

    ref: str
    stage: str
    attempts: int


async def versions(connection: Connection) -> tuple[str, str]:
    """PostgreSQL's and PostGIS's."""
    row = await connection.fetchrow(
        "SELECT current_setting('server_version'), postgis_lib_version()"
    )
    assert row is not None
    return row[0], row[1]


async def facts(connection: Connection) -> int:
    """How many facts there are."""
    return int(await connection.fetchval("SELECT count(*) FROM fact"))


async def moves_otherwise(connection: Connection) -> list[str]:
    """Allowed moves that the database has too many (``+``) or too few (``-``)."""
    rows = await connection.fetch("SELECT kind, source, target FROM allowed_move")
    stored = {tuple(row.values()) for row in rows}
    declared = {
        (kind.code, move.source, move.target) for kind in KINDS.values() for move in kind.moves
    }
    return [f"+{' '.join(move)}" for move in sorted(stored - declared)] + [
        f"-{' '.join(move)}" for move in sorted(declared - stored)
    ]


async def backlog(connection: Connection) -> Backlog:
    """The outbox, and whether a relay is at work on it."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS rows, coalesce(extract(epoch FROM now() - min(at)), 0) AS oldest_s,
               EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
                       AND objsubid = 1 AND (classid::bigint << 32) | objid::bigint = $1
                       AND database = (SELECT oid FROM pg_database
                                       WHERE datname = current_database())) AS relay
        FROM outbox
        """,
        RELAY_LOCK,
    )
    assert row is not None
    return Backlog(row["rows"], float(row["oldest_s"]), row["relay"])


async def stuck(connection: Connection) -> list[StuckItem]:
    """Items that failed and have not come further since, the oldest first."""
    rows = await connection.fetch(
        "SELECT ref, stage, attempts FROM item WHERE stage <> 'routed' AND attempts > 0 ORDER BY id"
    )
    return [StuckItem(*row.values()) for row in rows]


async def photo_files(connection: Connection) -> dict[str, str | None]:
    """SHA-256 of every photo that some row names → the reference of an item that has it."""
    rows = await connection.fetch(
        "SELECT p.sha256, min(i.ref) FROM photo p LEFT JOIN item i ON i.id = p.item_id"
        " GROUP BY p.sha256"
    )
    return {row[0]: row[1] for row in rows}


_DIGEST = "encode(sha256({0}.salt || convert_to({0}.text, 'UTF8')), 'hex')"

_ITEM_TEXTS = f"""
    SELECT i.id, i.ref,
           i.text_digest = {_DIGEST.format("t")} AND i.text_digest = (
               SELECT told FROM (
                   SELECT f.version, f.data ->> 'text_digest' AS told FROM fact f
                   WHERE f.subject = 'item' AND f.subject_id = i.id::text AND f.data ? 'text_digest'
                   UNION ALL
                   SELECT o.version, o.data ->> 'text_digest' FROM outbox o
                   WHERE o.subject = 'item' AND o.subject_id = i.id::text AND o.data ? 'text_digest'
               ) AS all_told ORDER BY version DESC LIMIT 1) AS right
    FROM item i JOIN item_text t ON t.item_id = i.id
    WHERE i.id > $1 ORDER BY i.id LIMIT {BATCH_ROWS}
"""

_MESSAGE_TEXTS = f"""
    SELECT m.id, i.ref,
           {_DIGEST.format("m")} = (
               SELECT f.data ->> 'text_digest' FROM fact f
               WHERE f.subject = 'case' AND f.subject_id = m.case_id::text
                 AND f.data -> 'message' = to_jsonb(m.id)
               UNION ALL
               SELECT o.data ->> 'text_digest' FROM outbox o
               WHERE o.subject = 'case' AND o.subject_id = m.case_id::text
                 AND o.data -> 'message' = to_jsonb(m.id)
               LIMIT 1) AS right
    FROM case_message m JOIN work_case c ON c.id = m.case_id JOIN item i ON i.id = c.item_id
    WHERE m.text IS NOT NULL AND m.id > $1 ORDER BY m.id LIMIT {BATCH_ROWS}
"""


async def texts(connection: Connection) -> AsyncIterator[tuple[str, bool]]:
    """Every text that is kept: (its item's reference, whether salt and text give the digest that the
    facts tell). A text without a salt or without a fact is not right."""
    for statement in (_ITEM_TEXTS, _MESSAGE_TEXTS):
        last = 0
        while rows := await connection.fetch(statement, last):
            for row in rows:
                yield row["ref"], bool(row["right"])
            last = rows[-1]["id"]


async def half_erased(connection: Connection) -> list[str]:
    """References of erased items of which something that tells of the person is still stored."""
    rows = await connection.fetch(
        """
        SELECT i.ref FROM item i LEFT JOIN work_case c ON c.item_id = i.id
        WHERE i.erased_at IS NOT NULL AND (
            i.point_given OR i.content_digest IS NOT NULL OR i.thread IS NOT NULL
            OR i.parent IS NOT NULL
            OR EXISTS (SELECT 1 FROM item_text t WHERE t.item_id = i.id)
            OR EXISTS (SELECT 1 FROM photo p WHERE p.item_id = i.id)
            OR EXISTS (SELECT 1 FROM item_label l
                       WHERE l.item_id = i.id AND (l.places <> '[]' OR l.reasons <> '[]'))
            OR EXISTS (SELECT 1 FROM case_message m WHERE m.case_id = c.id
                       AND m.created_at < i.erased_at AND m.text IS NOT NULL))
        ORDER BY i.id
        """
    )
    return [row["ref"] for row in rows]
