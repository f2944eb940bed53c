"""A version is promoted and taken back while messages flow; what cannot be loaded changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.flow.complain import Complaint, complain
from hub.flow.ground import Ground
from hub.flow.label import label
from hub.flow.model import MODELS, SHIPPED, ModelNow
from hub.flow.promote import add, promote, remove, rollback
from hub.home import Home
from hub.model.errors import Conflict, NotFound
from hub.store import health, models
from hub.wiring import load_version
from hub.workers import pipeline
from tests.flow.conftest import IN_JUNG_GU
from tests.versions import favouring


class Doorbell:
    """A bell within one process, as far as the pipeline and the model wait for it."""

    def __init__(self) -> None:
        self._rung: dict[str, asyncio.Event] = {}

    def ring(self, channel: str, position: int = 0) -> None:
        self._rung.setdefault(channel, asyncio.Event()).set()

    async def wait(self, channel: str, timeout_s: float) -> bool:
        event = self._rung.setdefault(channel, asyncio.Event())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await event.wait()
        rung = event.is_set()
        event.clear()
        return rung


@pytest.fixture
def bell() -> Doorbell:
    return Doorbell()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
async def works(ground: Ground, bell: Doorbell, home: Home) -> AsyncIterator[ModelNow]:
    """A worker that labels whatever comes, with the version that was promoted."""
    ground = Ground(ground.db, bell)
    now = ModelNow(ground.db, "here:1", lambda name: load_version(home, name))
    await now.refresh()

    async def label_batch(limit: int, only: int | None) -> int:
        return await label(ground, now.now, limit, only)

    tasks = [
        asyncio.create_task(pipeline.run(ground, bell, [("received", label_batch)])),  # type: ignore[arg-type]
        asyncio.create_task(now.follow(bell)),
    ]
    yield now
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def send(ground: Ground, number: int) -> None:
    await complain(ground, Complaint("web", f"가로등이 꺼졌어요 {number}", point=IN_JUNG_GU))


async def labelled(ground: Ground) -> list[tuple[str, str]]:
    """(model, service) of every label, in the order of the items."""
    rows = await ground.db.fetch("SELECT model, service FROM item_label ORDER BY item_id")
    return [(row["model"], row["service"]) for row in rows]


async def all_labelled(ground: Ground, count: int) -> list[tuple[str, str]]:
    async with asyncio.timeout(30):
        while len(await labelled(ground)) < count:
            await asyncio.sleep(0.02)
    return await labelled(ground)


async def runs(now: ModelNow, name: str) -> None:
    async with asyncio.timeout(30):
        while now.now.model != name:
            await asyncio.sleep(0.02)


async def made(ground: Ground, home: Home, service: str) -> str:
    name = favouring(service, home.models)
    await add(ground, name, "from_hub", None, {}, "test")
    return name


@pytest.mark.usefixtures("city")
async def test_a_version_takes_over_while_messages_flow_and_steps_back(
    ground: Ground, works: ModelNow, bell: Doorbell, home: Home
) -> None:
    shipped, sent, flowing = works.now.model, 0, True
    taxis = await made(ground, home, "taxi")
    heard = Ground(ground.db, bell)

    async def flow() -> None:
        nonlocal sent
        while flowing:
            await send(heard, sent)
            sent += 1
            await asyncio.sleep(0.01)

    sending = asyncio.create_task(flow())
    await all_labelled(ground, 5)
    assert await promote(heard, taxis, "cli", {}) is None
    await runs(works, taxis)
    first_new = sent
    await all_labelled(ground, first_new + 10)
    assert await rollback(heard, "cli") == (taxis, None)
    await runs(works, shipped)
    first_old = sent
    await all_labelled(ground, first_old + 10)
    flowing = False
    await sending
    rows = await all_labelled(ground, sent)
    assert len(rows) == sent
    assert {model for model, _ in rows} == {shipped, taxis}
    assert {service for model, service in rows if model == taxis} == {"taxi"}
    assert {service for model, service in rows if model == shipped} == {"streetlight"}
    assert {model for model, _ in rows[:5]} == {shipped}
    assert {model for model, _ in rows[first_old + 1 :]} == {shipped}
    facts = await ground.db.fetch(
        "SELECT type, subject_id, data->>'before' AS before FROM outbox"
        " WHERE subject = 'model' ORDER BY id"
    )
    assert [tuple(fact.values()) for fact in facts] == [
        ("model.added", taxis, None),
        ("model.promoted", taxis, SHIPPED),
        ("model.rolled_back", SHIPPED, taxis),
    ]


@pytest.mark.usefixtures("city")
async def test_a_version_that_cannot_be_loaded_changes_nothing_and_is_told(
    ground: Ground, works: ModelNow, bell: Doorbell, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    shipped = works.now.model
    broken, swapped = await made(ground, home, "taxi"), await made(ground, home, "bus")
    (home.models / broken / "linear.npz").write_bytes(b"PK nothing")
    (home.models / swapped / "linear.npz").unlink()
    other = favouring("waste", home.models)
    (home.models / other / "linear.npz").rename(home.models / swapped / "linear.npz")
    heard = Ground(ground.db, bell)
    for number, name in enumerate((broken, swapped)):
        await promote(heard, name, "cli", {})
        async with asyncio.timeout(30):
            while not any(name in (run.problem or "") for run in await reported(ground)):
                await asyncio.sleep(0.02)
        await send(heard, number)
        assert (await all_labelled(ground, number + 1))[-1][0] == shipped
        assert any(r.levelname == "ERROR" and "goes on" in r.message for r in caplog.records)
    assert [run.model for run in await reported(ground)] == [shipped]
    async with ground.db.acquire() as connection:
        assert (await health.gauges(connection))["workers_without_their_model"] == 1
    await rollback(heard, "cli")
    await rollback(heard, "cli")
    async with asyncio.timeout(30):
        while [run.problem for run in await reported(ground)] != [None]:
            await asyncio.sleep(0.02)


async def reported(ground: Ground) -> list[models.Runs]:
    async with ground.db.acquire() as connection:
        return await models.workers(connection)


@pytest.mark.usefixtures("city")
async def test_a_worker_that_starts_beside_a_broken_version_labels_with_the_shipped_one(
    ground: Ground, home: Home
) -> None:
    name = await made(ground, home, "taxi")
    await promote(ground, name, "cli", {})
    (home.models / name / "linear.npz").unlink()
    now = ModelNow(ground.db, "here:2", lambda wanted: load_version(home, wanted))
    assert not await now.refresh()
    assert now.now.model == load_version(home, None).model


@pytest.mark.usefixtures("city")
async def test_a_worker_whose_environment_names_a_model_keeps_it(
    ground: Ground, home: Home, bell: Doorbell
) -> None:
    pinned, name = load_version(home, None), await made(ground, home, "taxi")
    now = ModelNow(ground.db, "here:3", lambda wanted: load_version(home, wanted), pinned)
    await promote(ground, name, "cli", {})
    assert not await now.refresh()
    following = asyncio.create_task(now.follow(bell))
    async with asyncio.timeout(30):
        while not await reported(ground):
            await asyncio.sleep(0.02)
    following.cancel()
    [run] = await reported(ground)
    assert (run.worker, run.model, run.pinned) == ("here:3", pinned.model, True)


@pytest.mark.usefixtures("city")
async def test_the_pile_of_promotions_goes_back_step_by_step(ground: Ground, home: Home) -> None:
    one, two = await made(ground, home, "taxi"), await made(ground, home, "bus")
    with pytest.raises(Conflict, match=r"model\.no_older"):
        await rollback(ground, "cli")
    with pytest.raises(NotFound, match=r"model\.unknown"):
        await promote(ground, "linear-nothing", "cli", {})
    with pytest.raises(Conflict, match=r"model\.already"):
        await promote(ground, None, "cli", {})
    assert await promote(ground, one, "cli", {}) is None
    assert await promote(ground, two, "cli", {}, forced=True) == one
    assert await promote(ground, None, "cli", {}) == two
    assert await rollback(ground, "cli") == (None, two)
    with pytest.raises(Conflict, match=r"model\.active"):
        await remove(ground, two, "cli")
    await remove(ground, one, "cli")
    assert await rollback(ground, "cli") == (two, None)  # the one that was removed is passed over
    async with ground.db.acquire() as connection:
        assert await models.active(connection) is None
        assert [version.name for version in await models.versions(connection)] == [two]
    with pytest.raises(NotFound, match=r"model\.unknown"):
        await promote(ground, one, "cli", {})


@pytest.mark.usefixtures("city")
async def test_no_rollback_leads_from_a_version_to_itself(ground: Ground, home: Home) -> None:
    one, two = await made(ground, home, "taxi"), await made(ground, home, "bus")
    for name in (one, two, one, two, one):
        await promote(ground, name, "cli", {})
    await remove(ground, two, "cli")
    assert await rollback(ground, "cli") == (one, None)
    await promote(ground, one, "cli", {})
    await promote(ground, None, "cli", {})
    await remove(ground, one, "cli")
    with pytest.raises(Conflict, match=r"model\.no_older"):
        await rollback(ground, "cli")


@pytest.mark.usefixtures("city")
async def test_a_comparison_counts_only_with_the_version_that_labels(
    ground: Ground, home: Home
) -> None:
    one, two = await made(ground, home, "taxi"), await made(ground, home, "bus")
    with_shipped = {"with": SHIPPED}
    await promote(ground, one, "cli", with_shipped)
    with pytest.raises(Conflict, match=r"model\.overtaken"):
        await promote(ground, two, "cli", with_shipped)
    assert await promote(ground, two, "cli", {"with": one}) == one


async def test_a_promotion_rings(ground: Ground, home: Home, city: object) -> None:
    name = await made(ground, home, "taxi")
    await promote(ground, name, "cli", {})
    assert MODELS in ground.bell.rung  # type: ignore[attr-defined]
