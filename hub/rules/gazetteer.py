"""Where a text says it is: names of districts, dong and places, with their particles and variants.

Korean glues particles to names (강남구에서, 역삼동의) and names to each other (종로구계동), so a run of
Hangul is read as a chain of known names that ends in a known particle; 중구난방 is no 중구. A dong that
exists in several districts is a list of candidates unless the text names the district too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.model.places import Area, Located, NamedPlace
from hub.rules.areas import AreaIndex

_RUN = re.compile(r"[가-힣0-9.·]*[가-힣][가-힣0-9.·]*")
_LATIN = re.compile(r"[A-Za-z]+(?:[- ]?[0-9.]*[- ]?(?:gu|dong|ga|ro))?\b")
_CITY = re.compile(r"^(서울특별시|서울시|서울)")

# What may follow a place's name in the same run: case particles, postpositions, and the nouns that
# people glue to a place.
_AFTER = re.compile(
    r"(?:소재|관내|지역|일대|인근|근처|부근|주변|주민들?|구민|주민센터|구청|동사무소|행정복지센터|파출소"
    r"|지구대|보건소|사거리|삼거리|시장|쪽|앞|뒤|옆|내|안|전체|전역|전지역|곳곳|청|\d+(?:번지)?)*"
    r"(?:에서도|에서는|에서의|에서|에게|에는|에도|에만|에선|에|의|은|는|이나|이랑|이며|이고|이라|인데|입니다"
    r"|이에요|예요|이|가|을|를|으로는|으로|로는|로|과|와|도|만|까지|부터|라는|처럼|보다|및|하고|나)?"
)
# Districts whose stem alone is an everyday word (동작 motion, 구로 "to nine", 중 middle …).
_STEM_IS_A_WORD = frozenset({"동작", "구로", "중", "관악", "성동", "강동", "강서", "광진"})
_LATIN_STEM_IS_A_WORD = frozenset({"jung", "guro"})


@dataclass(frozen=True, slots=True)
class _Mention:
    area: Area | None = None
    place: NamedPlace | None = None


class Gazetteer:
    """All the names, of areas and of imported places. Immutable, like the index it stands on."""

    def __init__(self, index: AreaIndex, places: Sequence[NamedPlace] = ()) -> None:
        self._index = index
        self._korean: dict[str, list[_Mention]] = {}
        self._latin: dict[str, list[_Mention]] = {}
        for area in index.areas:
            for name in _korean_names(area):
                self._korean.setdefault(name, []).append(_Mention(area=area))
            for name in _latin_names(area):
                self._latin.setdefault(name, []).append(_Mention(area=area))
        for place in places:
            key = place.name.replace(" ", "")
            table = self._korean if re.search("[가-힣]", key) else self._latin
            table.setdefault(key if table is self._korean else key.lower(), []).append(
                _Mention(place=place)
            )
        self._longest = max(map(len, self._korean), default=0)

    def locate(self, text: str) -> Located:
        """What the text says about where; ``how`` ``none`` when it says nothing."""
        districts: list[Area] = []
        stems: list[Area] = []
        dongs: list[list[Area]] = []
        places: list[NamedPlace] = []
        for mentions, full in self._mentions(text):
            areas = [m.area for m in mentions if m.area is not None]
            if any(a.kind == "district" for a in areas):
                (districts if full else stems).extend(a for a in areas if a.kind == "district")
            elif areas:
                dongs.append(areas)
            else:
                places += [m.place for m in mentions if m.place is not None]
        # 강서구 양천로 22 names 강서구; 양천 is only half of a road's name there.
        return self._conclude(list(dict.fromkeys(districts or stems)), dongs, places)

    def _conclude(
        self, districts: list[Area], dongs: list[list[Area]], places: list[NamedPlace]
    ) -> Located:
        named = {district.code for district in districts}
        candidates: list[Area] = []
        for areas in dongs:
            inside = [a for a in areas if a.district in named] if named else areas
            candidates += [a for a in inside if a not in candidates]
        if len(candidates) == 1:
            dong = candidates[0]
            return Located(dong, "text.dong", lat=dong.lat, lon=dong.lon, approximate=True)
        if candidates:
            homes = {area.district for area in candidates}
            if len(homes) == 1 and len(dongs) > 1:
                # Several dong of one district: the district is sure, the dong is not.
                home = self._index.district_of(candidates[0])
                return Located(home, "text.district", tuple(candidates), approximate=True)
            return Located(None, "ambiguous", tuple(candidates))
        if len(districts) == 1 and not self._elsewhere(places, named):
            if located := self._at_place(places):
                return located
            return Located(districts[0], "text.district", approximate=True)
        if districts:
            return Located(None, "ambiguous", tuple(districts))
        return self._at_place(places) or Located(None, "none")

    def _at_place(self, places: list[NamedPlace]) -> Located | None:
        """The area of the named places, if they all lie in one."""
        found = [self._index.at(place.lat, place.lon) for place in places]
        areas = {located.area.district for located in found if located.area}
        if len(areas) == 1 and found[0].area:
            first = places[0]
            return Located(found[0].area, "text.place", (), first.lat, first.lon, True)
        if len(areas) > 1:
            return Located(None, "ambiguous", tuple(f.area for f in found if f.area))
        return None

    def _elsewhere(self, places: list[NamedPlace], named: set[str]) -> bool:
        found = (self._index.at(place.lat, place.lon).area for place in places)
        return any(area is not None and area.district not in named for area in found)

    def _mentions(self, text: str) -> Iterable[tuple[list[_Mention], bool]]:
        """What each name may mean, and whether the name was written in full (강남구, not 강남)."""
        for run in _RUN.finditer(text):
            for name in self._chain(_CITY.sub("", run.group())) or ():
                yield self._korean[name], name.endswith("구")
        for word in _LATIN.finditer(text):
            key = re.sub(r"[- ]", "", word.group().lower())
            if mentions := self._latin.get(key):
                yield mentions, key.endswith("gu")

    def _chain(self, run: str) -> list[str] | None:
        """The run as names one after the other and a particle; None when it is no such thing."""
        for length in range(min(len(run), self._longest), 1, -1):
            name, rest = run[:length], run[length:]
            if name not in self._korean:
                continue
            if _AFTER.fullmatch(rest):
                return [name]
            following = self._chain(rest)
            if following is not None:
                return [name, *following]
        return None


def _korean_names(area: Area) -> Iterable[str]:
    yield area.name_ko
    stem = area.name_ko[:-1]
    if area.kind == "district":
        if stem not in _STEM_IS_A_WORD:
            yield stem
        return
    if numbered := re.fullmatch(r"(.+?)([0-9.]+)동", area.name_ko):
        yield f"{numbered[1]}제{numbered[2]}동"


def _latin_names(area: Area) -> Iterable[str]:
    name = area.name_en.lower().replace("-", "")
    yield name
    if area.kind == "district":
        stem = name.removesuffix("gu")
        if stem not in _LATIN_STEM_IS_A_WORD:
            yield stem
