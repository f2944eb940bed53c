"""The samples as a reader would judge them, and that they stay out of everything that counts."""

from __future__ import annotations

import asyncio
import re
import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest

import classifiers
from connectors.platforms.samples.connector import FIRST, open_account, samples
from hub.flow import label, locate, route
from hub.flow.configure import read_areas
from hub.flow.receive import receive
from hub.flow.samples import clear
from hub.model.items import Account, Batch, Inbound
from hub.rules.areas import AreaIndex
from hub.rules.gazetteer import Gazetteer
from hub.settings import CLONE
from hub.store import accounts, items, reading
from hub.wiring import Standing

HANGUL = re.compile(r"[가-힣]")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> AreaIndex:
    return AreaIndex(read_areas(CLONE / "config" / "areas", tmp_path_factory.mktemp("none")))


def languages() -> dict[str, str]:
    """Codes of the city's accounts, and their languages."""
    book = tomllib.loads((CLONE / "config" / "accounts.toml").read_text(encoding="utf-8"))
    return {account["code"]: account["language"] for account in book["account"]}


def test_each_of_the_44_accounts_is_named_and_no_other() -> None:
    assert len(languages()) == 44
    assert {sample.account for sample in samples()} == set(languages())


def test_they_are_many_and_no_two_are_alike() -> None:
    texts = [sample.text for sample in samples()]
    assert len(texts) >= 100
    assert len({text[:12] for text in texts}) == len(texts)
    assert min(map(len, texts)) < 25
    assert max(map(len, texts)) > 90


def test_both_languages_and_both_kinds_are_there_from_the_first_dozen_on() -> None:
    for sample in samples():
        if languages()[sample.account] == "en":
            assert not HANGUL.search(sample.text), sample.text
    for some in (samples(), samples()[:FIRST]):
        english = sum(not HANGUL.search(sample.text) for sample in some) / len(some)
        assert 0.2 <= english <= 0.45
        complaints = sum(sample.kind == "complaint" for sample in some) / len(some)
        assert 0.2 <= complaints <= 0.6
        placed = sum(sample.lat is not None for sample in some) / len(some)
        assert 0.4 <= placed <= 0.8


def test_a_point_lies_in_the_district_that_the_words_name(index: AreaIndex) -> None:
    """Where they differ, people look for a fault; "Dongdaemun" is a gate in Jung-gu, too."""
    gazetteer = Gazetteer(index)
    for sample in samples():
        named = gazetteer.locate(sample.text).area
        if sample.lat is None or sample.lon is None or "Dongdaemun" in sample.text:
            continue
        at = index.at(sample.lat, sample.lon).area
        assert at is not None, sample.text
        assert named is None or named.district == at.district, sample.text


def test_no_sample_names_a_person_or_a_number_that_somebody_could_have() -> None:
    for sample in samples():
        numbers = re.findall(r"\d{2,3}-\d{3,4}-\d{4}", sample.text)
        assert set(numbers) <= {"010-0000-0000"}
        assert all("example." in link for link in re.findall(r"https?://\S+", sample.text))


async def test_a_sample_goes_the_whole_way_and_is_counted_nowhere(stand: Standing) -> None:
    model = classifiers.load()
    for mark in (None, "sample"):
        inbound = Inbound(
            "complaint",
            "samples",
            f"{mark}",
            "보도블록이 깨졌어요 마포구 상암동",
            datetime.now(UTC),
            mark=mark,
        )
        [received] = await receive(stand.ground, Batch((inbound,)))
        await label.label(stand.ground, model, 1, received.item_id)
        await locate.locate(stand.ground, stand.city, 1, received.item_id)
        await route.route(stand.ground, stand.city, 1, received.item_id)
    async with stand.ground.db.acquire() as connection:
        marks = [
            r["mark"] for r in await connection.fetch("SELECT mark FROM work_case ORDER BY id")
        ]
        counted = await reading.open_cases_brief(connection)
    assert marks == [None, "sample"]
    assert len(counted) == 1


@pytest.mark.parametrize("first", ["clear", "receive"])
async def test_what_plays_while_the_samples_are_cleared_leaves_none(
    stand: Standing, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    ground, account = stand.ground, Account("samples", "samples", "Samples")
    async with ground.db.acquire() as connection:
        await accounts.begin_samples(connection)
    [played] = [batch async for batch in open_account(account, None).events({"next": 1})]
    tasks: list[asyncio.Task[int]] = []
    set_cursor = items.set_cursor

    async def slow(*given: Any) -> None:
        tasks.append(asyncio.create_task(clear(ground)))
        locks = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        async with asyncio.timeout(10):
            while not tasks[0].done() and not await ground.db.fetchval(locks):
                await asyncio.sleep(0.01)
        await set_cursor(*given)

    if first == "clear":
        await clear(ground)
    else:
        monkeypatch.setattr(items, "set_cursor", slow)
    received = await receive(ground, played, account=account)
    assert (
        [await task for task in tasks] == [1] * len(received) == ([] if first == "clear" else [1])
    )
    assert await ground.db.fetchval("SELECT count(*) FROM item") == 0
    assert await ground.db.fetchval("SELECT cursor FROM account_state") == {"over": True}
