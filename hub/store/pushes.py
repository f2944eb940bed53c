"""Signatures of pushes that were taken, kept for as long as one of them would still be accepted."""

from __future__ import annotations

from hub.store.pool import Connection

KEPT_MINUTES = 30
"""Well over the window in which a signature holds (five minutes either way)."""


async def is_first(connection: Connection, account: str, signature: str) -> bool:
    """Note a push, in the transaction of what it brought; False if it was noted before.

    Of two at once, the second waits for the first, and is first itself when that one rolls back.
    """
    noted = await connection.fetchval(
        "INSERT INTO push (account, signature) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
        account,
        signature,
    )
    return bool(noted)


async def forget_old(connection: Connection) -> None:
    """Drop what no longer guards anything."""
    await connection.execute(
        "DELETE FROM push WHERE received_at < now() - make_interval(mins => $1)", KEPT_MINUTES
    )
