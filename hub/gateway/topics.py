"""Topics: what can be subscribed to, who may, and which topics a change touches."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

from hub.model.cases import CaseRecord
from hub.model.errors import BadInput, Forbidden
from hub.model.facts import Fact
from hub.model.people import Principal
from hub.rules.permissions import may

TRIAGE = "triage"

_SHAPE = re.compile(
    r"(?:(queue|area|public:area):([A-Za-z0-9_.-]{1,64})|case:([1-9][0-9]{0,17})"
    r"|public:case:([0-9A-Z-]{5,20})|alerts|broadcasts|counts|me)"
)

ACTION_OF: dict[str, str] = {
    "queue": "case.read",
    "area": "case.list",
    "case": "case.read",
    "public:case": "complaint.follow",
    "public:area": "public.read",
    "alerts": "public.read",
    "broadcasts": "broadcast.read",
    "counts": "counts.read",
    "me": "session.own",
}
"""Every kind of topic and the action that subscribing to it is."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic taken apart: ``queue``/``metro``, ``case``/``17``, ``alerts``/``""``."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" if self.key else self.kind


def parse(name: str) -> Topic:
    """The topic of that name. Raises BadInput ``topic.unknown``."""
    match = _SHAPE.fullmatch(name)
    if match is None:
        raise BadInput("topic.unknown")
    kind, _, key = name.rpartition(":") if ":" in name else (name, "", "")
    return Topic(kind, key)


def authorise(
    topic: Topic,
    who: Principal | None,
    *,
    holds_key_of: str | None,
    agency: str | None = None,
) -> None:
    """Raise Forbidden unless ``who``, or the holder of that case's private link, may subscribe.

    ``agency``: of a ``case`` topic, where that case lies now.
    """
    if topic.kind == "queue":
        agency = None if topic.key == TRIAGE else topic.key
    has_key = topic.kind == "public:case" and holds_key_of == topic.key
    if not may(who, ACTION_OF[topic.kind], agency=agency, has_key=has_key):
        raise Forbidden("topic.denied")


def may_touch(topic: Topic, fact: Fact, path: Container[int] = ()) -> bool:
    """Whether a fact can concern the topic at all, as far as that shows without reading its record.

    ``path``: the cases that a reporter's page follows.
    """
    match topic.kind:
        case "alerts" | "broadcasts":
            return fact.subject == "broadcast"
        case "case":
            return fact.subject == "case" and fact.subject_id == topic.key
        case "public:case":
            if fact.subject == "case":
                return int(fact.subject_id) in path or fact.data["ref"] == topic.key
            return fact.data.get("ref") == topic.key
        case "queue" | "area" | "public:area":
            return fact.subject == "case"
    return False


def touched(fact: Fact, case: CaseRecord | None) -> Iterable[Topic]:
    """The topics that a fact about a case or an item touches.

    The fact says where the case was then, the record where it is now; both queues are told.
    """
    data = fact.data
    if fact.subject == "item":
        if ref := data.get("ref"):
            yield Topic("public:case", ref)
        return
    yield Topic("case", fact.subject_id)
    if ref := data.get("ref"):
        yield Topic("public:case", ref)
    agencies = {data.get("agency"), data.get("previous_agency")}
    states = {data.get("state"), data.get("from_state")}
    districts = {data.get("district")}
    if case is not None:
        agencies |= {case.agency, case.previous_agency}
        states.add(case.state)
        districts |= {case.district, case.previous_district}
    for agency in sorted(filter(None, agencies)):
        yield Topic("queue", agency)
    if TRIAGE in states or None in {data.get("agency"), case.agency if case else ""}:
        yield Topic("queue", TRIAGE)
    for district in sorted(filter(None, districts)):
        yield Topic("area", district)
        yield Topic("public:area", district)
