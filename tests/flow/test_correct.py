"""Corrections send a case on and say what was; what is late is marked once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.flow import casework
from hub.flow.city import CityNow
from hub.flow.configure import apply
from hub.flow.correct import BY_HAND, correct_agency, correct_labels, undo_last
from hub.flow.ground import Ground
from hub.flow.label import label
from hub.flow.overdue import mark_overdue
from hub.home import Home
from hub.model.cases import CaseRecord
from hub.model.errors import BadInput, Conflict, NotFound
from hub.model.people import Grant, Principal
from hub.ports.labeller import Labeller
from hub.rules.books import read_document
from hub.rules.routing import SENT_BACK
from hub.settings import CLONE
from hub.store import cases, reading
from hub.wiring import load_version
from tests.flow.case_records import newest, now, of_item, put, tell, waiting
from tests.versions import favouring

ABUSE = "가로등이 또 꺼졌다 야 이 씨발놈들아 세금 처먹고 일은 안 하냐 병신 새끼들"

TOO_LATE = r"undo\.too_late"

Work = Callable[[], Awaitable[None]]
OpenCase = Callable[..., Awaitable[CaseRecord]]
Stamp = Callable[[], Awaitable[int]]
Staff = Callable[..., Awaitable[Principal]]


@pytest.fixture
async def agent(staff: Staff) -> Principal:
    return await staff("agent", ("agent", "metro"))


@pytest.fixture
async def editor(staff: Staff) -> Principal:
    return await staff("editor", ("admin", None))


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


async def by_rule(
    ground: Ground, city: CityNow, case: CaseRecord, who: Principal, **more: str
) -> CaseRecord:
    """The case on waterworks' queue, as the rules want it for what flows there."""
    labels = {"service": "water_sewer", "intent": "report", "urgency": "normal"} | more
    await correct_labels(ground, city, who, case.id, case.version, labels, reroute=True)
    return await now(ground, case.id)


@pytest.mark.parametrize(("confidence", "rule"), [(0.5, "district.street"), (0.9, "road.policy")])
async def test_an_intent_that_is_unsure_sends_no_case_on(
    ground: Ground,
    city: CityNow,
    open_case: OpenCase,
    editor: Principal,
    confidence: float,
    rule: str,
) -> None:
    case = await open_case("metro")
    async with ground.db.acquire() as connection:
        await connection.execute(
            "UPDATE item_label SET service = 'road_damage', intent = 'suggestion',"
            " intent_confidence = $2 WHERE item_id = (SELECT item_id FROM work_case WHERE id = $1)",
            case.id,
            confidence,
        )
    labels = {"urgency": "low"}
    await correct_labels(ground, city, editor, case.id, case.version, labels, reroute=True)
    assert (await now(ground, case.id)).rule == rule


async def test_another_rule_of_the_same_agency_brings_its_deadline(
    ground: Ground, city: CityNow, open_case: OpenCase, editor: Principal
) -> None:
    case = await by_rule(ground, city, await open_case("metro"), editor)
    assert (case.agency, case.rule) == ("waterworks", "water")
    version = await casework.take(ground, editor, case.id, case.version)
    await put(ground, case.id, overdue=True)
    await correct_labels(ground, city, editor, case.id, version, {"urgency": "high"}, reroute=True)
    after = await now(ground, case.id)
    assert (after.agency, after.rule, after.overdue) == ("waterworks", "water.leak", False)
    assert after.deadline_at == case.received_at + timedelta(hours=24)
    assert (after.state, after.assignee) == ("in_progress", editor.user_id)
    type_, data = await newest(ground, case)
    assert type_ == "case.relabelled"  # it is with whom it was
    assert (data["rule"], data["urgency_before"]) == ("water.leak", "normal")
    assert data["deadline_at"] == after.deadline_at.isoformat()


async def test_the_rules_leave_alone_an_agency_that_a_person_named(
    ground: Ground, city: CityNow, open_case: OpenCase, editor: Principal
) -> None:
    case = await open_case("waterworks")
    assert case.rule == BY_HAND
    after = await by_rule(ground, city, case, editor, urgency="high")
    assert (after.agency, after.rule, after.deadline_at) == (
        "waterworks",
        BY_HAND,
        case.deadline_at,
    )


@pytest.mark.parametrize(
    "state", ["waiting", "resolved", "closed", "merged", "withdrawn", "set_aside"]
)
@pytest.mark.parametrize("labels", [{"service": "taxi"}, {"service": "other"}])
async def test_the_rules_send_nothing_on_where_no_clock_runs(
    ground: Ground,
    city: CityNow,
    open_case: OpenCase,
    editor: Principal,
    state: str,
    labels: dict[str, str],
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "다른 글")
    closed = await ground.db.fetchval("SELECT now()") if state != "waiting" else None
    into = other.id if state == "merged" else None
    await put(ground, case.id, state=state, closed_at=closed, merged_into=into, rule="metro")
    before = await now(ground, case.id)
    await correct_labels(ground, city, editor, case.id, case.version, labels, reroute=True)
    after = await now(ground, case.id)
    assert after.service == labels["service"]
    for name in ("state", "agency", "rule", "closed_at", "merged_into", "deadline_at"):
        assert getattr(after, name) == getattr(before, name)


async def test_a_merged_case_that_goes_to_another_agency_is_open_again(
    ground: Ground, city: CityNow, open_case: OpenCase, editor: Principal
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "다른 글")
    version = await casework.move(
        ground, editor, case.id, case.version, "merged", target_ref=other.ref
    )
    await correct_agency(ground, city, editor, case.id, version, "fire", "같은 일이 아닙니다")
    after = await now(ground, case.id)
    assert (after.state, after.agency) == ("queued", "fire")
    assert (after.closed_at, after.merged_into) == (None, None)


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


async def detail(ground: Ground, item_id: int) -> dict[str, Any]:
    """The item's labels as they are stored."""
    async with ground.db.acquire() as connection:
        found = await reading.item_detail(connection, item_id)
    assert found is not None
    return found


async def test_an_unfolded_text_that_is_edited_gets_its_other_labels_anew(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    item_id = await tell(ground, f"서울 중구 시청역 {ABUSE}")
    await work_off()
    case = await of_item(ground, item_id)
    assert (case.abuse, case.service) == (True, "streetlight")
    labels = {"abuse": "none"}
    await correct_labels(ground, city, editor, case.id, case.version, labels, reroute=False)
    edited = "서울 중구 시청역 앞 도로에 불이 났어요 씨발놈들아 병신 새끼들아 살려 주세요"
    await tell(ground, edited, op="edit")
    await work_off()
    after = await of_item(ground, item_id)
    assert (after.abuse, after.service) == (False, "fire_rescue")
    assert after.rule != case.rule  # nothing that the rules ask for was a person's
    assert list((await detail(ground, item_id))["corrected"]) == ["abuse"]


async def test_only_what_a_person_said_stays_when_another_version_labels_the_edited_text(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work, tmp_path: Path
) -> None:
    item_id = await tell(ground, "서울 중구 시청역 가로등이 꺼졌어요")
    await work_off()
    case = await of_item(ground, item_id)
    await correct_labels(
        ground, city, editor, case.id, case.version, {"urgency": "high"}, reroute=False
    )
    home = Home(tmp_path)
    version = load_version(home, favouring("taxi", home.models))
    edited = "서울 중구 시청역 가로등을 언제 고치나요?"
    await tell(ground, edited, op="edit")
    assert await label(ground, version, 10) == 1
    [fresh] = version.label([edited])
    await work_off()
    stored = await detail(ground, item_id)
    assert (stored["urgency"], stored["urgency_confidence"]) == ("high", 1)
    assert fresh.urgency.code != "high"
    for head in ("service", "intent"):
        said = getattr(fresh, head)
        assert (stored[head], stored[f"{head}_confidence"]) == (said.code, said.confidence)
    assert (stored["model"], stored["abstain"]) == (version.model, fresh.abstain)
    assert stored["service"] == "taxi"
    assert list(stored["corrected"]) == ["urgency"]
    told = await ground.db.fetchval(
        "SELECT data FROM outbox WHERE type = 'item.labelled' ORDER BY id DESC LIMIT 1"
    )
    for head in ("service", "intent", "urgency", "model"):
        assert told[head] == stored[head]
    after = await of_item(ground, item_id)
    assert (after.agency, after.rule) == (case.agency, case.rule)  # a person had looked at it


async def test_what_is_taken_back_is_the_models_again(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    item_id = await tell(ground, f"서울 중구 시청역 {ABUSE}")
    await work_off()
    case, before = await of_item(ground, item_id), await detail(ground, item_id)

    async def say(**labels: str) -> dict[str, Any]:
        version = (await now(ground, case.id)).version
        await correct_labels(ground, city, editor, case.id, version, labels, reroute=False)
        return await detail(ground, item_id)

    old = {head: before[head] for head in ("service", "urgency", "abuse")}
    await say(service="taxi", urgency="low", abuse="none")
    assert await say(**old) == before
    assert set((await say(service=old["service"]))["corrected"]) == {"service"}  # that it is right
    await say(service="taxi")
    assert set((await say(service="bus"))["corrected"]) == {"service"}
    assert set((await say(service="taxi"))["corrected"]) == {"service"}  # the bus was taken back

    await tell(ground, "서울 중구 시청역 앞이 엉망이에요", op="edit")
    await work_off()
    kept = await detail(ground, item_id)
    await say(service="waste")
    assert await say(service="taxi") == kept  # as it was: said, but of the text before


async def test_an_agency_that_a_person_named_stays_when_the_text_is_edited(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    item_id = await tell(ground, "서울 중구 시청역 가로등이 꺼졌어요")
    await work_off()
    case = await of_item(ground, item_id)
    await correct_agency(ground, city, editor, case.id, case.version, "metro", "지하철역 안입니다")
    await tell(ground, "서울 중구 시청역 가로등이 또 꺼졌어요", op="edit")
    await work_off()
    after = await of_item(ground, item_id)
    assert (after.agency, after.rule) == ("metro", BY_HAND)


async def all_of(ground: Ground, case_id: int) -> tuple[CaseRecord, dict[str, Any]]:
    """The case and its labels, without what every change moves on."""
    record = await now(ground, case_id)
    still = replace(
        record, version=0, updated_at=record.received_at, previous_agency=None, text=None
    )
    return still, await detail(ground, record.item_id)


@pytest.mark.parametrize(
    "labels",
    [
        {"service": "taxi"},  # another agency
        {"urgency": "high"},  # another rule of the same one
        {"service": "fire_rescue", "intent": "question", "urgency": "emergency"},
        {"service": "water_sewer"},  # that it is right
        {"abuse": "abuse"},
    ],
)
async def test_an_undone_correction_leaves_all_as_it_was(
    ground: Ground, city: CityNow, open_case: OpenCase, editor: Principal, labels: dict[str, str]
) -> None:
    case = await by_rule(ground, city, await open_case("metro"), editor)
    await ground.db.execute("UPDATE item_label SET corrected = '{}', service_confidence = 0.6")
    await casework.take(ground, editor, case.id, case.version)
    await put(ground, case.id, overdue=True)
    before = await all_of(ground, case.id)
    version = (await now(ground, case.id)).version
    version = await correct_labels(ground, city, editor, case.id, version, labels, reroute=True)
    assert await all_of(ground, case.id) != before
    version = await undo_last(ground, city, editor, case.id, version)
    assert await all_of(ground, case.id) == before
    type_, data = await newest(ground, case)
    assert type_ == "case.restored"
    for head, code in labels.items():
        assert (data[f"{head}_before"], data[head]) == (code, before[1][head])
    with pytest.raises(Conflict, match=TOO_LATE):
        await undo_last(ground, city, editor, case.id, version)


async def test_an_agency_by_hand_is_undone_and_one_before_it_stays_named(
    ground: Ground, city: CityNow, open_case: OpenCase, editor: Principal, stamp_all: Stamp
) -> None:
    case = await open_case("metro")  # which no rule would have chosen
    await casework.take(ground, editor, case.id, case.version)
    before = await all_of(ground, case.id)
    assert (before[0].state, before[0].rule) == ("in_progress", BY_HAND)
    version = (await now(ground, case.id)).version
    version = await correct_agency(ground, city, editor, case.id, version, "fire", "불")
    await stamp_all()
    version = await undo_last(ground, city, editor, case.id, version)
    assert await all_of(ground, case.id) == before
    taxi = {"service": "taxi"}
    version = await correct_labels(ground, city, editor, case.id, version, taxi, reroute=True)
    assert (await now(ground, case.id)).agency not in ("metro", "fire")
    await undo_last(ground, city, editor, case.id, version)
    assert await all_of(ground, case.id) == before


async def test_a_case_from_triage_gets_a_deadline_and_loses_it_by_undo(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    item_id = await tell(ground, "가로등이 꺼져 깜깜합니다")  # where, nobody says
    await work_off()
    before = await all_of(ground, (await of_item(ground, item_id)).id)
    assert (before[0].state, before[0].deadline_at) == ("triage", None)
    case = await of_item(ground, item_id)
    version = await correct_agency(ground, city, editor, case.id, case.version, "metro", "역 안")
    given = await now(ground, case.id)
    assert given.deadline_at is not None and given.deadline_at > case.received_at
    version = await correct_agency(ground, city, editor, case.id, version, "fire", "아님")
    moved = await now(ground, case.id)
    assert moved.deadline_at == given.deadline_at  # the clock runs on
    version = await undo_last(ground, city, editor, case.id, version)
    assert (await now(ground, case.id)).deadline_at == given.deadline_at
    version = await casework.move(ground, editor, case.id, version, "triage", reason="어디?")
    await put(ground, case.id, deadline_at=None)
    before = await all_of(ground, case.id)
    version = await correct_agency(ground, city, editor, case.id, version, "metro", "역 안")
    assert (await now(ground, case.id)).deadline_at == given.deadline_at
    await undo_last(ground, city, editor, case.id, version)
    assert await all_of(ground, case.id) == before


async def test_what_is_not_ones_own_last_correction_is_not_undone(
    ground: Ground,
    city: CityNow,
    open_case: OpenCase,
    editor: Principal,
    agent: Principal,
    staff: Staff,
) -> None:
    case = await open_case("metro")
    other = await staff("other", ("agent", "metro"))
    labels = {"urgency": "low"}
    version = await correct_labels(
        ground, city, agent, case.id, case.version, labels, reroute=False
    )
    with pytest.raises(Conflict, match=TOO_LATE):
        await undo_last(ground, city, other, case.id, version)
    with pytest.raises(Conflict, match=r"case\.version"):
        await undo_last(ground, city, agent, case.id, version - 1)
    later = await casework.take(ground, other, case.id, version)
    with pytest.raises(Conflict, match=TOO_LATE):
        await undo_last(ground, city, agent, case.id, later)
    gone = await correct_agency(ground, city, agent, case.id, later, "fire", "불")
    with pytest.raises(NotFound):  # it lies where this one has no role
        await undo_last(ground, city, agent, case.id, gone)
    assert (await now(ground, case.id)).agency == "fire"


async def test_nobody_undoes_into_an_agency_that_is_no_longer_theirs(
    ground: Ground, city: CityNow, open_case: OpenCase, agent: Principal
) -> None:
    both = replace(agent, grants=(*agent.grants, Grant("agent", "fire")))
    case = await open_case("metro")
    await casework.take(ground, both, case.id, case.version)
    version = (await now(ground, case.id)).version
    version = await correct_agency(ground, city, both, case.id, version, "fire", "불")
    only_fire = replace(both, grants=(Grant("agent", "fire"),))
    with pytest.raises(Conflict, match=TOO_LATE):
        await undo_last(ground, city, only_fire, case.id, version)
    await ground.db.execute("DELETE FROM staff_grant WHERE user_id = $1", agent.user_id)
    with pytest.raises(BadInput, match=r"assignee\.not_in_agency"):
        await undo_last(ground, city, both, case.id, version)


async def test_nobody_undoes_into_an_agency_that_the_rule_book_no_longer_has(
    ground: Ground, city: CityNow, open_case: OpenCase, editor: Principal
) -> None:
    case = await open_case("metro")
    version = await correct_agency(ground, city, editor, case.id, case.version, "fire", "불")
    document = json.dumps(read_document(CLONE / "config")[0])
    await apply(ground, json.loads(document.replace('"metro"', '"subway_lines"')), "test")
    await city.refresh()
    with pytest.raises(Conflict, match=TOO_LATE):
        await undo_last(ground, city, editor, case.id, version)
    after = await now(ground, case.id)
    assert (after.agency, after.version) == ("fire", version)


async def test_a_merged_case_is_not_merged_again_by_undo(
    ground: Ground, city: CityNow, open_case: OpenCase, editor: Principal
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "다른 글")
    version = await casework.move(
        ground, editor, case.id, case.version, "merged", target_ref=other.ref
    )
    version = await correct_agency(ground, city, editor, case.id, version, "fire", "다른 일")
    with pytest.raises(Conflict, match=TOO_LATE):
        await undo_last(ground, city, editor, case.id, version)


async def test_an_edit_by_the_author_is_no_correction(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    item_id = await tell(ground, "서울 중구 시청역 가로등이 꺼졌어요")
    await work_off()
    case = await of_item(ground, item_id)
    await put(ground, case.id, overdue=True)
    await tell(ground, "서울 중구 시청역 가로등이  꺼졌어요", op="edit")
    await work_off()
    after = await of_item(ground, item_id)
    assert (await newest(ground, case))[0] == "case.reread"  # it is with whom it was
    assert (after.agency, after.rule, after.overdue) == (case.agency, case.rule, True)
    await casework.take(ground, editor, case.id, after.version)
    await tell(ground, "서울 중구 시청역 앞에 불이 났어요", op="edit")
    await work_off()
    after = await of_item(ground, item_id)
    assert (after.agency, after.state) == (case.agency, "in_progress")
    assert (await newest(ground, case))[0] == "case.reread"
    with pytest.raises(Conflict, match=TOO_LATE):
        await undo_last(ground, city, editor, case.id, after.version)


async def test_what_a_person_sent_to_triage_stays_there_whatever_the_author_edits(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    item_id = await tell(ground, LAMP)
    await work_off()
    case = await of_item(ground, item_id)
    assert case.state == "queued"
    await casework.move(ground, editor, case.id, case.version, "triage", reason="우리 일이 아님")
    for text in (f"{LAMP} ", FIRE):
        await tell(ground, text, op="edit")
        await work_off()
        after = await of_item(ground, item_id)
        assert (after.state, after.agency, after.rule) == ("triage", None, SENT_BACK)
        assert (await newest(ground, case))[0] == "case.reread"
    version = await correct_agency(ground, city, editor, case.id, after.version, "metro", "역 안")
    await undo_last(ground, city, editor, case.id, version)
    await tell(ground, LAMP, op="edit")
    await work_off()
    assert (await of_item(ground, item_id)).state == "triage"
    taxi = {"service": "taxi"}
    version = (await of_item(ground, item_id)).version
    await correct_labels(ground, city, editor, case.id, version, taxi, reroute=True)
    assert (await of_item(ground, item_id)).state == "queued"  # somebody asked the rules


async def test_a_correction_and_a_delete_by_the_platform_do_not_wait_for_each_other(
    ground: Ground, city: CityNow, work_off: Work
) -> None:
    item_id = await tell(ground, "서울 중구 시청역 가로등이 꺼졌어요")
    await work_off()
    case = await of_item(ground, item_id)
    async with ground.db.acquire() as connection, connection.transaction():
        await cases.lock(connection, case.id)
        deleted = asyncio.create_task(tell(ground, "", op="delete"))
        await waiting(ground)
        await cases.correct_labels(connection, item_id, {"service": "taxi"})
    await deleted
    after = await of_item(ground, item_id)
    assert (after.service, after.version) == ("taxi", case.version + 1)
    assert (await newest(ground, case))[0] == "case.deleted"


LAMP = "서울 중구 시청역 가로등이 꺼졌어요"
FIRE = "서울 중구 시청역 앞에 불이 났어요 살려 주세요"


async def test_a_correction_is_undone_however_many_edits_wait(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    item_id = await tell(ground, LAMP)
    await work_off()
    case, before = await of_item(ground, item_id), await detail(ground, item_id)
    taxi = {"service": "taxi"}
    version = await correct_labels(ground, city, editor, case.id, case.version, taxi, reroute=False)
    for text in (f"{LAMP} 빨리요", FIRE):
        await tell(ground, text, op="edit")
    await undo_last(ground, city, editor, case.id, version)
    stored = await detail(ground, item_id)
    assert (stored["service"], stored["corrected"]) == (before["service"], {})
    await work_off()
    after = await of_item(ground, item_id)
    assert (after.service, after.rule != case.rule) == ("fire_rescue", True)


async def test_labels_of_an_edit_are_nobodys_to_correct_before_they_are_told(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work, model: Labeller
) -> None:
    item_id = await tell(ground, LAMP)
    await work_off()
    case = await of_item(ground, item_id)
    taxi = {"service": "taxi"}
    version = await correct_labels(ground, city, editor, case.id, case.version, taxi, reroute=False)
    await tell(ground, FIRE, op="edit")
    await label(ground, model, 1)
    labelled = await detail(ground, item_id)
    with pytest.raises(Conflict, match=r"^conflict$"):
        await undo_last(ground, city, editor, case.id, version)
    with pytest.raises(Conflict, match=r"^conflict$"):
        await correct_labels(ground, city, editor, case.id, version, taxi, reroute=False)
    assert await detail(ground, item_id) == labelled
    await work_off()
    version = (await now(ground, case.id)).version
    bus = {"service": "bus"}
    await correct_labels(ground, city, editor, case.id, version, bus, reroute=False)
    assert (await detail(ground, item_id))["corrected"]["service"]["text"] == 2
