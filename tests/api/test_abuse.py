"""What may hold abuse is folded for staff, told to nobody else, and a case like any other."""

from __future__ import annotations

from typing import Any

from hub.model.people import Grant
from tests.api.conftest import Door, Staff
from tests.api.test_permissions import window
from tests.live import line

ABUSE = "야 이 씨발놈들아 세금 처먹고 일은 안 하냐 병신 새끼들 가로등 좀 고쳐라"
MILD = "가로등이 며칠째 꺼져 있습니다. 가로등을 좀 고쳐 주세요"
AGENCY = "mapo_gu"


async def told(door: Door, who: Staff, case_id: int) -> Any:
    return (await door.api("GET", f"/cases/{case_id}", headers=who.bearer)).body


async def opened(door: Door, text: str) -> tuple[str, int]:
    received, case_id = await door.case(text)
    await door.give(case_id, AGENCY)
    return received.ref, case_id


async def test_staff_are_told_wherever_they_see_the_text(door: Door) -> None:
    agent, analyst = await door.staff(Grant("agent", AGENCY)), await door.staff(Grant("analyst"))
    _, case_id = await opened(door, ABUSE)
    _, mild = await opened(door, MILD)
    for who in (agent, analyst):
        body = await told(door, who, case_id)
        assert body["case"]["abuse"] is True
        assert body["labels"]["abuse"]["code"] == "abuse"
        listed = (await door.api("GET", "/cases", headers=who.bearer)).body["cases"]
        assert {case["id"]: case.get("abuse", False) for case in listed} == {
            case_id: True,
            mild: False,
        }
        async with window(door) as url, line(url, token=who.token) as live:
            snapshot = await live.ask(type="subscribe", id=1, topic="area:11440")
            assert {c["id"]: c.get("abuse", False) for c in snapshot["cases"]} == {
                case_id: True,
                mild: False,
            }


async def test_neither_the_public_nor_the_reporter_is_told(door: Door) -> None:
    received, case_id = await door.case(ABUSE)
    await door.give(case_id, AGENCY)
    key = {"Authorization": f"Case {received.secret}"}
    body = (await door.api("GET", f"/complaints/{received.ref}", headers=key)).body
    assert body["text"] == ABUSE  # it is theirs, and not folded
    assert "abuse" not in str(body)
    async with window(door) as url:
        case = {"ref": received.ref, "secret": received.secret}
        for hello, topic in (
            ({}, "public:area:11440"),
            ({"case": case}, f"public:case:{received.ref}"),
        ):
            async with line(url, **hello) as live:
                snapshot = await live.ask(type="subscribe", id=1, topic=topic)
                assert [c["ref"] for c in snapshot["cases"]] == [received.ref]
                assert "abuse" not in str(snapshot)


async def test_where_the_text_is_gone_there_is_nothing_to_fold(door: Door) -> None:
    admin = await door.staff(Grant("admin"))
    _, erased = await opened(door, ABUSE)
    deleted, case_id = await opened(door, ABUSE + " 2")
    assert (await told(door, admin, erased))["case"]["abuse"] is True
    done = await door.api(
        "POST", f"/cases/{erased}/erase", json={"reason": "asked"}, headers=admin.bearer
    )
    assert done.status == 200
    await door.ground.db.execute(
        "UPDATE item_text SET text = '' FROM item WHERE id = item_id AND ref = $1", deleted
    )
    for gone in (erased, case_id):
        assert "abuse" not in (await told(door, admin, gone))["case"]


async def test_it_is_neither_dropped_nor_sent_elsewhere(door: Door) -> None:
    _, rude = await door.case(
        "가로등이 꺼졌습니다 고쳐 주세요. 야 이 씨발놈들아 세금 처먹고 일은 안 하냐 병신 새끼들"
    )
    _, polite = await door.case("가로등이 꺼졌습니다 고쳐 주세요. 부탁드립니다")
    admin = await door.staff(Grant("admin"))
    cases = [(await told(door, admin, case_id))["case"] for case_id in (rude, polite)]
    assert [case.get("abuse", False) for case in cases] == [True, False]
    for field in ("agency", "state", "rule"):
        assert cases[0].get(field) == cases[1].get(field)


async def test_a_person_may_say_that_it_is_none(door: Door) -> None:
    agent = await door.staff(Grant("agent", AGENCY))
    _, case_id = await opened(door, ABUSE)
    before = await told(door, agent, case_id)
    path = f"/cases/{case_id}/labels"
    body = {"version": before["case"]["version"], "abuse": "none"}
    done = await door.api("POST", path, json=body, headers=agent.bearer)
    assert (done.status, done.body.get("abuse", False)) == (200, False)
    after = await told(door, agent, case_id)
    assert after["labels"]["abuse"] == {"code": "none", "confidence": 1.0}
    assert (before["labels"]["corrected"], after["labels"]["corrected"]) == ([], ["abuse"])
    assert after["labels"]["service"] == before["labels"]["service"]
    row = await door.ground.db.fetchrow(
        "SELECT type, data FROM outbox WHERE subject = 'case' ORDER BY id DESC LIMIT 1"
    )
    assert row is not None and row["type"] == "case.relabelled"
    assert (row["data"]["abuse"], row["data"]["abuse_before"]) == ("none", "abuse")
    abstains = await door.ground.db.fetchval("SELECT abstain FROM item_label")
    assert abstains is (before["labels"]["service"]["confidence"] < 0.6)  # it still asks a person
    wrong = {"version": after["case"]["version"], "abuse": "maybe"}
    refused = await door.api("POST", path, json=wrong, headers=agent.bearer)
    assert (refused.status, refused.code) == (400, "label.unknown")
