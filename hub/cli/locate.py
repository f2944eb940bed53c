"""Locate texts and points: JSON lines in, areas out; needs no running hub."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

from hub.cli.classify import JsonLines
from hub.flow.configure import read_areas, read_places
from hub.model.places import Area, Located
from hub.rules.areas import AreaIndex
from hub.rules.books import read_document
from hub.rules.gazetteer import Gazetteer
from hub.rules.locate import locate
from hub.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--names", choices=("ko", "en"), default="ko", help="language of the names")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    index, gazetteer = _city(settings.config, settings.home.areas)
    lines = JsonLines()
    for row in lines:
        text, lat, lon = row.get("text"), row.get("lat"), row.get("lon")
        pointless = lat is None and lon is None
        if not (text is None or isinstance(text, str)) or not (pointless or _is_point(lat, lon)):
            lines.bad += 1
            print(json.dumps({"id": row["id"], "error": "line.invalid"}), file=sys.stderr)
            continue
        found = locate(index, gazetteer, text=text or "", lat=lat, lon=lon)
        print(json.dumps(_answer(row["id"], found, index, args.names), ensure_ascii=False))
    return 1 if lines.bad else 0


def _city(config: Path, imported: Path) -> tuple[AreaIndex, Gazetteer]:
    city = read_document(config)[0]["city"]
    reach_km = float(city.get("max_area_distance_km", 6.0))
    index = AreaIndex(read_areas(config / "areas", imported), max_distance_km=reach_km)
    names = (str(city.get("name_ko", "")), str(city.get("name_en", "")))
    return index, Gazetteer(index, read_places(imported), names)


def _is_point(lat: Any, lon: Any) -> bool:
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in (lat, lon)
    )


def _answer(item_id: Any, found: Located, index: AreaIndex, names: str) -> dict[str, Any]:
    return {
        "id": item_id,
        "area": _area(found.area, index, names) if found.area else None,
        "candidates": [_area(area, index, names) for area in found.candidates],
        "how": found.how,
    }


def _area(area: Area, index: AreaIndex, names: str) -> dict[str, str]:
    district = index.district_of(area)
    return {
        "code": area.code,
        "name": area.name_ko if names == "ko" else area.name_en,
        "district": district.name_ko if names == "ko" else district.name_en,
    }
