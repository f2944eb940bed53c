"""Every declared move needs exactly its guards; whatever is not declared is refused."""

from __future__ import annotations

from typing import Any

import pytest

from hub.model.errors import BigEarError
from hub.model.kinds import KINDS, Guard, Move
from hub.rules.moves import check_move, moves_from

HOLDS: dict[Guard, dict[str, Any]] = {
    "reason": {"reason": "because"},
    "answer": {"has_answer": True},
    "agency": {"agency": "metro"},
    "target": {"target_ref": "AAAAA-AAAAA"},
    "reporter": {"is_reporter": True},
    "system": {"is_system": True},
    "author": {"is_author": True},
    "other_person": {"is_other_person": True},
    "same_content": {"is_same_content": True},
}
REFUSALS: dict[Guard, str] = {
    "reason": "move.needs_reason",
    "answer": "move.needs_answer",
    "agency": "move.needs_agency",
    "target": "move.needs_target",
    "reporter": "move.only_reporter",
    "system": "move.only_hub",
    "author": "move.only_author",
    "other_person": "move.needs_other_person",
    "same_content": "move.changed_content",
}
DECLARED = [(kind.code, move) for kind in KINDS.values() for move in kind.moves]
UNDECLARED = [
    (kind.code, source, target)
    for kind in KINDS.values()
    for source in kind.states
    for target in kind.states
    if kind.move(source, target) is None
]


def given(*guards: Guard) -> dict[str, Any]:
    return {name: value for guard in guards for name, value in HOLDS[guard].items()}


@pytest.mark.parametrize(("kind", "move"), DECLARED)
def test_a_declared_move_needs_all_of_its_guards(kind: str, move: Move) -> None:
    assert check_move(kind, move.source, move.target, **given(*move.guards)) is move
    for left_out in move.guards:
        held = given(*(guard for guard in move.guards if guard != left_out))
        with pytest.raises(BigEarError) as refused:
            check_move(kind, move.source, move.target, **held)
        assert refused.value.code == REFUSALS[left_out]


@pytest.mark.parametrize(("kind", "source", "target"), UNDECLARED)
def test_an_undeclared_move_is_refused_whatever_holds(kind: str, source: str, target: str) -> None:
    with pytest.raises(BigEarError, match=r"move\.not_allowed"):
        check_move(kind, source, target, **given(*HOLDS))


def test_a_reason_of_blanks_is_none_and_a_reason_stands_for_an_answer() -> None:
    with pytest.raises(BigEarError, match=r"move\.needs_reason"):
        check_move("complaint", "resolved", "in_progress", reason=" \n")
    assert check_move("complaint", "queued", "resolved", reason="한 번 고친 곳입니다")


def test_every_state_is_reached_and_left_as_declared() -> None:
    for kind in KINDS.values():
        assert {move.target for move in kind.moves} | set(kind.initial) == set(kind.states)
        for state in kind.states:
            ends = not moves_from(kind.code, state)
            assert ends == (state in ("withdrawn", "cancelled", "expired")), state
