"""Payloads that did not parse: kept as they came for an engineer to look at, then forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.model.items import Anomalous
from hub.store.pool import Connection

KEPT_DAYS = 30
"""They may hold what people wrote, and nobody can find and erase a person in them."""
MAX_RAW_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """One payload: whose, what is wrong with it, how often it came, and its length in bytes."""

    id: int
    platform: str
    account: str
    code: str
    times: int
    last_at: datetime
    size_bytes: int


async def keep(connection: Connection, payloads: Sequence[Anomalous]) -> None:
    """Keep payloads, at most 64 KiB of each; the same one again is only counted."""
    await connection.executemany(
        """
        INSERT INTO quarantine (platform, account, code, raw, raw_digest)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account, code, raw_digest) DO UPDATE
            SET times = quarantine.times + 1, last_at = now()
        """,
        [
            (p.platform, p.account, p.code, p.raw[:MAX_RAW_BYTES], hashlib.sha256(p.raw).digest())
            for p in payloads
        ],
    )


async def newest(connection: Connection, limit: int = 50) -> list[Kept]:
    """The payloads that came last, newest first."""
    rows = await connection.fetch(
        "SELECT id, platform, account, code, times, last_at, length(raw) AS size_bytes"
        " FROM quarantine ORDER BY last_at DESC, id DESC LIMIT $1",
        limit,
    )
    return [Kept(*row.values()) for row in rows]


async def raw(connection: Connection, payload_id: int) -> bytes | None:
    """One payload's bytes; None if there is no such payload (any more)."""
    found: bytes | None = await connection.fetchval(
        "SELECT raw FROM quarantine WHERE id = $1", payload_id
    )
    return found


async def forget_old(connection: Connection) -> None:
    """Drop what did not come for thirty days."""
    await connection.execute(
        "DELETE FROM quarantine WHERE last_at < now() - make_interval(days => $1)", KEPT_DAYS
    )
