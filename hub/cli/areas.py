"""Import the polygons of areas from GeoJSON; works with the hub running or stopped.

    bigear areas import districts.geojson
    bigear areas import dong.geojson --code adm_cd2 --name adm_nm --district sggnm

A feature is the area whose code or Korean name one of its properties equals, or the properties that
are named here. With a code, a name and a district, a dong that the city does not know is added.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from hub.cli._ground import on_ground
from hub.cli._terminal import say
from hub.flow.configure import import_shapes, read_areas
from hub.rules.areas import AreaIndex
from hub.rules.geojson import Keys, Matched, match, read_features
from hub.settings import read_settings

SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    load = doing.add_parser("import", help="give areas their polygons (WGS 84)")
    load.add_argument("file", type=Path)
    load.add_argument("--code", default="", help="property that holds the area's code")
    load.add_argument("--name", default="", help="property that holds its Korean name")
    load.add_argument(
        "--district", default="", help="property that holds its district's name or code (for dong)"
    )


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    tables, home = settings.config / "areas", settings.home.areas
    keys = Keys(args.code, args.name, args.district)
    matched = match(read_areas(tables, home), read_features(args.file.read_bytes()), keys)
    index = on_ground(
        lambda stand: import_shapes(stand.ground, tables, home, matched.shapes, matched.added),
        settings,
    )
    _report(matched, index)
    return 0


def _report(matched: Matched, index: AreaIndex) -> None:
    for feature in matched.missed[:SHOWN]:
        say(f"no area of the city is {feature}")
    if len(matched.missed) > SHOWN:
        say(f"… and {len(matched.missed) - SHOWN} more")
    added = f", {len(matched.added)} of them new" if matched.added else ""
    print(f"{len(matched.shapes)} areas have polygons now{added}")
    if index.approximate:
        print("districts without polygons are still guessed from nearest points:")
        print("  " + ", ".join(index.by_code[code].name_ko for code in index.guessed))
