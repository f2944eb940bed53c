"""The feed: reads facts in order of position and turns them into changes for each topic and audience.

For every batch of facts the touched cases are read once, whole, as they stand now. Records carry their
version, so a client that sees one twice, or a newer one early, ends at the same state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from hub.gateway.counts import Counts
from hub.gateway.protocol import ResyncReason
from hub.gateway.topics import TRIAGE, Topic, may_touch, touched
from hub.model.broadcasts import BroadcastRecord
from hub.model.cases import CaseRecord
from hub.model.facts import Fact
from hub.model.people import Principal
from hub.model.views import CaseView, Change, MessageView, ProgressView
from hub.rules.alerts import alert_view, broadcast_view, is_out
from hub.rules.views import (
    audience_for,
    case_view,
    followed_view,
    gone_view,
    reporter_reads,
    rfc3339,
)
from hub.store import broadcasts, following, log, reading
from hub.store.following import Follower
from hub.store.pool import Pool
from hub.store.reading import OPEN_STATES, MessageRecord

RING_FACTS = 5_000
"""Facts kept in memory for those who come back; beyond, PostgreSQL is asked."""
RESUME_FACTS = 5_000
"""A client that missed more than this gets a snapshot instead."""
BATCH_FACTS = 500

_STAGE_OF = {
    "item.received": "received",
    "item.labelled": "labelled",
    "item.located": "located",
    "item.erased": "routed",  # it goes no further, and open pages ask anew
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A batch of facts with everything that their views need.

    ``followers``: of a case, the merged ones whose reporters follow it; ``gone``: cases that no longer
    exist; ``recounted``: the batch changed a total.
    """

    facts: Sequence[Fact]
    cases: dict[str, CaseRecord] = field(default_factory=dict)
    messages: dict[int, MessageRecord] = field(default_factory=dict)
    broadcasts: dict[str, BroadcastRecord] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    followers: dict[str, tuple[Follower, ...]] = field(default_factory=dict)
    gone: tuple[int, ...] = ()
    recounted: bool = False


class Feed:
    """The newest position, the recent facts, and the totals. One a gateway process.

    ``clients_db``: what is read for one client alone is read with it (None: with ``db``).
    """

    def __init__(self, db: Pool, clients_db: Pool | None = None) -> None:
        self._db = db
        self._clients_db = clients_db or db
        self._ring: deque[Fact] = deque(maxlen=RING_FACTS)
        self.position = 0
        self.counts = Counts(())

    async def start(self) -> None:
        """Begin at the newest position, with totals of that moment (or a newer one: versions)."""
        async with (
            self._db.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            self.position = await log.newest(connection)
            self.counts = Counts(await reading.open_cases_brief(connection))

    async def next(self) -> Loaded | None:
        """The facts after ``position``, loaded; None when there are none.

        ``position`` moves on, and ``counts`` with it, in one turn of the loop: whoever reads both gets
        totals of exactly that position.
        """
        async with self._db.acquire() as connection:
            facts = await log.after(connection, self.position, BATCH_FACTS)
        if not facts:
            return None
        loaded = await self.load(facts)
        self._ring.extend(facts)
        self.position = facts[-1].position
        recounted = self.counts.fold(loaded.cases.values(), loaded.gone)
        return replace(loaded, recounted=recounted)

    def reaches(self, position: int, topic: Topic) -> bool:
        """Whether somebody at this position can be brought up with facts, not too many of them."""
        # A district's snapshot is read once for all guests, its facts for each who comes back.
        most = BATCH_FACTS if topic.kind == "public:area" else RESUME_FACTS
        return self.position - position <= most

    async def since(self, position: int, limit: int) -> Sequence[Fact]:
        """Up to ``limit`` facts after the position, none beyond the feed's own."""
        upto = min(position + limit, self.position)
        if self._ring and self._ring[0].position <= position + 1:
            skipped = position + 1 - self._ring[0].position  # positions are dense
            return list(islice(self._ring, skipped, skipped + upto - position))
        async with self._clients_db.acquire() as connection:
            return await log.after(connection, position, upto - position)

    async def load(self, facts: Sequence[Fact], only: Topic | None = None) -> Loaded:
        """Read what these facts touch, as it stands now; ``only``: what one client's topic may need."""
        db = self._db if only is None else self._clients_db
        async with db.acquire() as connection:
            path: Container[int] = ()
            if only is not None and only.kind == "public:case":
                path = await following.path(connection, only.key)
            needed = [f for f in facts if only is None or may_touch(only, f, path)]
            case_ids = {int(f.subject_id) for f in needed if f.subject == "case"}
            message_ids = [f.data["message"] for f in needed if f.data.get("message")]
            broadcast_ids = {int(f.subject_id) for f in needed if f.subject == "broadcast"}
            user_ids = {int(f.actor[5:]) for f in needed if f.actor.startswith("user:")}
            cases = await reading.records(connection, list(case_ids)) if case_ids else []
            followers = await following.followers(connection, case_ids) if case_ids else {}
            messages = await reading.messages_by_id(connection, message_ids) if message_ids else []
            told = (
                await broadcasts.records(connection, list(broadcast_ids)) if broadcast_ids else []
            )
            names = await broadcasts.names_of(connection, list(user_ids)) if user_ids else {}
        return Loaded(
            needed,
            {str(case.id): case for case in cases},
            {message.id: message for message in messages},
            {str(record.id): record for record in told},
            {f"user:{user_id}": name for user_id, name in names.items()},
            followers,
            tuple(case_ids - {case.id for case in cases}),
        )


def topics_of(loaded: Loaded) -> dict[Topic, list[Fact]]:
    """Which topics a batch touches, each with its facts in order; broadcasts first."""
    found: dict[Topic, list[Fact]] = {}
    for fact in loaded.facts:
        if fact.subject == "broadcast":
            for topic in (Topic("alerts", ""), Topic("broadcasts", "")):
                found.setdefault(topic, []).append(fact)
    for fact in loaded.facts:
        if fact.subject in ("case", "item"):
            for topic in touched(fact, loaded.cases.get(fact.subject_id)):
                found.setdefault(topic, []).append(fact)
        if fact.subject == "case":
            for follower in loaded.followers.get(fact.subject_id, ()):
                found.setdefault(Topic("public:case", follower.ref), []).append(fact)
    return found


def to_reread(topic: Topic, facts: Iterable[Fact]) -> ResyncReason | None:
    """Why a subscriber must read the topic anew, if they must: ``erased``, messages of a person were
    erased; ``merged``, their page follows another case from now on, or no longer.

    A fact tells of one case and one message, so what comes or goes with others cannot be told.
    """
    for fact in facts:
        if topic.kind in ("case", "public:case") and fact.type == "case.erased":
            return "erased"
        states = fact.data.get("from_state"), fact.data.get("state")
        if topic.kind == "public:case" and "merged" in states and states[0] != states[1]:
            return "merged"
    return None


def changes(
    topic: Topic, facts: Iterable[Fact], loaded: Loaded, who: Principal | None
) -> list[Change]:
    """What these facts are to one topic's subscriber; an empty list when none is for their eyes."""
    found = []
    for fact in facts:
        change = _change(topic, fact, loaded, who)
        if change is not None:
            found.append(change)
    return found


def _change(topic: Topic, fact: Fact, loaded: Loaded, who: Principal | None) -> Change | None:
    at = rfc3339(fact.at)
    if fact.subject == "broadcast":
        record = loaded.broadcasts.get(fact.subject_id)
        if record is None:
            return None
        if topic.kind == "broadcasts":
            view = broadcast_view(record)
            name = loaded.names.get(fact.actor)
            return Change(fact.position, at, fact.type, broadcast=view, actor_name=name)
        if not is_out(record):
            return None
        return Change(fact.position, at, fact.type, alert=alert_view(record))
    if fact.subject == "item":
        stage = _STAGE_OF.get(fact.type)
        if stage is None:
            return None
        return Change(
            fact.position, at, fact.type, progress=ProgressView(fact.data["ref"], stage, at)
        )
    case = loaded.cases.get(fact.subject_id)
    if case is None:
        return _vanished(fact)
    if topic.kind in ("public:area", "public:case"):
        return _outward(topic, fact, case, loaded)
    audience = audience_for(who, case.agency)
    if _left(topic, case):
        return Change(fact.position, at, fact.type, case=gone_view(case))
    message = _message(fact, loaded) if topic.kind == "case" and audience == "agency" else None
    return Change(
        fact.position,
        at,
        fact.type,
        case=case_view(case, audience),
        message=message,
        actor_name=loaded.names.get(fact.actor),
    )


def _vanished(fact: Fact) -> Change:
    """A case that no longer exists: whoever shows it drops it."""
    at = rfc3339(fact.at)
    case = CaseView(
        id=int(fact.subject_id),
        version=fact.version,
        ref=fact.data["ref"],
        kind=fact.data["kind"],
        state=fact.data["state"],
        received_at=at,
        updated_at=at,
        gone=True,
    )
    return Change(fact.position, at, fact.type, case=case)


def _outward(topic: Topic, fact: Fact, case: CaseRecord, loaded: Loaded) -> Change | None:
    """For the public and the reporter: never a note, never who did it."""
    at = rfc3339(fact.at)
    words = fact.data.get("message_kind")
    if topic.kind == "public:case" and topic.key != case.ref:
        return _followed(topic, fact, case, loaded)
    if topic.kind == "public:area":
        if case.mark == "check" or words == "note":
            return None
        view = gone_view(case) if _left(topic, case) else case_view(case, "public")
        # That something was said is between the city and the reporter; the case moved all the same.
        return Change(fact.position, at, "case.moved" if words else fact.type, case=view)
    if words == "note":
        return None
    message = _message(fact, loaded, named=False) if words else None
    routed = ProgressView(case.ref, "routed", at) if fact.type == "case.routed" else None
    view = case_view(case, "reporter")
    return Change(fact.position, at, fact.type, case=view, progress=routed, message=message)


def _followed(topic: Topic, fact: Fact, case: CaseRecord, loaded: Loaded) -> Change | None:
    """For the reporter of a case that was merged into this one: how far it is, and what is answered."""
    since = next(f.since for f in loaded.followers[fact.subject_id] if f.ref == topic.key)
    words = fact.data.get("message_kind")
    record = loaded.messages.get(fact.data.get("message", 0)) if words else None
    readable = record is not None and reporter_reads(record.kind, record.created_at, since)
    if words and not readable and fact.data["state"] == fact.data["from_state"]:
        return None  # that something was said is not for them
    return Change(
        fact.position,
        rfc3339(fact.at),
        "case.moved" if words and not readable else fact.type,
        case=followed_view(case),
        message=message_view(record, named=False) if record and readable else None,
    )


def _left(topic: Topic, case: CaseRecord) -> bool:
    """Whether the case no longer belongs to what the topic shows."""
    if topic.kind == "queue":
        home = TRIAGE if case.agency is None else case.agency
        return home != topic.key or case.state not in OPEN_STATES
    if topic.kind in ("area", "public:area"):
        return case.district != topic.key or case.state not in OPEN_STATES
    return False


def _message(fact: Fact, loaded: Loaded, *, named: bool = True) -> MessageView | None:
    record = loaded.messages.get(fact.data.get("message", 0))
    return message_view(record, named=named) if record else None


def message_view(record: MessageRecord, *, named: bool) -> MessageView:
    """A message; ``named``: with the name of who wrote it (staff only)."""
    return MessageView(
        id=record.id,
        case=record.case_id,
        kind=record.kind,  # type: ignore[arg-type]  # checked by the database
        at=rfc3339(record.created_at),
        text=record.text,
        author_name=record.author_name if named else None,
    )
