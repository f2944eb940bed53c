"""Whatever happens and however often a client is away, what it folds equals what is there."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub.flow import casework, converse, correct
from hub.flow import samples as use_samples
from hub.flow.complain import Complaint
from hub.flow.erase import erase_case
from hub.gateway import client as gateway_client
from hub.gateway import feed
from hub.model.errors import BigEarError
from hub.model.items import Point
from hub.store import log
from tests.gateway.conftest import WORDS, Staff, Window, serving
from tests.live import Frame, LiveClient, TopicState, line

OFFICES = ("jongno_gu", "jung_gu")
CITY_HALL = Point(37.5662, 126.9779)
JUNG_GU = "11140"


async def positions_after(window: Window, position: int) -> list[int]:
    async with window.ground.db.acquire() as connection:
        return [fact.position for fact in await log.after(connection, position, 10_000)]


async def test_a_snapshot_and_then_every_fact_in_order(window: Window) -> None:
    agent = await window.staff(("agent", None))
    queue = await window.home("안녕하세요")
    began = await window.settled()
    async with line(window.url, token=agent.token) as one:
        await one.subscribe(queue)
        state = TopicState()
        state.take(await one.hear())
        assert state.position >= began
        known = len(state.records)
        [first] = await window.post("안녕하세요")
        [second] = await window.post("안녕하세요")
        heard: list[int] = []
        while len(heard) < 2:
            frame = await one.hear_a("facts")
            state.take(frame)
            heard += [c["position"] for c in frame["changes"] if c["position"] > began]
    assert heard == sorted(set(heard))
    assert {("case", first), ("case", second)} <= set(state.records)
    assert len(state.records) == known + 2


async def back_after(
    window: Window, agent: Staff, queue: str, work: Callable[[], Awaitable[object]]
) -> tuple[int, list[Frame]]:
    """Be away while ``work`` is done; the position one left at, and what one is told on return."""
    await work()
    await window.settled()
    async with line(window.url, token=agent.token) as one:
        await one.subscribe(queue)
        left = (await one.hear())["position"]
    await work()
    newest = await window.settled()
    heard: list[Frame] = []
    async with line(window.url, token=agent.token) as one:
        while True:  # until the feed has come as far as the log
            await one.subscribe(queue, left)
            frame = await one.hear()
            heard.append(frame)
            if frame["type"] == "resync" or frame["position"] >= newest:
                return left, heard
            while frame["position"] < newest:
                frame = await one.hear()
                heard.append(frame)
            return left, heard


@pytest.mark.parametrize("ring", [5_000, 8], ids=["from the ring", "from PostgreSQL"])
async def test_coming_back_one_is_told_exactly_what_one_missed(
    monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str, ring: int
) -> None:
    monkeypatch.setattr(feed, "RING_FACTS", ring)
    monkeypatch.setattr("hub.gateway.server.BATCH_FACTS", 7)
    async with serving(database_url, redis_url) as window:
        agent = await window.staff(("agent", None))
        queue = await window.home("안녕")
        left, heard = await back_after(window, agent, queue, lambda: window.post(*["안녕"] * 6))
        assert {frame["type"] for frame in heard} == {"facts"}
        told = [c["position"] for frame in heard for c in frame["changes"]]
        async with window.ground.db.acquire() as connection:
            missed = await log.after(connection, left, 1_000)
        assert told == [fact.position for fact in missed if fact.subject == "case"]
        assert len(told) == 6


async def test_who_was_away_too_long_gets_a_snapshot(
    monkeypatch: pytest.MonkeyPatch, window: Window
) -> None:
    monkeypatch.setattr(feed, "RESUME_FACTS", 5)
    agent = await window.staff(("agent", None))
    queue = await window.home("안녕")
    _, heard = await back_after(window, agent, queue, lambda: window.post(*["안녕"] * 6))
    assert heard[0]["type"] == "snapshot"
    assert len(heard[0]["cases"]) == 13


async def test_a_position_that_never_was_is_answered_with_resync(window: Window) -> None:
    async with line(window.url) as one:
        for position in (999_999, -1):
            number = await one.subscribe("alerts", position)
            answer = await one.hear()
            assert (answer["type"], answer["reason"]) == ("resync", "unknown_position")
            await one.say(type="unsubscribe", id=number)
            assert (await one.hear())["code"] == "topic.not_open"


async def test_a_slow_client_is_cut_loose_and_comes_back_right(
    monkeypatch: pytest.MonkeyPatch, window: Window
) -> None:
    monkeypatch.setattr(gateway_client, "SLOW_BYTES", 20_000)
    agent = await window.staff(("agent", None))
    words = "안녕하세요 " * 40
    queue = await window.home(words)
    state = TopicState()
    async with line(window.url, token=agent.token) as one:
        await one.subscribe(queue)
        state.take(await one.hear())
        # Without a bound the kernel would take it all in the client's stead.
        raw = one.connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        one.connection.transport.pause_reading()
        for _ in range(8):
            await window.post(*[words] * 64)
        await window.settled()
        one.connection.transport.resume_reading()
        while (frame := await one.hear())["type"] == "facts":
            state.take(frame)
        assert (frame["type"], frame["reason"]) == ("resync", "too_slow")
        assert len(state.records) < 500
        await one.subscribe(queue)
        state.take(await one.hear_a("snapshot"))
        assert len(state.records) == 500  # the most pressing; the total counts them all
    async with LiveClient(window.url, ["counts"], token=agent.token) as quick:
        await window.same(quick)
        assert sum(quick.states["counts"].counts.values()) == 513


async def test_cleared_samples_vanish_from_every_open_page(window: Window) -> None:
    agent = await window.staff(("admin", None))
    kept = await window.post(WORDS[2])
    cases = await window.post(*WORDS, mark="sample")
    rows = await window.ground.db.fetch(
        "SELECT DISTINCT district FROM item WHERE district IS NOT NULL AND mark = 'sample'"
    )
    rest = [f"case:{cases[0]}", "counts", *(f"public:area:{row['district']}" for row in rows)]
    queues = ["queue:triage", *(f"queue:{office}" for office in await queues_of(window))]
    assert rows and len(queues) > 1
    async with LiveClient(window.url, [*queues, *rest], token=agent.token) as client:
        await window.same(client)
        shown = {key for state in client.states.values() for key in state.records}
        assert {("case", case) for case in cases} <= shown
        assert await use_samples.clear(window.ground) == len(WORDS)
        await window.same(client)
        shown = {key for state in client.states.values() for key in state.records}
        assert shown == {("case", case) for case in kept}
        assert sum(client.states["counts"].counts.values()) == 1
        assert all(state.snapshots == 1 for state in client.states.values())  # told, not reloaded


async def test_the_words_of_a_person_erased_leave_every_open_page(
    window: Window, tmp_path: Path
) -> None:
    admin = await window.staff(("admin", None))
    received, case = await window.complain(Complaint("web", "플랜티드 씨 집 앞 쓰레기", CITY_HALL))
    await converse.add(window.ground, received.ref, "플랜티드 씨의 다른 말")
    key = {"ref": received.ref, "secret": received.secret}
    [queue] = [*await queues_of(window), "triage"][:1]
    async with (
        LiveClient(window.url, [f"case:{case}", f"queue:{queue}"], token=admin.token) as staff,
        LiveClient(window.url, [f"public:case:{received.ref}"], case=key) as reporter,
        LiveClient(window.url, [f"public:case:{received.ref}"], case=key) as sleeper,
    ):
        await window.same(staff, reporter, sleeper)
        assert "플랜티드" in str(staff.states) and "다른 말" in str(sleeper.states)
        await sleeper.away()
        await erase_case(window.ground, tmp_path, admin.who, case, "asked for it")
        await window.settled()
        sleeper.back()
        await window.same(staff, reporter, sleeper)
        assert not any("플랜티드" in str(one.states) for one in (staff, reporter, sleeper))


async def test_a_deadline_that_a_correction_brings_is_on_every_open_page(window: Window) -> None:
    admin = await window.staff(("admin", None))
    received, case = await window.complain(Complaint("web", "수도관에서 물이 새요", CITY_HALL))
    labels = {"service": "water_sewer", "intent": "report", "urgency": "normal"}

    async def correct_to(**said: str) -> None:
        version = await window.version(case)
        await correct.correct_labels(
            window.ground, window.city, admin.who, case, version, said, reroute=True
        )

    await correct_to(**labels)
    key = {"ref": received.ref, "secret": received.secret}
    async with (
        LiveClient(window.url, [f"case:{case}", "queue:waterworks"], token=admin.token) as staff,
        LiveClient(window.url, [f"public:case:{received.ref}"], case=key) as reporter,
    ):

        def shown() -> list[str]:
            states = [*staff.states.values(), *reporter.states.values()]
            return [state.records["case", case]["deadline_at"] for state in states]

        await window.same(staff, reporter)
        [before] = set(shown())
        await correct_to(urgency="high")
        await window.same(staff, reporter)
        [after] = set(shown())
        assert after < before
        assert all(state.snapshots == 1 for state in staff.states.values())  # told, not reloaded
        undone = await window.version(case)
        await correct.undo_last(window.ground, window.city, admin.who, case, undone)
        await window.same(staff, reporter)
        assert set(shown()) == {before}


async def queues_of(window: Window) -> list[str]:
    rows = await window.ground.db.fetch(
        "SELECT DISTINCT agency FROM work_case WHERE agency IS NOT NULL ORDER BY 1"
    )
    return [row["agency"] for row in rows]


class Chance:
    """Random work on random cases; what the rules refuse is part of it."""

    def __init__(self, window: Window, who: Staff, seed: int) -> None:
        self.dice = random.Random(seed)
        self.window = window
        self.who = who.who
        self.cases: list[int] = []
        self.refs: dict[int, str] = {}
        self.done = 0

    async def arrive(self) -> None:
        words = self.dice.choice(WORDS)
        if self.dice.random() < 0.5:
            self.cases += await self.window.post(words)
            return
        unlike = f"{words} {self.dice.random()}"  # not the ten-minute double of another
        received, case = await self.window.complain(Complaint("web", unlike, CITY_HALL))
        self.cases.append(case)
        self.refs[case] = received.ref

    async def work(self) -> None:
        case = self.dice.choice(self.cases)
        version = await self.window.version(case)
        ground, city, who, dice = self.window.ground, self.window.city, self.who, self.dice
        state = dice.choice(("triage", "queued", "in_progress", "waiting", "resolved", "closed"))
        urgency = dice.choice(("high", "normal"))
        refs = list(self.refs.values())
        doing: list[Callable[[], Awaitable[object]]] = [
            lambda: casework.take(ground, who, case, version),
            lambda: casework.assign(ground, who, case, version, dice.choice((None, who.user_id))),
            lambda: casework.move(ground, who, case, version, state, reason="because"),
            *[
                lambda: correct.correct_agency(
                    ground, city, who, case, version, dice.choice(OFFICES), "theirs"
                )
            ]
            * 3,
            lambda: correct.correct_labels(
                ground, city, who, case, version, {"service": "streetlight"}, reroute=True
            ),
            lambda: correct.correct_labels(
                ground, city, who, case, version, {"urgency": urgency}, reroute=True
            ),
            *[lambda: correct.undo_last(ground, city, who, case, version)] * 2,
            *[
                lambda: converse.answer(
                    ground, who, case, version, "알겠습니다", resolve=dice.random() < 0.5
                )
            ]
            * 2,
            lambda: converse.note(ground, who, case, "between us"),
            *[
                lambda: casework.move(
                    ground, who, case, version, "merged", target_ref=dice.choice(refs)
                )
            ]
            * 2,
        ]
        if case in self.refs:
            doing.append(lambda: converse.add(ground, self.refs[case], "한 가지 더"))
            if dice.random() < 0.1:
                doing.append(lambda: casework.withdraw(ground, self.refs[case]))
        try:
            await dice.choice(doing)()
            self.done += 1
        except BigEarError:
            pass


MORE = [pytest.param(seed, marks=pytest.mark.faults) for seed in range(2, 6)]


@pytest.mark.parametrize("seed", [1, *MORE])
async def test_after_any_mixture_every_client_holds_what_is_there(
    window: Window, seed: int
) -> None:
    admin = await window.staff(("admin", None), ("supervisor", None))
    agent = await window.staff(("agent", "jongno_gu"))
    analyst = await window.staff(("analyst", None))
    chance = Chance(window, admin, seed)
    for _ in range(5):
        await chance.arrive()
    reported, ref = await reporters(window, chance)
    queues = [f"queue:{office}" for office in ("triage", *OFFICES)]
    clients = [
        LiveClient(window.url, [*queues, "counts", f"area:{JUNG_GU}"], token=admin.token),
        LiveClient(window.url, [f"case:{case}" for case in chance.cases], token=admin.token),
        LiveClient(window.url, ["queue:jongno_gu", "queue:triage", "counts"], token=agent.token),
        LiveClient(window.url, [*queues, f"area:{JUNG_GU}"], token=analyst.token),
        LiveClient(window.url, [f"public:area:{JUNG_GU}", "alerts"]),
        LiveClient(window.url, [f"public:case:{ref}"], case=reported),
    ]
    for client in clients:
        client.back()
    for _ in range(5):
        await some_time(chance, clients)
        await window.same(*clients)
        assert clients[0].states["counts"].counts == await totals(window)
    assert chance.done > 50
    for client in clients:
        await client.away()


async def some_time(chance: Chance, clients: list[LiveClient]) -> None:
    """A while of work, in which clients leave and come back as they like."""
    away: list[LiveClient] = []
    for _ in range(25):
        if chance.dice.random() < 0.1:
            await chance.arrive()
        await chance.work()
        if away and chance.dice.random() < 0.3:
            away.pop().back()
        elif chance.dice.random() < 0.2:
            gone = chance.dice.choice([client for client in clients if client not in away])
            await gone.away()
            away.append(gone)
        if chance.dice.random() < 0.2:
            await asyncio.sleep(chance.dice.random() / 20)
    for client in away:
        client.back()


async def reporters(window: Window, chance: Chance) -> tuple[dict[str, str | None], str]:
    received, case = await window.complain(Complaint("web", "종로구 가로등 고장", CITY_HALL))
    chance.cases.append(case)
    chance.refs[case] = received.ref
    return {"ref": received.ref, "secret": received.secret}, received.ref


async def totals(window: Window) -> dict[tuple[str | None, str], int]:
    rows = await window.ground.db.fetch(
        "SELECT agency, state, count(*) AS total FROM work_case WHERE mark IS NULL"
        " AND state IN ('triage', 'queued', 'in_progress', 'waiting') GROUP BY 1, 2"
    )
    return {(row["agency"], row["state"]): row["total"] for row in rows}
