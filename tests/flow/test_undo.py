"""What one did last to a case is taken back: all is as it was, or nothing changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hub.flow import casework
from hub.flow.city import CityNow
from hub.flow.correct import correct_labels, undo_last
from hub.flow.ground import Ground
from hub.model.cases import CaseRecord
from hub.model.errors import BadInput, Conflict
from hub.model.kinds import COMPLAINT
from hub.model.people import Principal
from tests.flow.case_records import newest, now, put

OpenCase = Callable[..., Awaitable[CaseRecord]]
Staff = Callable[..., Awaitable[Principal]]

TOO_LATE = r"undo\.too_late"


@pytest.fixture
async def agent(staff: Staff) -> Principal:
    return await staff("agent", ("agent", "metro"))


async def still(ground: Ground, case_id: int) -> CaseRecord:
    """The case without what every change moves on."""
    case = await now(ground, case_id)
    return replace(case, version=0, updated_at=case.received_at, previous_agency=None)


async def test_a_move_is_undone_exactly_where_a_declared_one_leads_back(
    ground: Ground, city: CityNow, open_case: OpenCase, agent: Principal
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "같은 곳이 파였어요")
    for move in COMPLAINT.moves:
        if "reporter" in move.guards:
            continue
        closed = None if move.source in COMPLAINT.open else case.received_at
        into = other.id if move.source == "merged" else None
        await put(
            ground,
            case.id,
            state=move.source,
            agency="metro",
            assignee=agent.user_id,
            closed_at=closed,
            merged_into=into,
        )
        before = await still(ground, case.id)
        version = await casework.move(
            ground, agent, case.id, (await now(ground, case.id)).version, move.target,
            reason="이유", target_ref=other.ref,
        )  # fmt: skip
        moved = await now(ground, case.id)
        back = COMPLAINT.move(move.target, move.source)
        if back and "reporter" not in back.guards and move.source in COMPLAINT.open:
            await undo_last(ground, city, agent, case.id, version)
            assert await still(ground, case.id) == before, move
            type_, data = await newest(ground, case)
            assert (type_, data["from_state"]) == ("case.restored", move.target)
        else:
            with pytest.raises(Conflict):
                await undo_last(ground, city, agent, case.id, version)
            assert await now(ground, case.id) == moved, move


@pytest.mark.parametrize("state", ["triage", "queued", "waiting"])
async def test_who_takes_a_case_and_thinks_better_of_it_leaves_no_trace_on_it(
    ground: Ground, city: CityNow, open_case: OpenCase, staff: Staff, agent: Principal, state: str
) -> None:
    case, colleague = await open_case("metro"), await staff("colleague", ("agent", "metro"))
    await put(ground, case.id, state=state, assignee=colleague.user_id)
    before = await still(ground, case.id)
    version = await casework.take(ground, agent, case.id, case.version)
    await undo_last(ground, city, agent, case.id, version)
    assert await still(ground, case.id) == before


async def test_a_case_that_was_given_away_or_put_back_is_ones_own_again(
    ground: Ground, city: CityNow, open_case: OpenCase, staff: Staff, agent: Principal
) -> None:
    case, colleague = await open_case("metro"), await staff("colleague", ("agent", "metro"))
    version = await casework.take(ground, agent, case.id, case.version)
    before = await still(ground, case.id)
    for to in (colleague.user_id, None):
        version = await casework.assign(ground, agent, case.id, version, to)
        assert await still(ground, case.id) != before
        version = await undo_last(ground, city, agent, case.id, version)
        assert await still(ground, case.id) == before
    with pytest.raises(Conflict, match=TOO_LATE):  # what undid it is not undone
        await undo_last(ground, city, agent, case.id, version)


async def test_a_case_goes_back_to_nobody_who_has_left(
    ground: Ground, city: CityNow, open_case: OpenCase, staff: Staff, agent: Principal
) -> None:
    case, colleague = await open_case("metro"), await staff("colleague", ("agent", "metro"))
    await put(ground, case.id, state="in_progress", assignee=colleague.user_id)
    version = await casework.assign(ground, agent, case.id, case.version, agent.user_id)
    await ground.db.execute("DELETE FROM staff_grant WHERE user_id = $1", colleague.user_id)
    with pytest.raises(BadInput, match=r"assignee\.not_in_agency"):
        await undo_last(ground, city, agent, case.id, version)


async def test_only_ones_own_last_move_is_undone(
    ground: Ground, city: CityNow, open_case: OpenCase, staff: Staff, agent: Principal
) -> None:
    case, colleague = await open_case("metro"), await staff("colleague", ("agent", "metro"))
    version = await casework.take(ground, agent, case.id, case.version)
    with pytest.raises(Conflict, match=TOO_LATE):
        await undo_last(ground, city, colleague, case.id, version)
    low = {"urgency": "low"}
    later = await correct_labels(ground, city, colleague, case.id, version, low, reroute=False)
    for which, code in ((version, r"case\.version"), (later, TOO_LATE)):
        with pytest.raises(Conflict, match=code):
            await undo_last(ground, city, agent, case.id, which)
    assert (await now(ground, case.id)).assignee == agent.user_id
