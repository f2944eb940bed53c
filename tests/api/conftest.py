"""The front door as a client meets it: on a socket, with a real PostgreSQL and Valkey behind it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import classifiers
from connectors.registry import open_connector
from hub.api.app import build
from hub.api.context import ApiContext
from hub.bus.bell import Bell
from hub.bus.rate import Rates
from hub.flow import label, locate, people, route
from hub.flow.city import City, CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.ground import Ground
from hub.flow.receive import Received
from hub.model.items import Point
from hub.model.people import Grant, Principal
from hub.store import people as stored_people
from hub.store import reading
from hub.store.pool import Pool, open_pool

MAPO = Point(37.5663, 126.9018)
"""A point well inside Mapo-gu, 마포구."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its status, its headers, its body as it came."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """The stable code of a refusal, ``""`` for an answer."""
        try:
            return str(self.body["error"]["code"])
        except (ValueError, KeyError, TypeError):
            return ""


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody with an open session."""

    who: Principal
    token: str
    csrf: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"bigear_session={self.token}"}


@dataclass(frozen=True, slots=True)
class Door:
    """The front door, and what a test needs to look behind it."""

    url: str
    context: ApiContext
    clients: dict[str, aiohttp.ClientSession] = field(default_factory=dict, repr=False)

    @property
    def ground(self) -> Ground:
        return self.context.ground

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> Reply:
        """One request, from the address ``source``."""
        client = self.clients.get(source)
        if client is None:
            client = self.clients[source] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(local_addr=(source, 0)),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        async with client.request(
            method, f"{self.url}{path}", json=json, data=data, headers=headers
        ) as answer:
            return Reply(answer.status, dict(answer.headers), await answer.read())

    async def api(self, method: str, path: str, **more: Any) -> Reply:
        """The same, below ``/api/v1``."""
        return await self.ask(method, f"/api/v1{path}", **more)

    async def staff(self, *grants: Grant, must_change: bool = False) -> Staff:
        """A new person with these grants, signed in without the toil of a password."""
        async with self.ground.db.acquire() as connection:
            login = f"staff-{secrets.token_hex(4)}"
            user_id = await stored_people.add_user(connection, login, "Staff", "-", grants)
            assert user_id is not None
            if not must_change:
                await stored_people.settle(connection, user_id)
            token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
            await stored_people.open_session(
                connection,
                people.token_digest(token),
                user_id,
                csrf,
                datetime.now(UTC) + timedelta(hours=1),
            )
            session = await stored_people.session(connection, people.token_digest(token))
        assert session is not None
        return Staff(session.principal, token, csrf)

    async def case(self, text: str = "보도블록이 깨졌어요", **more: Any) -> tuple[Received, int]:
        """A complaint that has gone its whole way to a queue, and the id of its case."""
        received = await complain(self.ground, replace(Complaint("web", text, MAPO), **more))
        await label.label(self.ground, _model(), 1, received.item_id)
        await locate.locate(self.ground, self.context.city, 1, received.item_id)
        await route.route(self.ground, self.context.city, 1, received.item_id)
        async with self.ground.db.acquire() as connection:
            record = await reading.record_of_ref(connection, received.ref)
        assert record is not None
        return received, record.id

    async def give(self, case_id: int, agency: str | None) -> None:
        """Lay a case with an agency, or (None) in triage."""
        await self.ground.db.execute(
            "UPDATE work_case SET agency = $2, state = CASE WHEN $2::text IS NULL THEN 'triage'"
            " ELSE 'queued' END WHERE id = $1",
            case_id,
            agency,
        )

    async def rows(self) -> dict[str, int]:
        """How many rows each table holds: what was refused must not change one of them."""
        tables = await self.ground.db.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'spatial_ref_sys'"
        )
        counts = ", ".join(f"(SELECT count(*) FROM {t[0]}) AS {t[0]}" for t in tables)
        row = await self.ground.db.fetchrow(f"SELECT {counts}")
        assert row is not None
        return dict(row)


@cache
def _model() -> classifiers.Classifier:
    return classifiers.load()


_read: dict[str, City] = {}


@asynccontextmanager
async def opened(database_url: str, redis_url: str, home: Path, **more: Any) -> AsyncIterator[Door]:
    """A door on a free port; ``more`` replaces fields of its context."""
    pool: Pool = await open_pool(database_url, size=6)
    city = CityNow(pool)
    city._city = _read.get(database_url)  # the same for every test, and slow to read
    await city.refresh()
    _read[database_url] = city.now
    rates = Rates(redis_url)
    context = ApiContext(
        ground=Ground(pool, Bell(redis_url)),
        city=city,
        rates=rates,
        pages=home / "pages",
        photos=home / "photos",
        live_port=8312,
        hook=lambda account, request: open_connector(account, None).webhook(request),
        check_key="the-key-of-the-check",
        version="0.0.0",
    )
    app: web.Application = build(replace(context, **more))
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    door = Door(str(server.make_url("")).rstrip("/"), replace(context, **more))
    try:
        yield door
    finally:
        for client in door.clients.values():
            await client.close()
        await server.close()
        await rates.close()
        await pool.close()


@pytest.fixture
async def door(city_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    """The door with the city's own settings, but no limits that a test would run into."""
    async with opened(city_url, redis_url, tmp_path, rate_scale=1000.0) as one:
        yield one


Opener = Callable[..., AbstractAsyncContextManager[Door]]


@pytest.fixture
def open_door(city_url: str, redis_url: str, tmp_path: Path) -> Opener:
    """Opens a door whose context differs as said."""
    return lambda **more: opened(
        more.pop("database_url", city_url), more.pop("redis_url", redis_url), tmp_path, **more
    )


async def raw_request(door: Door, request: bytes) -> bytes:
    """What the door answers to these very bytes, up to the end of the connection."""
    host, port = door.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer
