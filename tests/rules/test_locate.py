"""The point first, then the reporter's words for the place, then the text and its first sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.flow.configure import read_areas
from hub.rules.areas import AreaIndex
from hub.rules.gazetteer import Gazetteer
from hub.rules.locate import locate

CONFIG = Path(__file__).resolve().parents[2] / "config"
GANGNAM = {"lat": 37.4979, "lon": 127.0276}
BUSAN = {"lat": 35.1, "lon": 129.03}


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    return AreaIndex(read_areas(CONFIG / "areas"))


@pytest.fixture(scope="module")
def gazetteer(index: AreaIndex) -> Gazetteer:
    return Gazetteer(index, (), ("서울", "Seoul"))


@pytest.mark.parametrize(
    ("known", "how", "name"),
    [
        (GANGNAM | {"text": "마포구 가로등", "place": "종로구"}, "point", "역삼1동"),
        ({"text": "마포구 가로등", "place": "종로구 계동"}, "text.dong", "계동"),
        ({"text": "마포구 가로등", "place": "집 앞"}, "text.district", "마포구"),
        ({"text": "마포구 가로등", "place": "신사동"}, "ambiguous", None),
        ({"text": "마포구에 가로등을. 강남구처럼 밝게"}, "text.district", "마포구"),
        ({"text": "가로등을 밝게. 마포구와 강남구"}, "ambiguous", None),
        ({"text": "마포구와 강남구에 가로등을. 종로구"}, "ambiguous", None),
        (BUSAN | {"text": "마포구 가로등"}, "text.district", "마포구"),
        (BUSAN | {"text": "가로등"}, "outside", None),
        ({"text": "가로등"}, "none", None),
        ({"lat": 37.5, "text": "가로등"}, "none", None),
        ({}, "none", None),
    ],
)
def test_what_decides_where_it_is(
    known: dict[str, Any], how: str, name: str | None, index: AreaIndex, gazetteer: Gazetteer
) -> None:
    located = locate(index, gazetteer, **known)
    assert (located.how, located.area.name_ko if located.area else None) == (how, name)
    assert bool(located.candidates) == (how == "ambiguous")
