"""Sending a complaint twice, from one client or two, and following it by its private link."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub.model.people import Grant
from tests.api.conftest import MAPO, Door, Reply

TEXT = "가로등이 꺼졌어요"
GOOD = {"text": TEXT, "lat": MAPO.lat, "lon": MAPO.lon}
KEY = {"Idempotency-Key": "6f1c2f0e-0b1e-4c5b-9a51-1f6d9f5d1c55"}


async def send(door: Door, body: dict[str, Any], **more: Any) -> Reply:
    return await door.api("POST", "/complaints", json=body, **more)


async def items(door: Door) -> int:
    return int(await door.ground.db.fetchval("SELECT count(*) FROM item"))


async def test_the_same_key_and_body_is_answered_as_the_first_time(door: Door) -> None:
    first = await send(door, GOOD, headers=KEY)
    again = await send(door, GOOD, headers=KEY)
    assert (first.status, again.status) == (201, 200)
    assert first.body == again.body and first.body["url"].endswith(first.body["secret"])
    assert await items(door) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "보안등이 꺼졌어요"},
        {"place": "우체국 앞"},
        {"lat": MAPO.lat + 0.001},
        {"contact": {"email": "a@example.org"}},
        {"language": "ko"},
    ],
)
async def test_the_same_key_with_another_body_is_refused(door: Door, other: dict[str, Any]) -> None:
    await send(door, GOOD, headers=KEY)
    before = await door.rows()
    reply = await send(door, GOOD | other, headers=KEY)
    assert (reply.status, reply.code) == (409, "idempotency.mismatch")
    assert await door.rows() == before


async def test_another_client_never_gets_the_private_link(door: Door) -> None:
    first = await send(door, GOOD, headers=KEY)
    for headers in ({}, {"Idempotency-Key": "another-key-of-another-client"}):
        other = await send(door, GOOD, headers=headers)
        assert first.body["secret"] not in other.raw.decode()
    unkeyed = await send(door, GOOD)
    assert (unkeyed.status, unkeyed.body) == (200, {"ref": first.body["ref"]})


async def test_without_a_key_the_same_matter_is_one_for_ten_minutes(door: Door) -> None:
    first = await send(door, GOOD)
    again = await send(door, GOOD | {"contact": {"name": "다른 사람"}})
    assert (again.status, again.body) == (200, {"ref": first.body["ref"]})
    for other in (
        await send(door, GOOD | {"place": "우체국 앞"}),
        await send(door, {"text": TEXT}),
        await send(door, GOOD, headers={"X-Client": "app"}),
    ):
        assert other.status == 201 and other.body["ref"] != first.body["ref"]
    await door.ground.db.execute("UPDATE item SET received_at = now() - interval '11 minutes'")
    late = await send(door, GOOD)
    assert late.status == 201 and late.body["ref"] != first.body["ref"]


async def test_a_form_pressed_many_times_at_once_is_one_complaint(door: Door) -> None:
    replies = await asyncio.gather(*(send(door, GOOD, headers=KEY) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [200] * 7 + [201]
    assert len({reply.raw for reply in replies}) == 1
    assert await items(door) == 1


async def test_the_key_and_the_link_are_not_to_be_read_in_the_database(door: Door) -> None:
    made = (await send(door, GOOD, headers=KEY)).body
    for table in ("idempotency", "item", "item_text", "outbox"):
        row = await door.ground.db.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} t")
        assert made["secret"] not in row and KEY["Idempotency-Key"] not in row
        assert made["secret"].encode().hex() not in row


async def test_the_link_opens_its_own_complaint_and_no_other(door: Door) -> None:
    mine, other = [(await send(door, GOOD | {"text": text})).body for text in ("가", "나")]
    path = f"/complaints/{mine['ref']}"
    own = await door.api("GET", path, headers={"Authorization": f"Case {mine['secret']}"})
    assert own.status == 200 and own.body["text"] == "가"
    for secret in (other["secret"], mine["secret"][:-1], mine["secret"] + "x", "x"):
        reply = await door.api("GET", path, headers={"Authorization": f"Case {secret}"})
        assert (reply.status, reply.code) == (404, "case.not_found")
    unknown = await door.api("GET", "/complaints/22222-22222", headers={"Authorization": "Case x"})
    assert unknown.raw == reply.raw


async def test_only_the_hubs_own_check_may_mark_what_it_sends(door: Door) -> None:
    for key, mark in (("guessed", None), ("the-key-of-the-check", "check")):
        made = await send(door, GOOD | {"text": key}, headers={"X-BigEar-Check": key})
        stored = await door.ground.db.fetchval(
            "SELECT mark FROM item WHERE ref = $1", made.body["ref"]
        )
        assert stored == mark


async def test_the_language_that_somebody_asked_for_is_told_to_whoever_answers(door: Door) -> None:
    _, case_id = await door.case("The street light is broken", language="en")
    _, other_id = await door.case("가로등이 꺼졌어요")
    admin = await door.staff(Grant("admin"))
    analyst = await door.staff(Grant("analyst"))
    for who, case, language in (
        (admin, case_id, "en"),
        (admin, other_id, None),
        (analyst, case_id, None),
    ):
        shown = await door.api("GET", f"/cases/{case}", headers=who.bearer)
        assert shown.body["reply_language"] == language


async def test_the_reporter_reads_answers_and_no_notes(door: Door) -> None:
    received, case_id = await door.case()
    agent = await door.staff(Grant("agent"))
    note = {"text": "신고자가 불안해함"}
    await door.api("POST", f"/cases/{case_id}/notes", json=note, headers=agent.bearer)
    answer = {"text": "내일 고치겠습니다", "version": 1}
    said = await door.api("POST", f"/cases/{case_id}/answers", json=answer, headers=agent.bearer)
    assert said.status == 201
    link = {"Authorization": f"Case {received.secret}"}
    told = await door.api("GET", f"/complaints/{received.ref}", headers=link)
    assert [m["text"] for m in told.body["messages"]] == ["내일 고치겠습니다"]
    assert "불안" not in told.raw.decode() and "Staff" not in told.raw.decode()


async def test_the_reporter_is_told_whether_anything_can_be_added(door: Door) -> None:
    received, case_id = await door.case()
    await door.give(case_id, "metro")
    agent = await door.staff(Grant("agent"))
    path, link = f"/complaints/{received.ref}", {"Authorization": f"Case {received.secret}"}

    async def page() -> dict[str, Any]:
        return dict((await door.api("GET", path, headers=link)).body)

    async def add() -> tuple[int, str]:
        said = await door.api("POST", f"{path}/additions", json={"text": "또요"}, headers=link)
        return said.status, said.code

    answer = {"text": "고쳤습니다", "resolve": True}
    answer |= {"version": (await page())["case"]["version"]}
    await door.api("POST", f"/cases/{case_id}/answers", json=answer, headers=agent.bearer)
    resolved = await page()
    assert (resolved["case"]["state"], resolved["may_add"]) == ("resolved", True)
    assert await add() == (201, "")
    again = await page()
    assert (again["case"]["state"], again["may_add"]) == ("queued", True)
    aside = {"to": "set_aside", "reason": "광고", "version": again["case"]["version"]}
    await door.api("POST", f"/cases/{case_id}/moves", json=aside, headers=agent.bearer)
    assert (await page())["may_add"] is False
    assert await add() == (409, "case.no_longer_open")


async def test_whose_case_was_merged_follows_the_other_one_and_its_new_answers(door: Door) -> None:
    agent = await door.staff(Grant("admin"))
    (sent, case), (other_sent, other) = [await door.case(text) for text in (TEXT, "등이 나갔어요")]
    await door.give(case, "mapo_gu")
    await door.give(other, "metro")

    async def answer(text: str) -> None:
        body = {"text": text, "resolve": False, "version": (await staff_case())["case"]["version"]}
        path = f"/cases/{other}/answers"
        assert (await door.api("POST", path, json=body, headers=agent.bearer)).status == 201

    async def staff_case() -> dict[str, Any]:
        shown = await door.api("GET", f"/cases/{other}", headers=agent.bearer)
        return dict(shown.body)

    async def page() -> dict[str, Any]:
        key = {"Authorization": f"Case {sent.secret}"}
        return dict((await door.api("GET", f"/complaints/{sent.ref}", headers=key)).body)

    async def move(body: dict[str, Any]) -> None:
        version = (await page())["case"]["version"]
        path = f"/cases/{case}/moves"
        moved = await door.api("POST", path, json=body | {"version": version}, headers=agent.bearer)
        assert moved.status == 200, moved.body

    await answer("저만 아는 답")
    assert ((await page())["follows"], (await staff_case())["joined"]) == (None, 0)
    await move({"to": "merged", "target_ref": other_sent.ref})
    await answer("모두를 위한 답")
    followed = await page()
    assert (followed["case"]["state"], followed["case"]["merged_into"]) == (
        "merged",
        other_sent.ref,
    )
    assert (followed["follows"]["ref"], followed["follows"]["state"]) == (other_sent.ref, "queued")
    assert not {"lat", "district", "service", "photos"} & set(followed["follows"])
    assert (followed["agency"]["code"], followed["text"]) == ("metro", TEXT)
    assert [message["text"] for message in followed["messages"]] == ["모두를 위한 답"]
    assert (await staff_case())["joined"] == 1
    await move({"to": "queued", "reason": "다른 곳"})
    alone = await page()
    assert (alone["follows"], alone["messages"]) == (None, [])
    assert alone["agency"]["code"] == "mapo_gu"
