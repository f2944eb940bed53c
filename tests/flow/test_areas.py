"""The index in memory answers what ST_Covers does, and the city follows an import by itself."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from hub.flow.city import CityNow
from hub.flow.configure import import_places, import_shapes, read_areas, seed
from hub.flow.ground import Ground
from hub.model.errors import BadInput
from hub.model.places import Area, NamedPlace, Ring, Shape
from hub.rules.areas import AreaIndex
from hub.rules.geojson import Keys, match, read_features
from hub.store import places

CONFIG = Path(__file__).resolve().parents[2] / "config"
Points = Sequence[tuple[float, float]]


def jittered_grid(dice: random.Random, side: int) -> list[Shape]:
    """Cells that share every inner border, each with a hole or a second polygon in a neighbour's."""
    corners = [
        [
            (127 + x / 10 + dice.uniform(-0.02, 0.02), 37 + y / 10 + dice.uniform(-0.02, 0.02))
            for x in range(side + 1)
        ]
        for y in range(side + 1)
    ]
    shapes: list[Shape] = []
    for y in range(side):
        for x in range(side):
            a, b = corners[y][x], corners[y][x + 1]
            c, d = corners[y + 1][x + 1], corners[y + 1][x]
            outer: Ring = (a, b, c, d, a)
            middle = ((a[0] + c[0]) / 2, (a[1] + c[1]) / 2)
            hole = tuple((middle[0] + dx, middle[1] + dy) for dx, dy in _DIAMOND)
            island = tuple((px + 1, py) for px, py in hole)
            shapes.append(((outer, hole), (island,)) if (x + y) % 2 else ((outer, hole),))
    return shapes


_DIAMOND = ((-0.011, 0.0), (0.0, -0.013), (0.009, 0.0), (0.0, 0.012), (-0.011, 0.0))


def points_of_interest(
    shapes: Sequence[Shape], dice: random.Random, at_random: int, of_borders: int
) -> list[tuple[float, float]]:
    """Random points, and vertices and points on (or a hair beside) borders; (lon, lat)."""
    rings = [ring for shape in shapes for polygon in shape for ring in polygon]
    edges = [edge for ring in rings for edge in pairwise(ring)]
    lons = [x for ring in rings for x, _ in ring]
    lats = [y for ring in rings for _, y in ring]
    points = [
        (dice.uniform(min(lons), max(lons)), dice.uniform(min(lats), max(lats)))
        for _ in range(at_random)
    ]
    for (x1, y1), (x2, y2) in dice.sample(edges, min(of_borders, len(edges))):
        share = dice.random()
        points += [(x1, y1), ((x1 + x2) / 2, (y1 + y2) / 2)]
        points += [(x1 + share * (x2 - x1), y1 + share * (y2 - y1)), (x1 + 1e-12, y1)]
    return points


async def covering(ground: Ground, kind: str, points: Points) -> list[str | None]:
    """What PostGIS says: the lowest code of the areas that cover each point."""
    rows = await ground.db.fetch(
        """
        SELECT (SELECT min(code) FROM area
                WHERE kind = $1 AND ST_Covers(shape, ST_SetSRID(ST_MakePoint(x, y), 4326)))
        FROM unnest($2::float8[], $3::float8[]) WITH ORDINALITY AS p (x, y, number) ORDER BY number
        """,
        kind,
        [x for x, _ in points],
        [y for _, y in points],
    )
    return [row[0] for row in rows]


def districts_at(index: AreaIndex, points: Points) -> Iterator[str | None]:
    for x, y in points:
        area = index.at(y, x).area
        yield area.district if area else None


async def test_the_index_equals_st_covers_on_shapes_with_holes_and_islands(ground: Ground) -> None:
    dice = random.Random(20260701)
    shapes = jittered_grid(dice, 6)
    areas = [
        Area(f"{n:02}", "district", f"{n}구", f"{n}-gu", f"{n:02}", 37.3, 127.3, shape)
        for n, shape in enumerate(shapes)
    ]
    async with ground.db.acquire() as connection:
        await places.replace_areas(connection, areas)
        assert await places.invalid(connection) == []
        index = AreaIndex(await places.areas(connection))
    points = points_of_interest(shapes, dice, at_random=2_000, of_borders=1_000)
    expected = await covering(ground, "district", points)
    assert list(districts_at(index, points)) == expected
    assert 0.1 < expected.count(None) / len(expected) < 0.9
    on_borders = await ground.db.fetchval(
        "SELECT count(*) FROM unnest($1::float8[], $2::float8[]) AS p (x, y)"
        " WHERE (SELECT count(*) FROM area"
        "        WHERE ST_Covers(shape, ST_SetSRID(ST_MakePoint(x, y), 4326))) > 1",
        [x for x, _ in points],
        [y for _, y in points],
    )
    assert on_borders > 100


@pytest.mark.parametrize(
    ("file", "keys", "kind", "count"),
    [
        ("seoul_gu.geojson", Keys(), "district", 25),
        ("seoul_dong_2021.geojson", Keys("adm_cd2", "adm_nm", "sggnm"), "dong", 425),
    ],
)
async def test_the_index_equals_st_covers_on_the_real_city(
    file: str, keys: Keys, kind: str, count: int, ground: Ground, tmp_path: Path, data_folder: Path
) -> None:
    await seed(ground, CONFIG, tmp_path)
    features = read_features((data_folder / "geo" / file).read_bytes())
    matched = match(read_areas(CONFIG / "areas"), features, keys)
    assert (len(matched.shapes), matched.missed) == (count, [])
    await import_shapes(ground, CONFIG / "areas", tmp_path, matched.shapes, matched.added)
    city = CityNow(ground.db)
    await city.refresh()
    index = city.now.index
    assert not index.approximate
    points = points_of_interest(
        list(matched.shapes.values()), random.Random(7), at_random=800, of_borders=150
    )
    expected = await covering(ground, kind, points)
    if kind == "district":
        assert list(districts_at(index, points)) == expected
    else:
        found = [index.at(y, x).area for x, y in points]
        assert [area.code if area else None for area in found] == expected
    from_home = AreaIndex(read_areas(CONFIG / "areas", tmp_path))
    assert from_home.areas == index.areas


class Bell:
    """A bell whose waits end at once."""

    async def wait(self, channel: str, timeout_s: float) -> bool:
        await asyncio.sleep(0.01)
        return True


async def test_a_role_follows_an_import_without_a_restart(ground: Ground, tmp_path: Path) -> None:
    await seed(ground, CONFIG, tmp_path)
    city = CityNow(ground.db)
    await city.refresh()
    following = asyncio.create_task(city.follow(Bell()))
    try:
        before = city.now
        assert before.index.approximate
        assert before.gazetteer.locate("강남역에서").area is None
        jongno = before.index.by_code["11110"]
        shape = _square(jongno.lon, jongno.lat)
        await import_shapes(ground, CONFIG / "areas", tmp_path, {"11110": shape})
        async with asyncio.timeout(20):
            while "11110" in city.now.index.guessed:
                await asyncio.sleep(0.02)
        assert city.now.index.at(jongno.lat, jongno.lon).approximate is False
        named = [NamedPlace("강남역", "station", 37.4979, 127.0276)]
        await import_places(ground, tmp_path, named)
        async with asyncio.timeout(20):
            while city.now.gazetteer.locate("강남역에서").area is None:
                await asyncio.sleep(0.02)
        assert before.index.approximate  # what was in flight keeps the city it began with
    finally:
        following.cancel()
    told = await ground.db.fetch("SELECT subject_id, data FROM outbox ORDER BY id DESC LIMIT 2")
    assert [row["subject_id"] for row in told] == ["gazetteer", "areas"]
    assert json.loads(json.dumps(told[1]["data"])) == {"shapes": 1, "added": 0}


async def test_the_map_draws_a_district_as_its_dong_where_it_has_no_shape(
    ground: Ground, tmp_path: Path
) -> None:
    await seed(ground, CONFIG, tmp_path)
    dong = next(a for a in read_areas(CONFIG / "areas") if a.district == "11110" != a.code)
    shapes = {dong.code: _square(dong.lon, dong.lat)}
    index = await import_shapes(ground, CONFIG / "areas", tmp_path, shapes)
    async with ground.db.acquire() as connection:
        drawn = {row["code"]: row for row in await places.outlines(connection)}
    assert len(drawn) == 25
    assert {code for code, row in drawn.items() if row["approximate"]} == set(index.guessed)
    assert "11110" not in index.guessed
    ring = drawn["11110"]["geometry"]["coordinates"][0]
    assert {(round(x, 3), round(y, 3)) for x, y in ring} == {
        (round(x, 3), round(y, 3)) for x, y in shapes[dong.code][0][0]
    }


async def test_a_shape_that_crosses_itself_changes_nothing(ground: Ground, tmp_path: Path) -> None:
    await seed(ground, CONFIG, tmp_path)
    bow = ((((126.9, 37.5), (127.0, 37.6), (127.0, 37.5), (126.9, 37.6), (126.9, 37.5)),),)
    with pytest.raises(BadInput, match=r"area\.shape.*Self-intersection"):
        await import_shapes(ground, CONFIG / "areas", tmp_path, {"11110": bow})
    assert list(tmp_path.iterdir()) == []
    assert await ground.db.fetchval("SELECT count(*) FROM area WHERE shape IS NOT NULL") == 0


async def test_an_empty_database_gets_back_what_the_home_keeps(
    ground: Ground, tmp_path: Path
) -> None:
    await seed(ground, CONFIG, tmp_path)
    shape = _square(126.98, 37.57)
    new = Area("11110-99", "dong", "새솔동", "Saesol-dong", "11110", 37.57, 126.98)
    await import_shapes(ground, CONFIG / "areas", tmp_path, {"11110-99": shape}, [new])
    await import_places(ground, tmp_path, [NamedPlace("강남역", "station", 37.4979, 127.0276)])
    for table in ("config_version", "area", "place"):
        await ground.db.execute(f"DELETE FROM {table}")
    assert await seed(ground, CONFIG, tmp_path)
    city = CityNow(ground.db)
    await city.refresh()
    assert city.now.index.by_code["11110-99"].shape == shape
    assert city.now.gazetteer.locate("강남역에서").area is not None


def _square(lon: float, lat: float, half: float = 0.01) -> Shape:
    west, east, south, north = lon - half, lon + half, lat - half, lat + half
    return ((((west, south), (east, south), (east, north), (west, north), (west, south)),),)
