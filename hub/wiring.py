"""The fuse box: the one place that builds real objects and hands them on.

Each role imports what it alone needs when it starts: five processes start at once, and loading
every room in each of them took longer than all the rest.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub import __version__
from hub.bus.bell import Bell
from hub.flow.ground import Ground
from hub.model.errors import BadInput, Conflict
from hub.model.items import Account, Batch
from hub.model.network import Network, networks
from hub.observe.logs import start_logging
from hub.ports.connector import WebhookRequest
from hub.rules.bookcheck import check_network, network_finding
from hub.rules.books import read_network
from hub.settings import Settings
from hub.store import version
from hub.store.pool import open_pool

if TYPE_CHECKING:
    from hub.flow.city import CityNow
    from hub.home import Home
    from hub.net.client import Outside
    from hub.ports.labeller import Labeller
    from hub.store.tiles import TileArchive

Ready = Callable[[], None]
"""Called by a role once it does its work."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What every role stands on."""

    ground: Ground
    bell: Bell
    city: CityNow


@asynccontextmanager
async def standing(settings: Settings, *, pool_size: int = 8) -> AsyncIterator[Standing]:
    """The database, the bell and the city, which must have been seeded."""
    from hub.flow.city import CityNow

    async with _database_and_bell(settings, pool_size) as (ground, bell):
        city = CityNow(ground.db)
        await city.refresh()
        yield Standing(ground, bell, city)


@asynccontextmanager
async def _database_and_bell(
    settings: Settings, pool_size: int
) -> AsyncIterator[tuple[Ground, Bell]]:
    """Open both; close both at the end."""
    db = await open_pool(settings.database_url, size=pool_size)
    bell = Bell(settings.redis_url)
    await bell.open()
    try:
        yield Ground(db, bell), bell
    finally:
        await bell.close()
        db.terminate()  # a statement that hangs must not hold up the end; PostgreSQL rolls it back


async def prepare(settings: Settings) -> None:
    """Migrate, seed the city on an empty database, make the first users. Safe to repeat."""
    from hub.flow import configure, people

    db = await open_pool(settings.database_url, size=2)
    ground = Ground(db, Bell(settings.redis_url))
    try:
        await _migrate(ground, settings)
        await configure.seed(ground, settings.config, settings.home.areas)
        office = await configure.first_district_office(ground)
        made = await people.seed_first_users(ground, office)
        if made:
            _write_first_users(settings.home.first_users, made, office)
    finally:
        await db.close()


async def _migrate(ground: Ground, settings: Settings) -> None:
    async with ground.db.acquire() as connection:
        revision = await version.current(connection)
    if revision == version.newest():
        return
    if revision is not None and not version.is_known(revision):
        raise Conflict("database.newer", revision=revision, newest=version.newest())
    from hub.store.migrate import upgrade  # Alembic and SQLAlchemy are slow to load

    await upgrade(settings.database_url)


def _write_first_users(path: Path, made: dict[str, str], office: str | None) -> None:
    lines = ["First users; each must change the password at first use.", ""]
    for login, password in made.items():
        bound = f"   (of {office})" if login == "agent" and office else ""
        lines.append(f"  {login:<12} {password}{bound}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")


def network_of(settings: Settings) -> Network:
    """How this machine stands in its network. Raises BadInput ``config.invalid``: going on without
    what somebody wrote there would trust and tell other people than they said."""
    network, findings = read_network(settings.config)
    findings += check_network(network, settings.config)
    if findings:
        raise BadInput("config.invalid", detail="\n".join(map(str, findings)))
    return network


def _open_tiles(network: Network, settings: Settings) -> TileArchive | None:
    from hub.store.tiles import NoTileArchive, open_archive

    try:
        return open_archive(Path(network.tile_archive)) if network.tile_archive else None
    except NoTileArchive as wrong:
        found = network_finding(settings.config, "tile_archive", str(wrong))
        raise BadInput("config.invalid", detail=str(found)) from None


def refuse_bad_network(settings: Settings) -> None:
    """Raises BadInput ``config.invalid`` for what would keep a role from starting."""
    if archive := _open_tiles(network_of(settings), settings):
        archive.close()


async def run_role(role: str, settings: Settings, ready: Ready = lambda: None) -> None:
    """Run one role until cancelled, calling ``ready`` once it serves. Raises what its part raises:
    the supervisor starts it anew."""
    start_logging(role)
    if role == "gateway":  # it knows nothing of the city
        async with _database_and_bell(settings, pool_size=8) as (ground, bell):
            await _run_gateway(settings, ground, bell, ready)
        return
    async with standing(settings) as stand:
        match role:
            case "api":
                await _run_api(settings, stand, ready)
            case "worker":
                await _run_worker(settings, stand, ready)
            case "connectors":
                await _run_connectors(settings, stand, ready)
            case _:
                raise BadInput("role.unknown")


async def _run_api(settings: Settings, stand: Standing, ready: Ready) -> None:
    from aiohttp import web

    from hub.api.app import build
    from hub.api.context import ApiContext
    from hub.bus.rate import Rates

    network = network_of(settings)
    rates = Rates(settings.redis_url)
    context = ApiContext(
        ground=stand.ground,
        city=stand.city,
        rates=rates,
        pages=settings.pages,
        photos=settings.home.photos,
        live_port=settings.live_port,
        **_door(network),
        hook=_hook,
        check_key=settings.home.secret("check"),
        version=__version__,
        tiles=_open_tiles(network, settings),
    )
    runner = web.AppRunner(build(context), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.listen, settings.http_port, reuse_port=False).start()
        ready()
        await stand.city.follow(stand.bell)
    finally:
        await runner.cleanup()
        await rates.close()


def _door(network: Network) -> dict[str, Any]:
    """How the two doors stand in their network: fields of both contexts."""
    return {
        "public_url": network.origin,
        "trusted_proxies": networks(network.trusted_proxies),
        "rate_scale": network.rate_scale,
    }


def _hook(account: Account, request: WebhookRequest) -> Batch:
    from connectors.registry import open_connector

    return open_connector(account, None).webhook(request)


async def _run_gateway(settings: Settings, ground: Ground, bell: Bell, ready: Ready) -> None:
    from hub.bus.rate import Rates
    from hub.gateway.context import GatewayContext
    from hub.gateway.server import serve_gateway

    door = _door(network_of(settings))  # refused, if at all, before anything is open
    rates = Rates(settings.redis_url)
    feed_db = await open_pool(settings.database_url, size=2)
    context = GatewayContext(
        db=ground.db,
        feed_db=feed_db,
        bell=bell,
        host=settings.listen,
        port=settings.live_port,
        http_port=settings.http_port,
        rates=rates,
        **door,
    )
    try:
        await serve_gateway(context, ready)
    finally:
        feed_db.terminate()
        await rates.close()


async def _run_worker(settings: Settings, stand: Standing, ready: Ready) -> None:
    import classifiers
    from hub.flow import label, locate, photos, route
    from hub.flow.model import ModelNow
    from hub.workers import broadcast, deliver, housekeeping, pipeline, relay

    ground, city, bell = stand.ground, stand.city, stand.bell
    pinned = await asyncio.to_thread(classifiers.load, settings.model) if settings.model else None
    worker = f"{socket.gethostname()}:{os.getpid()}"
    model = ModelNow(ground.db, worker, partial(load_version, settings.home), pinned)
    await model.refresh()

    async def label_batch(limit: int, only: int | None) -> int:
        return await label.label(ground, model.now, limit, only)

    async with _outside(settings) as outside, asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run(settings.database_url, bell), name="relay")
        tasks.create_task(
            pipeline.run(
                ground,
                bell,
                [
                    ("received", label_batch),
                    ("labelled", partial(locate.locate, ground, city)),
                    ("located", partial(route.route, ground, city)),
                ],
            ),
            name="pipeline",
        )
        tasks.create_task(broadcast.run(ground, bell), name="broadcast")
        tasks.create_task(
            deliver.run(ground, city, bell, outside, settings.home.agency_secret), name="deliver"
        )
        tasks.create_task(
            housekeeping.run(ground, partial(photos.sweep, ground, settings.home.photos)),
            name="housekeeping",
        )
        tasks.create_task(city.follow(bell), name="city")
        tasks.create_task(model.follow(bell), name="model")
        ready()


def load_version(home: Home, name: str | None) -> Labeller:
    """The version of that name under the home (None: the shipped one). Raises what
    ``classifiers.load`` raises."""
    import classifiers

    return classifiers.load(home.models / name if name else None)


async def _run_connectors(settings: Settings, stand: Standing, ready: Ready) -> None:
    from connectors.registry import open_connector
    from hub.workers import connectors

    async with _outside(settings) as outside, asyncio.TaskGroup() as tasks:
        tasks.create_task(
            connectors.run(
                stand.ground,
                stand.city,
                stand.bell,
                lambda account: open_connector(account, outside),
            ),
            name="connectors",
        )
        tasks.create_task(stand.city.follow(stand.bell), name="city")
        ready()


def _outside(settings: Settings) -> Outside:
    """The way out, open to the private networks that the configuration names and no others."""
    from hub.net.client import Outside

    return Outside(allowed_private=networks(network_of(settings).allowed_private))
