"""A hub to connect to, and a feed's server: real HTTP on loopback, told how to behave."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from html import escape
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import web

from connectors.platforms.rss import connector as rss
from connectors.registry import open_connector
from hub import wiring
from hub.model.items import Account
from hub.net.client import Outside
from hub.settings import read_settings
from hub.store.accounts import AccountState, cursor, states
from hub.wiring import Standing
from hub.workers import connectors
from tests.api.conftest import door

__all__ = ["door"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Post:
    """One entry of a feed."""

    guid: str
    text: str
    date_s: float = 1_780_000_000.0


def rss_of(posts: list[Post]) -> bytes:
    """RSS 2.0, the newest first, as blogs send it."""
    items = "".join(
        f"<item><guid>{escape(p.guid)}</guid><title>{escape(p.text)}</title>"
        f"<pubDate>{formatdate(p.date_s)}</pubDate></item>"
        for p in reversed(posts)
    )
    return f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


@dataclass
class FeedServer:
    """Serves ``posts`` at every path, with an ETag; or what ``behave`` answers instead."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    behave: Handler | None = None
    statuses: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        response = await (self.behave or self._feed)(request)
        self.statuses.append(response.status)
        self.paths.append(request.path)
        return response

    async def _feed(self, request: web.Request) -> web.Response:
        body = rss_of(self.posts)
        etag = hashlib.sha256(body).hexdigest()[:16]
        response = web.Response(body=body, content_type="application/rss+xml")
        response.etag = etag
        if any(sent.value == etag for sent in request.if_none_match or ()):
            return web.Response(status=304, headers={"ETag": f'"{etag}"'})
        return response


@pytest.fixture
async def feed() -> AsyncIterator[FeedServer]:
    server = FeedServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    """The outgoing client, allowed to reach loopback."""
    async with Outside(allowed_private=(ip_network("127.0.0.0/8"),)) as client:
        yield client


@pytest.fixture
async def stand(city_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Standing]:
    """What a role stands on, with the default city's rule book."""
    settings = read_settings(
        {
            "BIGEAR_HOME": str(tmp_path),
            "BIGEAR_DATABASE_URL": city_url,
            "BIGEAR_REDIS_URL": redis_url,
        }
    )
    async with wiring.standing(settings) as standing:
        yield standing


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls, waits and looks at the accounts many times a second."""
    monkeypatch.setattr(rss, "MIN_INTERVAL_S", 0.05)
    monkeypatch.setattr(connectors, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(connectors, "BACK_OFF_S", (0.05, 0.1))
    monkeypatch.setattr(connectors, "LONG_BACK_OFF_S", 0.1)


@dataclass
class Supervised:
    """A hub whose connectors run."""

    stand: Standing
    outside: Outside
    open_account: Callable[[Account, Outside], object] = open_connector

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """The connectors' role, until the end of the block."""
        task = asyncio.create_task(
            connectors.run(
                self.stand.ground,
                self.stand.city,
                self.stand.bell,
                lambda account: self.open_account(account, self.outside),
            )
        )
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def state(self, code: str) -> AccountState | None:
        async with self.stand.ground.db.acquire() as connection:
            return (await states(connection)).get(code)

    async def cursor(self, code: str) -> dict[str, Any] | None:
        async with self.stand.ground.db.acquire() as connection:
            return await cursor(connection, code)

    async def fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        async with self.stand.ground.db.acquire() as connection:
            return list(await connection.fetch(query, *values))

    async def texts(self) -> list[str]:
        """The texts of all items, in order."""
        rows = await self.fetch(
            "SELECT t.text FROM item i JOIN item_text t ON t.item_id = i.id ORDER BY i.id"
        )
        return [row["text"] for row in rows]

    async def told(self, code: str) -> list[str | None]:
        """The healths of an account that became facts, in order (with what is in the outbox)."""
        rows = await self.fetch(
            "SELECT data->>'health' AS health FROM outbox"
            " WHERE type = 'account.changed' AND subject_id = $1 ORDER BY id",
            code,
        )
        return [row["health"] for row in rows]

    async def until_health(self, code: str, health: str) -> AccountState:
        """Wait until an account is like this."""
        async with asyncio.timeout(30):
            while True:
                state = await self.state(code)
                if state is not None and state.health == health:
                    return state
                await asyncio.sleep(0.02)


@pytest.fixture
def hub(stand: Standing, outside: Outside, quick: None) -> Supervised:
    return Supervised(stand, outside)


async def eventually(condition: Callable[[], Awaitable[bool]], within_s: float = 30) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)
