"""Broadcasts in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hub.model.broadcasts import BroadcastRecord, Content
from hub.model.errors import NotFound
from hub.store.pool import Connection

_RECORD = """
    SELECT b.id, b.version, b.state, b.severity, b.headline, b.text, b.areas, b.expires_in_min,
           b.exercise, b.content_hash, b.mark, b.author, a.name AS author_name, b.editors,
           b.submitted_by, b.submitted_at, b.approved_by, p.name AS approved_by_name,
           b.approved_hash, b.approved_at, b.sent_at, b.expires_at, b.reason,
           b.updated_at
    FROM broadcast b
    LEFT JOIN staff_user a ON a.id = b.author
    LEFT JOIN staff_user p ON p.id = b.approved_by
"""


def _record(row: Any) -> BroadcastRecord:
    return BroadcastRecord(
        id=row["id"],
        version=row["version"],
        state=row["state"],
        content=Content(
            row["severity"],
            row["headline"],
            row["text"],
            tuple(row["areas"]),
            row["expires_in_min"],
            row["exercise"],
        ),
        content_hash=row["content_hash"],
        mark=row["mark"],
        author=row["author"],
        author_name=row["author_name"],
        editors=tuple(row["editors"]),
        submitted_by=row["submitted_by"],
        submitted_at=row["submitted_at"],
        approved_by=row["approved_by"],
        approved_by_name=row["approved_by_name"],
        approved_hash=row["approved_hash"],
        approved_at=row["approved_at"],
        sent_at=row["sent_at"],
        expires_at=row["expires_at"],
        reason=row["reason"],
        updated_at=row["updated_at"],
    )


async def records(connection: Connection, ids: Sequence[int]) -> list[BroadcastRecord]:
    """These broadcasts, as they stand now."""
    rows = await connection.fetch(_RECORD + "WHERE b.id = ANY($1)", list(ids))
    return [_record(row) for row in rows]


async def newest(connection: Connection, limit: int) -> list[BroadcastRecord]:
    """The newest broadcasts, whatever their state."""
    rows = await connection.fetch(_RECORD + "ORDER BY b.id DESC LIMIT $1", limit)
    return [_record(row) for row in rows]


async def live(connection: Connection) -> list[BroadcastRecord]:
    """Those that are out and not over."""
    rows = await connection.fetch(
        _RECORD + "WHERE b.state IN ('sending', 'done') AND b.sent_at IS NOT NULL"
        " AND b.expires_at > now() ORDER BY b.id"
    )
    return [_record(row) for row in rows]


async def lock(connection: Connection, broadcast_id: int) -> BroadcastRecord:
    """One broadcast, locked until the transaction ends. Raises NotFound."""
    row = await connection.fetchrow(_RECORD + "WHERE b.id = $1 FOR UPDATE OF b", broadcast_id)
    if row is None:
        raise NotFound("broadcast.not_found")
    return _record(row)


async def add(
    connection: Connection,
    content: Content,
    content_hash: str,
    author: int | None,
    mark: str | None,
) -> int:
    """Store a draft; its id."""
    broadcast_id: int = await connection.fetchval(
        """
        INSERT INTO broadcast (severity, headline, text, areas, expires_in_min, exercise,
                               content_hash, author, editors, mark)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, array_remove(ARRAY[$8::bigint], NULL), $9)
        RETURNING id
        """,
        content.severity,
        content.headline,
        content.text,
        list(content.areas),
        content.expires_in_min,
        content.exercise,
        content_hash,
        author,
        mark,
    )
    return broadcast_id


async def update(connection: Connection, broadcast_id: int, **columns: Any) -> int:
    """Write columns of a locked broadcast; its new version. The names come from the code."""
    names = list(columns)
    assignments = "".join(f", {name} = ${n}" for n, name in enumerate(names, start=2))
    version: int = await connection.fetchval(
        f"UPDATE broadcast SET version = version + 1, updated_at = now(){assignments}"
        " WHERE id = $1 RETURNING version",
        broadcast_id,
        *(columns[name] for name in names),
    )
    return version


async def due(connection: Connection, submitted_for: timedelta) -> list[int]:
    """Ids of those that the hub itself must move now: approved, being sent, past their expiry, or
    submitted for longer than that."""
    rows = await connection.fetch(
        """
        SELECT id FROM broadcast
        WHERE state IN ('approved', 'sending') OR (state = 'done' AND expires_at <= now())
           OR (state = 'submitted' AND submitted_at <= now() - $1::interval)
        ORDER BY id
        """,
        submitted_for,
    )
    return [row["id"] for row in rows]


async def names_of(connection: Connection, user_ids: Sequence[int]) -> dict[int, str]:
    """The names of these users."""
    rows = await connection.fetch(
        "SELECT id, name FROM staff_user WHERE id = ANY($1)", list(user_ids)
    )
    return {row["id"]: row["name"] for row in rows}
