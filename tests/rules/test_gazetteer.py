"""Where texts say they are, as people write it; and what only looks like a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.flow.configure import read_areas
from hub.model.places import NamedPlace
from hub.rules.areas import AreaIndex
from hub.rules.gazetteer import Gazetteer

CONFIG = Path(__file__).resolve().parents[2] / "config"
SEOUL = ("서울", "Seoul")


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    return AreaIndex(read_areas(CONFIG / "areas"))


@pytest.fixture(scope="module")
def gazetteer(index: AreaIndex) -> Gazetteer:
    return Gazetteer(index, (), SEOUL)


DISTRICTS = [
    ("강남구", "강남구"),
    ("강남구에 가로등이 꺼졌어요", "강남구"),
    ("강남에서 버스를 탔어요", "강남구"),
    ("강남구청 앞", "강남구"),
    ("강남구청앞에 쓰레기가", "강남구"),
    ("강남구.", "강남구"),
    ("장소는 마포구입니다.", "마포구"),
    ("마포구(성산대교 밑)", "마포구"),
    ("서울시 중구의 도로", "중구"),
    ("서울특별시중구", "중구"),
    ("서울 중구청 뒤", "중구"),
    ("노원구민 여러분", "노원구"),
    ("송파경찰서 옆 골목", "송파구"),
    ("종로에서 넘어졌어요", "종로구"),
    ("종로 12 앞", "종로구"),
    ("을지로에 물이 샙니다", "중구"),
    ("을지로 30 앞 보도", "중구"),
    ("강서구 양천로 22", "강서구"),
    ("용산은 늘 막혀요", "용산구"),
    ("동작구 동작대로 지하 3", "동작구"),
    ("Gangnam-gu", "강남구"),
    ("a hole in Gangnam Gu", "강남구"),
    ("GANGNAM-GU office", "강남구"),
    ("the lamp in Gangnam District is out", "강남구"),
    ("noise in Gangnam", "강남구"),
    ("Jung-gu, Seoul", "중구"),
    ("123 Euljiro, Jung-gu", "중구"),
    ("Mapo-daero 89, Mapo-gu", "마포구"),
    ("near Euljiro", "중구"),
]

DONGS = [
    ("역삼동의 도로", "역삼동", "강남구"),
    ("역삼동입니다.", "역삼동", "강남구"),
    ("역삼동 735-3", "역삼동", "강남구"),
    ("역삼1동 주민센터", "역삼1동", "강남구"),
    ("창신제1동", "창신1동", "종로구"),
    ("창신1동에서", "창신1동", "종로구"),
    ("강일동연장건 확답바랍니다", "강일동", "강동구"),
    ("대림동어린이집 앞", "대림동", "영등포구"),
    ("종로구계동", "계동", "종로구"),
    ("강남구 신사동 가로수길", "신사동", "강남구"),
    ("은평구 신사동", "신사동", "은평구"),
    ("신사동(은평구)", "신사동", "은평구"),
    ("여의도에 불꽃", "여의도동", "영등포구"),
    ("을지로3가역 근처 을지로3가에서", "을지로3가", "중구"),
    ("신원동 266", None, None),
    ("서초구 신원동", "신원동", "서초구"),
    ("서대문구 합동 27", "합동", "서대문구"),
    ("강남 말고 합정동에 쓰레기", "합정동", "마포구"),
    ("저는 노원구에 사는데 역삼동 가로등이 꺼졌어요", "역삼동", "강남구"),
    ("동작구 대방동 주민입니다", "대방동", "동작구"),
    ("노원구상계4동 71-202", "상계3·4동", "노원구"),
    ("종로1.2.3.4가동", "종로1·2·3·4가동", "종로구"),
    ("Sinsa-dong, Gangnam-gu", "신사동", "강남구"),
    ("a pothole in Yeoksam-dong", "역삼동", "강남구"),
    ("Yeoksam 1-dong", "역삼1동", "강남구"),
    ("Jongno 3-ga exit", "종로3가", "종로구"),
    ("I live in Nowon-gu but the lamp in Yeoksam-dong is out", "역삼동", "강남구"),
]

NOWHERE = [
    "",
    "서울",
    "서울시에 바랍니다",
    "서울특별시",
    "Seoul",
    "중구난방으로 주차했어요",
    "운동을 하다가",
    "활동 지원금",
    "이동 수단이 없어요",
    "구를 나누어 주세요",
    "구로 바꿔 주세요",
    "동작을 멈춘 승강기",
    "방학동안 공사를 해 주세요",
    "합동으로 점검해 주세요",
    "초동 대처가 늦어요",
    "중동 사막",
    "능동적으로 나서 주세요",
    "신원동의서를 냈는데요",
    "성동일 배우",
    "서초구간 공사",
    "강남구매 대행",
    "강남대로 396",
    "양천로 251",
    "도봉산에 올랐어요",
    "동대문 시장 앞",
    "강북 발전",
    "부산 중구 남포동",
    "부산광역시 강서구 명지동",
    "인천시 중구청은",
    "대구 중구의 도로",
    "경기도 안산시 중앙동",
    "대구시 달서구 송현동",
    "Jung-gu, Busan",
    "Busan's Jung-gu",
    "the jung family",
    "Teheran-ro 152",
    "Mapo-daero 89",
    "강남구" + "1" * 5_000 + "나다까",
]

AMBIGUOUS = [
    ("신사동 504-11", {"강남구", "은평구", "관악구"}),
    ("삼성동160", {"강남구", "관악구"}),
    ("신원동 266", {"관악구", "서초구"}),
    ("Sinsa-dong", {"강남구", "은평구", "관악구"}),
    ("강동구와 광진구 사이", {"강동구", "광진구"}),
    ("강남구인데 합정동", {"강남구", "마포구"}),
    ("역삼동에서 합정동까지", {"강남구", "마포구"}),
    ("충정로에서", {"서대문구", "중구"}),
]


@pytest.mark.parametrize(("text", "district"), DISTRICTS)
def test_a_district_is_found(text: str, district: str, gazetteer: Gazetteer) -> None:
    located = gazetteer.locate(text)
    assert located.area is not None, located
    assert (located.area.name_ko, located.how) == (district, "text.district")
    assert located.lat is None


@pytest.mark.parametrize(("text", "dong", "district"), [row for row in DONGS if row[1]])
def test_a_dong_is_found_in_its_district(
    text: str, dong: str, district: str, gazetteer: Gazetteer, index: AreaIndex
) -> None:
    located = gazetteer.locate(text)
    assert located.area is not None, located
    assert (located.area.name_ko, located.how) == (dong, "text.dong")
    assert index.district_of(located.area).name_ko == district
    assert located.approximate


@pytest.mark.parametrize("text", NOWHERE)
def test_what_only_looks_like_a_place_is_none(text: str, gazetteer: Gazetteer) -> None:
    located = gazetteer.locate(text)
    assert (located.area, located.candidates, located.how) == (None, (), "none")


@pytest.mark.parametrize(("text", "districts"), AMBIGUOUS)
def test_what_may_be_several_is_never_guessed(
    text: str, districts: set[str], gazetteer: Gazetteer, index: AreaIndex
) -> None:
    located = gazetteer.locate(text)
    assert (located.area, located.how) == (None, "ambiguous")
    assert {index.district_of(area).name_ko for area in located.candidates} == districts


def test_every_official_name_is_found(gazetteer: Gazetteer, index: AreaIndex) -> None:
    """In both languages, a dong with its district before it, whatever else its name may mean."""
    for area in index.areas:
        home = index.district_of(area)
        for text in (f"{home.name_ko} {area.name_ko}에서", f"{area.name_en}, {home.name_en}"):
            assert gazetteer.locate(text).area == area, text


@pytest.mark.parametrize(
    "text",
    [
        "강남구" * 6_000,
        "강남" * 9_000 + "x",
        "부산" + "시" * 27 + " 중구",
        "부산 " + "시구" * 12 + "x 중구",
        "강남구" + "주민구청" * 4_000 + "뷁",
        "aaaa-" * 4_000 + "ro",
        "Mapo " * 4_000,
        "a" * 20_000 + "-gu",
        "1." * 9_000 + "종로",
        "동" * 20_000,
    ],
)
def test_no_text_takes_long_or_too_deep(text: str, gazetteer: Gazetteer) -> None:
    assert gazetteer.locate(text[:20_000]).how in {"none", "text.district"}


STATIONS = [
    NamedPlace("강남역", "station", 37.4979, 127.0276),
    NamedPlace("강남구청역", "station", 37.5172, 127.0413),
    NamedPlace("압구정역", "station", 37.5271, 127.0286),
    NamedPlace("홍대입구역", "station", 37.5572, 126.9245),
    NamedPlace("City Hall Station", "station", 37.5657, 126.9769),
    NamedPlace("수원역", "station", 37.2658, 127.0001),
]


@pytest.mark.parametrize(
    ("text", "how", "district"),
    [
        ("홍대입구역에서 넘어졌어요", "text.place", "마포구"),
        ("홍대입구역 2번 출구", "text.place", "마포구"),
        ("강남구청역 앞", "text.place", "강남구"),
        ("서초구 강남역 11번 출구", "ambiguous", None),
        ("홍대입구역과 압구정역", "ambiguous", None),
        ("압구정역 앞 신사동", "text.dong", "강남구"),
        ("마포구 홍대입구역", "text.place", "마포구"),
        ("near City Hall Station", "text.place", "중구"),
        ("수원역에서", "none", None),
    ],
)
def test_imported_places_are_found(
    text: str, how: str, district: str | None, index: AreaIndex
) -> None:
    located = Gazetteer(index, STATIONS, SEOUL).locate(text)
    home = index.district_of(located.area).name_ko if located.area else None
    assert (located.how, home) == (how, district)


def test_another_city_is_home_where_it_is_configured(index: AreaIndex) -> None:
    busan = Gazetteer(index, (), ("부산", "Busan"))
    assert busan.locate("부산 중구 남포동").area is not None
    assert busan.locate("부산광역시중구").area is not None
    assert busan.locate("Jung-gu, Busan").area is not None
    assert busan.locate("서울 중구").area is None
