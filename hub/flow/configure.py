"""Configure: seed the first start, apply a new version of the rule book."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hub.flow.ground import Change, Ground, change
from hub.model.errors import BadInput
from hub.model.facts import canonical
from hub.model.kinds import KINDS
from hub.model.places import Area, NamedPlace, Shape
from hub.model.rulebook import rulebook
from hub.rules import books
from hub.rules.areas import AreaIndex
from hub.rules.bookcheck import check
from hub.store import places, rulebooks

CONFIG = "config"
"""The bell's channel that tells of new configuration or areas."""

AREAS_FILE = "areas.csv"
SHAPES_FILE = "shapes.json"
PLACES_FILE = "places.csv"


async def seed(ground: Ground, config: Path, home: Path | None = None) -> bool:
    """Give an empty hub its rule book and areas; True if it was empty. Always: the allowed moves.

    What was imported into the home before (shapes, areas, places) comes back with them. Raises
    BadInput ``config.invalid`` when the files in ``config`` have faults.
    """
    async with change(ground) as tx:
        await rulebooks.set_allowed_moves(
            tx.connection,
            ((kind.code, move) for kind in KINDS.values() for move in kind.moves),
        )
        if await rulebooks.newest_version(tx.connection):
            return False
        await places.replace_areas(tx.connection, read_areas(config / "areas", home))
        if home is not None:
            await places.replace_places(tx.connection, "import", read_places(home))
    document, findings = books.read_document(config)
    if findings:
        raise BadInput("config.invalid", detail="\n".join(map(str, findings)))
    await apply(ground, document, "system")
    return True


async def apply(ground: Ground, document: Mapping[str, Any], actor: str) -> int:
    """Make a document the rule book that rules; its version number. The roles follow by themselves.

    Raises BadInput ``config.invalid`` with what is wrong, and changes nothing then. The same document
    again is no new version.
    """
    book = books.open_book(document)
    if isinstance(book, books.Finding):
        raise BadInput("config.invalid", detail=str(book))
    async with change(ground, actor) as tx:
        findings = check(book, districts=await places.districts(tx.connection))
        if findings:
            raise BadInput("config.invalid", detail="\n".join(map(str, findings)))
        current = await rulebooks.newest(tx.connection)
        if current is not None and canonical(current[1]) == canonical(document):
            return current[0]
        digest = hashlib.sha256(canonical(document)).hexdigest()
        version = await rulebooks.add(tx.connection, document, digest, actor)
        tx.record("config.applied", "config", version, version, {"digest": digest})
        tx.wake(CONFIG)
    return version


async def first_district_office(ground: Ground) -> str | None:
    """The first agency of the rule book that serves one district, if any does."""
    async with ground.db.acquire() as connection:
        ruling = await rulebooks.newest(connection)
    agencies = rulebook(ruling[1]).agencies if ruling else ()
    return next((agency.code for agency in agencies if agency.district), None)


async def import_shapes(
    ground: Ground,
    tables: Path,
    home: Path,
    shapes: Mapping[str, Shape],
    added: Sequence[Area] = (),
) -> AreaIndex:
    """Give areas these shapes, and the city the areas that were ``added``; the index of it all.

    Kept in the home, for commands without a server, and in PostGIS. A ring that touches itself is
    mended; raises BadInput ``area.shape`` for one that crosses itself, and changes nothing then.
    """
    known = {**read_shapes(home), **shapes}
    more = [*_read_table(home / AREAS_FILE), *added]
    areas = [replace(area, shape=known.get(area.code)) for area in [*read_areas(tables), *more]]
    async with change(ground, "cli") as tx:
        await places.replace_areas(tx.connection, areas)
        await places.repair(tx.connection)
        wrong = await places.invalid(tx.connection)
        if wrong:
            raise BadInput("area.shape", detail=", ".join(wrong[:5]))
        areas = await places.areas(tx.connection)
        kept = {area.code: area.shape for area in areas if area.shape}
        _keep(home / SHAPES_FILE, json.dumps(kept))
        _keep(home / AREAS_FILE, _table(_AREA_COLUMNS, (_row(area) for area in more)))
        await _tell(tx, "areas", {"shapes": len(shapes), "added": len(added)})
    return AreaIndex(areas)


async def import_places(ground: Ground, home: Path, named: Sequence[NamedPlace]) -> None:
    """Keep imported places in the home and in PostGIS; they replace what was imported before."""
    async with change(ground, "cli") as tx:
        await places.replace_places(tx.connection, "import", named)
        await places.touch(tx.connection)
        rows = ((p.name, p.kind, p.lat, p.lon) for p in named)
        _keep(home / PLACES_FILE, _table(("name", "kind", "lat", "lon"), rows))
        await _tell(tx, "gazetteer", {"places": len(named)})


async def _tell(tx: Change, what: str, data: Mapping[str, Any]) -> None:
    """The fact of an import, beside the version of the rule book that it came to."""
    version = await rulebooks.newest_version(tx.connection)
    tx.record("config.applied", "config", what, version, data)
    tx.wake(CONFIG)


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return out.getvalue()


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
    """The areas of the tables (``*.csv``) in a folder: code, kind, names, district, lat, lon.

    With the areas and shapes that were imported into the home, if it is named.
    """
    areas = [area for path in sorted(folder.glob("*.csv")) for area in _read_table(path)]
    if imported is None:
        return areas
    shapes = read_shapes(imported)
    areas += _read_table(imported / AREAS_FILE)
    return [replace(area, shape=shapes.get(area.code)) for area in areas]


_AREA_COLUMNS = ("code", "kind", "name_ko", "name_en", "district", "lat", "lon")


def _row(area: Area) -> list[object]:
    return [getattr(area, column) for column in _AREA_COLUMNS]


def _read_table(path: Path) -> list[Area]:
    """The areas of one table; none where there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
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
