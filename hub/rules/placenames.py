"""How people write the names of areas: 강남구 and 강남, 창신1동 and 창신제1동, Jongno 3-ga, 을지로."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hub.model.places import Area

# Districts whose stem alone means something else: an everyday word (동작 motion, 구로, 중 middle), a
# gate or a side of the river that is not the district (동대문 market lies in Jung-gu), half a city.
_STEM_IS_A_WORD = frozenset(
    {"동작", "구로", "중", "관악", "성동", "강동", "강서", "광진", "강북", "동대문", "서대문"}
)  # fmt: skip
_LATIN_STEM_IS_A_WORD = frozenset({"jung", "guro", "dongdaemun", "seodaemun", "gangbuk"})

# Dong whose name is an everyday word too (joint, first response, Middle East, active, main building,
# consent to …): they count only beside their district.
WORDS = frozenset({"합동", "초동", "중동", "능동", "본동", "중앙동", "신원동", "정동", "평동"})


def korean(areas: Sequence[Area]) -> Iterable[tuple[str, Area]]:
    """Every Korean name of every area."""
    official = {area.name_ko for area in areas}
    for area in areas:
        yield area.name_ko, area
        if area.kind == "district":
            stem = area.name_ko.removesuffix("구")
            if len(stem) > 1 and stem not in _STEM_IS_A_WORD:
                yield stem, area
            continue
        if numbered := re.fullmatch(r"(.+?)([0-9·]+)(가?동)", area.name_ko):
            stem, numbers, suffix = numbered.groups()
            yield f"{stem}제{numbers}{suffix}", area
            if "·" in numbers and suffix == "동":
                yield from ((f"{stem}{number}동", area) for number in numbers.split("·"))
        if area.name_ko.endswith("도동") and len(area.name_ko) > 3:
            yield area.name_ko.removesuffix("동"), area  # 여의도
        family = _family(area.name_ko)
        if family and family not in official and f"{family}구" not in official:
            yield family, area


def latin(areas: Sequence[Area]) -> Iterable[tuple[str, Area]]:
    """Every English name of every area, in small letters without hyphens and spaces."""
    official = {_plain(area.name_en) for area in areas}
    for area in areas:
        name = _plain(area.name_en)
        yield name, area
        if area.kind == "district":
            stem = name.removesuffix("gu")
            if stem not in _LATIN_STEM_IS_A_WORD:
                yield stem, area
            continue
        numbered = re.fullmatch(r"(.+?)[0-9·]+(ga|dong)", name)
        if numbered:
            family = numbered[1] + ("dong" if numbered[2] == "dong" else "")
            if family not in official and f"{family}gu" not in official:
                yield family, area


def _family(name: str) -> str | None:
    """What the numbered parts are called together: 을지로 of 을지로3가, 창신동 of 창신1동."""
    if street := re.fullmatch(r"(.+[로동])[0-9]+가", name):
        return street[1]
    if ward := re.fullmatch(r"(.+?)[0-9·]+(?:가|동)", name):
        return f"{ward[1]}동"
    return None


def _plain(name: str) -> str:
    return re.sub(r"[- ]", "", name.lower())
