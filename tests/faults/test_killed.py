"""Processes are killed and Redis is emptied while items come in: none is lost, none is doubled, and
every open page ends at what is there."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from hub.bus.bell import Bell
from hub.flow import people
from hub.flow.city import City, CityNow
from hub.flow.ground import Ground
from hub.flow.photos import path_of
from hub.home import Home
from hub.model.items import Point
from hub.model.people import Grant
from hub.settings import CLONE, read_settings
from hub.store import log
from hub.store import people as stored_people
from hub.store.pool import DATABASE_LOST, open_pool
from tests.browser.hub import RunningHub, for_many, running_hub
from tests.faults.senders import Progress, citizens, connector, text_of
from tests.live import LiveClient

SETTLES_WITHIN_S = 120.0
KILLS = (
    ("api", 0),
    ("gateway", 0),
    ("worker", 0),
    ("worker", 1),
    ("connectors", 0),
    ("valkey-server", 0),
    ("FLUSHALL", 0),
    ("postgres", 0),
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return for_many(tmp_path / "config")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home of its own, with the servers' software if it lies in the tests' home already."""
    home = Home(tmp_path / "home")
    home.servers.mkdir(parents=True)
    tests_home = os.environ.get("BIGEAR_TEST_HOME") or CLONE / ".tools" / "test-home"
    software = Home(Path(tests_home)).servers / "postgresql-15"
    if software.is_dir():
        (home.servers / software.name).symlink_to(software)
    home.root.mkdir(exist_ok=True)
    yield home
    shutil.rmtree(home.servers)
    shutil.rmtree(home.sockets, ignore_errors=True)


@contextlib.asynccontextmanager
async def ground_of(database_url: str, redis_url: str) -> AsyncIterator[Ground]:
    db = await open_pool(database_url, size=4)
    bell = Bell(redis_url)
    await bell.open()
    yield Ground(db, bell)
    await bell.close()
    db.terminate()


async def token_of_admin(ground: Ground) -> str:
    """The session of somebody who may see every queue."""
    user_id, _ = await people.add_user(ground, "watcher", "Watcher", [Grant("admin")])
    token = secrets.token_urlsafe(32)
    digest = hashlib.sha256(token.encode()).digest()
    async with ground.db.acquire() as connection:
        await stored_people.settle(connection, user_id)
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        await stored_people.open_session(connection, digest, user_id, "csrf", expires_at)
    return token


def spots(city: City) -> list[Point]:
    """One point in each district."""
    districts = {area.district for area in city.index.areas}
    found = []
    for code in sorted(districts):
        area = city.index.by_code[code]
        at = city.index.at(area.lat, area.lon).area
        if at is not None and at.district == code:
            found.append(Point(area.lat, area.lon))
    return found


async def kill(hub: RunningHub, name: str, which: int, redis_url: str) -> None:
    """Kill one process and return when another is in its place; or empty Redis."""
    if name == "FLUSHALL":
        async with Redis.from_url(redis_url) as redis:
            await redis.flushall()
        return
    pid = hub.pids(name)[which]
    expected = len(hub.pids(name))
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(60):
        while pid in (now := hub.pids(name)) or len(now) < expected:
            await asyncio.sleep(0.05)


async def well(hub: RunningHub) -> None:
    """Return when the hub says that it can take a complaint."""
    async with asyncio.timeout(60), aiohttp.ClientSession() as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with http.get(f"{hub.url}/healthz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)


async def send_under_fire(
    hub: RunningHub,
    ground: Ground,
    points: list[Point],
    total: int,
    kills: tuple[tuple[str, int], ...],
    redis_url: str,
) -> Progress:
    """Send ``total`` items, a quarter over HTTP, and let each fault happen in the middle of them."""
    progress = Progress()
    numbers = list(range(total))
    sending = asyncio.gather(
        citizens(hub.url, numbers[::4], points, progress),
        connector(ground, [n for n in numbers if n % 4], points, progress),
    )
    try:
        await _faults(hub, kills, progress, sending, total, redis_url)
        async with asyncio.timeout(SETTLES_WITHIN_S):
            await sending
    finally:
        sending.cancel()
    return progress


async def _faults(
    hub: RunningHub,
    kills: tuple[tuple[str, int], ...],
    progress: Progress,
    sending: asyncio.Future[tuple[None, None]],
    total: int,
    redis_url: str,
) -> None:
    share = total // (len(kills) + 1)
    for count, (name, which) in enumerate(kills, start=1):
        progress.allowed = count * share
        while progress.sent < progress.allowed - share // 2 and not sending.done():
            await asyncio.sleep(0.01)
        assert not sending.done(), f"nobody sends any more: {sending}"
        killing = asyncio.create_task(kill(hub, name, which, redis_url))
        await asyncio.sleep(0.5)
        progress.allowed += share // 2  # some meet it while it is away
        await killing
        await well(hub)
    progress.allowed = total


async def settled(ground: Ground, total: int) -> int:
    """Wait until every item has its case and every fact its position; the newest position."""
    async with asyncio.timeout(SETTLES_WITHIN_S):
        while True:
            with contextlib.suppress(*DATABASE_LOST):
                cases = await ground.db.fetchval(
                    "SELECT count(*) FROM work_case WHERE mark IS NULL"
                )
                waiting = await ground.db.fetchval("SELECT count(*) FROM outbox")
                if cases >= total and not waiting:
                    async with ground.db.acquire() as connection:
                        return await log.newest(connection)
            await asyncio.sleep(0.2)


async def nothing_lost_or_doubled(ground: Ground, total: int) -> None:
    rows = await ground.db.fetch(
        "SELECT t.text, i.stage, c.id IS NOT NULL AS has_case FROM item i"
        " JOIN item_text t ON t.item_id = i.id LEFT JOIN work_case c ON c.item_id = i.id"
        " WHERE i.mark IS NULL"
    )
    texts = Counter(row["text"] for row in rows)
    assert texts == Counter(text_of(number) for number in range(total))
    assert all(row["stage"] == "routed" and row["has_case"] for row in rows)
    told = await ground.db.fetch(
        "SELECT type, count(*) AS facts, count(DISTINCT subject_id) AS subjects FROM fact"
        " WHERE type IN ('item.received', 'item.labelled', 'item.located', 'case.routed')"
        " AND data ->> 'mark' IS NULL AND subject_id NOT IN (SELECT id::text FROM item"
        "  WHERE mark IS NOT NULL AND fact.subject = 'item') GROUP BY type"
    )
    assert {row["type"]: (row["facts"], row["subjects"]) for row in told} == dict.fromkeys(
        ("item.received", "item.labelled", "item.located", "case.routed"), (total, total)
    )
    async with ground.db.acquire() as connection, connection.transaction():
        assert all([right async for _, right in log.verify(connection)])


async def everything_promised_is_there(
    hub: RunningHub, ground: Ground, progress: Progress, photos: Path
) -> None:
    stored = await ground.db.fetch(
        "SELECT i.ref, t.text, p.sha256 FROM item i JOIN item_text t ON t.item_id = i.id"
        " LEFT JOIN photo p ON p.item_id = i.id"
    )
    by_ref = {row["ref"]: row for row in stored}
    assert len({one.ref for one in progress.accepted}) == len(progress.accepted)
    for one in progress.accepted:
        row = by_ref[one.ref]
        assert row["text"] == one.text
        assert (row["sha256"] is not None) == one.has_photo
        if one.has_photo:
            content = path_of(photos, row["sha256"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == row["sha256"]
    async with aiohttp.ClientSession() as http:
        for one in progress.accepted[:: max(1, len(progress.accepted) // 10)]:
            url = f"{hub.url}/api/v1/complaints/{one.ref}"
            async with http.get(url, headers={"Authorization": f"Case {one.secret}"}) as answer:
                assert answer.status == 200, await answer.text()
                assert (await answer.json())["text"] == one.text


async def totals(ground: Ground) -> dict[tuple[str | None, str], int]:
    rows = await ground.db.fetch(
        "SELECT agency, state, count(*) AS total FROM work_case WHERE mark IS NULL"
        " AND state IN ('triage', 'queued', 'in_progress', 'waiting') GROUP BY 1, 2"
    )
    return {(row["agency"], row["state"]): row["total"] for row in rows}


async def drive(
    hub: RunningHub,
    urls: tuple[str, str],
    total: int,
    kills: tuple[tuple[str, int], ...],
    photos: Path,
) -> None:
    """The whole trial: watch, send, kill, and look at what is there."""
    database_url, redis_url = urls
    live = f"{hub.live_url}live"
    async with ground_of(database_url, redis_url) as ground:
        city = CityNow(ground.db)
        await city.refresh()
        points = spots(city.now)
        districts = [city.now.index.at(point.lat, point.lon).area for point in points[:4]]
        queues = [f"queue:{agency.code}" for agency in city.now.book.agencies if agency.district]
        token = await token_of_admin(ground)
        areas = [f"public:area:{area.district}" for area in districts if area is not None]
        clients = [
            LiveClient(live, [*queues[:20], "queue:triage", "counts"], token=token),
            LiveClient(live, [*queues[20:], "counts", "alerts"], token=token),
            LiveClient(live, areas),
        ]
        async with clients[0], clients[1], clients[2]:
            progress = await send_under_fire(hub, ground, points, total, kills, redis_url)
            newest = await settled(ground, total)
            await nothing_lost_or_doubled(ground, total)
            await everything_promised_is_there(hub, ground, progress, photos)
            for client in clients:
                await client.reached(newest, within_s=60)
                assert not [wrong for one in client.states.values() for wrong in one.wrong]
            counts = await totals(ground)
            assert sum(counts.values()) == total
            assert all(client.states["counts"].counts == counts for client in clients[:2])
            shown = sum(len(one.records) for one in clients[0].states.values())
            print(
                f"\n{total} items, {len(kills)} faults, {progress.repeated} requests repeated;"
                f" {newest} facts; {shown} cases shown;"
                f" connections {[client.connections for client in clients]}"
            )
            if ("gateway", 0) in kills:
                assert all(client.connections > 1 for client in clients)
                assert progress.repeated


def test_a_killed_worker_loses_nothing(
    tmp_path: Path, config: Path, database_url: str, redis_url: str
) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    with running_hub(home.root, database_url, redis_url, workers=2, config=config) as hub:
        asyncio.run(drive(hub, (database_url, redis_url), 100, (("worker", 0),), home.photos))


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_each_process_killed_in_turn_loses_nothing(home: Home, config: Path) -> None:
    settings = read_settings({"BIGEAR_HOME": str(home.root)})
    with running_hub(home.root, workers=2, config=config) as hub:
        urls = (settings.database_url, settings.redis_url)
        asyncio.run(drive(hub, urls, 2_000, KILLS, home.photos))
        examined = subprocess.run(
            [sys.executable, "-m", "hub.cli", "doctor"],
            cwd=CLONE,
            env=os.environ | {"BIGEAR_HOME": str(home.root)},
            capture_output=True,
            text=True,
        )
        assert examined.returncode == 0, examined.stdout + examined.stderr
