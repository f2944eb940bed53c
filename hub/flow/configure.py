"""Configure: seed the first start, apply a new version of the rule book."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hub.flow.ground import Ground, change
from hub.model.errors import BadInput
from hub.model.facts import canonical
from hub.model.kinds import KINDS
from hub.model.places import Area, NamedPlace, Shape
from hub.rules import books
from hub.store import places, rulebooks

CONFIG = "config"
"""The bell's channel that tells of new configuration or areas."""

SHAPES_FILE = "shapes.json"
PLACES_FILE = "places.csv"


async def seed(ground: Ground, config: Path) -> bool:
    """Give an empty hub its rule book and areas; True if it was empty. Always: the allowed moves.

    Raises BadInput ``config.invalid`` when the files in ``config`` have faults.
    """
    async with change(ground) as tx:
        await rulebooks.set_allowed_moves(
            tx.connection,
            ((kind.code, move) for kind in KINDS.values() for move in kind.moves),
        )
        if await rulebooks.newest_version(tx.connection):
            return False
        await places.replace_areas(tx.connection, read_areas(config / "areas"))
    document, findings = books.read_document(config)
    if findings:
        raise BadInput("config.invalid", detail="; ".join(map(str, findings[:5])))
    await apply(ground, document, "system")
    return True


async def apply(ground: Ground, document: Mapping[str, Any], actor: str) -> int:
    """Make a document the rule book that rules; its version number. The roles follow by themselves.

    Raises BadInput ``config.invalid``, and changes nothing then. The same document again is no new
    version.
    """
    books.open_document(document)
    digest = hashlib.sha256(canonical(document)).hexdigest()
    async with change(ground, actor) as tx:
        current = await rulebooks.newest(tx.connection)
        if current is not None and canonical(current[1]) == canonical(document):
            return current[0]
        version = await rulebooks.add(tx.connection, document, digest, actor)
        tx.record("config.applied", "config", version, version, {"digest": digest})
        tx.wake(CONFIG)
    return version


async def import_shapes(
    ground: Ground, tables: Path, home: Path, shapes: Mapping[str, Shape]
) -> None:
    """Keep the shapes in the home, for commands without a server, and in PostGIS.

    Raises BadInput ``area.shape`` for a shape that PostGIS calls invalid (it crosses itself).
    """
    areas = [replace(area, shape=shapes.get(area.code)) for area in read_areas(tables)]
    async with change(ground) as tx:
        await places.replace_areas(tx.connection, areas)
        wrong = await places.invalid(tx.connection)
        if wrong:
            raise BadInput("area.shape", detail=", ".join(wrong[:5]))
        _keep(home / SHAPES_FILE, json.dumps(shapes))
        tx.wake(CONFIG)


async def import_places(ground: Ground, home: Path, named: Sequence[NamedPlace]) -> None:
    """Keep imported places in the home and in PostGIS; they replace what was imported before."""
    async with change(ground) as tx:
        await places.replace_places(tx.connection, "import", named)
        await places.touch(tx.connection)
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["name", "kind", "lat", "lon"])
        table.writerows((p.name, p.kind, p.lat, p.lon) for p in named)
        _keep(home / PLACES_FILE, out.getvalue())
        tx.wake(CONFIG)


def _keep(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(content, encoding="utf-8")
    fresh.replace(path)


def read_places(folder: Path) -> list[NamedPlace]:
    """The places that were imported into the home (``places.csv``)."""
    path = folder / PLACES_FILE
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            NamedPlace(row["name"], row["kind"], float(row["lat"]), float(row["lon"]))
            for row in csv.DictReader(file)
        ]


def read_shapes(folder: Path) -> dict[str, Shape]:
    """The shapes that were imported into the home (``shapes.json``): area code → shape."""
    path = folder / SHAPES_FILE
    if not path.is_file():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {
        code: tuple(tuple(tuple((x, y) for x, y in ring) for ring in polygon) for polygon in shape)
        for code, shape in stored.items()
    }


def read_areas(folder: Path, imported: Path | None = None) -> list[Area]:
    """The areas of the tables (``*.csv``) in a folder: code, kind, names, district, lat, lon."""
    areas = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            areas += [
                Area(
                    row["code"],
                    row["kind"],
                    row["name_ko"],
                    row["name_en"],
                    row["district"],
                    float(row["lat"]),
                    float(row["lon"]),
                )
                for row in csv.DictReader(file)
            ]
    shapes = read_shapes(imported) if imported else {}
    return [replace(area, shape=shapes.get(area.code)) for area in areas]
