"""Areas and the gazetteer in PostGIS: for nearby, for windows of the map, and to feed the index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hub.model.places import Area, NamedPlace, Shape
from hub.store.pool import Connection


async def areas(connection: Connection) -> list[Area]:
    """All areas, with their shapes where they have one."""
    rows = await connection.fetch(
        "SELECT code, kind, name_ko, name_en, district, ST_Y(point) AS lat, ST_X(point) AS lon,"
        " (ST_AsGeoJSON(shape, 15)::jsonb -> 'coordinates') AS shape FROM area ORDER BY code"
    )
    return [
        Area(
            row["code"],
            row["kind"],
            row["name_ko"],
            row["name_en"],
            row["district"],
            row["lat"],
            row["lon"],
            _shape(row["shape"]),
        )
        for row in rows
    ]


async def districts(connection: Connection) -> dict[str, str]:
    """The districts: code → Korean name."""
    rows = await connection.fetch("SELECT code, name_ko FROM area WHERE kind = 'district'")
    return {row["code"]: row["name_ko"] for row in rows}


async def replace_areas(connection: Connection, new: Sequence[Area]) -> None:
    """Make these all the areas there are; approximate are the districts without a shape."""
    await connection.execute("DELETE FROM area WHERE code <> ALL($1)", [a.code for a in new])
    await connection.executemany(
        """
        INSERT INTO area (code, kind, name_ko, name_en, district, point, shape, approximate)
        VALUES ($1, $2, $3, $4, $5, ST_SetSRID(ST_MakePoint($6, $7), 4326),
                ST_Multi(ST_SetSRID(ST_GeomFromGeoJSON($8), 4326)), $8::text IS NULL)
        ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, name_ko = excluded.name_ko,
            name_en = excluded.name_en, district = excluded.district, point = excluded.point,
            shape = excluded.shape, approximate = excluded.approximate, changed_at = now()
        """,
        [
            (a.code, a.kind, a.name_ko, a.name_en, a.district, a.lon, a.lat, _geojson(a.shape))
            for a in new
        ],
    )


async def places(connection: Connection) -> list[NamedPlace]:
    """The gazetteer beyond the areas' own names."""
    rows = await connection.fetch(
        "SELECT name, kind, ST_Y(point) AS lat, ST_X(point) AS lon FROM place ORDER BY id"
    )
    return [NamedPlace(row["name"], row["kind"], row["lat"], row["lon"]) for row in rows]


async def replace_places(connection: Connection, source: str, new: Sequence[NamedPlace]) -> None:
    """Make these all the places that this source gave."""
    await connection.execute("DELETE FROM place WHERE source = $1", source)
    await connection.executemany(
        "INSERT INTO place (name, kind, point, source)"
        " VALUES ($1, $2, ST_SetSRID(ST_MakePoint($3, $4), 4326), $5)",
        [(p.name, p.kind, p.lon, p.lat, source) for p in new],
    )


async def search(connection: Connection, words: str, limit: int) -> list[dict[str, Any]]:
    """Places and areas whose name holds the words: name, kind, area, lat, lon; best first."""
    rows = await connection.fetch(
        """
        SELECT name, kind, area, lat, lon FROM (
            SELECT name, kind, area, ST_Y(point) AS lat, ST_X(point) AS lon,
                   similarity(name, $1) AS likeness FROM place
            WHERE name ILIKE '%' || $2 || '%'
            UNION ALL
            SELECT name_ko, kind, code, ST_Y(point), ST_X(point),
                   greatest(similarity(name_ko, $1), similarity(name_en, $1)) FROM area
            WHERE name_ko ILIKE '%' || $2 || '%' OR name_en ILIKE '%' || $2 || '%'
        ) AS found ORDER BY likeness DESC, length(name), name LIMIT $3
        """,
        words,
        words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"),
        limit,
    )
    return [dict(row) for row in rows]


async def outlines(connection: Connection) -> list[dict[str, Any]]:
    """The districts for the map: code, names, approximate, and a GeoJSON geometry.

    A district without a shape is the union of its dong's; without those, the cells of points nearest
    to each dong (Voronoi), merged: what the index does, drawn.
    """
    rows = await connection.fetch(
        """
        WITH cells AS (
            SELECT (ST_Dump(ST_VoronoiPolygons(ST_Collect(point)))).geom AS cell
            FROM area WHERE kind <> 'district'
        ), reach AS (
            SELECT ST_Buffer(ST_ConvexHull(ST_Collect(point)), 0.012) AS hull FROM area
        ), merged AS (
            SELECT a.district, ST_Intersection(ST_Union(c.cell), (SELECT hull FROM reach)) AS shape
            FROM cells c JOIN area a ON a.kind <> 'district' AND ST_Covers(c.cell, a.point)
            GROUP BY a.district
        ), united AS (
            SELECT district, ST_Union(shape) AS shape FROM area
            WHERE kind <> 'district' AND shape IS NOT NULL GROUP BY district
        )
        SELECT d.code, d.name_ko, d.name_en, coalesce(d.shape, u.shape) IS NULL AS approximate,
               ST_AsGeoJSON(ST_SimplifyPreserveTopology(
                   coalesce(d.shape, u.shape, m.shape, d.point), 0.0004), 5)::jsonb AS geometry
        FROM area d
        LEFT JOIN united u ON u.district = d.code AND d.shape IS NULL
        LEFT JOIN merged m ON m.district = d.code AND coalesce(d.shape, u.shape) IS NULL
        WHERE d.kind = 'district' ORDER BY d.code
        """
    )
    return [dict(row) for row in rows]


async def repair(connection: Connection) -> list[str]:
    """Mend shapes that are invalid without saying anything else: a ring that touches itself, as even
    official files have them. Their names. A shape whose size would change is left as it is.
    """
    rows = await connection.fetch(
        """
        UPDATE area SET shape = mended.shape FROM (
            SELECT code, ST_Multi(ST_CollectionExtract(ST_MakeValid(shape), 3)) AS shape
            FROM area WHERE NOT ST_IsValid(shape)
        ) AS mended
        WHERE area.code = mended.code
          AND abs(ST_Area(mended.shape) - ST_Area(area.shape)) < 0.0001 * ST_Area(mended.shape)
        RETURNING name_ko
        """
    )
    return [row["name_ko"] for row in rows]


async def invalid(connection: Connection) -> list[str]:
    """Areas whose shape crosses itself or is otherwise none (OGC Simple Features), with the reason."""
    rows = await connection.fetch(
        "SELECT name_ko || ': ' || ST_IsValidReason(shape) AS why FROM area"
        " WHERE shape IS NOT NULL AND NOT ST_IsValid(shape)"
    )
    return [row["why"] for row in rows]


async def touch(connection: Connection) -> None:
    """Make the roles read areas and places anew."""
    await connection.execute(
        "UPDATE area SET changed_at = now() WHERE code = (SELECT min(code) FROM area)"
    )


async def changed_at(connection: Connection) -> datetime | None:
    """When areas last changed: tells the roles to build their index anew."""
    moment: datetime | None = await connection.fetchval("SELECT max(changed_at) FROM area")
    return moment


def _shape(coordinates: Any) -> Shape | None:
    if coordinates is None:
        return None
    return tuple(
        tuple(tuple((x, y) for x, y in ring) for ring in polygon) for polygon in coordinates
    )


def _geojson(shape: Shape | None) -> str | None:
    if shape is None:
        return None
    return json.dumps({"type": "MultiPolygon", "coordinates": shape})
