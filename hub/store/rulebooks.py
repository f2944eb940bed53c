"""The numbered versions of the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hub.model.kinds import Move
from hub.store.pool import Connection


async def newest(connection: Connection) -> tuple[int, dict[str, Any]] | None:
    """The version that rules, and its document; None before the first start has seeded one."""
    row = await connection.fetchrow(
        "SELECT version, document FROM config_version ORDER BY version DESC LIMIT 1"
    )
    return (row["version"], row["document"]) if row else None


async def document(connection: Connection, version: int) -> dict[str, Any] | None:
    """The document of one version; None if there is no such version."""
    found: dict[str, Any] | None = await connection.fetchval(
        "SELECT document FROM config_version WHERE version = $1", version
    )
    return found


async def newest_version(connection: Connection) -> int:
    """Only its number; 0 for none."""
    return int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM config_version"))


async def add(
    connection: Connection, document: Mapping[str, Any], digest: str, applied_by: str
) -> int:
    """Store a new version; its number."""
    version: int = await connection.fetchval(
        "INSERT INTO config_version (document, digest, applied_by)"
        " VALUES ($1, $2, $3) RETURNING version",
        document,
        digest,
        applied_by,
    )
    return version


async def history(connection: Connection) -> list[tuple[int, str, str, datetime]]:
    """All versions: number, digest, by whom, when; newest first."""
    rows = await connection.fetch(
        "SELECT version, digest, applied_by, applied_at FROM config_version ORDER BY version DESC"
    )
    return [tuple(row.values()) for row in rows]


async def set_allowed_moves(connection: Connection, moves: Iterable[tuple[str, Move]]) -> None:
    """Make the table that the trigger asks equal to ``hub.model.kinds``."""
    wanted = [(kind, move.source, move.target) for kind, move in moves]
    await connection.execute("LOCK TABLE allowed_move IN SHARE ROW EXCLUSIVE MODE")
    await connection.execute("DELETE FROM allowed_move")
    await connection.executemany("INSERT INTO allowed_move VALUES ($1, $2, $3)", wanted)
