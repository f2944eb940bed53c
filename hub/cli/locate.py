"""Locate texts and points: JSON lines in, areas out; needs no running hub."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from hub.cli.classify import JsonLines
from hub.flow.configure import read_areas, read_places
from hub.model.places import Area, Located
from hub.rules.areas import AreaIndex
from hub.rules.gazetteer import Gazetteer
from hub.rules.locate import locate
from hub.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--names", choices=("ko", "en"), default="ko", help="language of the names")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    index = AreaIndex(read_areas(settings.config / "areas", settings.home.areas))
    gazetteer = Gazetteer(index, read_places(settings.home.areas))
    lines = JsonLines()
    for row in lines:
        text = row.get("text") or ""
        lat, lon = row.get("lat"), row.get("lon")
        points = all(isinstance(value, int | float) for value in (lat, lon))
        if not isinstance(text, str) or not (points or (lat is None and lon is None)):
            lines.bad += 1
            print(json.dumps({"id": row["id"], "error": "line.invalid"}), file=sys.stderr)
            continue
        found = locate(index, gazetteer, text=text, lat=lat, lon=lon)
        print(json.dumps(_answer(row["id"], found, index, args.names), ensure_ascii=False))
    return 1 if lines.bad else 0


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
