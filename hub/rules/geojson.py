"""Polygons of areas from a GeoJSON file (RFC 7946): read, checked, and matched to the city's areas."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.model.errors import BadInput
from hub.model.places import Area, Shape
from hub.rules.areas import point_inside
from hub.rules.romanize import area_in_english

NEAR_DEGREES = 0.1
"""How far beside its shape an area's own point may lie, about 10 km: points are rough, cities far."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a file: its number (from 1), its properties, its geometry."""

    number: int
    properties: Mapping[str, Any]
    shape: Shape

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.properties.items())
        return f"feature {self.number} ({told[:120]})"


@dataclass(frozen=True, slots=True)
class Keys:
    """Which properties hold an area's code, its Korean name, and its district's name."""

    code: str = ""
    name: str = ""
    district: str = ""


@dataclass(slots=True)
class Matched:
    """What a file holds for a city: shapes by area code, dong the city did not know, and the rest."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    added: list[Area] = field(default_factory=list)
    missed: list[Feature] = field(default_factory=list)


def read_features(content: bytes) -> list[Feature]:
    """The features of a collection. Raises BadInput ``area.file`` or ``area.shape``."""
    try:
        features = json.loads(content)["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput("area.file") from None
    if not isinstance(features, list) or not features:
        raise BadInput("area.file")
    return [_feature(number, feature) for number, feature in enumerate(features, start=1)]


def match(areas: Sequence[Area], features: Sequence[Feature], keys: Keys) -> Matched:
    """Which area each feature is: by its code, else by its name within its district.

    With ``keys.code``, ``keys.name`` and ``keys.district`` a dong that the city does not know is added.
    Raises BadInput: ``area.key`` for a property that no feature has, ``area.double`` when two features
    are one area, ``area.far`` for a shape that lies nowhere near its area, ``area.none`` when
    nothing matches.
    """
    _check_keys(features, keys)
    matched = Matched()
    taken: dict[str, Feature] = {}
    for feature in features:
        area = _known(areas, feature, keys)
        if area is None and (area := _unknown(areas, feature, keys)):
            matched.added.append(area)
        if area is None:
            matched.missed.append(feature)
            continue
        if area.code in taken:
            one, other = str(taken[area.code]), str(feature)
            raise BadInput("area.double", name=area.name_ko, one=one, other=other)
        taken[area.code] = feature
        _check_near(areas, area, feature)
        matched.shapes[area.code] = feature.shape
    if not taken:
        raise BadInput("area.none", properties=", ".join(map(str, features[0].properties)))
    return matched


def _known(areas: Sequence[Area], feature: Feature, keys: Keys) -> Area | None:
    """The one area of the city that a feature is."""
    values = {str(value) for value in feature.properties.values()}
    codes = {str(feature.properties[keys.code])} if keys.code else set() if keys.name else values
    by_code = [area for area in areas if area.code in codes]
    if len(by_code) == 1:
        return by_code[0]
    named = {str(feature.properties[keys.name])} if keys.name else set() if keys.code else values
    # "서울특별시 종로구 사직동": the last word is the name, one before it may be the district.
    names = {words.split()[-1] for words in named if words.split()}
    district = _district(areas, feature, keys)
    found = [
        area
        for area in areas
        if area.name_ko in names and (district is None or area.district == district.code)
    ]
    return found[0] if len(found) == 1 else None


def _unknown(areas: Sequence[Area], feature: Feature, keys: Keys) -> Area | None:
    """A dong to add; None when the file does not say enough of it."""
    district = _district(areas, feature, keys)
    if district is None or not (keys.code and keys.name):
        return None
    code = str(feature.properties[keys.code]).strip()
    name = str(feature.properties[keys.name]).split()[-1:]
    if not code or not name:
        return None
    lon, lat = point_inside(feature.shape)
    english = area_in_english(name[0])
    return Area(code, "dong", name[0], english, district.code, round(lat, 6), round(lon, 6))


def _district(areas: Sequence[Area], feature: Feature, keys: Keys) -> Area | None:
    """The district that a feature says it lies in: in its own property, or within its name."""
    if keys.district:
        words = [str(feature.properties[keys.district])]
    elif keys.name:
        words = str(feature.properties[keys.name]).split()[:-1]
    else:
        return None
    districts = (area for area in areas if area.kind == "district")
    return next((area for area in districts if area.name_ko in words or area.code in words), None)


def _check_keys(features: Sequence[Feature], keys: Keys) -> None:
    for key in filter(None, (keys.code, keys.name, keys.district)):
        lacking = next((feature for feature in features if key not in feature.properties), None)
        if lacking is not None:
            raise BadInput("area.key", key=key, feature=str(lacking))


def _check_near(areas: Sequence[Area], area: Area, feature: Feature) -> None:
    by_code = {known.code: known for known in areas}
    home = by_code.get(area.code) or by_code[area.district]
    points = [point for polygon in feature.shape for ring in polygon for point in ring]
    lons, lats = [x for x, _ in points], [y for _, y in points]
    if not (
        min(lons) - NEAR_DEGREES <= home.lon <= max(lons) + NEAR_DEGREES
        and min(lats) - NEAR_DEGREES <= home.lat <= max(lats) + NEAR_DEGREES
    ):
        raise BadInput("area.far", name=area.name_ko, feature=str(feature))


def _feature(number: int, feature: Any) -> Feature:
    try:
        return Feature(number, feature.get("properties") or {}, _shape(feature["geometry"]))
    except (AttributeError, KeyError, TypeError, IndexError) as wrong:
        raise BadInput("area.shape", detail=f"feature {number}: {wrong!r}") from None
    except ValueError as wrong:
        raise BadInput("area.shape", detail=f"feature {number}: {wrong}") from None


def _shape(geometry: Mapping[str, Any]) -> Shape:
    """A geometry as a multipolygon of closed rings. Raises ValueError for anything else."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind)
    if not polygons:
        raise ValueError(f"a Polygon or MultiPolygon is needed, not {kind}")
    shape = tuple(
        tuple(tuple((float(p[0]), float(p[1])) for p in ring) for ring in polygon)
        for polygon in polygons
    )
    for polygon in shape:
        if not polygon:
            raise ValueError("a polygon without a ring")
        for ring in polygon:
            _check_ring(ring)
    return shape


def _check_ring(ring: tuple[tuple[float, float], ...]) -> None:
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ValueError("a ring that is not closed")
    if not all(map(math.isfinite, (value for point in ring for value in point))):
        raise ValueError("a coordinate that is no number")
    if not all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in ring):
        raise ValueError("coordinates that are no degrees: WGS 84 (EPSG:4326) is needed")
    if len({x for x, _ in ring}) == 1 or len({y for _, y in ring}) == 1:
        raise ValueError("a ring without an area")
