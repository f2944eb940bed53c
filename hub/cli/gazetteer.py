"""Import more places, by name, from CSV: `name, kind, lat, lon`; feeds search and `bigear locate`.

    bigear gazetteer import subway_stations.csv --kind station --suffix 역

What stands in brackets behind a name is left out. The file replaces what was imported before.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from hub.cli._ground import on_ground
from hub.flow.configure import import_places
from hub.model.errors import BadInput
from hub.model.places import NamedPlace
from hub.settings import read_settings

_COLUMNS = {
    "name": ("name", "역명", "이름", "명칭"),
    "kind": ("kind", "종류"),
    "lat": ("lat", "latitude", "위도", "y"),
    "lon": ("lon", "lng", "longitude", "경도", "x"),
}
_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")
SAME_PLACE_DEGREES = 0.01
"""Two entries of one name nearer than this, about 1 km, are one place: a station of two lines."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    load = doing.add_parser("import", help="make these all the imported places")
    load.add_argument("file", type=Path)
    load.add_argument("--kind", default="place", help="where the file has no such column")
    load.add_argument("--suffix", default="", help="added to names that lack it, for example 역")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    places = _distinct(_places(args.file.read_bytes(), args.kind, args.suffix))
    on_ground(lambda stand: import_places(stand.ground, settings.home.areas, places), settings)
    print(f"{len(places)} places imported")
    return 0


def _places(content: bytes, kind: str, suffix: str) -> Iterator[NamedPlace]:
    """The places of a file. Raises BadInput ``gazetteer.columns`` or ``gazetteer.line``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("input.encoding") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    given = reader.fieldnames or ()
    columns = {
        ours: next((name for name in names if name in given), "")
        for ours, names in _COLUMNS.items()
    }
    if not (columns["name"] and columns["lat"] and columns["lon"]):
        raise BadInput("gazetteer.columns", columns=", ".join(given))
    rows = iter(reader)
    while True:
        try:
            row = next(rows)
            yield _place(row, columns, kind, suffix)
        except StopIteration:
            return
        except (csv.Error, ValueError, TypeError) as wrong:
            raise BadInput("gazetteer.line", line=reader.line_num, detail=str(wrong)) from None


def _place(
    row: Mapping[str, str], columns: Mapping[str, str], kind: str, suffix: str
) -> NamedPlace:
    name = _BRACKETS.sub("", row[columns["name"]].strip())
    if len(name) < 2 and not suffix:
        raise ValueError("a name of two letters or more is needed")
    lat, lon = float(row[columns["lat"]]), float(row[columns["lon"]])
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        raise ValueError("lat and lon are degrees (WGS 84)")
    return NamedPlace(
        name if name.endswith(suffix) else name + suffix,
        (row[columns["kind"]] if columns["kind"] else "") or kind,
        lat,
        lon,
    )


def _distinct(places: Iterator[NamedPlace]) -> list[NamedPlace]:
    kept: dict[str, list[NamedPlace]] = {}
    for place in places:
        namesakes = kept.setdefault(place.name, [])
        if all(
            max(abs(place.lat - other.lat), abs(place.lon - other.lon)) > SAME_PLACE_DEGREES
            for other in namesakes
        ):
            namesakes.append(place)
    return [place for namesakes in kept.values() for place in namesakes]
