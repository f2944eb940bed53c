"""The live window in this process, on a real PostgreSQL and Valkey, with the relay beside it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

import classifiers
from hub.bus.bell import Bell
from hub.bus.rate import Rates
from hub.flow import configure, people
from hub.flow.city import City, CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.ground import Ground, change
from hub.flow.label import label
from hub.flow.locate import locate
from hub.flow.receive import Received, receive
from hub.flow.route import route
from hub.gateway.context import GatewayContext
from hub.gateway.server import serve_gateway
from hub.model.items import Batch, Inbound
from hub.model.people import Grant, Principal
from hub.ports.labeller import Labeller
from hub.settings import CLONE
from hub.store import log, reading
from hub.store import people as stored_people
from hub.store.pool import open_pool
from hub.workers import relay
from tests.live import LiveClient, line

HTTP_PORT = 8311
_cities: list[City] = []  # read once: no test changes the city
WORDS = (
    "보도블록이 깨져서 넘어질 뻔했습니다",
    "골목에 쓰레기 무단투기가 심합니다",
    "가로등이 꺼져서 밤길이 어둡습니다",
    "The street light in front of my house is broken",
    "강남구 공원 벤치가 부서졌어요",
    "버스가 30분째 오지 않습니다",
)


@cache
def model() -> Labeller:
    return classifiers.load()


@dataclass
class Staff:
    """A signed-in person: ``token`` is what a client says hello with."""

    who: Principal
    token: str


@dataclass
class Window:
    """A running gateway and what a test does around it."""

    ground: Ground
    city: CityNow
    url: str
    port: int

    async def staff(self, *grants: tuple[str, str | None]) -> Staff:
        """Somebody with these (role, agency) grants and an open session."""
        login = f"u{secrets.token_hex(4)}"
        user_id, _ = await people.add_user(
            self.ground, login, login.title(), [Grant(role, agency) for role, agency in grants]
        )
        token = secrets.token_urlsafe(32)
        digest = hashlib.sha256(token.encode()).digest()
        async with self.ground.db.acquire() as connection:
            await stored_people.settle(connection, user_id)
            expires_at = datetime.now(UTC) + timedelta(hours=1)
            await stored_people.open_session(connection, digest, user_id, "csrf", expires_at)
            session = await stored_people.session(connection, digest)
        assert session is not None
        return Staff(session.principal, token)

    async def post(self, *texts: str, mark: str | None = None) -> list[int]:
        """Posts, taken all the way to their cases."""
        batch = [
            Inbound("post", "blog", secrets.token_hex(8), text, datetime.now(UTC), mark=mark)
            for text in texts
        ]
        received = await receive(self.ground, Batch(tuple(batch)))
        return await self._through([r.item_id for r in received])

    async def complain(self, complaint: Complaint) -> tuple[Received, int]:
        """A complaint, taken all the way to its case."""
        received = await complain(self.ground, complaint)
        [case] = await self._through([received.item_id])
        return received, case

    async def _through(self, item_ids: list[int]) -> list[int]:
        while await label(self.ground, model(), 64):
            pass
        while await locate(self.ground, self.city, 64):
            pass
        while await route(self.ground, self.city, 64):
            pass
        rows = await self.ground.db.fetch(
            "SELECT id FROM work_case WHERE item_id = ANY($1) ORDER BY id", item_ids
        )
        return [row["id"] for row in rows]

    async def version(self, case: int) -> int:
        async with self.ground.db.acquire() as connection:
            [record] = await reading.records(connection, [case])
        return record.version

    async def home(self, text: str) -> str:
        """The topic of the queue to which such words go; they are posted once."""
        [case] = await self.post(text)
        agency = await self.ground.db.fetchval("SELECT agency FROM work_case WHERE id = $1", case)
        return f"queue:{agency or 'triage'}"

    async def told(self, user: Staff) -> None:
        """The fact by which a change of somebody's roles is known."""
        async with change(self.ground) as tx:
            tx.record("user.changed", "user", user.who.user_id, 0, {"what": "grants"})

    async def settled(self) -> int:
        """The newest position, once everything in the outbox has one."""
        async with asyncio.timeout(20):
            while await self.ground.db.fetchval("SELECT EXISTS (SELECT 1 FROM outbox)"):
                await asyncio.sleep(0.02)
        async with self.ground.db.acquire() as connection:
            return await log.newest(connection)

    async def same(self, *clients: LiveClient) -> None:
        """Every client's state comes to equal what somebody sees who connects now."""
        position = await self.settled()
        for client in clients:
            await client.reached(position)
            assert not [wrong for state in client.states.values() for wrong in state.wrong]


@contextlib.asynccontextmanager
async def serving(database_url: str, redis_url: str, **more: Any) -> AsyncIterator[Window]:
    """A gateway with its relay, until the block ends; ``more``: fields of its context."""
    db = await open_pool(database_url, size=6)
    feed_db = await open_pool(database_url, size=2)
    bell = Bell(redis_url)
    await bell.open()
    ground = Ground(db, bell)
    city = CityNow(db)
    await configure.seed(ground, CLONE / "config")
    if not _cities:
        await city.refresh()
        _cities.append(city.now)
    city._city = _cities[0]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    rates = Rates(redis_url)
    context = GatewayContext(db, feed_db, bell, "127.0.0.1", port, HTTP_PORT, rates, **more)
    tasks = [
        asyncio.create_task(serve_gateway(context)),
        asyncio.create_task(relay.run(database_url, bell)),
    ]
    window = Window(ground, city, f"ws://127.0.0.1:{port}/live", port)
    try:
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(OSError):
                    async with line(window.url):
                        break
                await asyncio.sleep(0.02)
        yield window
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        await bell.close()
        db.terminate()
        feed_db.terminate()
        await rates.close()
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends


@pytest.fixture
async def window(database_url: str, redis_url: str) -> AsyncIterator[Window]:
    async with serving(database_url, redis_url) as one:
        yield one
