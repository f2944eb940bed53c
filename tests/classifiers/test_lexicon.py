"""The net for what is rare and grave: messages that must ring, and look-alikes that do not."""

from __future__ import annotations

import re
import unicodedata

import pytest

from classifiers import lexicon, load
from classifiers.lexicon import alarm
from classifiers.model import URGENT
from classifiers.training import corpus

MODEL = load()

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

MORE_GRAVE = (
    # What is denied is something else.
    "건물에 불이 났는데 출구가 없습니다 살려주세요",
    "지하실에 연기가 가득한데 비상구가 없어요",
    "가스 냄새가 나는데 관리인이 없습니다",
    "불난 거 아닌가요? 옆 건물에서 연기가 나와요",
    "가스는 아니고 창고에서 불이 났어요",
    "My son is trapped in the elevator and there is no signal",
    "Man is not breathing, no pulse, at Seoul station",
    "The stairwell isn't lit and there is smoke everywhere",
    "There is a fire next door and nobody is answering",
    "It wasn't a drill, the building is on fire",
    "This is not a false alarm, there is smoke in the hallway",
    "훈련이 아닙니다 복도에 연기가 가득합니다",
    # Typed in haste.
    "불낫어요 종로3가 빨리",
    "사람이한강에빠졌어요",
    "지하철역에서 밑에 깔린 사람이 많아요",
    "엘리베이터에 갇혓어요",
    "My dad isn’t breathing",
    "we cant get out of the elevator",
    # Each of the patterns.
    "아이가 차 안에 혼자 있는데 축 늘어졌어요",
    "A baby is locked in a hot car",
    "A kid fell in the river by the bridge",
    "어떤 분이 숨을 안쉬어요",
    "이마에서 피가 많이 나요",
    "방금 시장에서 화재",
    "공장에서 배터리가 폭발했습니다",
    "윗집에서 때리는 소리가 들려요",
    "모르는 사람이 계속 따라와요",
    "다리에서 뛰어내릴 것 같아요",
    "A man is following me",
    "He says he is going to kill himself",
    "119 불러 주세요",
    "물에 떠내려가고 있어요",
    # Who is in danger despairs and fears, too.
    "친구가 한강에 빠졌는데 죽을까 봐 무서워요",
    "아이가 차 안에 갇혀서 미치겠어요 도와주세요",
    "옆 건물 연기가 가득해서 숨막혀 죽겠어요",
    "칼을 든 남자가 있어요 무서워 죽겠어요",
    "Fire in the basement, my kids could be trapped",
    "A man is drowning in the river, might be too late",
    # These lamps, feet and directions are meant as they are said.
    "신호등에 불이 붙었어요",
    "신호등 옆 불이 났어요",
    "발에 불이 붙었어요",
    "동쪽 방향 연기가 가득해요",
)
MORE_HARMLESS = (
    "커피를 너무 많이 마셔서 잠이 안 와요",
    "킥보드가 쓰러져 있어서 보도가 막혔습니다",
    "시민 의식이 없는 사람이 쓰레기를 버립니다",
    "노인의 사회적 고립이 걱정입니다",
    "숨을 못 쉬겠어요 미세먼지가 심해서",
    "신호등 불이 나갔어요",
    "공이 개천에 빠졌어요 건져 주세요",
    "휴대폰이 하천에 빠졌어요",
    "킥보드가 하천에 빠져 있어요 치워주세요",
    "If there is a fire in the building, which exit do we use",
    "The old wires could electrocute someone some day",
    "There is a fire hydrant behind the fence",
    "People are stuck in traffic on the bridge",
    "Someone should trim the tree, there are no people in danger",
)
EXCUSES = (
    # (what it silences, what rings although the same words are in it), in the order of the module
    ("가스 냄새는 아니고 하수구 냄새가 올라옵니다", "가스 냄새가 나는데 관리인이 없습니다"),
    ("There is no gas leak", "Gas leak, there is no signal here"),
    ("Nothing is on fire", "The roof is on fire and nobody is answering"),
    (
        "Cigarette smoke coming from the balcony",
        "A cigarette in the bin, now smoke is coming out of it",
    ),
    ("담배 연기가 복도에 가득해요", "담배 때문에 쓰레기통에서 연기가 치솟아요"),
    ("전화통에 불이 났어요", "전화국에 불이 났어요"),
    ("I am trapped in debt", "I am trapped in the lift"),
    ("가스 누출이 있을까 봐 무섭습니다", "가스 누출이 있어서 무섭습니다"),
    ("Someone could get trapped in that lift", "We are trapped in that lift, could be hours"),
    ("소음 때문에 미치겠어요 살려주세요", "불 때문에 못 나가요 살려주세요"),
    ("영화에서 건물이 무너지고 주인공이 살아남아요", "영화관에서 천장이 무너지고 있어요"),
    ("한우 세일 불났어요", "세탁소에 불났어요"),
    ("가스 누출 경보가 오작동했습니다", "가스 누출 경보가 울립니다"),
    ("훈련 때 연기가 가득한 방을 지났습니다", "훈련이 끝났는데 지금 진짜 연기가 가득해요"),
    ("작년에 뒷산에 불이 났습니다", "작년에도 그랬는데 지금 또 뒷산에 불이 붙었습니다"),
    ("가스 폭발 우려가 있는 시설을 옮겨 주세요", "과속방지턱 옆에서 가스 냄새가 나요"),
    ("불이 났는데 보험 처리는 어떻게 하나요", "보험 문의드리려다가 지금 차에서 불이 납니다"),
    ("연기가 가득한 곳에 소화기를 설치해 주세요", "불 났어요 소화기가 없어요"),
)
LONG = "안녕하세요 늘 고생이 많으십니다 주차장 일로 여러 번 글을 올린 주민입니다 " * 6


@pytest.mark.parametrize("text", GRAVE_KOREAN + GRAVE_ENGLISH + MORE_GRAVE)
def test_a_grave_message_rings(text: str) -> None:
    assert alarm(text) is not None


def test_hangul_that_was_taken_apart_rings_as_well() -> None:
    texts = [*GRAVE_KOREAN, *MORE_GRAVE]
    apart = [unicodedata.normalize("NFD", text) for text in texts]
    assert MODEL.label(apart) == MODEL.label(texts)


@pytest.mark.parametrize("text", HARMLESS_KOREAN + HARMLESS_ENGLISH + MORE_HARMLESS)
def test_a_look_alike_does_not(text: str) -> None:
    assert alarm(text) is None


@pytest.mark.parametrize(
    "pattern", [pattern for pattern, *_ in lexicon._GRAVE_KOREAN + lexicon._GRAVE_ENGLISH]
)
def test_every_pattern_has_its_example(pattern: re.Pattern[str]) -> None:
    assert any(map(pattern.search, GRAVE_KOREAN + GRAVE_ENGLISH + MORE_GRAVE))


@pytest.mark.parametrize(
    ("grave", "script"),
    [(lexicon._GRAVE_KOREAN, lexicon._HANGUL), (lexicon._GRAVE_ENGLISH, lexicon._LATIN)],
    ids=["Korean", "English"],
)
def test_what_no_word_is_there_for_would_not_have_been_found(
    grave: lexicon.Grave, script: re.Pattern[str]
) -> None:
    texts = [*GRAVE_KOREAN, *GRAVE_ENGLISH, *MORE_GRAVE]
    texts += [text for pair in EXCUSES for text in pair]
    texts += [text for _, _, urgency, _, text in corpus.seeds() if urgency in URGENT]
    for text in filter(script.search, texts):
        left_out = {*grave} - {*lexicon._could_say(grave, text.lower())}
        assert not any(pattern.search(text) for pattern, *_ in left_out), text


@pytest.mark.parametrize(
    "text", ["THE HOUSE IS ON FIRE", "The house is on f\u0131re", "A man i\u017f drowning"]
)
def test_capitals_and_strange_letters_hide_no_danger(text: str) -> None:
    assert alarm(text) is not None


def test_every_excuse_silences_what_would_ring_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    examples = iter(EXCUSES)
    for name in ("_UNMEANT", "_UNREAL", "_ELSEWHERE"):
        every = getattr(lexicon, name)
        for number, excuse in enumerate(every):
            silent, rings = next(examples)
            assert alarm(silent) is None, silent
            assert alarm(rings) is not None, rings
            with monkeypatch.context() as patched:
                patched.setattr(lexicon, name, every[:number] + every[number + 1 :])
                assert alarm(silent) is not None, (excuse.pattern, silent)
    assert next(examples, None) is None


@pytest.mark.parametrize("text", ["불이 났어요", "The house is on fire"])
def test_what_is_told_after_all_else_is_seen(text: str) -> None:
    found = alarm(LONG + ". " + text)
    assert found is not None
    assert (LONG + ". " + text)[found.span.start : found.span.end] == found.span.text
    assert alarm(LONG + ". " + text + ". " + LONG) is None


@pytest.mark.parametrize(
    "unit",
    ["가스 ", "불이 ", "smoke ", "people ", "연기가", "no fire ", "사람", "만약 ", "if there "],
)
@pytest.mark.parametrize("beginning", ["", "불이 났어요 영화 ", "The house is on fire in a film "])
def test_a_long_text_is_read_in_time(beginning: str, unit: str) -> None:
    alarm(beginning + unit * 50_000)  # patterns are bounded: this would not end otherwise


def test_an_alarm_is_no_surer_for_what_the_model_took_the_message_for() -> None:
    text = "A sinkhole opened up and a truck fell in"
    sure = MODEL.probabilities(text)["urgency"]
    classes = MODEL.classes("urgency")
    emergency = float(sure[classes.index("emergency")])
    assert emergency < lexicon.CONFIDENCE < float(sure[classes.index("high")])
    (labels,) = MODEL.label([text])
    assert (labels.urgency.code, labels.urgency.confidence) == ("emergency", lexicon.CONFIDENCE)


def test_thanks_before_it_do_not_drown_an_alarm() -> None:
    thanks = "늘 시민을 위해 애써주셔서 감사드립니다. 새로 놓인 공원 벤치도 잘 쓰고 있습니다. "
    drowning = "그런데 호수에 어떤 분이 빠져서 허우적거리고 계십니다."
    calm = "호수에 오리가 많아서 아이들이 좋아합니다."
    rings, silent = MODEL.label([thanks * 3 + drowning, thanks * 3 + calm])
    assert rings.urgency.code == "emergency"
    assert silent.urgency.code not in URGENT
