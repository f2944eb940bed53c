"""What anybody may read: services, agencies, areas, places, and the alerts that are out."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from hub.api.layer import Call, Route
from hub.bus.rate import Limit
from hub.model.errors import BadInput
from hub.model.views import AlertView
from hub.rules.alerts import alert_view
from hub.store import broadcasts, places

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class ServiceInfo(Struct, frozen=True):
    """A service, in both languages."""

    code: str
    name_ko: str
    name_en: str
    group: str


class AgencyInfo(Struct, frozen=True, omit_defaults=True):
    """An agency, in both languages. ``district``: whose office it is."""

    code: str
    name_ko: str
    name_en: str
    kind: str
    district: str = ""
    phone: str = ""


class AtQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """A point, WGS 84 degrees."""

    lat: Latitude
    lon: Longitude


class AreaInfo(Struct, frozen=True):
    """The area at a point, and its district. ``approximate``: guessed from nearest points."""

    code: str
    name_ko: str
    name_en: str
    district_code: str
    district_ko: str
    district_en: str
    approximate: bool


class AreaAnswer(Struct, frozen=True):
    """``{"area": {…}}``."""

    area: AreaInfo


class PlacesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Words to look for in names of areas and places."""

    q: Annotated[str, Meta(min_length=1, max_length=100)]


class PlaceInfo(Struct, frozen=True):
    """A place found by name."""

    name: str
    kind: str
    area: str | None
    lat: float
    lon: float


async def services(call: Call) -> list[ServiceInfo]:
    """What a complaint can be about."""
    return [
        ServiceInfo(s.code, s.name_ko, s.name_en, s.group)
        for s in call.context.city.now.book.services
    ]


async def agencies(call: Call) -> list[AgencyInfo]:
    """Who acts."""
    return [
        AgencyInfo(a.code, a.name_ko, a.name_en, a.kind, a.district, a.phone)
        for a in call.context.city.now.book.agencies
    ]


async def areas(call: Call) -> web.Response:
    """The districts as GeoJSON (RFC 7946): imported polygons, or the cells of nearest points."""
    kept, changed_at = call.context.kept_areas, call.context.city.now.areas_changed_at
    if changed_at not in kept:
        async with call.context.ground.db.acquire() as connection:
            rows = await places.outlines(connection)
        kept.clear()
        kept[changed_at] = msgspec.json.encode(_geojson(rows))
    return web.Response(body=kept[changed_at], content_type="application/json")


def _geojson(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": row["geometry"],
                "properties": {
                    name: row[name] for name in ("code", "name_ko", "name_en", "approximate")
                },
            }
            for row in rows
        ],
    }


async def area_at(call: Call) -> AreaAnswer:
    """The area at a point."""
    index = call.context.city.now.index
    located = index.at(call.query.lat, call.query.lon)
    if located.area is None:
        raise BadInput("place.outside_city", field="lat")
    district = index.district_of(located.area)
    return AreaAnswer(
        AreaInfo(
            located.area.code,
            located.area.name_ko,
            located.area.name_en,
            district.code,
            district.name_ko,
            district.name_en,
            located.approximate,
        )
    )


async def find_places(call: Call) -> list[PlaceInfo]:
    """Places by name, best first, at most ten."""
    async with call.context.ground.db.acquire() as connection:
        rows = await places.search(connection, call.query.q, 10)
    return [PlaceInfo(r["name"], r["kind"], r["area"], r["lat"], r["lon"]) for r in rows]


async def alerts(call: Call) -> list[AlertView]:
    """The broadcasts that are out now."""
    async with call.context.ground.db.acquire() as connection:
        return [alert_view(record) for record in await broadcasts.live(connection)]


_READ = Limit(burst=60, interval_s=0.5)

ROUTES = [
    Route("GET", "/services", "public.read", services, "Services", answer=list[ServiceInfo]),
    Route("GET", "/agencies", "public.read", agencies, "Agencies", answer=list[AgencyInfo]),
    Route("GET", "/areas", "public.read", areas, "Districts as GeoJSON", answer=dict[str, Any]),
    Route(
        "GET",
        "/areas/at",
        "public.read",
        area_at,
        "The area at a point",
        query=AtQuery,
        answer=AreaAnswer,
        limit=_READ,
    ),
    Route(
        "GET",
        "/places",
        "public.read",
        find_places,
        "Places by name",
        query=PlacesQuery,
        answer=list[PlaceInfo],
        limit=_READ,
    ),
    Route("GET", "/alerts", "public.read", alerts, "Alerts that are out", answer=list[AlertView]),
]
