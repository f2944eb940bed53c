"""What each kind of work may do: its states, its allowed moves, its guards, clocks and texts, as data.

This is the one place that says so. The database's checks (``hub.store.tables``), the rows of
``allowed_move`` that its trigger consults, the dashboard's TypeScript (``dashboard/contract``) and
``hub.rules.moves`` are all read from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Guard = Literal[
    "reason",  # the mover must say why
    "agency",  # an agency must own the case after the move
    "answer",  # an answer to the reporter must exist, or a reason be given
    "target",  # another case must be named
    "reporter",  # only the person who sent it
    "system",  # only the hub itself
    "other_person",  # somebody who has not edited the content since it was submitted
    "same_content",  # the content hash approved is the content hash stored
    "author",  # one of those who may write it
]


@dataclass(frozen=True)
class Move:
    """One allowed change of state. ``guards`` must all hold."""

    source: str
    target: str
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of work. ``clock`` are the states in which its deadline runs; ``open`` those on a queue.

    The words for a state are ``state.<state>`` in the text catalogues, for a kind ``kind.<code>``.
    """

    code: str
    states: tuple[str, ...]
    initial: tuple[str, ...]
    open: tuple[str, ...]
    clock: tuple[str, ...]
    moves: tuple[Move, ...] = field(repr=False)

    def move(self, source: str, target: str) -> Move | None:
        """The declared move between two states, or None when there is none."""
        for candidate in self.moves:
            if candidate.source == source and candidate.target == target:
                return candidate
        return None


def _moves(table: dict[str, dict[str, tuple[Guard, ...]]]) -> tuple[Move, ...]:
    return tuple(
        Move(source, target, guards)
        for source, targets in table.items()
        for target, guards in targets.items()
    )


_CASE_STATES = (
    "triage",
    "queued",
    "in_progress",
    "waiting",
    "resolved",
    "closed",
    "merged",
    "withdrawn",
    "set_aside",
)
_CASE_MOVES = _moves(
    {
        "triage": {
            "queued": ("agency",),
            "in_progress": ("agency",),
            "set_aside": ("reason",),
            "merged": ("target",),
            "withdrawn": ("reporter",),
        },
        "queued": {
            "in_progress": ("agency",),
            "waiting": ("reason",),
            "resolved": ("answer",),
            "triage": ("reason",),
            "set_aside": ("reason",),
            "merged": ("target",),
            "withdrawn": ("reporter",),
        },
        "in_progress": {
            "queued": ("agency",),
            "waiting": ("reason",),
            "resolved": ("answer",),
            "triage": ("reason",),
            "set_aside": ("reason",),
            "merged": ("target",),
            "withdrawn": ("reporter",),
        },
        "waiting": {
            "in_progress": ("agency",),
            "queued": ("agency",),
            "resolved": ("answer",),
            "merged": ("target",),
            "withdrawn": ("reporter",),
        },
        "resolved": {"closed": (), "in_progress": ("reason",), "queued": ("reporter", "agency")},
        "closed": {"in_progress": ("reason",), "queued": ("reporter", "agency")},
        "merged": {"queued": ("reason", "agency"), "triage": ("reason",)},
        "set_aside": {"triage": ("reason",)},
        "withdrawn": {},
    }
)
_CASE_OPEN = ("triage", "queued", "in_progress", "waiting")
_CASE_CLOCK = ("triage", "queued", "in_progress")

_BROADCAST_MOVES = _moves(
    {
        "draft": {"submitted": ("author",), "cancelled": ("author",)},
        "submitted": {
            "draft": ("author",),
            "returned": ("reason",),
            "approved": ("other_person", "same_content"),
            "cancelled": ("author",),
            "expired": ("system",),
        },
        "returned": {"submitted": ("author",), "cancelled": ("author",)},
        "approved": {"sending": ("system",), "cancelled": ("reason",), "expired": ("system",)},
        "sending": {
            "done": ("system",),
            "cancelled": ("reason",),
            "expired": ("system",),
        },
        "done": {"cancelled": ("reason",), "expired": ("system",)},
        "cancelled": {},
        "expired": {},
    }
)

COMPLAINT = Kind(
    "complaint", _CASE_STATES, ("triage", "queued"), _CASE_OPEN, _CASE_CLOCK, _CASE_MOVES
)
POST = Kind("post", _CASE_STATES, ("triage", "queued"), _CASE_OPEN, _CASE_CLOCK, _CASE_MOVES)
BROADCAST = Kind(
    "broadcast",
    ("draft", "submitted", "returned", "approved", "sending", "done", "cancelled", "expired"),
    ("draft",),
    ("draft", "submitted", "returned", "approved", "sending", "done"),
    (),
    _BROADCAST_MOVES,
)

KINDS: dict[str, Kind] = {kind.code: kind for kind in (COMPLAINT, POST, BROADCAST)}
CASE_KINDS: tuple[str, ...] = ("complaint", "post")

STAGES = ("received", "labelled", "located", "routed")
"""How far the hub has come with an item; each stage is one transaction (``hub.flow``)."""

MARKS = ("sample", "check")
"""Items that are no citizen's: shown as such, counted and reported nowhere, never trained on."""
