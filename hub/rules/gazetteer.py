"""Where a text says it is: names of districts, dong and places, with their particles and variants.

Nothing is guessed: a dong that exists in several districts, or two districts, are candidates unless
the text says more. Where a writer lives counts only when the text names nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.model.places import Area, Located, NamedPlace
from hub.rules.areas import AreaIndex
from hub.rules.reading import Mention, Reader


@dataclass(slots=True)
class _Said:
    """What a text names, sorted: ``dongs`` has the possible areas of each dong it names."""

    districts: list[Area]
    stems: list[Area]
    dongs: list[list[Area]]
    places: list[NamedPlace]


class Gazetteer:
    """All the names, of areas and of imported places. Immutable, like the index it stands on."""

    def __init__(
        self,
        index: AreaIndex,
        places: Sequence[NamedPlace] = (),
        city: tuple[str, str] = ("", ""),
    ) -> None:
        """``city``: its Korean and English name, which may stand before any other."""
        self._index = index
        self._reader = Reader(index.areas, places, city)

    def locate(self, text: str) -> Located:
        """What the text says about where; ``how`` ``none`` when it says nothing."""
        mentions = list(self._reader.mentions(text))
        elsewhere = [mention for mention in mentions if not mention.home]
        return self._conclude(_sort(elsewhere or mentions))

    def _conclude(self, said: _Said) -> Located:
        # 강서구 양천로 22 names 강서구; a stem counts only where no district is named in full, and
        # before a dong of another district it may be half of any word.
        named = {area.district for area in said.districts}
        if not named and said.dongs:
            stems = {area.district for area in said.stems}
            named = stems if _within(said.dongs, stems) else set()
            said.stems = [area for area in said.stems if area.district in named]
        candidates = _within(said.dongs, named) if named else _unique(said.dongs)
        if candidates:
            return self._among(candidates, said.places)
        districts = said.districts or said.stems
        if said.dongs:
            return Located(None, "ambiguous", (*districts, *_unique(said.dongs)))
        if len(districts) == 1:
            return self._in_district(districts[0], said.places)
        if districts:
            return Located(None, "ambiguous", tuple(districts))
        return self._at_place(said.places) or Located(None, "none")

    def _among(self, dongs: list[Area], places: list[NamedPlace]) -> Located:
        """One of these dong, their common district, or all of them as candidates."""
        if len({area.district for area in dongs}) > 1 and places:
            near = self._at_place(places)
            home = near.area.district if near and near.area else None
            dongs = [area for area in dongs if area.district == home] or dongs
        if len(dongs) == 1:
            dong = dongs[0]
            return Located(dong, "text.dong", lat=dong.lat, lon=dong.lon, approximate=True)
        if len({area.district for area in dongs}) == 1:
            # Several dong of one district: the district is sure, the dong is not.
            home_district = self._index.district_of(dongs[0])
            return Located(home_district, "text.district", tuple(dongs), approximate=True)
        return Located(None, "ambiguous", tuple(dongs))

    def _in_district(self, district: Area, places: list[NamedPlace]) -> Located:
        at = self._at_place(places)
        if at is None:
            return Located(district, "text.district", approximate=True)
        if at.area is None:
            inside = [area for area in at.candidates if area.district == district.code]
            return Located(district, "text.district", tuple(inside), approximate=True)
        if at.area.district != district.code:
            return Located(None, "ambiguous", (district, at.area))
        return at

    def _at_place(self, places: list[NamedPlace]) -> Located | None:
        """The area of the named places, if they all lie in one district."""
        found = [(place, self._index.at(place.lat, place.lon).area) for place in places]
        inside = [(place, area) for place, area in found if area is not None]
        if not inside:
            return None
        if len({area.district for _, area in inside}) > 1:
            areas = tuple(dict.fromkeys(area for _, area in inside))
            return Located(None, "ambiguous", areas)
        place, area = inside[0]
        return Located(area, "text.place", (), place.lat, place.lon, approximate=True)


def _sort(mentions: Sequence[Mention]) -> _Said:
    said = _Said([], [], [], [])
    doubtful: list[list[Area]] = []
    for mention in mentions:
        districts = [area for area in mention.areas if area.kind == "district"]
        if districts:
            (said.districts if mention.full else said.stems).extend(districts)
        elif mention.areas:
            (doubtful if mention.doubtful else said.dongs).append(list(mention.areas))
        else:
            said.places.extend(mention.places)
    said.districts = list(dict.fromkeys(said.districts))
    said.stems = list(dict.fromkeys(said.stems))
    # 합동 is "joint" unless its district stands in the text too.
    homes = {area.district for area in (*said.districts, *said.stems)}
    said.dongs += [areas for areas in doubtful if _within([areas], homes)]
    return said


def _unique(dongs: Iterable[Iterable[Area]]) -> list[Area]:
    return list(dict.fromkeys(area for areas in dongs for area in areas))


def _within(dongs: Iterable[Iterable[Area]], districts: set[str]) -> list[Area]:
    return [area for area in _unique(dongs) if area.district in districts]
