"""Agencies' own systems are told of their cases: signed, at least once, none held up by another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from hub.bus.bell import Bell
from hub.flow import casework, deliver
from hub.flow.city import CityNow
from hub.flow.configure import apply
from hub.flow.correct import correct_agency
from hub.flow.erase import Person, erase_person
from hub.flow.ground import Ground
from hub.model.cases import CaseRecord
from hub.model.people import Principal
from hub.model.views import CaseNotice
from hub.net import signature
from hub.net.client import Outside
from hub.store import deliveries, rulebooks
from hub.workers import deliver as worker

OpenCase = Callable[..., Awaitable[CaseRecord]]
Staff = Callable[..., Awaitable[Principal]]

SECRET = "of the test"
PATIENCE_S = 30.0


@dataclass
class Receiver:
    """An agency's system: keeps what it takes; answers with ``status``, or hangs on ``hold``."""

    url: str = ""
    status: int = 200
    hold: asyncio.Event | None = None
    taken: list[tuple[str, CaseNotice]] = field(default_factory=list)
    asked: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        signature.verify(SECRET, request.headers.get(signature.HEADER), body, time.time())
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.status < 300:
            notice = msgspec.json.decode(body, type=CaseNotice)
            self.taken.append((request.headers[worker.DELIVERY_HEADER], notice))
        self.news.set()
        return web.Response(status=self.status, headers={"Location": self.url})

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await self.news.wait()
                self.news.clear()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/cases", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/cases"
    try:
        yield receiver
    finally:
        if receiver.hold:
            receiver.hold.set()
        await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


async def deliver_to(ground: Ground, city: CityNow, **urls: str) -> None:
    """Give these agencies a webhook."""
    async with ground.db.acquire() as connection:
        newest = await rulebooks.newest(connection)
    assert newest is not None
    document = newest[1]
    for agency in document["agencies"]:
        if agency["code"] in urls:
            agency["delivery"] = {"channel": "webhook", "address": urls[agency["code"]]}
    await apply(ground, document, "test")
    await city.refresh()


@asynccontextmanager
async def sending(
    ground: Ground, city: CityNow, redis_url: str, *networks: str
) -> AsyncIterator[None]:
    """A worker's deliveries at work, allowed to reach these private networks."""
    bell = Bell(redis_url)
    await bell.open()
    allowed = tuple(ip_network(network) for network in networks)
    async with Outside(allowed_private=allowed) as outside:
        task = asyncio.create_task(worker.run(ground, city, bell, outside, lambda _: SECRET))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await bell.close()


async def settled(ground: Ground, *states: str) -> None:
    """Wait until all deliveries have come to one of these states."""
    async with asyncio.timeout(PATIENCE_S):
        while await ground.db.fetchval(
            "SELECT count(*) FROM delivery WHERE state <> ALL($1)", list(states)
        ):
            await asyncio.sleep(0.05)


LOOP = "127.0.0.0/8"


async def test_an_agency_is_told_of_its_case_and_of_every_change(
    ground: Ground,
    city: CityNow,
    staff: Staff,
    open_case: OpenCase,
    receiver: Receiver,
    redis_url: str,
    tmp_path: Path,
) -> None:
    await deliver_to(ground, city, metro=receiver.url)
    admin = await staff("admin", ("admin", None))
    case = await open_case("metro", place="우체국 앞")
    version = case.version
    async with sending(ground, city, redis_url, LOOP):
        await receiver.until(lambda: receiver.taken)
        number, notice = receiver.taken[0]
        assert notice.delivery == number and number.endswith(f"-{version}")
        assert (notice.case.ref, notice.case.state, notice.text) == (case.ref, "queued", "파였어요")
        assert notice.place == "우체국 앞"
        version = await casework.take(ground, admin, case.id, version)
        await receiver.until(lambda: receiver.taken[-1][1].case.version == version)
        assert receiver.taken[-1][1].case.state == "in_progress"
        version = await correct_agency(ground, city, admin, case.id, version, "fire", "그리로")
        await receiver.until(lambda: receiver.taken[-1][1].case.gone)
        assert receiver.taken[-1][1].text is None
        version = await correct_agency(ground, city, admin, case.id, version, "metro", "도로")
        await receiver.until(lambda: receiver.taken[-1][1].case.version == version)
        await erase_person(ground, tmp_path, Person(ref=case.ref))
        await receiver.until(lambda: receiver.taken[-1][1].erased)
        assert receiver.taken[-1][1].text is None
        await settled(ground, "sent")
    ended = await ground.db.fetch("SELECT data FROM outbox WHERE type = 'delivery.changed'")
    assert {row["data"]["state"] for row in ended} == {"sent"}


async def test_one_that_hangs_holds_up_nobody(
    ground: Ground, city: CityNow, open_case: OpenCase, receiver: Receiver, redis_url: str
) -> None:
    async with receiving() as hanging:
        hanging.hold = asyncio.Event()
        await deliver_to(ground, city, fire=hanging.url, metro=receiver.url)
        await open_case("fire")
        async with sending(ground, city, redis_url, LOOP):
            async with asyncio.timeout(PATIENCE_S):
                while not hanging.asked:
                    await asyncio.sleep(0.05)
            case = await open_case("metro", "비상")
            await receiver.until(lambda: receiver.taken)
            assert receiver.taken[0][1].case.ref == case.ref
            assert not hanging.taken


async def test_a_failure_is_tried_again_and_the_lane_pauses(
    ground: Ground, city: CityNow, open_case: OpenCase, receiver: Receiver, redis_url: str
) -> None:
    receiver.status = 503
    await deliver_to(ground, city, metro=receiver.url)
    for text in ("하나", "둘", "셋"):
        await open_case("metro", text)
    async with sending(ground, city, redis_url, LOOP):
        await receiver.until(lambda: receiver.asked)
        async with asyncio.timeout(PATIENCE_S):
            while not await ground.db.fetchval(
                "SELECT bool_and(state = 'queued' AND next_at > now()) FROM delivery"
            ):
                await asyncio.sleep(0.05)
        assert receiver.asked == 1
        receiver.status = 200
        await ground.db.execute("UPDATE delivery SET next_at = now()")
        await settled(ground, "sent")
    assert len({notice.case.ref for _, notice in receiver.taken}) == 3
    assert await ground.db.fetchval("SELECT max(attempts) FROM delivery") == 2


AWAY = deliver.Outcome("http.500", again=True)


async def time_passes(ground: Ground) -> None:
    """Everything that waits has waited long enough, in the order in which it would have."""
    await ground.db.execute("UPDATE delivery SET next_at = next_at - interval '2 hours'")


async def test_a_case_that_its_system_chokes_on_holds_up_no_other(
    ground: Ground, city: CityNow, open_case: OpenCase
) -> None:
    await deliver_to(ground, city, metro="http://127.0.0.1/")
    bad, *good = [(await open_case("metro", text)).id for text in ("하나", "둘", "셋", "넷")]
    tried, pause = list[int](), deliver.Pause()
    for _ in range(2):
        while (letter := await deliver.take(ground, "metro")) is not None:
            case = letter.claimed.subject_id
            tried.append(case)
            outcome = AWAY if case == bad else deliver.TAKEN
            if not await deliver.settle(ground, letter, outcome, pause):
                break
        await time_passes(ground)
    assert tried == [bad, *good, bad]


async def test_what_waits_already_is_not_put_off_by_each_new_failure(
    ground: Ground, city: CityNow, open_case: OpenCase
) -> None:
    await deliver_to(ground, city, metro="http://127.0.0.1/")
    waiting = (await open_case("metro", "기다림")).id
    soon = await ground.db.fetchval(
        "UPDATE delivery SET next_at = now() + interval '10 minutes' RETURNING next_at"
    )
    due = (await open_case("metro", "새로 옴")).id
    letter = await deliver.take(ground, "metro")
    assert letter is not None and letter.claimed.subject_id == due
    assert not await deliver.settle(ground, letter, AWAY, deliver.Pause(failures=98))
    query = "SELECT next_at FROM delivery WHERE subject_id = $1"
    assert await ground.db.fetchval(query, waiting) == soon


@pytest.mark.parametrize(
    ("attempt", "failures", "wait_s", "pause_s"),
    [(1, 1, 5, 5), (12, 1, 3_600, 5), (1, 3, 20, 20), (1, 9_999, 3_600, 3_600)],
)
async def test_one_that_fails_for_long_costs_the_others_a_short_pause(
    attempt: int,
    failures: int,
    wait_s: int,
    pause_s: int,
    ground: Ground,
    city: CityNow,
    open_case: OpenCase,
) -> None:
    await deliver_to(ground, city, metro="http://127.0.0.1/")
    failing = (await open_case("metro", "하나")).id
    await ground.db.execute("UPDATE delivery SET attempts = $1", attempt - 1)
    letter = await deliver.take(ground, "metro")
    assert letter is not None
    await open_case("metro", "둘")  # has come meanwhile
    before = await ground.db.fetchval("SELECT now()")
    assert not await deliver.settle(ground, letter, AWAY, deliver.Pause(failures - 1))
    after = await ground.db.fetchval("SELECT now()")
    for row in await ground.db.fetch("SELECT subject_id, next_at FROM delivery"):
        later = timedelta(seconds=wait_s if row["subject_id"] == failing else pause_s)
        assert before <= row["next_at"] - later <= after


async def attempt(ground: Ground, outcome: deliver.Outcome, pause: deliver.Pause) -> int:
    """What becomes of the next that is due for the metro: the case that it was."""
    letter = await deliver.take(ground, "metro")
    assert letter is not None
    await deliver.settle(ground, letter, outcome, pause)
    return letter.claimed.subject_id


async def test_what_comes_in_a_pause_and_fails_does_not_make_it_longer(
    ground: Ground, city: CityNow, open_case: OpenCase
) -> None:
    await deliver_to(ground, city, metro="http://127.0.0.1/")
    pause = deliver.Pause(failures=5)
    await open_case("metro", "먼저")
    await attempt(ground, AWAY, pause)
    first, until = pause.failures, pause.until
    for number in range(11):
        await open_case("metro", f"그사이 {number}")
        await attempt(ground, AWAY, pause)
    assert (pause.failures, pause.until) == (first, until) and first == 6
    waits = await ground.db.fetch("SELECT next_at, now() AS now FROM delivery")
    assert max(row["next_at"] - row["now"] for row in waits) <= timedelta(seconds=160)
    pause.until = 0.0  # it is over
    await time_passes(ground)
    await attempt(ground, AWAY, pause)
    assert pause.failures == 7


async def test_a_longer_pause_that_the_system_asks_for_is_kept(
    ground: Ground, city: CityNow, open_case: OpenCase
) -> None:
    await deliver_to(ground, city, metro="http://127.0.0.1/")
    pause = deliver.Pause()
    for text, wait_s in (("하나", 7_200.0), ("둘", None)):
        await open_case("metro", text)
        await attempt(ground, deliver.Outcome("http.429", again=True, wait_s=wait_s), pause)
    soonest = await ground.db.fetchval("SELECT min(next_at) - now() FROM delivery")
    assert soonest > timedelta(hours=1) and pause.failures == 1


async def test_once_one_is_taken_the_others_wait_for_their_own_failures_only(
    ground: Ground, city: CityNow, open_case: OpenCase
) -> None:
    await deliver_to(ground, city, metro="http://127.0.0.1/", fire="http://127.0.0.1/")
    fire = (await open_case("fire")).id
    tried = {times: (await open_case("metro", f"{times}")).id for times in (0, 1, 5, 30)}
    for times, case in tried.items():
        await ground.db.execute(
            "UPDATE delivery SET attempts = $1 WHERE subject_id = $2", times, case
        )
    soon = (await open_case("metro", "곧")).id
    await ground.db.execute("UPDATE delivery SET next_at = now() + interval '50 minutes'")
    await ground.db.execute(
        "UPDATE delivery SET attempts = 9, next_at = now() + interval '9 seconds'"
        " WHERE subject_id = $1",
        soon,
    )
    query = "SELECT subject_id, next_at FROM delivery WHERE state = 'queued'"
    put_off = {row["subject_id"]: row["next_at"] for row in await ground.db.fetch(query)}
    pause = deliver.Pause(failures=11)
    taken = (await open_case("metro", "새로 옴")).id
    before = await ground.db.fetchval("SELECT now()")
    assert await attempt(ground, deliver.TAKEN, pause) == taken
    after = await ground.db.fetchval("SELECT now()")
    next_at = {row["subject_id"]: row["next_at"] for row in await ground.db.fetch(query)}
    for times, wait_s in ((0, 0), (1, 5), (5, 80)):
        assert before <= next_at[tried[times]] - timedelta(seconds=wait_s) <= after
    for kept in (tried[30], soon, fire):
        assert next_at[kept] == put_off[kept]
    assert pause == deliver.Pause()
    assert await attempt(ground, deliver.TAKEN, pause) == tried[0]


@pytest.mark.parametrize(("status", "code"), [(404, "http.404"), (302, "http.302")])
async def test_a_refusal_ends_it_and_an_engineer_sends_it_again(
    status: int,
    code: str,
    ground: Ground,
    city: CityNow,
    open_case: OpenCase,
    receiver: Receiver,
    redis_url: str,
) -> None:
    receiver.status = status
    await deliver_to(ground, city, metro=receiver.url)
    await open_case("metro")
    async with sending(ground, city, redis_url, LOOP):
        await settled(ground, "failed")
        async with ground.db.acquire() as connection:
            [one] = await deliveries.newest(connection, deliveries.ENDED, 10)
            assert (one.error_code, one.target) == (code, "metro")
            receiver.status = 200
            assert await deliveries.retry(connection, [one.id], None) == 1
        await settled(ground, "sent")
    assert receiver.asked == 2


async def test_an_address_inside_is_refused_unless_the_configuration_opens_it(
    ground: Ground, city: CityNow, open_case: OpenCase, receiver: Receiver, redis_url: str
) -> None:
    await deliver_to(ground, city, metro=receiver.url)
    await open_case("metro")
    async with sending(ground, city, redis_url):
        await settled(ground, "failed")
    assert receiver.asked == 0
    assert await ground.db.fetchval("SELECT error_code FROM delivery") == "address.forbidden"


async def test_what_a_dead_worker_had_in_hand_is_sent_again(
    ground: Ground, city: CityNow, open_case: OpenCase, receiver: Receiver, redis_url: str
) -> None:
    await deliver_to(ground, city, metro=receiver.url)
    await open_case("metro")
    letter = await deliver.take(ground, "metro")
    assert letter is not None
    assert await deliver.take(ground, "metro") is None  # nobody else gets it meanwhile
    await ground.db.execute("UPDATE delivery SET next_at = now()")  # its lease has run out
    async with sending(ground, city, redis_url, LOOP):
        await settled(ground, "sent")
    assert len(receiver.taken) == 1


async def test_a_change_while_it_is_sent_is_sent_too(
    ground: Ground, city: CityNow, staff: Staff, open_case: OpenCase
) -> None:
    await deliver_to(ground, city, metro="http://127.0.0.1/")
    admin = await staff("admin", ("admin", None))
    case = await open_case("metro")
    letter = await deliver.take(ground, "metro")
    assert letter is not None
    newer = await casework.take(ground, admin, case.id, case.version)
    await deliver.settle(ground, letter, deliver.TAKEN, deliver.Pause())
    again = await deliver.take(ground, "metro")
    assert again is not None and again.notice is not None
    assert again.claimed.version == newer and again.claimed.attempts == 1


async def test_it_ends_at_its_deadline_and_after_its_last_attempt(
    ground: Ground, city: CityNow, open_case: OpenCase
) -> None:
    await deliver_to(ground, city, metro="http://127.0.0.1/", fire="http://127.0.0.1/")
    away = deliver.Outcome("connector.unavailable", again=True)
    unsure = deliver.Outcome("delivery.unanswered", again=True, unsure=True)
    for outcome, state in ((away, "failed"), (unsure, "unknown")):
        await open_case("metro", state)
        await ground.db.execute("UPDATE delivery SET attempts = $1", deliver.MAX_ATTEMPTS - 1)
        letter = await deliver.take(ground, "metro")
        assert letter is not None
        assert await deliver.settle(ground, letter, outcome, deliver.Pause())
        newest = "SELECT state FROM delivery ORDER BY id DESC LIMIT 1"
        assert await ground.db.fetchval(newest) == state
    await open_case("fire", "늦음")
    await ground.db.execute("UPDATE delivery SET deadline_at = now() WHERE target = 'fire'")
    late = await deliver.take(ground, "fire")
    assert late is not None and late.claimed.late
    await deliver.settle(ground, late, away, deliver.Pause())
    assert await ground.db.fetchval("SELECT state FROM delivery WHERE target = 'fire'") == "expired"


async def test_samples_and_checks_stay_here(
    ground: Ground, city: CityNow, open_case: OpenCase
) -> None:
    everywhere = {agency.code: "http://127.0.0.1/" for agency in city.now.book.agencies}
    await deliver_to(ground, city, **everywhere)
    for mark in ("sample", "check", None):
        await open_case("metro", f"도로 {mark}", mark=mark)
    marks = await ground.db.fetch(
        "SELECT DISTINCT c.mark FROM delivery d JOIN work_case c ON c.id = d.subject_id"
    )
    assert [row["mark"] for row in marks] == [None]
