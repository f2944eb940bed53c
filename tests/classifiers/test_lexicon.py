"""The net for what is rare and grave: forty messages that must ring, forty look-alikes that do not."""

from __future__ import annotations

import pytest

from classifiers.lexicon import alarm

GRAVE_KOREAN = (
    "지하차도에 물이 차서 차 안에 갇혔어요 빨리 와 주세요",
    "엘리베이터에 아이 둘이 갇혀 있는데 문이 안 열립니다",
    "주방에서 가스 냄새가 심하게 나요",
    "상가 2층에서 불이 났어요 연기가 창문으로 나옵니다",
    "지하철 승강장에 연기가 가득합니다",
    "공사장 옹벽이 무너지고 있어요 밑에 주차된 차가 있습니다",
    "여섯 살 아이가 놀이터에서 없어졌어요",
    "반지하에 물이 들어와서 할머니가 못 나오고 계세요",
    "길에 사람이 쓰러져 있는데 의식이 없어요",
    "도로가 갑자기 꺼졌고 오토바이가 그 안에 빠졌습니다",
    "크레인이 쓰러지고 있습니다 대피해야 할 것 같아요",
    "치매 있는 아버지가 실종되었습니다",
    "한강에 사람이 빠졌어요",
    "역 앞에서 어떤 남자가 칼을 들고 다닙니다",
    "산불이 번지고 있어요 마을 쪽으로 옵니다",
    "전신주에서 떨어진 전선에 사람이 감전됐어요",
    "건물 벽이 무너져서 직원이 깔렸습니다",
    "도시가스 배관이 터져서 가스가 새고 있어요",
    "버스에서 검은 연기가 치솟고 승객들이 못 내리고 있어요",
    "살려 주세요 계곡물이 불어서 고립됐어요",
)
GRAVE_ENGLISH = (
    "People are trapped in a car in the flooded underpass",
    "Strong smell of gas in our stairwell",
    "The wall next to the school is collapsing",
    "My son is missing, he was last seen at the fountain",
    "There is a fire in the subway station, people are running",
    "The apartment upstairs is on fire",
    "Smoke is pouring out of the basement",
    "An old man collapsed at the bus stop and is not breathing",
    "The underpass is filling with water and cars are still inside",
    "A sinkhole opened up and a truck fell in",
    "Downed power line sparking on the sidewalk",
    "Someone with a knife is walking around the market",
    "We are stuck in the elevator and my mother cannot breathe",
    "A child fell into the river and is drowning",
    "The crane on the corner is about to fall",
    "Gas leak on Maple street, the hissing is loud",
    "A worker is buried under the rubble",
    "Woman unconscious in the park, bleeding badly",
    "Explosion at the factory, workers are injured",
    "Help, water is rising in our basement and we cannot get out",
)
HARMLESS_KOREAN = (
    "이 가격 실화냐 불났네",
    "지진 영화 보고 왔는데 건물이 무너지는 장면이 대단했어요",
    "가스 요금이 너무 많이 나왔습니다",
    "소화기를 아파트 복도마다 설치해 주세요",
    "화재 예방 교육을 학교에서 해 주세요",
    "작년에 반지하에 물이 들어와서 고생했습니다 대책을 세워 주세요",
    "엘리베이터가 자주 멈춰서 갇힐까 봐 걱정됩니다",
    "칼국수 집 간판이 인도를 막고 있어요",
    "총선 현수막을 치워 주세요",
    "불법 주차 때문에 불이 나면 소방차가 못 들어갑니다",
    "건물이 무너질 듯한 낡은 느낌이라 재건축을 제안합니다",
    "담배 연기가 창문으로 들어와서 괴로워요",
    "마라톤 대회에서 다리가 풀려 힘들었지만 즐거웠어요",
    "사랑에 빠졌어요 서울이라는 도시에",
    "반려견이 없어졌으면 하는 이웃의 말에 상처받았습니다",
    "물가가 치솟아 살기 힘듭니다",
    "인기가 폭발한 축제에 또 가고 싶어요",
    "민방위 훈련 때 연기가 나오는 체험을 했습니다",
    "주식이 무너졌어요 살려 주세요 ㅋㅋ",
    "게임에서 총을 들고 싸우는 광고가 버스에 붙어 있어요",
)
HARMLESS_ENGLISH = (
    "The new album is fire",
    "Saw a movie about an earthquake where every building is collapsing",
    "Please install fire extinguishers in the lobby",
    "Fire hydrant is painted the wrong colour",
    "My gas bill is too high this month",
    "The fire drill is on Tuesday at noon",
    "I am stuck in traffic every morning on this road",
    "A cat sign is missing from the park gate",
    "The road was flooded last year, please fix the drains",
    "This sale is on fire, hurry up",
    "I am drowning in paperwork for a parking permit",
    "The wall needs a new coat of paint",
    "My package went missing from the porch",
    "The bridge is falling behind schedule",
    "He works for the fire department and was very kind",
    "The gas station sells bad coffee",
    "There should be an emergency exit sign here",
    "The knife shop blocks the sidewalk with its display",
    "The band shot a video in the tunnel",
    "Someone spilled water in the subway station hall",
)
KNOWN_MISSES: frozenset[str] = frozenset()
"""Messages that the net gets wrong: said here and in the model card, not hidden."""


@pytest.mark.parametrize("text", GRAVE_KOREAN + GRAVE_ENGLISH)
def test_a_grave_message_rings(text: str) -> None:
    assert (alarm(text) is not None) is (text not in KNOWN_MISSES)


@pytest.mark.parametrize("text", HARMLESS_KOREAN + HARMLESS_ENGLISH)
def test_a_look_alike_does_not(text: str) -> None:
    assert (alarm(text) is None) is (text not in KNOWN_MISSES)


def test_what_it_misses_is_known() -> None:
    every = {*GRAVE_KOREAN, *GRAVE_ENGLISH, *HARMLESS_KOREAN, *HARMLESS_ENGLISH}
    assert len(every) == 80
    assert every >= KNOWN_MISSES
    assert len(KNOWN_MISSES) == 0
