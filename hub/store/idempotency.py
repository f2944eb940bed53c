"""Answers already given, by the digest of the client's key."""

from __future__ import annotations

from hub.store.pool import Connection

KEPT_HOURS = 48


async def find(connection: Connection, key_digest: bytes) -> tuple[bytes, bytes] | None:
    """(body digest, sealed answer) of a key used before.

    Takes a lock on the key until the transaction ends: of two at once, the second sees the first.
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock($1)", int.from_bytes(key_digest[:8], signed=True)
    )
    row = await connection.fetchrow(
        "SELECT body_digest, answer FROM idempotency WHERE key_digest = $1", key_digest
    )
    return (row["body_digest"], row["answer"]) if row else None


async def keep(
    connection: Connection, key_digest: bytes, body_digest: bytes, answer: bytes
) -> None:
    """Remember the answer, in the transaction of what it answers."""
    await connection.execute(
        "INSERT INTO idempotency (key_digest, body_digest, answer) VALUES ($1, $2, $3)",
        key_digest,
        body_digest,
        answer,
    )


async def forget_old(connection: Connection) -> None:
    """Drop what is older than two days."""
    await connection.execute(
        "DELETE FROM idempotency WHERE created_at < now() - make_interval(hours => $1)", KEPT_HOURS
    )
