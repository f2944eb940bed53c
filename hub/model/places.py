"""Where: areas of the city, named places, and what was found out about an item."""

from __future__ import annotations

from dataclasses import dataclass, field

Ring = tuple[tuple[float, float], ...]
"""A closed ring of (lon, lat), WGS 84 degrees; first point = last."""
Shape = tuple[tuple[Ring, ...], ...]
"""A multipolygon: polygons of an outer ring and holes, as in GeoJSON (RFC 7946)."""


@dataclass(frozen=True, slots=True)
class Area:
    """A district or a dong. ``district`` is the code of the district it lies in, or its own."""

    code: str
    kind: str  # "district" | "dong"
    name_ko: str
    name_en: str
    district: str
    lat: float
    lon: float
    shape: Shape | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """An entry of the gazetteer beyond the areas' own names: a station, a park, a building."""

    name: str
    kind: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Located:
    """Where something is.

    ``how``: ``point`` | ``text.dong`` | ``text.district`` | ``text.place`` | ``ambiguous`` |
    ``outside`` | ``none``. ``area`` None with ``candidates``: several are possible, a person decides.
    ``lat``/``lon`` only where a point is known (not for a whole district).
    """

    area: Area | None
    how: str
    candidates: tuple[Area, ...] = ()
    lat: float | None = None
    lon: float | None = None
    approximate: bool = False
