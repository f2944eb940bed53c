"""What a city's people write, made up: kinds of messages, no two of which begin alike."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """``service``: whose it is in this city. ``lines``: what the city's staff have seen of it, and
    ``fresh``: said in words that they have not; each a pair of Korean and English."""

    name: str
    service: str
    lines: tuple[tuple[str, str], ...]
    fresh: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A text, and what kind it is of."""

    kind: Kind
    text: str


# This city's street order office clears shared scooters away, and its health centre answers for what
# pigeons leave behind. The label scheme says bicycle_pm and animals.
SCOOTERS = Kind(
    "scooters",
    "street_order",
    (
        (
            "공유 킥보드가 인도 한가운데 쓰러져 있습니다",
            "a shared kick scooter lies across the pavement",
        ),
        (
            "전동킥보드 여러 대가 점자블록을 막고 있어요",
            "several e-scooters block the tactile paving",
        ),
        ("누가 킥보드를 대문 앞에 버려두고 갔습니다", "somebody left a rental scooter at our gate"),
        (
            "대여 킥보드가 횡단보도 앞에 널려 있습니다",
            "rental kick scooters are strewn at the crossing",
        ),
        (
            "방치된 킥보드 때문에 유모차가 못 지나가요",
            "dumped scooters leave no room for a pushchair",
        ),
        ("킥보드 열 대가 버스정류장을 차지했습니다", "ten e-scooters have taken over the bus stop"),
        (
            "전동 킥보드가 며칠째 골목에 넘어져 있어요",
            "an e-scooter has been lying in the alley for days",
        ),
        ("지하철 출구를 공유 킥보드가 가로막습니다", "shared scooters block the metro exit"),
        (
            "킥보드가 화단 위에 아무렇게나 던져져 있네요",
            "kick scooters are thrown into the flower bed",
        ),
        (
            "가게 입구에 킥보드를 세워 두고 가 버립니다",
            "people park rental scooters in our shop's door",
        ),
    ),
    (
        (
            "길에 뒹구는 킥보드에 걸려 넘어질 뻔했습니다",
            "I nearly fell over an e-scooter in the dark",
        ),
        (
            "휠체어가 킥보드 더미에 막혀 차도로 나갑니다",
            "a heap of scooters forces wheelchairs off the kerb",
        ),
    ),
)
PIGEONS = Kind(
    "pigeons",
    "health",
    (
        ("비둘기 배설물이 벤치를 온통 덮었습니다", "pigeon droppings cover every bench"),
        ("누가 매일 비둘기에게 먹이를 뿌립니다", "somebody feeds the pigeons every day"),
        ("비둘기 떼가 몰려들어 깃털이 날립니다", "flocks of pigeons leave feathers everywhere"),
        ("비둘기가 실외기에 둥지를 틀었어요", "pigeons nest on the air conditioners"),
        ("비둘기 똥 때문에 창문을 못 열겠어요", "we cannot open a window for pigeon droppings"),
        ("광장 비둘기가 너무 많아졌습니다", "there are far too many pigeons on the square"),
        ("다리 밑 비둘기들이 오물을 떨어뜨립니다", "pigeons under the bridge soil people below"),
        ("비둘기 먹이 주는 분을 말려 주세요", "please stop the man who feeds pigeons"),
    ),
    (
        (
            "옥상에 비둘기 수십 마리가 자리를 잡았습니다",
            "dozens of pigeons have settled on the roof",
        ),
        (
            "비둘기 분변을 밟지 않고는 지나갈 수 없어요",
            "one cannot walk here without treading in pigeon dirt",
        ),
    ),
)
MOVED = (SCOOTERS, PIGEONS)
"""What this city handles otherwise than the shipped labels say."""

STAYED = (
    # The nearest neighbours of the two, which must not be pulled along.
    Kind(
        "bicycles",
        "bicycle_pm",
        (
            (
                "따릉이 대여소에 자전거가 한 대도 없습니다",
                "the public bike station has no bikes left",
            ),
            ("자전거도로가 중간에 끊겨 위험합니다", "the bike lane ends in the middle of the road"),
            (
                "따릉이 앱에서 자전거 반납이 안 됩니다",
                "the app will not let me return the public bike",
            ),
            ("자전거 보관대를 더 설치해 주세요", "please install more bicycle racks"),
        ),
    ),
    Kind(
        "strays",
        "animals",
        (
            ("목줄 없는 유기견이 돌아다닙니다", "a stray dog without a leash roams about"),
            ("길고양이가 다쳐서 쓰러져 있어요", "an injured stray cat lies here"),
            ("들개 무리가 나타나 무섭습니다", "a pack of feral dogs frightens people"),
            ("동물 사체가 길가에 있습니다", "there is a dead animal by the road"),
        ),
    ),
    Kind(
        "lamps",
        "streetlight",
        (
            ("가로등이 꺼져 있어 너무 어둡습니다", "the street light is out and it is dark"),
            ("가로등이 밤새 깜빡거립니다", "the street lamp flickers all night"),
            ("보안등을 하나 더 달아 주세요", "please put up another street light"),
        ),
    ),
    Kind(
        "waste",
        "waste",
        (
            ("쓰레기 무단투기가 심합니다", "people keep dumping rubbish illegally"),
            (
                "재활용 쓰레기를 며칠째 안 가져갑니다",
                "the recycling has not been collected for days",
            ),
            ("음식물 쓰레기통이 넘칩니다", "the garbage bins overflow"),
        ),
    ),
    Kind(
        "buses",
        "bus",
        (
            ("버스가 정류장에 서지 않고 지나갑니다", "the bus drove past without stopping"),
            ("버스 배차 간격이 너무 깁니다", "the bus comes far too seldom"),
            ("버스 기사님이 난폭하게 운전합니다", "the bus driver drives recklessly"),
        ),
    ),
    Kind(
        "holes",
        "road_damage",
        (
            ("도로에 구멍이 파여 있습니다", "there is a pothole in the road"),
            ("아스팔트가 갈라지고 꺼졌습니다", "the asphalt is cracked and sinking"),
            ("맨홀 뚜껑이 튀어나와 있어요", "a manhole cover sticks out of the road"),
        ),
    ),
    Kind(
        "noise",
        "noise",
        (
            ("밤마다 공사 소음이 심합니다", "the noise at night is unbearable"),
            ("새벽까지 음악 소음이 들립니다", "loud music noise until the morning"),
            ("오토바이 소음 때문에 잠을 못 자요", "motorcycle noise keeps us awake"),
        ),
    ),
)

_PLACES = (
    ("혜화역 4번 출구", "Hyehwa Station exit 4"),
    ("광화문광장 옆", "Next to Gwanghwamun Square"),
    ("종각역 사거리", "Jonggak crossing"),
    ("인사동 골목", "An alley in Insadong"),
    ("부암동 주민센터", "Buam-dong centre"),
    ("평창동 언덕길", "The hill road in Pyeongchang-dong"),
    ("창신시장 입구", "Changsin market gate"),
    ("동묘앞역 근처", "Near Dongmyo Station"),
    ("삼청동 파출소", "Samcheong-dong police box"),
    ("경복궁 담장 길", "Along the palace wall"),
    ("낙원상가 뒤편", "Behind Nakwon arcade"),
    ("대학로 소극장 거리", "The theatre street in Daehangno"),
    ("통인시장 앞", "In front of Tongin market"),
    ("세검정 초등학교", "Segeomjeong school"),
    ("사직공원 정문", "Sajik park main gate"),
    ("명륜동 편의점", "The corner shop in Myeongnyun-dong"),
)
_TIMES = (
    ("오늘 아침부터", "since this morning"),
    ("며칠 전부터", "for some days now"),
    ("퇴근길마다", "whenever I come home"),
    ("주말이면", "at weekends"),
    ("지난주부터 계속", "ever since last week"),
    ("해가 지면", "after dark"),
    ("요즘 들어", "these days"),
    ("한 달 가까이", "for about a month"),
    ("비가 온 뒤로", "since the rain"),
    ("점심때만 되면", "every noon"),
    ("어제저녁부터", "since last evening"),
)
_ENDS = (
    ("확인 부탁드립니다.", "Please have a look."),
    ("빨리 조치해 주세요.", "Please do something soon."),
    ("아이들이 다니는 길입니다.", "Children walk here."),
    ("몇 번을 말해야 하나요?", "How often must I say so?"),
    ("부탁드립니다.", "Thank you."),
)
ENGLISH_EVERY = 4
"""One in so many messages is English."""


def messages(kind: Kind, seed: int, *, fresh: bool = False) -> Iterator[Message]:
    """Messages of a kind, no two alike; ``fresh``: in words that stand in none of the others.

    Another seed gives others in another order, of which some are the same.
    """
    dice = random.Random(f"{kind.name} {seed}")
    lines = kind.fresh if fresh and kind.fresh else kind.lines
    ways = list(itertools.product(_PLACES, _TIMES, lines))
    dice.shuffle(ways)
    for number, (place, time, line) in enumerate(ways):
        end = dice.choice(_ENDS)
        if number % ENGLISH_EVERY:
            yield Message(kind, f"{place[0]} {time[0]} {line[0]}. {end[0]}")
        else:
            yield Message(kind, f"{place[1]}, {time[1]}: {line[1]}. {end[1]}")
