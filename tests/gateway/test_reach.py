"""Who may watch what, and that it ends when the right to it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Set as AbstractSet

import pytest

from hub.flow import people as use
from hub.flow.correct import correct_agency
from hub.store import people
from hub.store.pool import Connection
from tests.gateway.conftest import Staff, Window
from tests.live import LiveClient, line

MINE, OTHER = "jongno_gu", "jung_gu"
TOPICS = (
    f"queue:{MINE}",
    f"queue:{OTHER}",
    "queue:triage",
    "area:11110",
    "public:area:11110",
    "alerts",
    "broadcasts",
    "counts",
    "public:case:ABCDE-FGHJK",
    "me",
)
ALL = {"public:area:11110", "alerts"}
STAFF = ALL | {"me"}
READER = STAFF | {f"queue:{MINE}", "queue:triage", "area:11110", "counts"}
ALLOWED = {
    ("agent", MINE): READER,
    ("supervisor", MINE): READER,
    ("analyst", MINE): READER,
    ("admin", None): READER | {f"queue:{OTHER}", "broadcasts"},
    ("agent", None): READER | {f"queue:{OTHER}"},
    ("broadcaster", None): STAFF | {"broadcasts"},
    ("approver", None): STAFF | {"broadcasts"},
    None: ALL,
}


async def test_topics_are_open_to_those_whom_they_concern(window: Window) -> None:
    for grant, allowed in ALLOWED.items():
        hello = {} if grant is None else {"token": (await window.staff(grant)).token}
        opened = set()
        async with line(window.url, **hello) as one:
            for topic in TOPICS:
                number = await one.subscribe(topic)
                answer = await one.hear()
                if answer["type"] == "snapshot":
                    opened.add(topic)
                else:
                    assert answer == {"type": "error", "code": "topic.denied", "id": number}
        assert opened == allowed, grant


async def test_a_first_password_must_be_changed_before_anything_is_seen(window: Window) -> None:
    agent = await window.staff(("admin", None))
    await window.ground.db.execute(
        "UPDATE staff_user SET must_change_password = true WHERE id = $1", agent.who.user_id
    )
    async with line(window.url, token=agent.token) as one:
        await one.subscribe("queue:triage")
        assert (await one.hear())["code"] == "topic.denied"


async def test_whose_session_ended_is_worked_out_once_for_all(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a look, not once a client: with 5,000 of them that took longer than the time between two."""
    taken = 0
    at_each_look: list[int] = []
    enough = asyncio.Event()

    class Open(set[bytes]):
        def __rsub__(self, digests: AbstractSet[bytes]) -> set[bytes]:
            nonlocal taken
            taken += 1
            return set(digests).difference(self)

    async def still_open(connection: Connection, digests: list[bytes]) -> set[bytes]:
        at_each_look.append(taken)
        if len(at_each_look) == 3:
            enough.set()
        return Open(digests)

    agent = await window.staff(("agent", MINE))
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(line(window.url, token=agent.token))
        monkeypatch.setattr(people, "still_open", still_open)
        await asyncio.wait_for(enough.wait(), 10)
    assert at_each_look[:3] == [0, 1, 2]


async def test_an_ended_session_and_a_disabled_user_are_hung_up_on(window: Window) -> None:
    leaver, sacked, stays = [await window.staff(("agent", MINE)) for _ in range(3)]
    async with (
        line(window.url, token=leaver.token) as first,
        line(window.url, token=sacked.token) as second,
        line(window.url, token=stays.token) as third,
    ):
        await use.sign_out(window.ground, leaver.who)
        assert await first.ended() == 4401
        async with window.ground.db.acquire() as connection:
            await people.disable(connection, sacked.who.user_id)
        assert await second.ended() == 4401
        assert (await third.ask(type="subscribe", id=1, topic="counts"))["type"] == "snapshot"


async def test_a_client_that_does_not_answer_holds_up_nobodys_end(window: Window) -> None:
    deaf, prompt = [await window.staff(("agent", MINE)) for _ in range(2)]
    async with line(window.url, token=deaf.token) as first:
        first.connection.transport.pause_reading()  # it will never see the hub's goodbye
        async with line(window.url, token=prompt.token) as second:
            await use.sign_out(window.ground, deaf.who)
            await use.sign_out(window.ground, prompt.who)
            async with asyncio.timeout(5):  # the close handshake alone may take ten
                assert await second.ended() == 4401
        first.connection.transport.abort()


async def grant_instead(window: Window, user: Staff, role: str, agency: str | None) -> None:
    await window.ground.db.execute(
        "UPDATE staff_grant SET role = $2, agency = $3 WHERE user_id = $1",
        user.who.user_id,
        role,
        agency,
    )
    await window.told(user)


async def test_a_changed_role_takes_away_what_it_no_longer_allows(window: Window) -> None:
    agent = await window.staff(("agent", MINE))
    async with line(window.url, token=agent.token) as one:
        for topic in (f"queue:{MINE}", "counts", "me"):
            await one.subscribe(topic)
            assert (await one.hear())["type"] == "snapshot"
        await grant_instead(window, agent, "agent", OTHER)
        barred = await one.hear_a("resync")
        assert (barred["topic"], barred["reason"]) == (f"queue:{MINE}", "not_allowed")
        told = await one.hear()
        assert (told["topic"], told["changes"][0]["type"]) == ("me", "user.changed")
        await one.subscribe(f"queue:{MINE}")
        assert (await one.hear())["code"] == "topic.denied"
        await one.subscribe(f"queue:{OTHER}")
        assert (await one.hear())["type"] == "snapshot"


async def test_a_case_that_goes_to_another_agency_goes_out_of_sight(window: Window) -> None:
    mine = await window.staff(("agent", MINE))
    both = await window.staff(("agent", None))
    [case] = await window.post("종로구 가로등이 꺼졌어요")
    await correct_agency(
        window.ground, window.city, both.who, case, await window.version(case), OTHER, "ours not"
    )
    await correct_agency(
        window.ground, window.city, both.who, case, await window.version(case), MINE, "yours"
    )
    await window.settled()
    async with (
        line(window.url, token=mine.token) as one,
        LiveClient(window.url, [f"case:{case}"], token=both.token) as stays,
    ):
        await one.subscribe(f"case:{case}")
        opened = await one.hear()
        assert [message["text"] for message in opened["messages"]] == ["ours not", "yours"]
        await correct_agency(
            window.ground, window.city, both.who, case, await window.version(case), OTHER, "secret"
        )
        barred = await one.hear_a("resync")
        assert (barred["topic"], barred["reason"]) == (f"case:{case}", "not_allowed")
        await one.subscribe(f"case:{case}")
        assert (await one.hear())["code"] == "topic.denied"
        await window.same(stays)
