"""Photos in PostgreSQL: rows that name files under the home by their SHA-256."""

from __future__ import annotations

from hub.store.pool import Connection


async def hold(connection: Connection, sha256: str) -> None:
    """Nobody else writes or deletes the file of that name until the transaction ends."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock($1)", int.from_bytes(bytes.fromhex(sha256)[:8], signed=True)
    )


async def add(
    connection: Connection, token: str, sha256: str, width: int, height: int, size_bytes: int
) -> None:
    """An uploaded photo that belongs to no item yet."""
    await connection.execute(
        "INSERT INTO photo (token, sha256, width, height, size_bytes) VALUES ($1, $2, $3, $4, $5)",
        token,
        sha256,
        width,
        height,
        size_bytes,
    )


async def file_of(connection: Connection, item_id: int, number: int) -> str | None:
    """The SHA-256 of an item's n-th photo."""
    sha256: str | None = await connection.fetchval(
        "SELECT sha256 FROM photo WHERE item_id = $1 AND number = $2", item_id, number
    )
    return sha256


async def drop_unclaimed(connection: Connection, older_than_s: float) -> int:
    """Delete uploads that no complaint took; how many."""
    rows = await connection.fetch(
        "DELETE FROM photo WHERE item_id IS NULL"
        " AND created_at < now() - make_interval(secs => $1) RETURNING 1",
        older_than_s,
    )
    return len(rows)


async def known(connection: Connection, names: list[str]) -> set[str]:
    """Which of these SHA-256 names some row still needs."""
    rows = await connection.fetch("SELECT DISTINCT sha256 FROM photo WHERE sha256 = ANY($1)", names)
    return {row["sha256"] for row in rows}
