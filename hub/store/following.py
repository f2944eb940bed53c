"""Whom a merged case leads to: the only place that decides which cases a reporter's page follows.

A merged case follows the one that it was merged into, that one the next, to the end; nothing is copied,
so taking one apart is followed too. What a reporter reads of it, ``hub.rules.views`` decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.model.cases import CaseRecord
from hub.rules.views import reporter_reads
from hub.store import reading
from hub.store.pool import Connection
from hub.store.reading import MessageRecord


@dataclass(frozen=True, slots=True)
class Followed:
    """What the reporter of a case follows: ``cases``, their own first, the one that is worked on last,
    and what they may read of what was ``said`` on them, in order."""

    cases: tuple[CaseRecord, ...] = ()
    said: tuple[MessageRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Follower:
    """A merged case, by its reference, whose reporter follows another one ``since`` then."""

    ref: str
    since: datetime


# A case closes when it is merged, so `closed_at` is the moment of every link; one that somebody bent
# into a ring by hand is followed once around.
_PATH = """
    WITH RECURSIVE path AS (
        SELECT c.id, c.merged_into, c.closed_at, NULL::timestamptz AS since, 0 AS step
        FROM work_case c JOIN item i ON i.id = c.item_id WHERE i.ref = $1
        UNION ALL
        SELECT c.id, c.merged_into, c.closed_at, greatest(p.since, p.closed_at), p.step + 1
        FROM path p JOIN work_case c ON c.id = p.merged_into
    ) CYCLE id SET again USING trail
    SELECT id, since FROM path WHERE NOT again ORDER BY step
"""

_FOLLOWERS = """
    WITH RECURSIVE up AS (
        SELECT m.merged_into AS followed, m.id, m.closed_at AS since
        FROM work_case m WHERE m.merged_into = ANY($1)
        UNION ALL
        SELECT up.followed, m.id, greatest(up.since, m.closed_at)
        FROM up JOIN work_case m ON m.merged_into = up.id
    ) CYCLE id SET again USING trail
    SELECT up.followed, i.ref, up.since
    FROM up JOIN work_case c ON c.id = up.id JOIN item i ON i.id = c.item_id
    WHERE NOT again AND up.id <> up.followed
"""


async def path(connection: Connection, ref: str) -> dict[int, datetime | None]:
    """The cases that the reporter of ``ref`` follows, in order, and since when; None: their own."""
    return {row["id"]: row["since"] for row in await connection.fetch(_PATH, ref)}


async def followed(connection: Connection, ref: str) -> Followed:
    """All that the reporter of ``ref`` follows; nothing before it is routed."""
    since = await path(connection, ref)
    found = {case.id: case for case in await reading.records(connection, list(since))}
    said = await reading.messages(connection, list(since))
    return Followed(
        tuple(found[case_id] for case_id in since if case_id in found),
        tuple(m for m in said if reporter_reads(m.kind, m.created_at, since[m.case_id])),
    )


async def followers(
    connection: Connection, case_ids: Iterable[int]
) -> dict[str, tuple[Follower, ...]]:
    """Of each of these cases, those that were merged into it, directly or by way of others."""
    found: dict[str, tuple[Follower, ...]] = {}
    for row in await connection.fetch(_FOLLOWERS, list(case_ids)):
        case_id = str(row["followed"])
        found[case_id] = (*found.get(case_id, ()), Follower(row["ref"], row["since"]))
    return found
