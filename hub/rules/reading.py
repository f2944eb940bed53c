"""Finds the names of areas and places in a text, Korean and English.

Korean glues particles to names (강남구에서, 역삼동의) and names to each other (종로구계동), so a run of
Hangul is read as a chain of known names that ends in a known particle; 중구난방 is no 중구.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.model.places import Area, NamedPlace
from hub.rules import placenames

_RUN = re.compile(r"(?:[가-힣0-9]|(?<=[0-9])[.·](?=[0-9]))+")
# A word with its number and suffix (Jongno 3-ga), unless a road is called after it (Mapo-daero).
_LATIN = re.compile(
    r"\b[A-Za-z]+(?:[- ]?[0-9][0-9·]*)?(?:[- ]?(?:ga[0-9]*-?)?(?:gu|dong|ga|ro|district)\b)?"
    r"(?![-A-Za-z]{0,20}-?(?:daero|ro|gil)\b)",
    re.IGNORECASE,
)
_LATIN_WORD = re.compile(r"[A-Za-z0-9]+")
_CITY_SUFFIX = "(?:특별시|광역시|특별자치시|시)?"

# What may follow a place's name in the same run: nouns that people glue to it, then a particle.
_NOUNS = (
    r"(?:소재|관내|지역|일대|인근|근처|부근|주변|주민들?|구민|주민센터|구청장?|동사무소|행정복지센터"
    r"|파출소|지구대|보건소|경찰서|소방서|세무서|우체국|도서관|구?의회|사거리|삼거리|시장|뉴타운|쪽"
    r"|앞|뒤|옆|내|전체|전역|전지역|곳곳|청장?|청역|\d++(?:번지|가)?)*"
)
_PARTICLE = (
    r"(?:에서도|에서는|에서의|에서|에게|에는|에도|에만|에선|에|의|은|는|이나|이랑|이며|이고|이라|인데"
    r"|입니다|이에요|예요|이|가|을|를|으로는|으로|로는|로|과|와|도|만|까지|부터|라는|처럼|보다|및|하고"
    r"|나)?"
)
_AFTER = re.compile(_NOUNS + _PARTICLE)
_ROAD_NUMBER = re.compile(r"\s?(?:지하\s?)?\d")

# A dong's name may be glued to any noun (강일동연장), unless both together begin another word
# (방학동안, 신정동물).
_ANOTHER_WORD = re.compile(r"[안물의시네생향창기료아작일대전]")

_LIVES = re.compile(
    r"(?:\s*[가-힣0-9]+동)?(?:에서|에|의)?\s*"
    r"(?:사는|살고|살며|살아|산다|삽니다|거주|주민(?!센터|자치)|구민|시민|입주민)"
)
_LIVES_IN = re.compile(r"(?:live|living|lives|resident|residing)\s+(?:in|of|at)\s+$", re.IGNORECASE)

# Another city's 중구: a city or province just before the name, perhaps with what lies between.
_OTHER_CITY = re.compile(
    r"(?<![가-힣])(서울|부산|대구|인천|광주|대전|울산|세종(?=시|특)|경기|강원|충북|충남|충청[남북]|전북|전남"
    r"|전라[남북]|경북|경남|경상[남북]|제주|수원|성남|고양|용인|부천|안산|안양|화성|평택|의정부|시흥|파주"
    r"|김포|광명|군포|하남|오산|이천|안성|구리|남양주|포천|양주|여주|과천|의왕|춘천|원주|강릉|청주|충주"
    r"|천안|아산|전주|군산|익산|목포|여수|순천|포항|경주|구미|김해|창원|진주|진해|마산|서귀포)"
    r"(?:특별시|광역시|특별자치[시도]|도|시)?(?:의|에서도|에도)?\s*(?:[가-힣]{0,6}[시군구읍면]\s+){0,3}$"
)
_CITIES = "(Seoul|Busan|Daegu|Incheon|Daejeon|Ulsan|Gwangju)"
_OTHER_CITY_BEFORE = re.compile(_CITIES + r"(?:'s)?,?\s+$", re.IGNORECASE)
_OTHER_CITY_AFTER = re.compile(r"\s*(?:,|in|of)\s+" + _CITIES + r"\b", re.IGNORECASE)
_AROUND_CHARS = 30
MOST_NAMES = 8
"""In one run of Hangul: an address has three or four, and a text may be one run of 20,000 signs."""

# A number or an office behind a name that is also a word makes it a place: 신원동 266.
_PLACED = re.compile(r"\s?(?:산\s?)?\d|\s?(?:주민센터|동사무소|행정복지센터)")


@dataclass(frozen=True, slots=True)
class Mention:
    """One name in a text and what it may mean.

    ``full``: written whole (강남구, not 강남); ``home``: the writer lives there; ``doubtful``: it may
    be an everyday word.
    """

    areas: tuple[Area, ...] = ()
    places: tuple[NamedPlace, ...] = ()
    full: bool = False
    home: bool = False
    doubtful: bool = False


@dataclass(slots=True)
class _Meaning:
    areas: list[Area]
    places: list[NamedPlace]


class Reader:
    """Knows all names of a city; finds them in texts."""

    def __init__(
        self, areas: Sequence[Area], places: Sequence[NamedPlace], city: tuple[str, str]
    ) -> None:
        self._city_names = tuple(name.lower() for name in city)
        self._own_city = re.compile(f"^{re.escape(city[0])}{_CITY_SUFFIX}" if city[0] else "(?!)")
        self._korean: dict[str, _Meaning] = {}
        self._latin: dict[str, _Meaning] = {}
        for name, area in placenames.korean(areas):
            self._korean.setdefault(name, _Meaning([], [])).areas.append(area)
        for name, area in placenames.latin(areas):
            self._latin.setdefault(name, _Meaning([], [])).areas.append(area)
        self._phrases: dict[tuple[str, ...], list[NamedPlace]] = {}
        for place in places:
            if re.search("[가-힣]", place.name):
                name = place.name.replace(" ", "")
                self._korean.setdefault(name, _Meaning([], [])).places.append(place)
            else:
                words = tuple(_LATIN_WORD.findall(place.name.lower()))
                self._phrases.setdefault(words, []).append(place)
        self._longest = max(map(len, self._korean), default=0)
        self._most_words = max(map(len, self._phrases), default=0)

    def mentions(self, text: str) -> Iterator[Mention]:
        """The names in a text, in no particular order, without those of other cities."""
        for run in _RUN.finditer(text):
            yield from self._in_run(run.group(), *_around(text, run))
        for word in _LATIN.finditer(text):
            yield from self._in_word(word.group(), *_around(text, word))
        if self._phrases:
            yield from self._in_phrases(_LATIN_WORD.findall(text.lower()))

    def _in_run(self, run: str, before: str, after: str) -> Iterator[Mention]:
        whole = run.replace(".", "·")
        own = self._own_city.sub("", whole)
        chain = self._chain(whole, after)  # 서울역 before 서울 and 역
        if chain is None and own != whole:
            whole, chain = own, self._chain(own, after)
        elif self._foreign(_OTHER_CITY.search(before)):
            return
        rest = whole[sum(map(len, chain or ())) :] + after
        for name in chain or ():
            yield Mention(
                tuple(self._korean[name].areas),
                tuple(self._korean[name].places),
                full=name.endswith("구"),
                home=bool(_LIVES.match(rest)),
                doubtful=name in placenames.WORDS and not _PLACED.match(rest),
            )

    def _in_word(self, word: str, before: str, after: str) -> Iterator[Mention]:
        key = re.sub(r"[- ]", "", word.lower())
        if key[-1].isdigit():
            key = key.rstrip("0123456789·")  # Mapo 3 …: the number belongs to what follows
        if key.endswith("district"):
            key = key.removesuffix("district") + "gu"
        meaning = self._latin.get(key)
        foreign = _OTHER_CITY_BEFORE.search(before) or _OTHER_CITY_AFTER.match(after)
        if meaning and not self._foreign(foreign):
            yield Mention(
                tuple(meaning.areas),
                tuple(meaning.places),
                full=key.endswith("gu"),
                home=bool(_LIVES_IN.search(before)),
            )

    def _in_phrases(self, words: list[str]) -> Iterator[Mention]:
        for start in range(len(words)):
            for end in range(start + 1, min(start + self._most_words, len(words)) + 1):
                if places := self._phrases.get(tuple(words[start:end])):
                    yield Mention(places=tuple(places))

    def _foreign(self, city: re.Match[str] | None) -> bool:
        """Whether a city was named, and it is not this one."""
        return city is not None and city[1].lower() not in self._city_names

    def _chain(self, run: str, after: str, most: int = MOST_NAMES) -> list[str] | None:
        """The run as names one after the other and a particle; None when it is no such thing."""
        if not most:
            return None
        for length in range(min(len(run), self._longest), 1, -1):
            name, rest = run[:length], run[length:]
            if name not in self._korean:
                continue
            following = self._chain(rest, after, most - 1)
            if following is not None:
                return [name, *following]
            if self._ends(name, rest, after):
                return [name]
        return None

    def _ends(self, name: str, rest: str, after: str) -> bool:
        """Whether a run may end so: a particle that fits the name, and no road called after it."""
        if rest in ("로", "로는") and (_closed(name) or _ROAD_NUMBER.match(after)):
            return False
        if _AFTER.fullmatch(rest):
            return True
        return len(name) > 2 and name.endswith("동") and not _ANOTHER_WORD.match(rest)


def _around(text: str, found: re.Match[str]) -> tuple[str, str]:
    """What stands just before and after."""
    start, end = found.span()
    return text[max(0, start - _AROUND_CHARS) : start], text[end : end + _AROUND_CHARS]


def _closed(name: str) -> bool:
    """Whether the last syllable ends in a consonant that asks for 으로 (강남로 is a road)."""
    final = (ord(name[-1]) - 0xAC00) % 28
    return final not in (0, 8)  # none, ㄹ
