"""Staff see which words carried a label; they stay with what the model said."""

from __future__ import annotations

from typing import Any

from hub.flow import label
from hub.model.people import Grant
from tests.api.conftest import Door, Staff, _model

TEXT = "안녕하세요. 집 앞 가로등이 며칠째 꺼져 있습니다"


async def labels_of(door: Door, who: Staff, case_id: int) -> Any:
    return (await door.api("GET", f"/cases/{case_id}", headers=who.bearer)).body["labels"]


async def opened_case(door: Door) -> tuple[int, int, Staff]:
    received, case_id = await door.case(TEXT)
    await door.give(case_id, "mapo_gu")
    return received.item_id, case_id, await door.staff(Grant("agent", "mapo_gu"))


async def test_the_words_are_pieces_of_the_text(door: Door) -> None:
    _, case_id, agent = await opened_case(door)
    reasons = (await labels_of(door, agent, case_id))["reasons"]
    assert reasons["service"] == "streetlight"
    assert any("가로등이" in word["text"] for word in reasons["words"])
    assert all(TEXT[word["start"] : word["end"]] == word["text"] for word in reasons["words"])


async def test_a_corrected_label_leaves_them_with_the_models_own(door: Door) -> None:
    item_id, case_id, agent = await opened_case(door)
    before = (await labels_of(door, agent, case_id))["reasons"]
    version = (await door.api("GET", f"/cases/{case_id}", headers=agent.bearer)).body["case"]
    body = {"version": version["version"], "service": "taxi"}
    path = f"/cases/{case_id}/labels"
    done = await door.api("POST", path, json=body, headers=agent.bearer)
    assert done.status == 200
    after = await labels_of(door, agent, case_id)
    assert (after["service"]["code"], after["reasons"]) == ("taxi", before)
    # An edit of the text has it labelled anew: the person's label stays, the pieces are the new text's.
    await door.ground.db.execute(
        "UPDATE item_text SET text = 'pothole' WHERE item_id = $1", item_id
    )
    await door.ground.db.execute("UPDATE item SET stage = 'received' WHERE id = $1", item_id)
    await label.label(door.ground, _model(), 1, item_id)
    edited = await labels_of(door, agent, case_id)
    assert (edited["service"]["code"], edited["corrected"]) == ("taxi", ["service"])
    assert edited["reasons"] == {
        "service": "road_damage",
        "words": [{"text": "pothole", "start": 0, "end": 7}],
    }


async def test_who_reads_the_text_masked_gets_none(door: Door) -> None:
    _, case_id, _ = await opened_case(door)
    analyst = await door.staff(Grant("analyst"))
    assert (await labels_of(door, analyst, case_id))["reasons"] is None
    stranger = await door.staff(Grant("agent", "gangnam_gu"))
    reply = await door.api("GET", f"/cases/{case_id}", headers=stranger.bearer)
    assert (reply.status, "reasons" in str(reply.body)) == (404, False)
