"""Recorded messages of real people go all the way: labelled, located or placeless, routed.

The classifier has seen many of these texts in training: the shares show that the rules send them on,
not how right it is.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import random
from collections import Counter
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import classifiers
from hub.bus.bell import Bell
from hub.flow.city import CityNow
from hub.flow.ground import Ground
from hub.flow.label import label
from hub.flow.locate import locate
from hub.flow.route import route
from hub.store.pool import open_pool
from tests.cli.conftest import Bigear, bigear, settled

__all__ = ["bigear", "settled"]

COUNT = 300
BATCH = 64


def located_file(data_folder: Path, folder: Path) -> Path:
    """Label texts, each at the point of a real stop or station: seeded, so the same every time."""
    dice = random.Random(20260701)
    with gzip.open(data_folder / "labels" / "train.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    with (data_folder / "geo" / "points_to_gu_dev.csv").open(encoding="utf-8") as file:
        points = [(row["lat"], row["lon"]) for row in csv.DictReader(file)]
    rows = zip(dice.sample(texts, COUNT), dice.sample(points, COUNT), strict=True)
    path = folder / "located.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for number, (text, (lat, lon)) in enumerate(rows):
            out.write(json.dumps({"id": number, "text": text, "lat": lat, "lon": lon}) + "\n")
    return path


def first_ids(file: Path) -> set[Any]:
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8") as lines:
        return {json.loads(line)["id"] for line in islice(lines, COUNT)}


async def work_off(database_url: str) -> list[dict[str, Any]]:
    """Take everything through all stages, as the worker would; every item with its case."""
    pool = await open_pool(database_url, size=2)
    ground = Ground(pool, Bell("redis://unused"))
    city, model = CityNow(pool), classifiers.load()
    await city.refresh()
    for stage in (partial(label, ground, model), partial(locate, ground, city)):
        while await stage(BATCH):
            pass
    while await route(ground, city, BATCH):
        pass
    rows = await pool.fetch(
        """
        SELECT i.stage, i.area, i.district, i.placeless, i.candidates, i.located_how,
               l.service, l.intent, l.urgency, l.language, c.state, c.agency, c.rule, c.deadline_at
        FROM item i LEFT JOIN item_label l ON l.item_id = i.id
        LEFT JOIN work_case c ON c.item_id = i.id
        """
    )
    offices = {a.district: a.code for a in city.now.book.agencies if a.district}
    street = {rule.id for rule in city.now.book.rules if rule.agency == "@district"}
    await pool.close()
    for row in rows:
        if row["rule"] in street:
            assert row["agency"] == offices[row["district"]]
    return [dict(row) for row in rows]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    ("name", "words", "located_share", "triage_share"),
    [
        ("boston_311", ["--scatter"], 1.0, 0.15),
        ("smartcity_minwon", ["--map", "text=question"], 0.0, 0.25),
        ("located", [], 0.99, 0.15),
    ],
)
def test_a_replay_arrives_labelled_located_or_placeless_and_routed(
    name: str,
    words: list[str],
    located_share: float,
    triage_share: float,
    bigear: Bigear,
    city_url: str,
    data_folder: Path,
    tmp_path: Path,
) -> None:
    recorded = data_folder / "replay" / f"{name}.jsonl.gz"
    file = located_file(data_folder, tmp_path) if name == "located" else recorded
    code, out, err = bigear("replay", file, "--limit", str(COUNT), *words)
    distinct = len(first_ids(file))  # some recordings hold a message several times
    assert (code, out.split(",")[1]) == (0, f" {distinct} new"), err
    rows = asyncio.run(work_off(city_url))
    assert len(rows) == distinct
    assert {row["stage"] for row in rows} == {"routed"}
    for row in rows:
        assert row["service"] and row["intent"] and row["urgency"] and row["language"]
        assert bool(row["area"]) or row["placeless"] or row["candidates"]
        assert (row["state"] == "triage") == (row["agency"] is None)
        assert (row["deadline_at"] is None) == (row["agency"] is None)
    assert sum(row["area"] is not None for row in rows) / distinct >= located_share
    reasons = Counter(row["rule"] for row in rows if row["state"] == "triage")
    assert set(reasons) <= {"triage.unsure", "triage.no_place"}
    assert reasons.total() / distinct <= triage_share, reasons
    assert len({row["agency"] for row in rows}) > 8
