"""Whoever corrects a label is offered what the model thought likeliest next."""

from __future__ import annotations

from hub.model.people import Grant
from tests.api.conftest import Door


async def test_a_case_tells_which_services_come_next(door: Door) -> None:
    agent = await door.staff(Grant("agent", "mapo_gu"))
    _, case_id = await door.case("정류장 옆 쓰레기통이 넘쳐서 냄새가 나고 버스도 안 와요")
    await door.give(case_id, "mapo_gu")
    labels = (await door.api("GET", f"/cases/{case_id}", headers=agent.bearer)).body["labels"]
    shares = [labels["service"]["confidence"], *(a["confidence"] for a in labels["alternatives"])]
    codes = {labels["service"]["code"], *(a["code"] for a in labels["alternatives"])}
    assert len(codes) == 4
    assert shares == sorted(shares, reverse=True)
    assert {"waste", "bus"} <= codes
