"""Work on a case: who may, in which state, against which version; and what the reporter sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from hub.flow import casework, converse
from hub.flow.city import CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.erase import Person, erase_person
from hub.flow.ground import Ground
from hub.gateway.feed import Feed, changes, to_reread, topics_of
from hub.gateway.topics import Topic
from hub.model.cases import CaseRecord
from hub.model.errors import BadInput, BigEarError, Conflict, Forbidden, NotFound
from hub.model.items import Point
from hub.model.kinds import BROADCAST, CASE_KINDS, COMPLAINT, KINDS, Move
from hub.model.people import Principal
from hub.rules.moves import REOPENS_FOR
from tests.flow.case_records import newest, now, put

OpenCase = Callable[..., Awaitable[CaseRecord]]
Staff = Callable[..., Awaitable[Principal]]
Stamp = Callable[[], Awaitable[int]]
Work = Callable[[], Awaitable[None]]


@pytest.fixture
async def agent(staff: Staff) -> Principal:
    return await staff("agent", ("agent", "metro"))


async def test_the_database_refuses_every_move_that_is_not_declared(
    ground: Ground, open_case: OpenCase
) -> None:
    case = await open_case("metro")
    await ground.db.execute(
        "INSERT INTO broadcast (severity, headline, text, expires_in_min, content_hash)"
        " VALUES ('safety', '{}', '{}', 5, '')"
    )
    broadcast_id = await ground.db.fetchval("SELECT id FROM broadcast")
    for kind in KINDS.values():
        table, row_id = ("broadcast", broadcast_id) if kind is BROADCAST else ("work_case", case.id)
        for source in kind.states:
            for target in kind.states:
                if source == target:
                    continue
                async with ground.db.acquire() as connection:
                    outer = connection.transaction()
                    await outer.start()
                    await connection.execute("SET LOCAL session_replication_role = replica")
                    more = "" if kind is BROADCAST else f", kind = '{kind.code}'"
                    await connection.execute(
                        f"UPDATE {table} SET state = $2{more} WHERE id = $1", row_id, source
                    )
                    await connection.execute("SET LOCAL session_replication_role = DEFAULT")
                    step = f"UPDATE {table} SET state = $2 WHERE id = $1"
                    if kind.move(source, target):
                        await connection.execute(step, row_id, target)
                    else:
                        with pytest.raises(asyncpg.CheckViolationError, match="illegal move"):
                            await connection.execute(step, row_id, target)
                    await outer.rollback()


@pytest.mark.parametrize("kind", CASE_KINDS)
async def test_staff_make_every_declared_move_and_no_other(
    kind: str, ground: Ground, open_case: OpenCase, staff: Staff
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "같은 곳이 파였어요")
    admin = await staff("admin", ("admin", None))
    for source in COMPLAINT.states:
        for target in COMPLAINT.states:
            if source == target:
                continue
            await put(ground, case.id, state=source, kind=kind, agency="metro", merged_into=None)
            before = await now(ground, case.id)
            move = KINDS[kind].move(source, target)
            if move is None or "reporter" in move.guards:
                with pytest.raises((Conflict, Forbidden)):
                    await _all_given(ground, admin, before, target, other.ref)
                assert await now(ground, case.id) == before
                continue
            for refused in _short_of(move):
                with pytest.raises(BigEarError, match="move"):
                    await casework.move(ground, admin, case.id, before.version, target, **refused)
                assert await now(ground, case.id) == before
            version = await _all_given(ground, admin, before, target, other.ref)
            after = await now(ground, case.id)
            assert (after.state, after.version) == (target, version)
            assert (after.closed_at is None) == (target in COMPLAINT.open)
            assert after.merged_into == (other.ref if target == "merged" else None)
            type_, data = await newest(ground, case)
            assert type_ == "case.moved"
            assert (data["from_state"], data["state"]) == (source, target)


async def _all_given(
    ground: Ground, who: Principal, case: CaseRecord, target: str, other: str
) -> int:
    return await casework.move(
        ground, who, case.id, case.version, target, reason="이유", target_ref=other
    )


def _short_of(move: Move) -> list[dict[str, str]]:
    """Calls that lack what one of the move's guards asks for."""
    given = {"reason": {"reason": ""}, "answer": {"reason": ""}, "target": {"target_ref": ""}}
    return [{"reason": "x", **given[guard]} for guard in move.guards if guard in given]


async def test_taking_handing_over_and_putting_back(
    ground: Ground, open_case: OpenCase, staff: Staff, agent: Principal
) -> None:
    case = await open_case("metro")
    colleague = await staff("colleague", ("agent", "metro"))
    stranger = await staff("stranger", ("agent", "fire"))
    version = await casework.take(ground, agent, case.id, case.version)
    assert await casework.take(ground, agent, case.id, version) == version  # taken twice is taken
    with pytest.raises(Conflict, match=r"case\.taken"):
        await casework.take(ground, colleague, case.id, version)
    with pytest.raises(NotFound):
        await casework.take(ground, stranger, case.id, version)
    with pytest.raises(BadInput, match=r"assignee\.not_in_agency"):
        await casework.assign(ground, agent, case.id, version, stranger.user_id)
    with pytest.raises(BadInput, match=r"assignee\.not_in_agency"):
        await casework.assign(ground, agent, case.id, version, 2**40)
    version = await casework.assign(ground, agent, case.id, version, colleague.user_id)
    assert (await now(ground, case.id)).assignee == colleague.user_id
    await casework.assign(ground, agent, case.id, version, None)
    after = await now(ground, case.id)
    assert (after.state, after.assignee) == ("queued", None)


async def test_of_two_who_change_the_same_version_one_is_told_to_look_again(
    ground: Ground, open_case: OpenCase, staff: Staff, agent: Principal
) -> None:
    case = await open_case("metro")
    colleague = await staff("colleague", ("agent", "metro"))
    results = await asyncio.gather(
        casework.move(ground, agent, case.id, case.version, "waiting", reason="답을 기다림"),
        casework.move(ground, colleague, case.id, case.version, "set_aside", reason="아님"),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, Conflict)]
    assert [refusal.code for refusal in refused] == ["case.version"]
    assert (await now(ground, case.id)).version == case.version + 1


async def test_an_answer_resolves_and_a_reason_reopens(
    ground: Ground, open_case: OpenCase, agent: Principal
) -> None:
    case = await open_case("metro")
    for text, code in (("", "text.empty"), ("가" * 5_001, "text.too_long")):
        with pytest.raises(BadInput, match=code.replace(".", r"\.")):
            await converse.answer(ground, agent, case.id, case.version, text, resolve=True)
    await converse.answer(ground, agent, case.id, case.version, "고쳤습니다", resolve=True)
    resolved = await now(ground, case.id)
    assert (resolved.state, resolved.answers) == ("resolved", 1)
    assert resolved.closed_at is not None
    with pytest.raises(BadInput, match=r"move\.needs_reason"):
        await casework.move(ground, agent, case.id, resolved.version, "in_progress")
    await casework.move(ground, agent, case.id, resolved.version, "in_progress", reason="또")
    reopened = await now(ground, case.id)
    assert (reopened.state, reopened.closed_at) == ("in_progress", None)


async def test_the_reporter_s_words_wake_a_case_that_waited_for_them(
    ground: Ground, open_case: OpenCase, agent: Principal
) -> None:
    case = await open_case("metro")
    await casework.move(ground, agent, case.id, case.version, "waiting", reason="어디인가요?")
    await converse.add(ground, case.ref, "우체국 앞입니다")
    assert (await now(ground, case.id)).state == "queued"
    _, data = await newest(ground, case)
    assert (data["from_state"], data["state"]) == ("waiting", "queued")


async def test_the_reporter_withdraws_and_nothing_follows(
    ground: Ground, open_case: OpenCase, agent: Principal
) -> None:
    case = await open_case("metro")
    await casework.withdraw(ground, case.ref)
    after = await now(ground, case.id)
    assert after.state == "withdrawn"
    assert after.closed_at is not None
    for again in (casework.withdraw(ground, case.ref), converse.add(ground, case.ref, "그래도")):
        with pytest.raises(Conflict):
            await again
    with pytest.raises(Conflict, match=r"move\.not_allowed"):
        await casework.take(ground, agent, case.id, after.version)


@pytest.mark.parametrize("ended", ["resolved", "closed"])
async def test_what_its_reporter_adds_to_what_is_over_brings_it_back_to_its_agency(
    ended: str, ground: Ground, open_case: OpenCase, agent: Principal
) -> None:
    case = await open_case("metro")
    version = await casework.take(ground, agent, case.id, case.version)
    await converse.answer(ground, agent, case.id, version, "고쳤습니다", resolve=True)
    if ended == "closed":
        await casework.move(ground, agent, case.id, version + 1, "closed")
    before = await now(ground, case.id)
    await put(ground, case.id, closed_at=datetime.now(UTC) - REOPENS_FOR)
    with pytest.raises(Conflict, match=r"case\.no_longer_open"):
        await converse.add(ground, case.ref, "또 파였어요")
    assert (await now(ground, case.id)).version == before.version
    came, had = datetime.now(UTC) - timedelta(days=20), timedelta(days=10)
    await ground.db.execute("UPDATE item SET received_at = $2 WHERE ref = $1", case.ref, came)
    await put(ground, case.id, closed_at=before.closed_at, deadline_at=came + had, overdue=True)
    began = datetime.now(UTC)
    await converse.add(ground, case.ref, "그대로인데요")
    after = await now(ground, case.id)
    assert after.deadline_at is not None and not after.overdue
    assert began + had <= after.deadline_at <= datetime.now(UTC) + had
    assert (after.state, after.agency, after.assignee) == ("queued", "metro", None)
    assert (after.closed_at, after.version) == (None, before.version + 1)
    facts = await ground.db.fetch(
        "SELECT type, actor, data FROM outbox WHERE subject = 'case' AND version = $1 ORDER BY id",
        after.version,
    )
    assert [(fact["type"], fact["actor"]) for fact in facts] == [
        ("case.moved", "reporter"),
        ("case.noted", "reporter"),
    ]
    assert {(fact["data"]["from_state"], fact["data"]["state"]) for fact in facts} == {
        (ended, "queued")
    }


async def test_nothing_is_added_where_nobody_would_read_it(
    ground: Ground, open_case: OpenCase, agent: Principal
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "같은 곳이 파였어요")
    erased = await open_case("metro", "이름을 지워 주세요")
    await casework.move(ground, agent, case.id, case.version, "set_aside", reason="광고")
    await casework.move(ground, agent, other.id, other.version, "merged", target_ref=case.ref)
    await ground.db.execute("UPDATE item SET erased_at = now() WHERE ref = $1", erased.ref)
    for one in (case, other, erased):
        with pytest.raises(Conflict, match=r"case\.no_longer_open"):
            await converse.add(ground, one.ref, "그래도")
    assert (
        await ground.db.fetchval("SELECT count(*) FROM case_message WHERE kind = 'addition'") == 0
    )


@pytest.mark.parametrize("gone", ["withdrawn", "erased"])
async def test_what_was_taken_back_may_be_sent_again_at_once(
    gone: str, ground: Ground, city: CityNow, work_off: Work, tmp_path: Path
) -> None:
    complaint = Complaint("web", "도로가 파였어요", Point(37.5636, 126.9976))
    first = await complain(ground, complaint)
    await work_off()
    if gone == "withdrawn":
        await casework.withdraw(ground, first.ref)
    else:
        await erase_person(ground, tmp_path, Person(ref=first.ref))
    again = await complain(ground, complaint)
    assert (again.new, again.ref != first.ref, again.secret is not None) == (True, True, True)
    double = await complain(ground, complaint)
    assert (double.new, double.ref) == (False, again.ref)


async def test_a_merged_case_s_reporter_is_told_and_it_can_be_taken_apart_again(
    ground: Ground, open_case: OpenCase, agent: Principal, stamp_all: Stamp
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "같은 곳이 파였어요")
    await stamp_all()
    feed = Feed(ground.db)
    await feed.start()
    version = await casework.move(
        ground, agent, case.id, case.version, "merged", target_ref=other.ref
    )
    await stamp_all()
    loaded = await feed.next()
    assert loaded is not None
    topic = Topic("public:case", case.ref)
    facts = topics_of(loaded)[topic]
    assert to_reread(topic, facts) == "merged"
    [told] = [c for c in changes(topic, facts, loaded, None) if c.type == "case.moved"]
    assert told.case is not None
    assert (told.case.state, told.case.merged_into) == ("merged", other.ref)
    version = await casework.move(ground, agent, case.id, version, "queued", reason="다른 곳이었음")
    after = await now(ground, case.id)
    assert (after.state, after.merged_into, after.closed_at) == ("queued", None, None)


async def test_what_a_case_may_not_be_merged_into(
    ground: Ground, open_case: OpenCase, agent: Principal, staff: Staff
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "하나")
    hidden = await open_case("fire", "불")
    withdrawn = await open_case("metro", "셋")
    await casework.withdraw(ground, withdrawn.ref)
    sample = await open_case("metro", "넷")
    await put(ground, sample.id, mark="sample")
    for ref, code in (
        (case.ref, "merge.bad_target"),
        ("AAAAA-AAAAA", "merge.unknown_target"),
        (hidden.ref, "merge.unknown_target"),
        (withdrawn.ref, "merge.bad_target"),
        (sample.ref, "merge.bad_target"),
    ):
        with pytest.raises(BadInput, match=code.replace(".", r"\.")):
            await casework.move(ground, agent, case.id, case.version, "merged", target_ref=ref)
    await casework.move(ground, agent, other.id, other.version, "merged", target_ref=case.ref)
    version = (await now(ground, case.id)).version
    with pytest.raises(BadInput, match=r"merge\.bad_target"):
        await casework.move(ground, agent, case.id, version, "merged", target_ref=other.ref)


async def test_an_answer_begun_before_another_was_merged_in_is_looked_at_again(
    ground: Ground, open_case: OpenCase, agent: Principal
) -> None:
    case, other = await open_case("metro"), await open_case("metro", "둘")
    await casework.move(ground, agent, other.id, other.version, "merged", target_ref=case.ref)
    assert (await newest(ground, case))[0] == "case.joined"
    with pytest.raises(Conflict, match=r"case\.version"):
        await converse.answer(ground, agent, case.id, case.version, "네", resolve=False)


async def test_what_was_merged_into_a_withdrawn_case_is_open_again(
    ground: Ground, open_case: OpenCase, agent: Principal, staff: Staff
) -> None:
    case = await open_case("metro")
    doubles = [await open_case("metro", text) for text in ("둘", "셋")]
    admin = await staff("admin", ("admin", None))
    lost = doubles[1]
    version = await casework.move(ground, admin, lost.id, lost.version, "triage", reason="어디?")
    versions = [doubles[0].version, version]
    for double, version in zip(doubles, versions, strict=True):
        await casework.move(ground, admin, double.id, version, "merged", target_ref=case.ref)
    await casework.withdraw(ground, case.ref)
    after = [await now(ground, double.id) for double in doubles]
    assert [one.state for one in after] == ["queued", "triage"]
    assert [(one.merged_into, one.closed_at) for one in after] == [(None, None)] * 2


async def test_two_cases_are_never_merged_into_each_other(
    ground: Ground, open_case: OpenCase, agent: Principal
) -> None:
    one, two = await open_case("metro"), await open_case("metro", "둘")
    results = await asyncio.gather(
        casework.move(ground, agent, one.id, one.version, "merged", target_ref=two.ref),
        casework.move(ground, agent, two.id, two.version, "merged", target_ref=one.ref),
        return_exceptions=True,
    )
    assert all(isinstance(result, int | BigEarError) for result in results), results
    merged = [case for case in (one, two) if (await now(ground, case.id)).state == "merged"]
    assert len(merged) <= 1
