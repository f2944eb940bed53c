"""Whose case was merged into another one follows that one: its state and its answers, live, no more."""

from __future__ import annotations

import pytest

from hub.flow import casework, converse
from hub.flow.complain import Complaint
from hub.flow.erase import erase_case
from hub.flow.receive import Received
from hub.gateway.topics import Topic
from hub.model.items import Contact, Point
from hub.store import following
from tests.gateway.conftest import Staff, Window
from tests.live import Frame, LiveClient

CITY_HALL = Point(37.5662, 126.9779)
ELSEWHERE = Point(37.5702, 126.9921)
OTHERS = ("플랜티드", "305호", "010-7373-4242", "37.57", "126.99")


class Street:
    """Reports of the same broken pavement, and somebody who works them."""

    def __init__(self, window: Window, admin: Staff) -> None:
        self.window, self.admin = window, admin
        self.cases: list[int] = []
        self.sent: list[Received] = []

    async def report(self) -> int:
        number = len(self.cases)
        complaint = Complaint(
            "web",
            f"보도블록이 깨졌어요 {number} {'플랜티드 집 앞' if number else ''}",
            ELSEWHERE if number else CITY_HALL,
            "305호 앞" if number else "",
            contact=Contact("플랜티드", "", "010-7373-4242") if number else None,
        )
        sent, case = await self.window.complain(complaint)
        self.cases.append(case)
        self.sent.append(sent)
        await self.move(number, "waiting")
        await self.move(number, "in_progress")
        return number

    async def move(self, which: int, to: str, into: int | None = None) -> None:
        case = self.cases[which]
        await casework.move(
            self.window.ground,
            self.admin.who,
            case,
            await self.window.version(case),
            to,
            reason="플랜티드 씨 때문에",
            target_ref="" if into is None else self.sent[into].ref,
        )

    async def answer(self, which: int, text: str, *, resolve: bool = False) -> None:
        case, ground = self.cases[which], self.window.ground
        version = await self.window.version(case)
        await converse.answer(ground, self.admin.who, case, version, text, resolve=resolve)

    def page(self, which: int = 0) -> LiveClient:
        sent = self.sent[which]
        key = {"ref": sent.ref, "secret": sent.secret}
        return LiveClient(self.window.url, [f"public:case:{sent.ref}"], case=key)


@pytest.fixture
async def street(window: Window) -> Street:
    street = Street(window, await window.staff(("admin", None)))
    for _ in range(3):
        await street.report()
    return street


def shown(page: LiveClient) -> tuple[dict[int, str], list[str]]:
    """The states of the cases that a page holds, and the answers on it."""
    [state] = page.states.values()
    records: list[tuple[str, Frame]] = [(key[0], one) for key, one in state.records.items()]
    states = {one["id"]: one["state"] for kind, one in records if kind == "case"}
    return states, [one["text"] for kind, one in records if kind == "message"]


async def test_a_page_that_is_open_follows_to_the_end_of_a_chain_and_back(
    street: Street, window: Window
) -> None:
    one, two, three = street.cases
    await street.answer(1, "플랜티드 님, 305호 앞을 보겠습니다")
    async with street.page() as page, street.page() as sleeper:
        await window.same(page, sleeper)
        await street.move(0, "merged", into=1)
        await window.same(page, sleeper)
        assert shown(page) == ({one: "merged", two: "in_progress"}, [])
        await converse.note(window.ground, street.admin.who, two, "플랜티드 씨는 급함")
        await converse.add(window.ground, street.sent[1].ref, "플랜티드의 사진도 있어요")
        await street.answer(1, "이번 주에 고칩니다")
        await window.same(page, sleeper)
        assert shown(page) == ({one: "merged", two: "in_progress"}, ["이번 주에 고칩니다"])
        await sleeper.away()
        await street.move(1, "merged", into=2)
        await street.answer(2, "고쳤습니다", resolve=True)
        await window.settled()
        sleeper.back()
        await window.same(page, sleeper)
        assert shown(page) == (
            {one: "merged", two: "merged", three: "resolved"},
            ["이번 주에 고칩니다", "고쳤습니다"],
        )
        await street.move(2, "in_progress")  # reopened
        await window.same(page, sleeper)
        assert shown(page)[0][three] == "in_progress"
        await street.move(1, "queued")
        await window.same(page, sleeper)
        assert shown(page) == ({one: "merged", two: "queued"}, ["이번 주에 고칩니다"])
        await street.move(0, "queued")
        await street.answer(1, "이제는 남의 일")
        await window.same(page, sleeper)
        assert shown(page) == ({one: "queued"}, [])
        for held in (page, sleeper):
            assert not [word for word in OTHERS if word in str(held.states)]


async def test_who_was_away_while_it_was_answered_is_told_just_that(
    street: Street, window: Window
) -> None:
    await street.move(0, "merged", into=1)
    await window.settled()  # a page opened before would be told of the merging, and read anew
    async with street.page() as page:
        await window.same(page)
        await page.away()
        await street.answer(1, "고쳤습니다", resolve=True)
        await window.settled()
        page.back()
        await window.same(page)
        assert shown(page)[1] == ["고쳤습니다"]
        assert page.states[str(Topic("public:case", street.sent[0].ref))].snapshots == 1


async def test_the_other_reporter_reads_nothing_of_it(street: Street, window: Window) -> None:
    await converse.add(window.ground, street.sent[0].ref, "저만 아는 말")
    async with street.page(1) as page:
        await street.move(0, "merged", into=1)
        await street.answer(0, "합친 건의 신고자에게만")
        await window.same(page)
        assert shown(page) == ({street.cases[1]: "in_progress"}, [])


async def test_answers_leave_with_the_person_they_were_given_to(
    street: Street, window: Window, tmp_path: object
) -> None:
    await street.move(0, "merged", into=1)
    await street.answer(1, "고쳤습니다")
    async with street.page() as page:
        await window.same(page)
        assert shown(page)[1] == ["고쳤습니다"]
        await erase_case(
            window.ground,
            tmp_path,  # type: ignore[arg-type]
            street.admin.who,
            street.cases[1],
            "asked for it",
        )
        await window.same(page)
        assert "고쳤습니다" not in str(page.states)


async def test_a_ring_that_somebody_bent_by_hand_is_followed_once_around(street: Street) -> None:
    one, two, three = street.cases
    await street.move(0, "merged", into=1)
    await street.move(1, "merged", into=2)
    async with street.window.ground.db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            "UPDATE work_case SET state = 'merged', closed_at = now(), merged_into = $2 WHERE id = $1",
            three,
            one,
        )
    async with street.window.ground.db.acquire() as connection:
        assert list(await following.path(connection, street.sent[0].ref)) == [one, two, three]
        found = await following.followers(connection, [one])
    assert {f.ref for f in found[str(one)]} == {street.sent[1].ref, street.sent[2].ref}
