"""A net under the classifier for what is rare and grave: words that mean danger to life now.

A learned model sees few fires and no collapsing tunnel; these patterns do not depend on having been
frequent. They raise the urgency, and name the service where it is plain; they never lower anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub.model.labels import Span

_KO = re.IGNORECASE
CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a pattern says: the service that must act, if plain, and the piece of the text it is in."""

    service: str | None
    span: Span


_GRAVE: tuple[tuple[re.Pattern[str], str | None], ...] = tuple(
    (re.compile(pattern, _KO), service)
    for pattern, service in (
        (
            r"(?:사람|아이|승객|할머니|할아버지|어르신|운전자|시민|학생|엄마|아빠|친구|직원|손님|명)[^.!?\n]{0,12}(?:갇혔|갇혀|갇힌|깔렸|깔려|매몰|고립|빠졌|빠져)",
            "fire_rescue",
        ),
        (
            r"(?:지하차도|차 ?안|엘리베이터|승강기|건물 ?안|반지하|지하실)[^.!?\n]{0,20}(?:갇혔|갇혀|갇힌|못 ?나오)",
            "fire_rescue",
        ),
        (
            r"(?:지하차도|반지하|지하철역|지하상가|터널)[^.!?\n]{0,15}(?:물이 ?(?:차|들어|밀려|가득)|침수되고|잠기고|잠겼)",
            "flooding",
        ),
        (
            r"가스[^.!?\n]{0,10}(?:냄새|새고|새는|샙니다|새요|누출|폭발)|(?:냄새|누출)[^.!?\n]{0,6}가스",
            "fire_rescue",
        ),
        (
            r"(?:불이|불길이?|화재가|산불이)[^.!?\n가-힣]{0,2} ?(?:났어요|났습니다|났는데|나고 있|났다고|번지|치솟|붙었|발생했|크게)",
            "fire_rescue",
        ),
        (
            r"(?:지금|방금|현재)[^.!?\n]{0,15}(?:불났|불이 나|화재|(?<![가-힣])(?<!개학 )연기가)",
            "fire_rescue",
        ),
        (r"연기가[^.!?\n]{0,12}(?:가득|자욱|치솟|올라오|나오고 있|나고 있)", "fire_rescue"),
        (
            r"(?:건물|벽|담장|옹벽|천장|크레인|비계|공사장|축대|지붕|다리)[이가은는 ]{0,2}[^.!?\n]{0,10}(?:무너졌|무너지고|무너질 것|붕괴|쓰러지고|쓰러질 것|기울고)",
            "building_works",
        ),
        (
            r"(?:땅|도로|지반|길)[이가]? ?[^.!?\n]{0,8}(?:갑자기 ?꺼졌|푹 꺼졌|싱크홀이 ?(?:생겼|났))",
            "road_damage",
        ),
        (
            r"(?:아이|아들|딸|할머니|할아버지|어머니|아버지|치매)[^.!?\n]{0,14}(?:실종|없어졌|사라졌|안 ?보여요|못 ?찾겠)",
            "public_safety",
        ),
        (r"(?:쓰러져|의식이? ?없|숨을 ?(?:안|못) ?쉬|심정지|피를 많이|감전)", "fire_rescue"),
        (
            r"(?<![을를들])(?<![을를들] )(?:살려|구해) ?(?:주세요|달라)|119 ?(?:불러|신고)[^.!?\n]{0,6}(?:주세요|했)",
            None,
        ),
        (r"(?:칼|흉기|총)[을를]? ?(?:들고|휘두|든)", "public_safety"),
        (
            r"\b(?:people|person|man|woman|child(?:ren)?|kids?|son|daughter|workers?|drivers?|passengers?|someone|somebody|we|i)\b[^.!?\n]{0,45}\b(?:trapped|stuck (?:in|inside|under|on)(?! traffic| the phone| hold)|buried (?:under|in the rubble)|drowning(?! in (?!the\b|a\b))|unconscious|not breathing|(?:cannot|can't) breathe|bleeding badly)\b",
            "fire_rescue",
        ),
        (
            r"\b(?:water|flood\w*|fire|smoke)\b[^.!?\n]{0,45}\b(?:cannot|can't|unable to) (?:get|come) out\b",
            "fire_rescue",
        ),
        (
            r"\b(?:smell(?:s|ing)?(?: of)?|leaking|leak of) (?:natural )?gas\b|\bgas (?:leak|smell|explosion)\b",
            "fire_rescue",
        ),
        (
            r"\b(?:is|are|'s|caught|building|house|car|station|train|apartment|store)\b[^.!?\n]{0,12}\bon fire\b|\bfire (?:broke out|in the|is spreading|at the)\b|\bexplosion (?:at|in|near|on)\b|\bsmoke (?:is )?(?:coming|pouring|filling|billowing)\b",
            "fire_rescue",
        ),
        (
            r"\b(?:wall|building|roof|bridge|crane|ceiling|scaffold\w*|balcony)\b[^.!?\n]{0,30}\b(?:collaps(?:ed|ing)|about to (?:fall|collapse)|falling down|caving in)\b",
            "building_works",
        ),
        (
            r"\b(?:underpass|tunnel|basement|subway station)\b[^.!?\n]{0,20}\b(?:flood(?:ed|ing)|filling with water|under ?water)\b",
            "flooding",
        ),
        (
            r"\b(?:child|kid|son|daughter|boy|girl|toddler|elderly|mother|father|grand\w+)\b[^.!?\n]{0,18}\b(?:is|are|went|has gone|gone) missing\b|\bmissing (?:child|boy|girl|toddler|elderly)\b",
            "public_safety",
        ),
        (
            r"\b(?:sinkhole|road)\b[^.!?\n]{0,15}\b(?:opened up|just collapsed|swallowed)\b",
            "road_damage",
        ),
        (
            r"\b(?:live|downed|sparking|exposed live) (?:power ?line|wire|electric\w* wire)s?\b|\belectrocut",
            "fire_rescue",
        ),
        (
            r"\b(?:man|someone|person|guy) (?:with|waving|holding) an? (?:knife|gun|weapon)\b|\bactive shooter\b",
            "public_safety",
        ),
    )
)

_HANGUL, _LATIN = re.compile(r"[가-힣]"), re.compile(r"[A-Za-z]")
# A text in one script is not searched for what only the other can say.
_GRAVE_KOREAN = tuple(pair for pair in _GRAVE if _HANGUL.search(pair[0].pattern))
_GRAVE_ENGLISH = tuple(pair for pair in _GRAVE if not _HANGUL.search(pair[0].pattern))

# A film, a price, a plan, the past, a wish: the same words without the danger.
_HARMLESS = re.compile(
    r"영화|드라마|소설|게임|뉴스에서|기사|실화냐|불났네|불티|핫딜|세일|품절|훈련|캠페인|예방|대책|교육|만약|혹시라도"
    r"|경우|발생 ?시(?!킨|켰)|발생했을 ?(?:때|시)|골든 ?타임|심장 ?충격기|ㅋㅋ|우려|가능성|방지|작년|지난해|지난달|몇 ?년 ?전|예전|과거|당시|보험|제안|조례|정책|법안|소화기|설치해|설치를|점검해|청원|사건|참사"
    r"|\b(?:movie|film|novel|song|album|game|drill|exercise|training|last (?:year|month|week)|years? ago|prevent\w*"
    r"|in case|if there|what if|insurance|sale|lit|fire sale|proposal|policy|should (?:install|have)|would be|history)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?:불|화재|가스|연기|사고)[^.!?\n]{0,10}(?:아니|아닙|없었|없습|안 ?났)"
    r"|\b(?:no|not a|isn't|wasn't|without(?: a)?|false alarm)\b[^.!?\n]{0,12}\b(?:fire|gas|smoke|emergency|alarm)?",
    re.IGNORECASE,
)

MAX_CHARS = 160
"""Who is in danger says so at once; further on stand the reasons of proposals."""


def alarm(text: str) -> Alarm | None:
    """The gravest thing that the text says is happening now; None if nothing."""
    beginning = text[:MAX_CHARS]
    grave: tuple[tuple[re.Pattern[str], str | None], ...] = ()
    if _HANGUL.search(beginning):
        grave += _GRAVE_KOREAN
    if _LATIN.search(beginning):
        grave += _GRAVE_ENGLISH
    for pattern, service in grave:
        match = pattern.search(beginning)
        if match is None:
            continue
        around = _sentence(beginning, match.start(), match.end())
        if _HARMLESS.search(around) or _NEGATED.search(around):
            continue
        return Alarm(service, _span(match))
    return None


def _span(match: re.Match[str]) -> Span:
    piece = match.group().strip()
    start = match.start() + match.group().index(piece)
    return Span(piece, start, start + len(piece))


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a match: what is said elsewhere does not take the danger away."""
    before = max(text.rfind(mark, 0, start) for mark in ".!?\n")
    after = [position for mark in ".!?\n" if (position := text.find(mark, end)) >= 0]
    return text[before + 1 : min(after, default=len(text))]
