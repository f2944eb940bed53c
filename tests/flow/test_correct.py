"""Corrections send a case on and say what was; what is late is marked once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from hub.flow import casework
from hub.flow.city import CityNow
from hub.flow.correct import BY_HAND, correct_agency, correct_labels
from hub.flow.ground import Ground
from hub.flow.overdue import mark_overdue
from hub.model.cases import CaseRecord
from hub.model.errors import BadInput, NotFound
from hub.model.people import Principal
from tests.flow.case_records import newest, now

OpenCase = Callable[..., Awaitable[CaseRecord]]
Staff = Callable[..., Awaitable[Principal]]


@pytest.fixture
async def agent(staff: Staff) -> Principal:
    return await staff("agent", ("agent", "metro"))


async def test_a_corrected_label_sends_the_case_on_and_says_what_it_was(
    ground: Ground, city: CityNow, open_case: OpenCase, agent: Principal
) -> None:
    case = await open_case("metro")
    for labels, code in (({"service": "no"}, "label.unknown"), ({}, "label.none")):
        with pytest.raises(BadInput, match=code.replace(".", r"\.")):
            await correct_labels(ground, city, agent, case.id, case.version, labels, reroute=True)
    labels = {"service": "fire_rescue", "intent": "report", "urgency": "emergency"}
    version = await correct_labels(ground, city, agent, case.id, case.version, labels, reroute=True)
    after = await now(ground, case.id)
    assert (after.service, after.service_confidence, after.version) == ("fire_rescue", 1, version)
    assert after.agency not in (None, "metro")
    assert after.rule != BY_HAND
    type_, data = await newest(ground, case)
    assert type_ == "case.rerouted"
    assert (data["previous_agency"], data["agency"]) == ("metro", after.agency)
    assert data["service_before"] == case.service
    with pytest.raises(NotFound):  # it is no longer this agent's
        await correct_labels(ground, city, agent, case.id, version, labels, reroute=False)


async def test_a_corrected_label_without_rerouting_leaves_the_case_where_it_is(
    ground: Ground, city: CityNow, open_case: OpenCase, agent: Principal
) -> None:
    case = await open_case("metro")
    version = await casework.take(ground, agent, case.id, case.version)
    await correct_labels(ground, city, agent, case.id, version, {"service": "taxi"}, reroute=False)
    after = await now(ground, case.id)
    assert (after.agency, after.state, after.service) == ("metro", "in_progress", "taxi")
    assert (await newest(ground, case))[0] == "case.relabelled"


async def test_another_agency_is_named_by_hand_with_a_reason(
    ground: Ground, city: CityNow, open_case: OpenCase, agent: Principal
) -> None:
    case = await open_case("metro")
    for agency, reason, code in (
        ("no_such", "왜", "agency.unknown"),
        ("fire", " ", "move.needs_reason"),
        ("metro", "왜", "agency.same"),
    ):
        with pytest.raises(BadInput, match=code.replace(".", r"\.")):
            await correct_agency(ground, city, agent, case.id, case.version, agency, reason)
    await correct_agency(ground, city, agent, case.id, case.version, "fire", "불입니다")
    after = await now(ground, case.id)
    assert (after.agency, after.state, after.rule) == ("fire", "queued", BY_HAND)
    _, data = await newest(ground, case)
    assert (data["previous_agency"], data["agency"]) == ("metro", "fire")
    assert "불입니다" not in str(data)


async def test_late_is_marked_once_while_the_clock_runs(
    ground: Ground, open_case: OpenCase, agent: Principal, city: CityNow
) -> None:
    case, waiting = await open_case("metro"), await open_case("metro", "기다림")
    sample = await open_case("metro", "견본", mark="sample")
    await casework.move(ground, agent, waiting.id, waiting.version, "waiting", reason="어디?")
    past = (await ground.db.fetchval("SELECT now()")) - timedelta(minutes=1)
    assert isinstance(past, datetime)
    await ground.db.execute("UPDATE work_case SET deadline_at = $1", past)
    assert await mark_overdue(ground) == 1
    assert await mark_overdue(ground) == 0
    late = await now(ground, case.id)
    assert (late.overdue, late.version) == (True, case.version + 1)
    assert (await newest(ground, case))[0] == "case.overdue"
    for quiet in (waiting, sample):
        assert not (await now(ground, quiet.id)).overdue
    admin_labels = {"service": "fire_rescue", "urgency": "emergency"}
    await correct_labels(ground, city, agent, case.id, late.version, admin_labels, reroute=True)
    assert not (await now(ground, case.id)).overdue  # a new deadline, not yet missed
