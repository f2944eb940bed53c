"""Servers come and go; the window loses moments, never a change."""

from __future__ import annotations

import asyncio

import asyncpg

from tests.gateway.conftest import WORDS, Window, serving
from tests.live import LiveClient


async def test_without_redis_the_window_looks_by_itself(database_url: str) -> None:
    async with serving(database_url, "unix:///nowhere/valkey.sock") as window:
        admin = await window.staff(("admin", None))
        queue = await window.home(WORDS[0])
        async with LiveClient(window.url, [queue, "counts"], token=admin.token) as client:
            await window.same(client)
            await window.post(WORDS[0])
            await window.same(client)
            assert len(client.states[queue].records) == 2


async def test_when_postgresql_hangs_up_everybody_comes_back(
    window: Window, database_url: str
) -> None:
    admin = await window.staff(("admin", None))
    topics = ["queue:triage", "counts", "alerts"]
    async with LiveClient(window.url, topics, token=admin.token) as client:
        for _ in range(3):
            await window.post("안녕하세요")
            await window.same(client)
            own = await asyncpg.connect(database_url)  # none of the pool's: all of those must go
            hung_up = await own.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await own.close()
            await window.ground.db.expire_connections()  # the test is no loop that tries again
            assert hung_up >= 2  # the relay's and the feed's at least
        await window.post("안녕하세요")
        await window.same(client)
        assert sum(client.states["counts"].counts.values()) == 4
        assert client.connections == 1  # its own line was never cut


async def test_roles_taken_away_while_postgresql_is_away_are_not_forgotten(window: Window) -> None:
    """The fact is read, then PostgreSQL goes before anybody could be looked at anew."""
    agent = await window.staff(("agent", "jongno_gu"))
    async with LiveClient(window.url, ["queue:jongno_gu"], token=agent.token) as client:
        await window.same(client)
        await window.ground.db.execute(
            "UPDATE staff_grant SET agency = 'jung_gu' WHERE user_id = $1", agent.who.user_id
        )
        await window.told(agent)
        async with window.ground.db.acquire() as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        async with asyncio.timeout(10):
            while not client.barred:
                await asyncio.sleep(0.05)
