"""The websocket protocol: closed types, and the only source of them.

JSON Schema and the dashboard's TypeScript are generated from this module
(``python -m hub.gateway.contract``). Every frame is one JSON object with a ``type``. Later versions
only add types and optional fields.

A client says ``hello`` first (a browser is signed in by its cookie; others put a session token, or a
case's private link, in that frame, never in the URL), then subscribes to topics, giving the position
it has if it was here before. It then gets a ``snapshot`` (or, when it has a position that the hub can
still serve, nothing), and from there ``facts`` in order of position. Records carry absolute values and
a version: a client keeps the record with the higher version and skips the other.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hub.model.views import (
    AlertView,
    BroadcastView,
    CaseView,
    Change,
    CountView,
    MessageView,
    ProgressView,
)

PROTOCOL = 1

MAX_FRAME_BYTES = 16_384
"""A client's frame beyond this closes the connection (1009)."""
MAX_TOPICS = 32
"""Topics one connection may hold at a time."""

CLOSE_SESSION_ENDED = 4401
CLOSE_NO_HELLO = 4400
CLOSE_TOO_MANY = 4429


# --- client to hub ---


class CaseKey(Struct, frozen=True, forbid_unknown_fields=True):
    """A private link: the reference and its secret."""

    ref: str
    secret: str


class Hello(Struct, frozen=True, tag_field="type", tag="hello", forbid_unknown_fields=True):
    """First frame of a client."""

    protocol: int = PROTOCOL
    token: str | None = None
    case: CaseKey | None = None


class Subscribe(Struct, frozen=True, tag_field="type", tag="subscribe", forbid_unknown_fields=True):
    """Ask for a topic; ``id`` is the client's own number for it, echoed in every frame about it.

    Topics: ``queue:<agency>``, ``queue:triage``, ``area:<district>``, ``case:<id>`` (staff),
    ``public:case:<ref>`` (with that case's key in hello), ``public:area:<district>``, ``alerts``,
    ``broadcasts``, ``counts``, ``me``.
    """

    id: int
    topic: str
    position: int | None = None


class Unsubscribe(
    Struct, frozen=True, tag_field="type", tag="unsubscribe", forbid_unknown_fields=True
):
    """Let go of a topic."""

    id: int


ClientFrame = Hello | Subscribe | Unsubscribe

# --- hub to client ---


class Who(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The signed-in person, as the hub knows them now."""

    id: int
    login: str
    name: str
    grants: list[tuple[str, str | None]]


class Welcome(Struct, frozen=True, tag_field="type", tag="hello", forbid_unknown_fields=True):
    """Answer to hello. ``position`` is the newest fact; ``user`` null for a guest.

    From now on a beat comes every ``heartbeat_s``, whatever else does.
    """

    protocol: int
    position: int
    heartbeat_s: float
    user: Who | None = None


class Snapshot(
    Struct,
    frozen=True,
    tag_field="type",
    tag="snapshot",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """All that the topic holds at ``position``; replaces what the client had of it.

    ``truncated`` says that not all were sent (``total`` counts them): of a queue the most pressing, of
    an area the newest.
    """

    id: int
    topic: str
    position: int
    cases: list[CaseView] = []
    progress: list[ProgressView] = []
    messages: list[MessageView] = []
    alerts: list[AlertView] = []
    broadcasts: list[BroadcastView] = []
    counts: list[CountView] = []
    total: int = 0
    truncated: bool = False


class Facts(Struct, frozen=True, tag_field="type", tag="facts", forbid_unknown_fields=True):
    """Changes on one topic, in order of position; several within some 50 ms share a frame."""

    topic: str
    position: int
    changes: list[Change]


class Beat(Struct, frozen=True, tag_field="type", tag="beat", forbid_unknown_fields=True):
    """The line still carries. A client that cannot see websocket pings, as a browser's page, takes one
    that brought nothing for some ``heartbeat_s`` for dead, and connects again."""


ResyncReason = Literal["too_slow", "unknown_position", "not_allowed", "erased", "merged"]


class Resync(Struct, frozen=True, tag_field="type", tag="resync", forbid_unknown_fields=True):
    """What the client has of the topic cannot be continued: forget it, and (unless it is not allowed
    any more) subscribe again, without a position. ``erased``: words in it are to be seen no more;
    ``merged``: a reporter's page follows another case from now on, or no longer."""

    topic: str
    position: int
    reason: ResyncReason


class Problem(
    Struct,
    frozen=True,
    tag_field="type",
    tag="error",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """A frame was refused; ``code`` is stable. The connection goes on unless it is then closed.

    ``retry_after_s``: with ``rate.limited``, when to ask again.
    """

    code: str
    id: int | UnsetType = UNSET
    retry_after_s: int | UnsetType = UNSET


ServerFrame = Welcome | Beat | Snapshot | Facts | Resync | Problem

decode_client = msgspec.json.Decoder(ClientFrame, strict=True).decode
decode_server = msgspec.json.Decoder(ServerFrame, strict=True).decode
encode = msgspec.json.Encoder().encode
