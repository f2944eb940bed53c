"""A point's area: by polygons where there are some, by the nearest point where there are none."""

from __future__ import annotations

import math

import pytest

from hub.model.places import Area, Ring, Shape
from hub.rules.areas import AreaIndex, point_inside


def square(west: float, south: float, size: float) -> Ring:
    east, north = west + size, south + size
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def district(code: str, lon: float, shape: Shape | None = None) -> Area:
    return Area(code, "district", f"{code}구", f"{code}-gu", code, 37.5, lon, shape)


def dong(code: str, home: str, lat: float, lon: float, shape: Shape | None = None) -> Area:
    return Area(code, "dong", f"{code}동", f"{code}-dong", home, lat, lon, shape)


WEST = ((square(127.0, 37.0, 1.0), square(127.4, 37.4, 0.2)),)
"""A square with a hole."""
EAST = ((square(128.0, 37.0, 1.0),), (square(130.0, 37.0, 0.5),))
"""Two squares; the first shares a side with ``WEST``."""


@pytest.fixture
def index() -> AreaIndex:
    return AreaIndex([district("a", 127.1, WEST), district("b", 128.5, EAST)])


def code_at(index: AreaIndex, lat: float, lon: float) -> str | None:
    area = index.at(lat, lon).area
    return area.code if area else None


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [
        (37.1, 127.1, "a"),
        (37.5, 127.5, None),  # in the hole
        (37.4, 127.5, "a"),  # on the hole's border
        (37.4, 127.4, "a"),  # on its corner
        (37.5, 128.5, "b"),
        (37.2, 130.2, "b"),  # in the second polygon
        (37.2, 129.5, None),  # between the two
        (37.5, 128.0, "a"),  # on the common border: the lower code
        (37.0, 128.0, "a"),
        (38.0, 129.0, "b"),
        (38.0, 128.9999, "b"),
        (38.0001, 128.5, None),
        (36.9999, 127.5, None),
    ],
)
def test_polygons_decide_borders_included(
    index: AreaIndex, lat: float, lon: float, code: str | None
) -> None:
    assert code_at(index, lat, lon) == code
    assert not index.at(lat, lon).approximate


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_point_is_outside(index: AreaIndex, value: float) -> None:
    assert index.at(value, 127.1).how == "outside"
    assert index.at(37.1, value).how == "outside"


def test_within_a_district_the_nearest_dong_is_named() -> None:
    index = AreaIndex(
        [
            district("a", 127.1, WEST),
            district("b", 128.5, EAST),
            dong("a1", "a", 37.1, 127.1),
            dong("b1", "b", 37.5, 128.01),
        ]
    )
    # b1's point is nearer, but beyond the border.
    assert code_at(index, 37.5, 127.99) == "a1"


def test_a_district_without_a_shape_is_the_union_of_its_dong() -> None:
    index = AreaIndex(
        [
            district("a", 127.1),
            dong("a1", "a", 37.5, 127.5, ((square(127.0, 37.0, 1.0),),)),
            dong("a2", "a", 37.5, 128.5, ((square(128.0, 37.0, 1.0),),)),
        ]
    )
    assert not index.approximate
    assert code_at(index, 37.5, 128.0) == "a1"
    assert code_at(index, 37.5, 128.1) == "a2"
    assert index.at(39.0, 128.1).how == "outside"


def test_a_district_without_polygons_is_guessed_beside_others_that_have_some() -> None:
    index = AreaIndex([district("a", 127.1, WEST), district("b", 128.03), district("c", 128.06)])
    assert index.approximate
    assert index.guessed == ("b", "c")
    assert code_at(index, 37.5, 127.999) == "a"
    guess = index.at(37.5, 128.035)
    assert guess.area is not None
    assert (guess.area.code, guess.approximate) == ("b", True)
    assert index.at(37.5, 128.2).how == "outside"  # 12 km from the nearest point


def test_a_point_inside_is_inside_whatever_the_shape() -> None:
    island = (square(130.0, 40.0, 0.1),)
    for shape in (WEST, EAST, (*WEST, island), (island, *WEST), (WEST[0], island, EAST[1])):
        lon, lat = point_inside(shape)
        assert AreaIndex([district("a", 127.1, shape)]).at(lat, lon).area is not None
