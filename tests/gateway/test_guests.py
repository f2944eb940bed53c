"""Whatever is asked of the window, and by however many guests: nobody who is told waits for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from hub.bus.rate import Limit
from hub.flow.ground import Ground
from hub.gateway import guests
from hub.model.cases import CaseRecord
from hub.store import reading
from hub.store.pool import Connection, open_pool
from tests.gateway.conftest import WORDS, Window, serving
from tests.live import Line, line

DISTRICTS = [f"public:area:{code}" for code in ("11110", "11140", "11170", "11200")]


@contextlib.asynccontextmanager
async def nothing_left(window: Window) -> AsyncIterator[None]:
    """As if more snapshots were being read than the window has connections for."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(window.ground.db.get_max_size()):
            await stack.enter_async_context(window.ground.db.acquire())
        yield


async def test_a_fact_arrives_while_all_that_reads_snapshots_is_busy(
    window: Window, database_url: str
) -> None:
    agent = await window.staff(("agent", None))
    home = await window.home(WORDS[0])
    await window.settled()
    others = await open_pool(database_url, size=2)
    city = replace(window, ground=Ground(others, window.ground.bell))
    async with others, line(window.url, token=agent.token) as one:
        await one.subscribe(home)
        await one.hear_a("snapshot")
        async with nothing_left(window):
            [case] = await city.post(WORDS[0])
            told = await one.hear_a("facts")
            assert {change["case"]["id"] for change in told["changes"]} == {case}
            await others.execute("UPDATE staff_session SET expires_at = now()")
            assert await one.ended() == 4401


async def test_a_guest_who_asks_without_end_is_told_when_to_come_back(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guests, "OF_LINE", Limit(burst=3, interval_s=600.0))
    agent = await window.staff(("agent", None))
    async with line(window.url) as guest, line(window.url, token=agent.token) as staff:
        for number in range(1, 4):
            assert (await guest.ask(type="subscribe", id=number, topic="alerts"))[
                "type"
            ] == "snapshot"
            await guest.say(type="unsubscribe", id=number)
        refused = await guest.ask(type="subscribe", id=4, topic="alerts")
        assert (refused["code"], refused["id"]) == ("rate.limited", 4)
        assert 1 <= refused["retry_after_s"] <= 600
        # It is not held: the same number may ask again, and be told the same.
        assert (await guest.ask(type="subscribe", id=4, topic="case:1"))["code"] == "rate.limited"
        for topic in ("alerts", "counts", "queue:triage", *DISTRICTS):
            await staff.subscribe(topic)
            assert (await staff.hear())["type"] == "snapshot"


async def test_an_address_has_so_many_districts_and_as_many_alerts_as_it_has_pages(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guests, "DISTRICTS", Limit(burst=3, interval_s=600.0))
    proxy = (ip_network("127.0.0.0/8"),)
    async with serving(database_url, redis_url, trusted_proxies=proxy) as window:
        heard = []
        for topic in DISTRICTS:  # a new line each
            async with from_address(window, "198.51.100.7, 203.0.113.9") as one:
                await one.subscribe(topic)
                heard.append((await one.hear()).get("code"))
                await one.subscribe("alerts")
                assert (await one.hear())["type"] == "snapshot"
        assert heard == [None, None, None, "rate.limited"]
        async with from_address(window, "203.0.113.9, 198.51.100.7") as other:
            await other.subscribe(DISTRICTS[0])
            assert (await other.hear())["type"] == "snapshot"


@contextlib.asynccontextmanager
async def from_address(window: Window, forwarded: str) -> AsyncIterator[Line]:
    """A guest's line, as a proxy hands it on."""
    headers = {"X-Forwarded-For": forwarded}
    async with connect(window.url, proxy=None, additional_headers=headers) as connection:
        one = Line(connection)
        assert (await one.ask(type="hello"))["type"] == "hello"
        yield one


async def test_an_address_holds_so_many_lines_of_guests_and_any_of_staff(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guests, "MAX_LINES", 2)
    agent = await window.staff(("agent", None))
    async with line(window.url):
        async with line(window.url):
            async with connect(window.url, proxy=None) as third:
                await Line(third).say(type="hello")
                assert await Line(third).ended() == 4429
            async with line(window.url, token=agent.token), line(window.url, token=agent.token):
                pass
        async with asyncio.timeout(10):  # until the hub has seen that the second has gone
            while True:
                with contextlib.suppress(ConnectionClosed):
                    async with line(window.url):
                        break


async def test_a_district_is_read_once_for_all_guests_until_something_happens(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    read = reading.open_in_district

    async def counted(
        connection: Connection, district: str, limit: int, *, checks: bool
    ) -> list[CaseRecord]:
        asked.append(district)
        return await read(connection, district, limit, checks=checks)

    monkeypatch.setattr(reading, "open_in_district", counted)
    await window.settled()
    async with contextlib.AsyncExitStack() as stack:
        for number in range(3, 8):
            one = await stack.enter_async_context(line(window.url))
            answer = await one.ask(type="subscribe", id=number, topic=DISTRICTS[0])
            assert (answer["type"], answer["id"], answer["topic"]) == (
                "snapshot",
                number,
                DISTRICTS[0],
            )
    assert asked == ["11110"]
    await window.post(WORDS[0])
    position = await window.settled()
    async with asyncio.timeout(20):
        newest = 0
        while newest < position:
            async with line(window.url) as one:
                newest = (await one.ask(type="subscribe", id=1, topic=DISTRICTS[0]))["position"]
    assert len(asked) > 1


async def test_guests_wait_for_their_turn_and_staff_do_not(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two guests whose districts are still being read keep a third waiting, and nobody who works."""
    held, let_go = asyncio.Semaphore(0), asyncio.Event()
    read = reading.open_in_district

    async def slow(
        connection: Connection, district: str, limit: int, *, checks: bool
    ) -> list[CaseRecord]:
        held.release()
        await let_go.wait()
        return await read(connection, district, limit, checks=checks)

    monkeypatch.setattr(reading, "open_in_district", slow)
    agent = await window.staff(("agent", None))
    async with contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(line(window.url)) for _ in DISTRICTS]
        for one, topic in zip(lines, DISTRICTS, strict=True):
            await one.subscribe(topic)
        for _ in range(guests.AT_ONCE):
            await asyncio.wait_for(held.acquire(), 10)
        staff = await stack.enter_async_context(line(window.url, token=agent.token))
        for topic in ("queue:triage", "alerts", "counts"):
            await staff.subscribe(topic)
            assert (await staff.hear())["type"] == "snapshot"
        assert held.locked()  # nobody else's district is being read
        let_go.set()
        for one in lines:
            assert (await one.hear())["type"] == "snapshot"
