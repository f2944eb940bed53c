"""Made ``seoul.csv`` once: gu and dong of Seoul with one point each, from the PyPI package
``korean-geocoding`` 0.4.1 (MIT, RE-A). Not run by the hub.

    pip install korean-geocoding==0.4.1 && python config/areas/generate.py > config/areas/seoul.csv

District codes are the first five digits of the legal-dong codes; a dong's code is its district's and a
running number (``11110-07``), the package has no official ones. English names follow the Revised
Romanization (Ministry of Culture notice 2000-8) with its assimilations within a name.
"""

from __future__ import annotations

import csv
import pickle
import sys
from importlib.resources import files
from typing import Any

DISTRICTS = {
    "종로구": ("11110", "Jongno-gu"), "중구": ("11140", "Jung-gu"),
    "용산구": ("11170", "Yongsan-gu"), "성동구": ("11200", "Seongdong-gu"),
    "광진구": ("11215", "Gwangjin-gu"), "동대문구": ("11230", "Dongdaemun-gu"),
    "중랑구": ("11260", "Jungnang-gu"), "성북구": ("11290", "Seongbuk-gu"),
    "강북구": ("11305", "Gangbuk-gu"), "도봉구": ("11320", "Dobong-gu"),
    "노원구": ("11350", "Nowon-gu"), "은평구": ("11380", "Eunpyeong-gu"),
    "서대문구": ("11410", "Seodaemun-gu"), "마포구": ("11440", "Mapo-gu"),
    "양천구": ("11470", "Yangcheon-gu"), "강서구": ("11500", "Gangseo-gu"),
    "구로구": ("11530", "Guro-gu"), "금천구": ("11545", "Geumcheon-gu"),
    "영등포구": ("11560", "Yeongdeungpo-gu"), "동작구": ("11590", "Dongjak-gu"),
    "관악구": ("11620", "Gwanak-gu"), "서초구": ("11650", "Seocho-gu"),
    "강남구": ("11680", "Gangnam-gu"), "송파구": ("11710", "Songpa-gu"),
    "강동구": ("11740", "Gangdong-gu"),
}  # fmt: skip

INITIAL = "g kk n d tt r m b pp s ss - j jj ch k t p h".replace("-", "").split(" ")
VOWEL = [
    "a",
    "ae",
    "ya",
    "yae",
    "eo",
    "e",
    "yeo",
    "ye",
    "o",
    "wa",
    "wae",
    "oe",
    "yo",
    "u",
    "wo",
    "we",
    "wi",
    "yu",
    "eu",
    "ui",
    "i",
]
FINAL = [
    "",
    "k",
    "k",
    "k",
    "n",
    "n",
    "n",
    "t",
    "l",
    "k",
    "m",
    "l",
    "l",
    "l",
    "p",
    "l",
    "m",
    "p",
    "p",
    "t",
    "t",
    "ng",
    "t",
    "t",
    "k",
    "t",
    "p",
    "t",
]
# (sound that ends a syllable, letter that begins the next) → what is written for both
MEETING = {
    ("k", "n"): "ngn", ("k", "m"): "ngm", ("k", "r"): "ngn", ("k", ""): "g", ("t", ""): "d",
    ("t", "n"): "nn", ("t", "m"): "nm", ("t", "r"): "nn", ("p", "n"): "mn", ("p", "m"): "mm",
    ("p", "r"): "mn", ("p", ""): "b", ("n", "r"): "ll", ("l", "n"): "ll", ("l", "r"): "ll",
    ("l", ""): "r", ("m", "r"): "mn", ("ng", "r"): "ngn",
}  # fmt: skip


def romanize(name: str) -> str:
    """A place name without its suffix, capitalised: 신설 → Sinseol, 왕십리 → Wangsimni."""
    written, end = "", ""
    for sign in name:
        code = ord(sign) - 0xAC00
        if not 0 <= code < 11_172:
            written, end = written + end + sign, ""
            continue
        initial, vowel = INITIAL[code // 588], VOWEL[code % 588 // 28]
        met = MEETING.get((end, initial)) if written else None
        written += (met if met is not None else end + initial) + vowel
        end = FINAL[code % 28]
    return (written + end).capitalize()


def english(dong: str) -> str:
    """전농1동 → Jeonnong 1(il)-dong is written Jeonnong1-dong, as the city's signs do."""
    for suffix, written in (("동", "-dong"), ("가", "-ga"), ("로", "-ro")):
        if dong.endswith(suffix) and len(dong) > 1:
            return romanize(dong[:-1]) + written
    return romanize(dong)


def main() -> None:
    """Write the table to standard output."""
    with (files("korean_geocoding") / "data" / "Seoul.dat").open("rb") as file:
        seoul: Any = pickle.load(file)  # noqa: S301 - the package's own file
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["code", "kind", "name_ko", "name_en", "district", "lat", "lon"])
    for name, (code, name_en) in DISTRICTS.items():
        gu = seoul.children[name]
        out.writerow([code, "district", name, name_en, code, *point(gu)])
        known = [(n, s) for n, s in sorted(gu.children.items()) if s.coordinates]
        for number, (dong, section) in enumerate(known, start=1):
            out.writerow(
                [f"{code}-{number:02d}", "dong", dong, english(dong), code, *point(section)]
            )


def point(section: Any) -> tuple[float, float]:
    """Latitude and longitude of a section, WGS 84 degrees."""
    lat, lon = section.coordinates
    return round(float(lat), 6), round(float(lon), 6)


if __name__ == "__main__":
    main()
