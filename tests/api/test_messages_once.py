"""An addition, an answer or a note whose answer was lost is sent again: it is said once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub.model.people import Grant
from tests.api.conftest import Door, Reply

KEY = {"Idempotency-Key": "6f1c2f0e-0b1e-4c5b-9a51-1f6d9f5d1c56"}


class Talk:
    """A case in an agency, its reporter and an agent, each with a request of their own."""

    def __init__(
        self, door: Door, ref: str, case_id: int, own: dict[str, str], desk: dict[str, str]
    ):
        self.door = door
        self.case_id = case_id
        self.ways: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
            "addition": (f"/complaints/{ref}/additions", own, {}),
            "answer": (f"/cases/{case_id}/answers", desk, {"resolve": True}),
            "note": (f"/cases/{case_id}/notes", desk, {}),
        }

    async def say(self, kind: str, text: str = "그대로입니다", **headers: str) -> Reply:
        path, who, body = self.ways[kind]
        if kind == "answer":
            body = body | {"version": await self.version()}
        sent = body | {"text": text}
        return await self.door.api("POST", path, json=sent, headers=who | headers)

    async def version(self) -> int:
        return int(
            await self.door.ground.db.fetchval(
                "SELECT version FROM work_case WHERE id=$1", self.case_id
            )
        )

    async def said(self) -> int:
        return int(await self.door.ground.db.fetchval("SELECT count(*) FROM case_message"))


@pytest.fixture
async def talk(door: Door) -> Talk:
    agent = await door.staff(Grant("agent", "mapo_gu"))
    made, case_id = await door.case("가로등이 꺼졌어요")
    await door.give(case_id, "mapo_gu")
    own = {"Authorization": f"Case {made.secret}"}
    return Talk(door, made.ref, case_id, own, agent.bearer)


KINDS = pytest.mark.parametrize("kind", ["addition", "answer", "note"])


@KINDS
async def test_the_same_key_twice_is_one_message(talk: Talk, kind: str) -> None:
    first = await talk.say(kind, **KEY)
    facts = await talk.door.rows()
    again = await talk.say(kind, **KEY)  # an answer's version has moved on since
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert await talk.said() == 1
    assert await talk.door.rows() == facts


@KINDS
async def test_of_two_at_once_one_is_said(talk: Talk, kind: str) -> None:
    both = await asyncio.gather(talk.say(kind, **KEY), talk.say(kind, **KEY))
    assert [one.status for one in both] == [201, 201]
    assert both[0].body == both[1].body
    assert await talk.said() == 1


@KINDS
async def test_the_same_words_without_a_key_or_with_another_are_meant(
    talk: Talk, kind: str
) -> None:
    for headers in (KEY, {}, {"Idempotency-Key": "another-key"}):
        assert (await talk.say(kind, **headers)).status == 201
    assert await talk.said() == 3


@KINDS
async def test_other_words_under_the_key_are_refused(talk: Talk, kind: str) -> None:
    await talk.say(kind, **KEY)
    reply = await talk.say(kind, "다른 말입니다", **KEY)
    assert (reply.status, reply.code) == (409, "idempotency.mismatch")
    assert await talk.said() == 1


@KINDS
async def test_a_key_too_short_to_be_ones_own_is_refused(talk: Talk, kind: str) -> None:
    reply = await talk.say(kind, **{"Idempotency-Key": "short"})
    assert (reply.status, reply.code) == (400, "idempotency.key")
    assert await talk.said() == 0


async def test_an_addition_made_before_withdrawing_is_answered_after_it(talk: Talk) -> None:
    first = await talk.say("addition", **KEY)
    path, own, _ = talk.ways["addition"]
    taken_back = path.replace("additions", "withdraw")
    assert (await talk.door.api("POST", taken_back, headers=own)).status == 204
    assert (await talk.say("addition", **KEY)).body == first.body
    assert (await talk.say("addition")).code == "case.no_longer_open"
