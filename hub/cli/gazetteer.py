"""Import more places, by name, from CSV: `name, kind, lat, lon`; feeds search and `bigear locate`."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from hub.cli._ground import on_ground
from hub.flow.configure import import_places
from hub.model.places import NamedPlace
from hub.settings import read_settings

_COLUMNS = {
    "name": ("name", "역명", "이름", "명칭"),
    "kind": ("kind", "종류"),
    "lat": ("lat", "latitude", "위도", "y"),
    "lon": ("lon", "lng", "longitude", "경도", "x"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    load = doing.add_parser("import", help="make these all the imported places")
    load.add_argument("file", type=Path)
    load.add_argument("--kind", default="place", help="where the file has no such column")
    load.add_argument("--suffix", default="", help="added to names that lack it, for example 역")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    places: dict[str, NamedPlace] = {}
    try:
        with args.file.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = {
                ours: next((n for n in names if n in (reader.fieldnames or ())), None)
                for ours, names in _COLUMNS.items()
            }
            if not (columns["name"] and columns["lat"] and columns["lon"]):
                print(
                    f"bigear gazetteer: name, lat, lon are needed, not {reader.fieldnames}",
                    file=sys.stderr,
                )
                return 2
            for row in reader:
                name = row[columns["name"]].strip()
                if args.suffix and not name.endswith(args.suffix):
                    name += args.suffix
                kind = row[columns["kind"]] if columns["kind"] else args.kind
                places.setdefault(
                    name,
                    NamedPlace(name, kind, float(row[columns["lat"]]), float(row[columns["lon"]])),
                )
    except (OSError, UnicodeDecodeError, ValueError) as wrong:
        print(f"bigear gazetteer: {args.file}: {wrong}", file=sys.stderr)
        return 2
    on_ground(
        lambda stand: import_places(stand.ground, settings.home.areas, list(places.values())),
        settings,
    )
    print(f"{len(places)} places imported")
    return 0
