"""Snapshots: all that a topic holds, read in one transaction together with the position."""

from __future__ import annotations

import msgspec

from hub.gateway.feed import message_view
from hub.gateway.protocol import Snapshot
from hub.gateway.topics import TRIAGE, Topic
from hub.model.cases import CaseRecord
from hub.model.people import Principal
from hub.model.views import ProgressView
from hub.rules.alerts import alert_view, broadcast_view
from hub.rules.views import audience_for, case_view, followed_view, rfc3339
from hub.store import broadcasts, following, log, reading
from hub.store.pool import Connection, Pool

SNAPSHOT_CASES = 500
KEPT = 32
"""Districts of which the last snapshot is kept."""


async def snapshot(db: Pool, number: int, topic: Topic, who: Principal | None) -> Snapshot:
    """The topic as this person may see it. The records may be newer than the position, never older.

    Not for ``counts``: those are the feed's own.
    """
    async with (
        db.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        position = await log.newest(connection)
        base = Snapshot(id=number, topic=str(topic), position=position)
        match topic.kind:
            case "queue":
                agency = None if topic.key == TRIAGE else topic.key
                cases = await reading.open_in_queue(connection, agency, SNAPSHOT_CASES)
                total = len(cases)
                if total == SNAPSHOT_CASES:
                    total = await reading.queue_total(connection, agency)
                return _of_cases(base, cases, who, total)
            case "area" | "public:area":
                checks = topic.kind == "area"
                cases = await reading.open_in_district(
                    connection, topic.key, SNAPSHOT_CASES, checks=checks
                )
                total = len(cases)
                if total == SNAPSHOT_CASES:
                    total = await reading.district_total(connection, topic.key, checks=checks)
                return _of_cases(base, cases, who if checks else None, total)
            case "case":
                return await _one_case(connection, base, int(topic.key), who)
            case "public:case":
                return await _reporters(connection, base, topic.key)
            case "alerts":
                live = await broadcasts.live(connection)
                return _with(base, alerts=[alert_view(record) for record in live])
            case "broadcasts":
                newest = await broadcasts.newest(connection, 100)
                return _with(base, broadcasts=[broadcast_view(record) for record in newest])
    return base


class Districts:
    """What the public may see of districts: the same for everybody, so read once at a position."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._kept: dict[Topic, Snapshot] = {}

    async def snapshot(self, number: int, topic: Topic, position: int) -> Snapshot:
        """The ``public:area`` as it is at this position, or a newer one."""
        kept = self._kept.get(topic)
        if kept is None or kept.position < position:
            kept = await snapshot(self._db, number, topic, None)
            self._kept.pop(topic, None)
            self._kept[topic] = kept
            if len(self._kept) > KEPT:  # whoever asks for names that are no districts fills nothing
                del self._kept[next(iter(self._kept))]
        return msgspec.structs.replace(kept, id=number)


def _with(base: Snapshot, **fields: object) -> Snapshot:
    return Snapshot(id=base.id, topic=base.topic, position=base.position, **fields)  # type: ignore[arg-type]


def _of_cases(
    base: Snapshot, cases: list[CaseRecord], who: Principal | None, total: int
) -> Snapshot:
    views = [case_view(case, audience_for(who, case.agency)) for case in cases]
    return _with(base, cases=views, total=total, truncated=total > len(views))


async def _one_case(
    connection: Connection, base: Snapshot, case_id: int, who: Principal | None
) -> Snapshot:
    cases = await reading.records(connection, [case_id])
    if not cases:
        return base
    audience = audience_for(who, cases[0].agency)
    said = await reading.messages(connection, [case_id]) if audience == "agency" else []
    return _with(
        base,
        cases=[case_view(cases[0], audience)],
        messages=[message_view(message, named=True) for message in said],
        total=1,
    )


async def _reporters(connection: Connection, base: Snapshot, ref: str) -> Snapshot:
    progress = await reading.progress(connection, ref, None)
    if progress is None:
        return base
    followed = await following.followed(connection, ref)
    own, others = followed.cases[:1], followed.cases[1:]
    return _with(
        base,
        progress=[ProgressView(ref, progress.stage, rfc3339(progress.at))],
        cases=[*(case_view(c, "reporter") for c in own), *(followed_view(c) for c in others)],
        messages=[message_view(message, named=False) for message in followed.said],
        total=1,
    )
