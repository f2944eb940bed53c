"""What leaves the house: the records that HTTP answers and websocket frames carry.

``hub.rules.views`` decides which audience gets which fields; these types only say what there is.
Closed types: later versions only add optional fields.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class CaseView(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A case as one audience may see it; what the audience may not see is absent.

    Times are RFC 3339 in UTC; ``lat``/``lon`` WGS 84 degrees (rounded for the public).
    ``abuse``: the text may hold abuse or hate; show it folded, and treat the case like any other.
    ``gone`` says that the case has left the topic: drop it.
    """

    id: int
    version: int
    ref: str
    kind: str
    state: str
    received_at: str
    updated_at: str
    gone: bool = False
    mark: str | None = None
    platform: str | None = None
    account: str | None = None
    agency: str | None = None
    area: str | None = None
    district: str | None = None
    approximate: bool = False
    placeless: bool = False
    lat: float | None = None
    lon: float | None = None
    service: str | None = None
    service_confidence: float | None = None
    intent: str | None = None
    urgency: str | None = None
    language: str | None = None
    model: str | None = None
    deadline_at: str | None = None
    overdue: bool = False
    closed_at: str | None = None
    assignee: int | None = None
    assignee_name: str | None = None
    rule: str | None = None
    excerpt: str | None = None
    photos: int = 0
    answers: int = 0
    merged_into: str | None = None
    abuse: bool = False


class ProgressView(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How far an item has come before it has a case: ``stage`` of ``hub.model.kinds.STAGES``."""

    ref: str
    stage: str
    at: str


class MessageView(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One message on a case: an answer to the reporter, or (staff only) a note."""

    id: int
    case: int
    kind: Literal["answer", "note", "addition"]
    at: str
    text: str | None = None
    author_name: str | None = None


class AlertView(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A broadcast that is out. ``areas`` empty = the whole city. ``live`` false = take it down."""

    id: int
    version: int
    state: str
    live: bool
    severity: Literal["critical", "urgent", "safety"]
    headline: dict[str, str]
    text: dict[str, str]
    areas: list[str]
    sent_at: str
    expires_at: str
    exercise: bool = False
    mark: str | None = None


class BroadcastView(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A broadcast being written or approved (broadcasters and approvers only)."""

    id: int
    version: int
    state: str
    severity: str
    updated_at: str
    content_hash: str


class CaseNotice(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an agency's own system is told of a case, whenever it changes: all of it, as it is now.

    ``delivery`` is the same for every attempt at one version. ``case.gone``: it lies with another
    agency now. ``erased``: forget the texts that came before.
    """

    delivery: str
    case: CaseView
    text: str | None = None
    place: str | None = None
    erased: bool = False


class CountView(Struct, frozen=True, forbid_unknown_fields=True):
    """How many open cases an agency (null: triage) has in a state: totals, never differences."""

    agency: str | None
    state: str
    total: int


class Change(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One fact as this audience may see it: what happened, and the record after it."""

    position: int
    at: str
    type: str
    case: CaseView | None = None
    progress: ProgressView | None = None
    message: MessageView | None = None
    alert: AlertView | None = None
    broadcast: BroadcastView | None = None
    counts: list[CountView] | None = None
    actor_name: str | None = None
