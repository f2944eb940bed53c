"""Polygons from files: what is matched, what is added, and what a wrong file is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.model.errors import BadInput
from hub.model.places import Area
from hub.rules.geojson import Keys, match, read_features

AREAS = [
    Area("11", "district", "가람구", "Garam-gu", "11", 37.5, 127.0),
    Area("12", "district", "나래구", "Narae-gu", "12", 37.5, 127.1),
    Area("11-1", "dong", "새솔동", "Saesol-dong", "11", 37.5, 127.0),
    Area("12-1", "dong", "새솔동", "Saesol-dong", "12", 37.5, 127.1),
]


def feature(lon: float = 127.0, lat: float = 37.5, **properties: object) -> dict[str, Any]:
    ring = [[lon, lat], [lon + 0.05, lat], [lon + 0.05, lat + 0.05], [lon, lat]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def content(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def refusal(body: bytes, keys: Keys | None = None) -> BadInput:
    with pytest.raises(BadInput) as refused:
        match(AREAS, read_features(body), keys or Keys())
    return refused.value


def test_a_feature_is_the_area_whose_code_or_name_it_has() -> None:
    body = content(feature(id="11"), feature(127.1, label="나래구"), feature(label="다른구"))
    matched = match(AREAS, read_features(body), Keys())
    assert set(matched.shapes) == {"11", "12"}
    assert [missed.number for missed in matched.missed] == [3]
    assert matched.added == []


def test_a_dong_is_told_from_its_namesake_by_its_district() -> None:
    body = content(feature(n="한빛시 가람구 새솔동"), feature(127.1, n="한빛시 나래구 새솔동"))
    assert set(match(AREAS, read_features(body), Keys(name="n")).shapes) == {"11-1", "12-1"}
    body = content(feature(n="새솔동", gu="가람구"), feature(127.1, n="새솔동", gu="12"))
    keys = Keys(name="n", district="gu")
    assert set(match(AREAS, read_features(body), keys).shapes) == {"11-1", "12-1"}


def test_a_namesake_without_a_district_is_not_guessed() -> None:
    body = content(feature(n="새솔동"), feature(n="가람구"))
    matched = match(AREAS, read_features(body), Keys(name="n"))
    assert set(matched.shapes) == {"11"}
    assert [str(missed) for missed in matched.missed] == ["feature 1 (n=새솔동)"]


def test_an_unknown_dong_is_added_when_code_name_and_district_are_known() -> None:
    body = content(feature(c="1101", n="가람구 전농1동", gu="가람구"))
    matched = match(AREAS, read_features(body), Keys("c", "n", "gu"))
    [added] = matched.added
    assert (added.code, added.name_ko, added.name_en) == ("1101", "전농1동", "Jeonnong1-dong")
    assert added.district == "11"
    assert 37.5 < added.lat < 37.55
    assert 127.0 < added.lon < 127.05
    assert set(matched.shapes) == {"1101"}
    again = match([*AREAS, added], read_features(body), Keys("c", "n", "gu"))
    assert again.added == []
    assert set(again.shapes) == {"1101"}


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"[]", b"{}", b'{"features": {}}', b'{"features": []}', b"[" * 100_000],
)
def test_what_is_no_collection_is_refused(body: bytes) -> None:
    assert refusal(body).code == "area.file"


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (None, "feature 1"),
        ({"type": "Point", "coordinates": [127, 37]}, "not Point"),
        ({"type": "Polygon", "coordinates": []}, "without a ring"),
        ({"type": "MultiPolygon", "coordinates": []}, "Polygon"),
        ({"type": "Polygon", "coordinates": [[[127, 37], [128, 37], [127, 37]]]}, "not closed"),
        (
            {"type": "Polygon", "coordinates": [[[127, 37], [128, 37], [128, 38], [127, 38]]]},
            "not closed",
        ),
        ({"type": "Polygon", "coordinates": [[[127], [128], [129], [127]]]}, "feature 1"),
        (
            {"type": "Polygon", "coordinates": [[["x", 1], [2, 2], [3, 3], ["x", 1]]]},
            "feature 1",
        ),
        (
            {
                "type": "Polygon",
                "coordinates": [[[2e5, 5e5], [2e5, 6e5], [3e5, 6e5], [2e5, 5e5]]],
            },
            "EPSG:4326",
        ),
        (
            {"type": "Polygon", "coordinates": [[[127, 37], [128, 37], [129, 37], [127, 37]]]},
            "without an area",
        ),
    ],
)
def test_what_is_no_shape_is_refused_with_its_number(geometry: object, words: str) -> None:
    wrong = refusal(content({"type": "Feature", "properties": {}, "geometry": geometry}))
    assert wrong.code == "area.shape"
    assert words in str(wrong.details["detail"])


def test_infinite_coordinates_are_refused() -> None:
    assert refusal(content(feature(id="11")).replace(b"127.0,", b"Infinity,")).code == "area.shape"


def test_two_features_of_one_area_are_refused() -> None:
    wrong = refusal(content(feature(gu="가람구", d="ㄱ"), feature(gu="가람구", d="ㄴ")))
    assert wrong.code == "area.double"
    assert wrong.details["other"] == "feature 2 (gu=가람구, d=ㄴ)"


def test_a_shape_far_from_its_area_is_refused() -> None:
    assert refusal(content(feature(129.0, 35.1, n="가람구"))).code == "area.far"
    swapped = refusal(content(feature(37.5, 12.7, n="가람구")))
    assert swapped.code == "area.far"
    unknown = content(feature(129.0, 35.1, c="9", n="먼동", gu="가람구"))
    assert refusal(unknown, Keys("c", "n", "gu")).code == "area.far"


def test_an_unknown_property_and_a_file_of_another_city_are_refused() -> None:
    assert refusal(content(feature(n="가람구")), Keys(name="title")).code == "area.key"
    wrong = refusal(content(feature(n="바다구", pop=3)))
    assert (wrong.code, wrong.details["properties"]) == ("area.none", "n, pop")
