"""Real points and addresses of Seoul in the right district: 99 of 100 or better."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.flow.configure import read_areas
from hub.rules.areas import AreaIndex
from hub.rules.gazetteer import Gazetteer
from hub.rules.geojson import Keys, match, read_features

AREAS = Path(__file__).resolve().parents[2] / "config" / "areas"
Row = dict[str, str]


@pytest.fixture
def rows(data_folder: Path) -> list[Row]:
    with (data_folder / "geo" / "points_to_gu_dev.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def with_polygons(data_folder: Path, file: str, keys: Keys) -> AreaIndex:
    areas = read_areas(AREAS)
    matched = match(areas, read_features((data_folder / "geo" / file).read_bytes()), keys)
    return AreaIndex(
        [replace(a, shape=matched.shapes.get(a.code)) for a in [*areas, *matched.added]]
    )


def right_by_point(index: AreaIndex, rows: list[Row], *kinds: str) -> float:
    chosen = [row for row in rows if row["kind"] in kinds]
    found = (index.at(float(row["lat"]), float(row["lon"])).area for row in chosen)
    right = (
        area is not None and index.district_of(area).name_ko == row["gu"]
        for area, row in zip(found, chosen, strict=True)
    )
    return sum(right) / len(chosen)


@pytest.mark.parametrize(
    ("file", "keys", "every"),
    [
        ("seoul_gu.geojson", Keys(), 1),
        ("seoul_gu_simple.geojson", Keys(), 5),
        ("seoul_dong_2021.geojson", Keys("adm_cd2", "adm_nm", "sggnm"), 5),
    ],
)
def test_polygons_put_stops_and_stations_into_the_right_district(
    file: str, keys: Keys, every: int, rows: list[Row], data_folder: Path
) -> None:
    index = with_polygons(data_folder, file, keys)
    rows = rows[::every]
    assert not index.approximate
    assert right_by_point(index, rows, "bus_stop", "bike_station") >= 0.99
    assert right_by_point(index, rows, "public_wifi") >= 0.97  # the source mislabels some


def test_without_polygons_the_nearest_point_is_right_for_92_of_100(rows: list[Row]) -> None:
    index = AreaIndex(read_areas(AREAS))
    assert index.approximate
    assert right_by_point(index, rows, "bus_stop", "bike_station", "public_wifi") >= 0.92


def sorted_by_what_they_name(index: AreaIndex, rows: list[Row]) -> Iterator[tuple[str, Row]]:
    """Each bike station with ``named`` (a district or an unambiguous dong), ``ambiguous``, ``none``."""
    districts = {area.name_ko for area in index.districts}
    homes: dict[str, set[str]] = {}
    for area in index.areas:
        if area.kind != "district":
            homes.setdefault(area.name_ko, set()).add(area.district)
    for row in rows:
        if row["kind"] != "bike_station":
            continue
        words = re.split(r"[\s?,()]+", row["address"])
        dongs = [
            homes[dong]
            for word in words
            for dong in homes
            if word.startswith(dong) and not word[len(dong) :].strip("0123456789-")
        ]
        if districts & set(words) or any(len(home) == 1 for home in dongs):
            yield "named", row
        else:
            yield ("ambiguous" if dongs else "none"), row


def test_addresses_alone_name_the_right_district_and_nothing_is_guessed(rows: list[Row]) -> None:
    index = AreaIndex(read_areas(AREAS))
    gazetteer = Gazetteer(index, (), ("서울", "Seoul"))
    outcomes: Counter[tuple[str, str]] = Counter()
    for named, row in sorted_by_what_they_name(index, rows):
        located = gazetteer.locate(row["address"])
        if located.area is None:
            outcomes[named, "candidates" if located.candidates else "nowhere"] += 1
        else:
            right = index.district_of(located.area).name_ko == row["gu"]
            outcomes[named, "right" if right else "wrong"] += 1
    named_total = sum(count for (named, _), count in outcomes.items() if named == "named")
    assert named_total > 1_400
    assert outcomes["named", "right"] / named_total >= 0.99
    assert {outcome for named, outcome in outcomes if named == "ambiguous"} == {"candidates"}
    assert outcomes["none", "wrong"] == 0
    assert outcomes["none", "nowhere"] >= 140
