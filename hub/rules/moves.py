"""Whether a case or a broadcast may go from one state to another: the guards of ``model.kinds``, asked.

The database refuses an undeclared move too (trigger ``state_moves``); the guards are asked only here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.model.errors import BadInput, BigEarError, Conflict, Forbidden
from hub.model.kinds import KINDS, Guard, Move

REOPENS_FOR = timedelta(days=30)
"""How long after the end its reporter can say that it is none; later it is a matter of its own."""


def moves_from(kind: str, state: str) -> tuple[Move, ...]:
    """The declared moves out of a state."""
    return tuple(move for move in KINDS[kind].moves if move.source == state)


def takes_additions(kind: str, state: str, closed_at: datetime | None, now: datetime) -> bool:
    """Whether the reporter may add something: to what is open, and for some time to what was resolved
    or closed, which goes back to its agency then."""
    if state in KINDS[kind].open:
        return True
    back = KINDS[kind].move(state, "queued")
    if back is None or "reporter" not in back.guards or closed_at is None:
        return False
    return now - closed_at <= REOPENS_FOR


def check_move(
    kind: str,
    source: str,
    target: str,
    *,
    reason: str = "",
    agency: str | None = None,
    has_answer: bool = False,
    target_ref: str = "",
    is_reporter: bool = False,
    is_system: bool = False,
    is_author: bool = False,
    is_other_person: bool = False,
    is_same_content: bool = False,
) -> Move:
    """The declared move, if all its guards hold.

    Raises Conflict ``move.not_allowed`` (no such move) or ``move.changed_content``, BadInput
    (``move.needs_reason``, ``move.needs_answer``, ``move.needs_target``), Conflict
    ``move.needs_agency``, Forbidden (``move.only_reporter``, ``move.only_hub``, ``move.only_author``,
    ``move.needs_other_person``).
    """
    move = KINDS[kind].move(source, target)
    if move is None:
        raise Conflict("move.not_allowed", source=source, target=target)
    holds: dict[Guard, bool] = {
        "reason": bool(reason.strip()),
        "agency": agency is not None,
        "answer": has_answer or bool(reason.strip()),
        "target": bool(target_ref),
        "reporter": is_reporter,
        "system": is_system,
        "author": is_author,
        "other_person": is_other_person,
        "same_content": is_same_content,
    }
    for guard in move.guards:
        if not holds[guard]:
            raise _refusal(guard)
    return move


def _refusal(guard: Guard) -> BigEarError:
    match guard:
        case "reason":
            return BadInput("move.needs_reason", field="reason")
        case "answer":
            return BadInput("move.needs_answer", field="reason")
        case "target":
            return BadInput("move.needs_target", field="target_ref")
        case "agency":
            return Conflict("move.needs_agency")
        case "reporter":
            return Forbidden("move.only_reporter")
        case "system":
            return Forbidden("move.only_hub")
        case "author":
            return Forbidden("move.only_author")
        case "other_person":
            return Forbidden("move.needs_other_person")
        case "same_content":
            return Conflict("move.changed_content")
