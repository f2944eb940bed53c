"""A net under the classifier for what is rare and grave: words that mean danger to life now.

A learned model sees few fires and no collapsing tunnel; these patterns do not depend on having been
frequent. They raise the urgency, and name the service where it is plain; they never lower anything.

How a pattern is written: ``~12`` is up to twelve signs of the same sentence, so that every pattern ends in
time; ``WHO`` is a word for people. Each has its example in ``tests/classifiers/test_lexicon.py``. Beside a
pattern that is slow to search for stand words of which every match holds one (parts of words, too).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hub.model.labels import Span

CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a pattern says: the service that must act, if plain; the piece of the text it is in, and the
    sentence around that."""

    service: str | None
    span: Span
    sentence: str


Grave = tuple[tuple[re.Pattern[str], str | None, tuple[str, ...]], ...]
"""Patterns, the service that each names, and words without one of which it is not searched for."""

_SIGNS = re.compile(r"~(\d+)")
_WHO_KOREAN = "(?:사람|아이|아기|애들|승객|할머니|할아버지|어르신|운전자|기사님|시민|학생|엄마|아빠|어머니|아버지|남편|아내|아들|딸|친구|동생|직원|손님|노인|남자|여자|남성|여성|명)"
_WHO_ENGLISH = r"\b(?:people|persons?|m[ae]n|wom[ae]n|guys?|lady|boys?|girls?|child(?:ren)?|kids?|baby|toddler|son|daughter|mother|mom|mum|father|dad|husband|wife|brother|sister|grand\w+|friends?|neighbou?rs?|roommate|elderly|workers?|drivers?|riders?|passengers?|students?|someone|somebody|everyone|we|i|he|she|they)\b"


def _pattern(written: str, who: str = "") -> re.Pattern[str]:
    return re.compile(_SIGNS.sub(r"[^.!?\\n]{0,\1}", written.replace("WHO", who)), re.IGNORECASE)


def _grave(who: str, *written: tuple[str, str | None] | tuple[str, str | None, str]) -> Grave:
    return tuple(
        (_pattern(pattern, who), service, tuple(" ".join(needed).split()))
        for pattern, service, *needed in written
    )


# The first that matches speaks: who is in danger before what is broken.
_GRAVE_KOREAN = _grave(
    _WHO_KOREAN,
    # Somebody who cannot get out, or lies under something, or in the water.
    (r"WHO~12(?:갇[혔혀힌힘]|깔[렸려린림]|매몰|(?<!사회적 )고립)", "fire_rescue"),
    (r"(?:갇힌|깔린|매몰된|감전된|추락한|쓰러진|물에 ?빠진) ?WHO(?!을)", "fire_rescue"),
    (r"(?:지하차도|차 ?안|엘리베이터|승강기|건물 ?안|반지하|지하실|불|연기|물이)~20(?:갇[혔혀힌힘]|못 ?나[오와가갑]|나갈 ?수가? ?없)", "fire_rescue"),
    (r"(?:아이|아기|애)[가는만 ]{0,2}~4차 ?안에 ?(?:혼자|방치)", "fire_rescue"),
    # What else falls into water is no emergency (공, 킥보드).
    (r"(?:WHO|분)(?:들?[이가은는도]~8| ?)(?:강|하천|개천|바다|호수|저수지|계곡|구덩이|구멍|맨홀|물)에 ?~4빠[졌져지]|(?:강|하천|개천|바다|호수|저수지|계곡|구덩이|구멍|맨홀|물)에 ?~8(?:WHO|분)[이가은는도 ]{0,2}빠[졌져지]", "fire_rescue", "빠"),
    (r"(?:강|하천|개천|바다|호수|저수지|계곡|물)에 ?~8(?:떠내려|허우적)|빠져서? ?허우적|압사", "fire_rescue", "떠내려 허우적 압사"),
    # Somebody's body fails.
    (r"WHO~14쓰러(?:졌|져|지셨|지신|짐)", "fire_rescue"),
    (r"(?<![가-힣])(?<!시민 )(?<!안전 )의식[이을도]? ?(?:없|잃)|숨[을이도]? ?(?:안|못) ?(?:쉬(?!겠)|쉽|쉼)|숨이 ?멎|심정지(?! ?환자|[의로률])|심장이? ?멈|맥박이? ?없", "fire_rescue", "의식 숨 심정지 심장 맥박"),
    (r"(?<![가-힣])피[를가]? ?(?:많이|너무|엄청|철철|흘)|감전(?:됐|되었|된|당)", "fire_rescue", "피 감전"),
    # Fire, smoke, gas, what blows up.
    (r"불이야|불남|(?<![열천])(?:불[이길]{0,2}|화재가)[^.!?\n가-힣]{0,2}(?:났(?!다[는면던]|을|던|었)|나고 ?있|나요|납니다|번지|치솟|붙었|타오르|발생했|크게)", "fire_rescue", "불 화재가"),
    (r"(?:지금|방금|현재)~15(?:불이 나|화재|연기[가나])", "fire_rescue"),
    (r"연기[가도]~12(?:가득|자욱|치솟|올라[오와]|들어와|나와|나오고 있|나고 있)|연기 ?(?:나와|올라와)", "fire_rescue"),
    (r"가스~10(?:냄새|새고|새는|샙니다|새요|누출|폭발)|(?:냄새|누출)~6가스", "fire_rescue"),
    (r"폭발음|(?:배터리|공장|주유소|건물|창고|변압기|버스|차)[이가에서 ]{0,3}~6폭발(?:했|하고|해서)", "fire_rescue", "폭발"),
    # Water that people cannot leave.
    (r"(?:지하차도|반지하|지하철역|지하상가|터널)~15(?:물이 ?(?:차|들어|밀려|가득|허리|목|가슴)|침수되고|잠기고|잠겼)", "flooding"),
    # What falls down.
    (r"(?:건물|외?벽|담장|옹벽|천장|크레인|비계|공사장|축대|지붕|다리)[이가은는 ]{0,2}~10(?:무너졌|무너져|무너지고|무너질 것|무너짐|붕괴|쓰러지고|쓰러질 것|기울고)|(?:크레인|비계|담장|옹벽|외벽|축대|전봇대)[이가 ]{0,2}~6(?:넘어졌|넘어져|쓰러졌|쓰러져)", "building_works", "무너 붕괴 쓰러 기울 넘어"),
    (r"(?:땅|도로|지반|길)[이가]? ?~8(?:갑자기 ?꺼졌|푹 꺼졌|싱크홀이 ?(?:생겼|났))", "road_damage"),
    # One person against another, or against himself; who is lost.
    (r"(?:칼|흉기|총)[을를]? ?(?:들고|휘두|든)", "public_safety"),
    (r"(?:때리|폭행하|목을? ?조르)(?:고 ?있|는 ?소리)|비명 ?(?:소리)?[가를을이]? ?(?:들[려렸립]|나[고요]|지르)", "public_safety", "때리 폭행하 목 비명"),
    (r"(?:(?:모르는|이상한|낯선|어떤) ?(?:사람|남자|여자|아저씨|놈)|누가|누군가)~15(?:따라[오와옵]|쫓아[오와옵]|문을? ?부수|침입)", "public_safety"),
    (r"뛰어 ?내리(?:려|겠)|뛰어 ?내릴 ?[거것]|난간~6(?:올라가 ?있|매달려|넘어가)|죽(?:겠다|고 ?싶다|을 ?거라|는다)고~8(?:문자|전화|연락|메시지|카톡)|자살하(?:려|겠)", "public_safety"),
    (r"(?:아이|아들|딸|할머니|할아버지|어머니|아버지|치매)~14(?:실종|없어졌|사라졌|안 ?보여요|못 ?찾겠)", "public_safety"),
    # A cry for help, but not for the shops or for the trees.
    (r"(?<![을를들])(?<![을를들] )(?:살려|구해) ?(?:주세요|달라)|119 ?(?:불러|신고)~6(?:주세요|했)", None, "살려 구해 119"),
)  # fmt: skip
_GRAVE_ENGLISH = _grave(
    _WHO_ENGLISH,
    # Somebody who cannot get out, or lies under something, or in the water.
    (r"WHO~45\b(?:trapped|drowning|buried (?:under|in|beneath) (?:it|(?:the )?(?:rubble|debris|snow|mud|roof|building|house)))\b", "fire_rescue", "trapped drowning buried"),
    (r"WHO~45\b(?:stuck (?:in|inside|under|on)|(?:cannot|can'?t) (?:get|come) out of)(?: (?:the|an?|my|our|this|that|flooded|broken|burning)){0,3} (?:elevator|lift|escalator|car|bus|train|tunnel|underpass|water|roof|building|house|basement|rubble|mud|hole|manhole)\b", "fire_rescue", "stuck cannot can't cant"),
    (r"\b(?:water|flood\w*|fire|smoke)\b~45\b(?:cannot|can'?t|unable to) (?:(?:get|come) out|open)\b", "fire_rescue", "cannot can't cant unable"),
    (r"WHO~20\b(?:locked|left|alone) in(?:side)? (?:a|the) (?:hot |parked )?car\b", "fire_rescue", "locked left alone"),
    (r"WHO~20\bfell in(?:to|side)? (?:the|a|han)(?: han)? ?(?:river|water|lake|stream|canal|hole|manhole|tracks)\b|WHO (?:is |are )?in the water\b|\bcapsized\b|\bcrowd crush\b", "fire_rescue", "fell water capsized crush"),
    # Somebody's body fails.
    (r"WHO~45\b(?:unconscious|unresponsive|(?:not|isn'?t|stopped) breathing|(?:cannot|can'?t) breathe|bleeding (?:badly|a lot|heavily)|(?:won'?t|doesn'?t|not) (?:wake|waking) up)\b|\bno pulse\b", "fire_rescue", "unconscious unresponsive breath bleeding wake waking pulse"),
    (r"\belectrocut|\b(?:wire|cable|power ?line|pole)\b~45\bshocked\b|\b(?:live|downed|sparking|exposed live) (?:power ?line|wire|electric\w* wire)s?\b", "fire_rescue", "electrocut shocked wire line"),
    # Fire, smoke, gas, what blows up.
    (r"\b(?:is|are|'s|caught|building|house|car|station|train|apartment|store)\b~12\bon fire\b|\b(?:caught|there(?:'s| is)(?: a)?) fire\b(?! (?:hydrant|station|exit|truck|engine|lane|extinguisher|department|escape|drill|safety|door|sale|hazard))|\b(?:is|are) burning\b(?! (?:rubbish|trash|garbage|leaves))", "fire_rescue", "fire burning"),
    (r"\bfire (?:broke out|is spreading|next door|upstairs|downstairs|(?:in|inside|at) (?:the|my|our|an?|kitch\w*|basement|building|apartment|house|subway|room))\b", "fire_rescue", "fire"),
    (r"\bsmoke (?:is )?(?:everywhere|coming|pouring|filling|billowing|in the (?:hall|corridor|stair|train|building|subway|room))", "fire_rescue", "smoke"),
    (r"\b(?:smell(?:s|ing)?(?: of| like)?|leaking|leak of) (?:natural )?gas\b|\bgas (?:leak|smell|explosion)|\bcarbon monoxide (?:alarm|detector)~8(?:keeps|going|went|beep|ring)", "fire_rescue", "gas carbon"),
    (r"\bexplosion (?:at|in|near|on)\b|\b(?:tank\w*|battery|car|bus|scooter|boiler|transformer) (?:just )?exploded\b", "fire_rescue", "explosion exploded"),
    # Water that people cannot leave.
    (r"\b(?:underpass|tunnel|basement|subway station)\b~20\b(?:flood(?:ed|ing)|filling with water|under ?water)\b", "flooding", "flood water"),
    # What falls down.
    (r"\b(?:wall|building|roof|bridge|crane|ceiling|scaffold\w*|balcony)\b~30\b(?:collaps(?:ed|ing)|about to (?:fall|collapse)|falling down|caving in|(?:fell|caved) in)\b", "building_works", "collaps fall caving fell caved"),
    (r"\b(?:sinkhole|road)\b~15\b(?:opened up|just (?:opened|collapsed)|swallowed)\b", "road_damage", "opened collapsed swallowed"),
    # One person against another, or against himself; who is lost.
    (r"WHO (?:with|waving|holding) an? (?:knife|gun|weapon)\b|\bactive shooter\b|\b(?:been|got|was|were|just) stabbed\b|\bstabbing (?:people|someone|him|her|me)\b", "public_safety", "knife gun weapon shooter stabbed stabbing"),
    (r"\b(?:is|are|keeps?|been|'s) (?:following|chasing|attacking|beating|strangling|hitting) (?:me|us|his|her|him|a (?:wom|m)an|someone)\b(?! on\b)|\bbreak(?:ing)? in(?:to)? my (?:house|home|apartment|flat|room)\b", "public_safety", "following chasing attacking beating strangling hitting break"),
    (r"WHO~30\b(?:wants?|going|gonna|trying|about|threatens?|threatening)(?: to)? (?:jump(?! the| in\b| on| ship)|kill (?:him|her|my|them)sel(?:f|ves)|commit suicide|end (?:his|her|my) life)\b", "public_safety", "jump kill suicide life"),
    (r"\b(?:child|kid|son|daughter|boy|girl|toddler|elderly|mother|father|grand\w+)\b~18\b(?:is|are|went|has gone|gone) missing\b|\bmissing (?:child|boy|girl|toddler|elderly)\b", "public_safety", "missing"),
)  # fmt: skip

_UNMEANT = tuple(
    _pattern(written)
    for written in (
        # The danger itself is denied. A denial of anything else (no exit, no signal) is no comfort, and a
        # question (불난 거 아닌가요) is no denial.
        r"(?:불|화재|가스|연기|사고|폭발|붕괴)(?: ?냄새)?(?:이|가|은|는|도)?(?: ?난 ?(?:것|거|건|게)[은이]?)? ?(?:아니(?:고|라|며|지만|었|구|에요(?! ?\?)|예요(?! ?\?))|아닙니다|아닌데|없었|없습|없어요|안 ?났|안 ?나)",
        r"\b(?:no|not an?|not|isn'?t|wasn'?t|without|never)(?: an?| any| the| real| actual){0,2} (?:fire|gas|smoke|explosion|flood\w*)(?: (?:leak|smell))?\b",
        r"\b(?:nobody|no ?one|nothing)(?: else)?(?: is| was| got| are|'s) \w+",
        # Smoke of every day; 연기 is to put off, too.
        r"\b(?:cigarettes?|tobacco|barbecue|bbq|exhaust|incense|second-?hand|vape) smoke\b",
        r"(?:담배|흡연|고기|굽는|숯불|배기|매연|굴뚝|소독|방역|(?<![가-힣])향|개학|시험|행사|일정|대회|축제|공연|배우\w?) ?연기",
        # Lamps are called 불, and tempers, telephones and heels catch fire.
        r"(?:가로|신호|보안)등의? ?불이? ?(?:나[가갔]|꺼|들어|안 ?들)|(?:발등에|눈에|속에서|전화[통기]에|엉덩이에|댓글창?에?) ?불|열불|천불|(?:논란|경쟁|논쟁|토론)에 ?불|불났네|불티",
        r"\bdrowning in (?!the\b|a\b)\w+|\btrapped (?:in|by|under) (?:paperwork|debts?|bills?|rents?|contracts?)\b",
        # The danger itself is feared or supposed; who is in danger fears, too (죽을까 봐).
        r"(?:가스|연기|불이?|화재|누출|폭발|붕괴|무너|침수|감전|고립)~12까 ?(?:봐|걱정|불안|두려|무서)|(?:만약|혹시라도)~20|발생 ?시(?!킨|켰)|발생했을 ?(?:때|시)",
        r"\b(?:might|may|could|would)(?: be| get| have| happen){0,2}(?: an?)? (?:trapped|stuck|buried|drowning|electrocute\w*|on fire|fire|gas|smoke|explosion|sinkhole)\b|\b(?:in case|if there|what if)\b[^.!?,\n]{0,40}",
        # Despair at noise or prices calls for help as if somebody died.
        r"(?:미치겠|죽겠(?!다고))~10(?:살려|구해) ?(?:주|달라)|(?:살려|구해) ?(?:주|달라)~14(?:미치겠|죽겠)",
    )
)
"""Phrases whose words are not meant: the text is read as if they were not there."""

_UNREAL = tuple(
    _pattern(written)
    for written in (
        # What is played or told. A cinema (영화관) is a place like another, and 기사님 is a driver.
        r"(?:영화|드라마|소설|게임)(?!관|장(?!면)|방)|뉴스에서|기사(?:를|에서|에 따르면)|\b(?:movie|film|novel|song|album|game|drama)\b(?! (?:theat|room|shop|cent))",
        # Prices and jokes.
        r"실화냐|핫딜|세일|품절|ㅋㅋ|\b(?:sale|lol|haha)\b",
        # What is over.
        r"오작동|오경보|\bfalse alarm\b|\bnot an emergency\b",
    )
)
"""A sentence that holds one of these speaks of no danger."""

_ELSEWHERE = tuple(
    _pattern(written)
    for written in (
        # Drills and lessons; but a school or training centre can burn.
        r"훈련(?!원|소|장)|교육(?!청|원|장|관|센터|부)|캠페인|골든 ?타임|심장 ?충격기|\b(?:drill|exercise|training)\b(?! cent)",
        # What was.
        r"작년|지난해|지난달|몇 ?년 ?전|예전|과거|당시|사건|참사|\blast (?:year|month|week|summer|winter|spring|autumn)\b|\byears? ago\b|\bhistory\b",
        # Plans, and what they are to prevent.
        r"예방|대책|방지(?!턱)|우려|가능성|경우|\bprevent\w*",
        r"제안|조례|정책|법안|청원|보험(?!공단|회사)|\b(?:insurance|proposal|policy|should (?:install|have))\b",
        r"소화기~12(?:설치|비치|교체|점검|배치)|설치해|설치를|점검해",
    )
)
"""A sentence that holds one of these speaks of another time, or of a plan, unless it says ``_NOW``."""

_NOW = _pattern(
    r"지금(?!까지|껏|은 |의)|방금|진짜로|살려 ?주|도와 ?주세요|빨리 ?(?:좀 ?)?(?:와|오세|출동)|급해요|어떡해"
    r"|\b(?:right now|but now|and now|just now|real (?:fire|smoke)|still (?:burning|inside|in there)|help(?: us| me|!)|hurry|please come)\b"
)

_NO_JOKE = _pattern(
    r"\b(?:no|not an?|isn'?t an?|wasn'?t an?) (?:drill|exercise|joke|movie|film|game|false alarm)\b|(?:훈련|장난|농담|영화|게임|오작동|오경보)(?: ?상황)?[이은도가]? ?(?:아니|아닙|아닌|아녜)"
)
"""That all is well is denied: these words excuse nothing."""

MAX_CHARS = 160
"""Who is in danger says so at once, or after all else; between stand the reasons of proposals."""

_TYPED = str.maketrans("졋혓낫엇햇됫렷’", "졌혔났었했됐렸'")
"""What thumbs write, and what is meant."""
_MISTYPED = re.compile(f"[{''.join(map(chr, _TYPED))}]")

_HANGUL, _LATIN = re.compile(r"[가-힣]"), re.compile(r"[A-Za-z]{4}")
"""No English pattern is said in shorter words alone; Korean texts hold LED, TV and the like."""


def alarm(text: str) -> Alarm | None:
    """The gravest thing that the text says is happening now; None if nothing."""
    meant = text.translate(_TYPED) if _MISTYPED.search(text) else text
    if next(_said(meant), None) is None:
        return None  # most texts; what is not meant would only take more away
    for unmeant in (*_UNMEANT, _NO_JOKE):
        meant = unmeant.sub(_nothing, meant)
    for service, match in _said(meant):
        around = _sentence(text, match.start(), match.end())
        if _present(meant[around]):
            return Alarm(service, _span(text, match), text[around])
    return None


def _said(text: str) -> Iterator[tuple[str | None, re.Match[str]]]:
    """What any pattern finds, and the service that it names."""
    for start, end in _ends(text):
        # A text in one script is not searched for what only the other can say.
        piece = text[start:end]
        grave = _could_say(_GRAVE_KOREAN, piece) if _HANGUL.search(piece) else ()
        if _LATIN.search(piece):
            # A few signs beyond ASCII are capitals of its letters to a pattern, and not to lower().
            small = piece.isascii()
            grave += _could_say(_GRAVE_ENGLISH, piece.lower()) if small else _GRAVE_ENGLISH
        for pattern, service, _ in grave:
            for match in pattern.finditer(text, start, end):
                yield service, match


def _could_say(grave: Grave, piece: str) -> Grave:
    """Those whose words the piece holds, as far as they need any."""
    return tuple(one for one in grave if not one[2] or any(word in piece for word in one[2]))


def _ends(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text danger is told: its beginning, and its end."""
    yield 0, min(MAX_CHARS, len(text))
    if len(text) > MAX_CHARS:
        yield len(text) - MAX_CHARS, len(text)


def _nothing(match: re.Match[str]) -> str:
    """As much of what no pattern reaches across."""
    return "\n" * len(match.group())


def _present(sentence: str) -> bool:
    """Whether a sentence speaks of what is, here and now."""
    if any(unreal.search(sentence) for unreal in _UNREAL):
        return False
    return bool(_NOW.search(sentence)) or not any(other.search(sentence) for other in _ELSEWHERE)


def _span(text: str, match: re.Match[str]) -> Span:
    found = text[match.start() : match.end()]
    piece = found.strip()
    start = match.start() + found.index(piece)
    return Span(piece, start, start + len(piece))


def _sentence(text: str, start: int, end: int) -> slice:
    """The sentence around a match: what is said elsewhere does not take the danger away."""
    before = max(text.rfind(mark, 0, start) for mark in ".!?\n")
    after = [position for mark in ".!?\n" if (position := text.find(mark, end)) >= 0]
    return slice(before + 1, min(after, default=len(text)))
