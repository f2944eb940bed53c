"""What must leave the house, and how far it has come: one row a subject, channel and target.

A row says which version its target has to know; a newer version makes the same row due again. What is
sent is the newest state, so that nobody has to be told of each step, and none is told an old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.store.pool import Connection

KEPT_HOURS = 48
"""How long it is tried; after that whoever it is for has to look at the hub itself."""
LEASE_S = 60.0
"""A row that was being sent this long ago was left by a worker that died: it is sent again."""

ENDED = ("failed", "unknown", "expired")
"""Not delivered, or not known to be; `bigear deliveries retry` makes these due again."""

_DUE_AGAIN = f"""
    version = greatest(delivery.version, n.version),
    deadline_at = now() + interval '{KEPT_HOURS} hours', error_code = NULL, done_at = NULL,
    state = CASE WHEN delivery.state = 'sending' THEN 'sending' ELSE 'queued' END,
    attempts = CASE WHEN delivery.done_at IS NULL THEN delivery.attempts ELSE 0 END,
    next_at = CASE WHEN delivery.done_at IS NULL THEN delivery.next_at ELSE now() END
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in the hands of one worker. ``late``: its time is over."""

    id: int
    subject_id: int
    target: str
    version: int
    attempts: int
    late: bool


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A delivery as an engineer looks at it."""

    id: int
    ref: str | None
    target: str
    state: str
    version: int
    attempts: int
    error_code: str | None
    next_at: datetime
    done_at: datetime | None


async def enqueue(
    connection: Connection, subject: str, channel: str, told: Sequence[tuple[int, str, int]]
) -> None:
    """Make these due: (subject's id, target, version), in the transaction that makes it so."""
    await connection.execute(
        f"""
        INSERT INTO delivery (subject, channel, subject_id, target, version, deadline_at)
        SELECT $1, $2, n.id, n.target, n.version, now() + interval '{KEPT_HOURS} hours'
        FROM unnest($3::bigint[], $4::text[], $5::int[]) AS n (id, target, version)
        ON CONFLICT (subject, subject_id, channel, target) DO UPDATE
        SET {_DUE_AGAIN.replace("n.version", "excluded.version")}
        """,
        subject,
        channel,
        [subject_id for subject_id, _, _ in told],
        [target for _, target, _ in told],
        [version for _, _, version in told],
    )


async def renew(connection: Connection, subject: str, versions: Mapping[int, int]) -> bool:
    """Subjects have newer versions: whoever was told of one is to be told again; whether any is."""
    rows = await connection.fetch(
        f"""
        UPDATE delivery SET {_DUE_AGAIN}
        FROM unnest($2::bigint[], $3::int[]) AS n (id, version)
        WHERE delivery.subject = $1 AND delivery.subject_id = n.id AND delivery.version < n.version
        RETURNING 1
        """,
        subject,
        list(versions),
        list(versions.values()),
    )
    return bool(rows)


async def targets_due(connection: Connection, channel: str, busy: Sequence[str]) -> list[str]:
    """For whom something is due on a channel, except those that are busy."""
    rows = await connection.fetch(
        "SELECT DISTINCT target FROM delivery WHERE channel = $1 AND target <> ALL($2)"
        " AND state IN ('queued', 'sending') AND next_at <= now()",
        channel,
        list(busy),
    )
    return [row["target"] for row in rows]


async def claim(connection: Connection, channel: str, target: str) -> Claimed | None:
    """The next one due for a target, now ``sending`` for ``LEASE_S``; no other worker gets it.

    First what was tried least: one that its target chokes on must not stand before all others.
    """
    row = await connection.fetchrow(
        """
        UPDATE delivery SET state = 'sending', attempts = attempts + 1,
            next_at = now() + make_interval(secs => $3)
        WHERE id = (SELECT id FROM delivery WHERE channel = $1 AND target = $2
                      AND state IN ('queued', 'sending') AND next_at <= now()
                    ORDER BY attempts, next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id, subject_id, target, version, attempts, deadline_at < now()
        """,
        channel,
        target,
        LEASE_S,
    )
    return Claimed(*row.values()) if row else None


async def finish(connection: Connection, claimed: Claimed, state: str, code: str | None) -> None:
    """Note how a claimed one ended; if its subject moved on meanwhile, it is due again at once."""
    await connection.execute(
        """
        UPDATE delivery SET error_code = $4,
            state = CASE WHEN version > $2 THEN 'queued' ELSE $3 END,
            attempts = CASE WHEN version > $2 THEN 0 ELSE attempts END,
            next_at = CASE WHEN version > $2 THEN now() ELSE next_at END,
            done_at = CASE WHEN version > $2 THEN NULL ELSE now() END
        WHERE id = $1
        """,
        claimed.id,
        claimed.version,
        state,
        code,
    )


async def put_off(
    connection: Connection, claimed: Claimed, wait_s: float, pause_s: float, code: str
) -> None:
    """After a failure: this one again in ``wait_s`` seconds, what else is due for its target in
    ``pause_s``. What waits already is not put off further, or it could be for ever."""
    channel = await connection.fetchval(
        "UPDATE delivery SET state = 'queued', error_code = $3,"
        " next_at = now() + make_interval(secs => $2) WHERE id = $1 RETURNING channel",
        claimed.id,
        wait_s,
        code,
    )
    await connection.execute(  # whoever holds one of them makes it due by themselves
        """
        UPDATE delivery SET next_at = now() + make_interval(secs => $3)
        WHERE id IN (SELECT id FROM delivery WHERE channel = $1 AND target = $2
                       AND state = 'queued' AND next_at <= now() FOR UPDATE SKIP LOCKED)
        """,
        channel,
        claimed.target,
        pause_s,
    )


async def bring_forward(
    connection: Connection, channel: str, target: str, first_s: float, longest_s: float
) -> None:
    """A target takes what it is sent again: what was put off for its sake is due now.

    One that failed itself waits ``first_s``, doubled with each further time up to ``longest_s``:
    it may be what the target chokes on. None waits longer than before.
    """
    await connection.execute(  # whoever holds one of them makes it due by themselves
        """
        UPDATE delivery SET next_at = now() + own.wait
        FROM (SELECT d.id, w.wait FROM delivery d, LATERAL (
                  SELECT make_interval(secs => CASE WHEN d.attempts = 0 THEN 0
                      ELSE least($3 * 2.0::float8 ^ least(d.attempts - 1, 20), $4) END) AS wait) w
              WHERE d.channel = $1 AND d.target = $2 AND d.state = 'queued'
                AND d.next_at > now() + w.wait FOR UPDATE OF d SKIP LOCKED) AS own
        WHERE delivery.id = own.id
        """,
        channel,
        target,
        first_s,
        longest_s,
    )


async def retry(connection: Connection, ids: Sequence[int], target: str | None) -> int:
    """Make ended ones due again: these, or (``target``) all for one; how many."""
    rows = await connection.fetch(
        f"""
        UPDATE delivery SET state = 'queued', attempts = 0, next_at = now(), done_at = NULL,
            deadline_at = now() + interval '{KEPT_HOURS} hours'
        WHERE state = ANY($1) AND (id = ANY($2) OR target = $3) RETURNING 1
        """,
        list(ENDED),
        list(ids),
        target,
    )
    return len(rows)


async def newest(connection: Connection, states: Sequence[str], limit: int) -> list[DeliveryRecord]:
    """Deliveries of cases in these states, the newest first."""
    rows = await connection.fetch(
        """
        SELECT d.id, i.ref, d.target, d.state, d.version, d.attempts, d.error_code, d.next_at,
               d.done_at
        FROM delivery d LEFT JOIN work_case c ON d.subject = 'case' AND c.id = d.subject_id
        LEFT JOIN item i ON i.id = c.item_id
        WHERE d.state = ANY($1) ORDER BY d.id DESC LIMIT $2
        """,
        list(states),
        limit,
    )
    return [DeliveryRecord(*row.values()) for row in rows]
