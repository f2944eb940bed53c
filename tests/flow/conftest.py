"""The ground that the use cases stand on, on a real PostgreSQL, with a bell that only counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

import classifiers
from hub.flow.city import City, CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.correct import correct_agency
from hub.flow.ground import Ground
from hub.flow.label import label
from hub.flow.locate import locate
from hub.flow.route import route
from hub.model.cases import CaseRecord
from hub.model.items import Point
from hub.model.people import Grant, Principal
from hub.store import log, reading
from hub.store import people as stored_people
from hub.store.pool import connect, open_pool

IN_JUNG_GU = Point(37.5636, 126.9976)

_cities: list[City] = []


class CountingBell:
    """Keeps what was rung: a use case must not need anybody to hear it."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, channel: str, position: int = 0) -> None:
        self.rung.append(channel)


@pytest.fixture
def ground_url(request: pytest.FixtureRequest) -> str:
    """URL of the database to stand on: with the default city in it, if the test asks for a city."""
    name = "city_url" if "city" in request.fixturenames else "database_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
async def ground(ground_url: str) -> AsyncIterator[Ground]:
    pool = await open_pool(ground_url, size=4)
    yield Ground(pool, CountingBell())
    await pool.close()


@pytest.fixture
def stamp_all(ground_url: str):  # type: ignore[no-untyped-def]
    """Stamp everything in the outbox, as the relay would; returns the newest position."""

    async def stamp() -> int:
        connection = await connect(ground_url)
        try:
            assert await log.try_become_relay(connection)
            newest = 0
            while position := await log.stamp(connection, 500):
                newest = position
            return newest
        finally:
            await connection.close()

    return stamp


@pytest.fixture
async def city(ground: Ground) -> CityNow:
    """The default city; what it was read into is shared, since reading is slow."""
    city = CityNow(ground.db)
    city._city = _cities[0] if _cities else None
    await city.refresh()
    _cities[:1] = [city.now]
    return city


@pytest.fixture(scope="session")
def model() -> object:
    return classifiers.load()


@pytest.fixture
def work_off(ground: Ground, city: CityNow, model):  # type: ignore[no-untyped-def]
    """Take everything that was received through all stages, as the worker would."""

    async def work() -> None:
        while await label(ground, model, 64) + await locate(ground, city, 64):
            pass
        while await route(ground, city, 64):
            pass

    return work


@pytest.fixture
def open_case(ground: Ground, city: CityNow, work_off, staff):  # type: ignore[no-untyped-def]
    """Send a complaint and put it on an agency's queue by hand, whatever the model made of it:
    ``await open_case("metro")`` → the case as it stands then."""

    routers: list[Principal] = []

    async def send(agency: str, text: str = "파였어요", **more: object) -> CaseRecord:
        complaint = Complaint("web", text, **({"point": IN_JUNG_GU} | more))  # type: ignore[arg-type]
        sent = await complain(ground, complaint)
        await work_off()
        async with ground.db.acquire() as connection:
            record = await reading.record_of_ref(connection, sent.ref)
        assert record is not None
        if record.agency == agency:
            return record
        if not routers:
            routers.append(await staff("router", ("admin", None)))
        await correct_agency(ground, city, routers[0], record.id, record.version, agency, "여기")
        async with ground.db.acquire() as connection:
            [record] = await reading.records(connection, [record.id])
        return record

    return send


@pytest.fixture
def staff(ground: Ground, city: CityNow) -> Callable[..., Awaitable[Principal]]:
    """Make a user who may work at once: ``await staff("kim", ("agent", "metro"))``."""

    async def make(login: str, *grants: tuple[str, str | None]) -> Principal:
        async with ground.db.acquire() as connection:
            user_id = await stored_people.add_user(
                connection, login, login.title(), "no password", [Grant(*g) for g in grants]
            )
            assert user_id is not None
            await stored_people.settle(connection, user_id)
            who = await stored_people.principal(connection, user_id)
        assert who is not None
        return who

    return make
