"""Import the polygons of areas from GeoJSON; works with the hub running or stopped."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from hub.cli._ground import on_ground
from hub.flow.configure import import_shapes, read_areas, read_shapes
from hub.model.places import Area, Shape
from hub.settings import Settings, read_settings
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    load = doing.add_parser("import", help="give areas their polygons")
    load.add_argument("file", type=Path)
    load.add_argument("--code", help="property that holds the area's code")
    load.add_argument("--name", help="property that holds its Korean name")
    load.add_argument("--district", help="property that holds its district's name (for dong)")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    try:
        collection = json.loads(args.file.read_text(encoding="utf-8"))
        features = collection["features"]
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        print(f"bigear areas: {args.file} is no GeoJSON collection: {wrong!r}", file=sys.stderr)
        return 2
    areas = read_areas(settings.config / "areas")
    shapes: dict[str, Shape] = {}
    missed = []
    for feature in features:
        properties = feature.get("properties") or {}
        area = _match(areas, properties, args)
        try:
            shape = _shape(feature["geometry"])
        except (KeyError, TypeError, ValueError) as wrong:
            print(f"bigear areas: {properties}: {wrong!r} [area.shape]", file=sys.stderr)
            return 1
        if area is None:
            missed.append(str(properties)[:100])
        else:
            shapes[area.code] = shape
    for properties_text in missed[:10]:
        print(f"no area of the city matches {properties_text}", file=sys.stderr)
    if not shapes:
        print(
            "bigear areas: nothing matched; say which properties: --code, --name", file=sys.stderr
        )
        return 1
    return _store(settings, read_shapes(settings.home.areas) | shapes, len(shapes))


def _store(settings: Settings, shapes: dict[str, Shape], new: int) -> int:
    async def work(stand: Standing) -> int:
        await import_shapes(stand.ground, settings.config / "areas", settings.home.areas, shapes)
        return 0

    outcome = on_ground(work, settings)
    print(f"{new} areas have polygons now")
    return outcome


def _match(areas: list[Area], properties: dict[str, Any], args: argparse.Namespace) -> Area | None:
    """The area that a feature is: by the named property, else by any that equals a code or name."""
    district = str(properties.get(args.district, "")) if args.district else ""
    districts = {a.name_ko: a.code for a in areas if a.kind == "district"}

    def fits(area: Area) -> bool:
        return not district or area.district == districts.get(district)

    if args.code or args.name:
        code, name = properties.get(args.code), properties.get(args.name)
        found = [a for a in areas if fits(a) and (a.code == str(code) or a.name_ko == name)]
    else:
        values = {str(value) for value in properties.values()}
        found = [a for a in areas if fits(a) and (a.code in values or a.name_ko in values)]
        exact = [a for a in found if a.kind == "district"]
        found = exact or found
    return found[0] if len(found) == 1 else None


def _shape(geometry: dict[str, Any]) -> Shape:
    """A geometry as a multipolygon of closed rings. Raises ValueError for anything else."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind)
    if polygons is None:
        raise ValueError(f"a Polygon or MultiPolygon is needed, not {kind}")
    shape = tuple(
        tuple(tuple((float(p[0]), float(p[1])) for p in ring) for ring in polygon)
        for polygon in polygons
    )
    for polygon in shape:
        for ring in polygon:
            if len(ring) < 4 or ring[0] != ring[-1]:
                raise ValueError("a ring that is not closed")
            if not all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in ring):
                raise ValueError("coordinates that are no degrees (EPSG:4326 is needed)")
    return shape
