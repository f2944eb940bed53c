"""Made ``seoul.csv`` once: gu and dong of Seoul with one point each, from the PyPI package
``korean-geocoding`` 0.4.1 (MIT, RE-A). Not run by the hub.

    ./bigear --python config/areas/generate.py > config/areas/seoul.csv

District codes are the first five digits of the legal-dong codes; a dong's code is its district's and a
running number (``11110-07``), the package has no official ones.
"""

from __future__ import annotations

import csv
import pickle
import re
import sys
from importlib.resources import files
from typing import Any

from hub.rules.romanize import area_in_english

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


def main() -> None:
    """Write the table to standard output."""
    with (files("korean_geocoding") / "data" / "Seoul.dat").open("rb") as file:
        seoul: Any = pickle.load(file)  # noqa: S301 - the package's own file
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["code", "kind", "name_ko", "name_en", "district", "lat", "lon"])
    for gu_name, (code, name_en) in DISTRICTS.items():
        gu = seoul.children[gu_name]
        out.writerow([code, "district", gu_name, name_en, code, *point(gu)])
        known = [(n, s) for n, s in sorted(gu.children.items()) if s.coordinates]
        for number, (dong, section) in enumerate(known, start=1):
            name = plain(dong)
            out.writerow(
                [f"{code}-{number:02d}", "dong", name, area_in_english(name), code, *point(section)]
            )


def plain(dong: str) -> str:
    """창신제1동 as people and signs write it, 창신1동; several numbers with middle dots."""
    return re.sub(r"제(?=\d)", "", dong).replace(".", "·")


def point(section: Any) -> tuple[float, float]:
    """Latitude and longitude of a section, WGS 84 degrees."""
    lat, lon = section.coordinates
    return round(float(lat), 6), round(float(lon), 6)


if __name__ == "__main__":
    main()
