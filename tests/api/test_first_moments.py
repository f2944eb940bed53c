"""A complaint in the moments before it has a case."""

from __future__ import annotations

from tests.api.conftest import Door


async def test_what_needs_a_case_is_told_to_wait_and_shows_what_there_is(door: Door) -> None:
    made = (await door.api("POST", "/complaints", json={"text": "가로등이 꺼졌어요"})).body
    mine = {"Authorization": f"Case {made['secret']}"}
    path = f"/complaints/{made['ref']}"
    shown = await door.api("GET", path, headers=mine)
    assert (shown.status, shown.body["case"]) == (200, None)
    assert shown.body["progress"]["stage"] == "received"
    before = await door.rows()
    for reply in (
        await door.api("POST", f"{path}/additions", json={"text": "아직도요"}, headers=mine),
        await door.api("POST", f"{path}/withdraw", headers=mine),
    ):
        assert (reply.status, reply.code) == (409, "case.not_yet")
    stranger = {"Authorization": "Case wrong"}
    reply = await door.api("POST", f"{path}/additions", json={"text": "x"}, headers=stranger)
    assert (reply.status, reply.code) == (404, "case.not_found")
    assert await door.rows() == before
