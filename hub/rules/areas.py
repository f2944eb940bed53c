"""Which area a point lies in: an in-memory index that answers what PostGIS's ST_Covers would.

With polygons a point on a border belongs to the area (ST_Covers; of two, to the one with the lower
code). A district without any, not even its dong's, is guessed by the nearest area's point:
approximate, and said to be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hub.model.places import Area, Located, Ring, Shape

EARTH_RADIUS_KM = 6371.0088
"""Mean radius R1 (IUGG)."""


@dataclass(frozen=True, slots=True)
class _Outline:
    """All edges of one shape as arrays: a point is inside where it crosses an odd number of them."""

    bounds: tuple[float, float, float, float]
    x1: NDArray[np.float64]
    y1: NDArray[np.float64]
    x2: NDArray[np.float64]
    y2: NDArray[np.float64]

    def covers(self, x: float, y: float) -> bool:
        west, south, east, north = self.bounds
        if not (west <= x <= east and south <= y <= north):
            return False
        side = (self.x2 - self.x1) * (y - self.y1) - (self.y2 - self.y1) * (x - self.x1)
        on_line = (
            (side == 0)
            & (np.minimum(self.x1, self.x2) <= x)
            & (x <= np.maximum(self.x1, self.x2))
            & (np.minimum(self.y1, self.y2) <= y)
            & (y <= np.maximum(self.y1, self.y2))
        )
        if on_line.any():
            return True
        # Half-open in y, so that a vertex is counted once (even-odd rule).
        upward = (self.y1 <= y) & (y < self.y2) & (side > 0)
        downward = (self.y2 <= y) & (y < self.y1) & (side < 0)
        return bool(np.count_nonzero(upward | downward) % 2)


class AreaIndex:
    """The city's areas, asked by point. Immutable: a change of areas makes a new one."""

    def __init__(self, areas: Sequence[Area], *, max_distance_km: float = 6.0) -> None:
        self.areas = tuple(sorted(areas, key=lambda area: area.code))
        self.by_code = {area.code: area for area in self.areas}
        self._max_distance_km = max_distance_km
        shaped = [(area, _outline(area.shape)) for area in self.areas if area.shape]
        self._districts = [(a, outline) for a, outline in shaped if a.kind == "district"]
        self._dongs: dict[str, list[tuple[Area, _Outline]]] = {}
        for area, outline in shaped:
            if area.kind != "district":
                self._dongs.setdefault(area.district, []).append((area, outline))
        outlined = {area.code for area, _ in self._districts}
        # A district without a shape of its own is the union of its dong's.
        self._by_dong = [
            pair
            for code, dongs in sorted(self._dongs.items())
            if code not in outlined
            for pair in dongs
        ]
        self._guessed = {a.district for a in self.areas} - outlined - set(self._dongs)
        self._points = tuple(a for a in self.areas if a.kind != "district") or self.areas
        homes = [a.district for a in self._points]
        self._of = {code: np.array([home == code for home in homes]) for code in set(homes)}
        self._of_guessed = np.array([home in self._guessed for home in homes])
        self._lats = np.radians([a.lat for a in self._points])
        self._lons = np.radians([a.lon for a in self._points])

    @property
    def approximate(self) -> bool:
        """Whether any district is guessed from points because no polygons of it are imported."""
        return bool(self._guessed)

    @property
    def guessed(self) -> tuple[str, ...]:
        """Codes of the districts without polygons."""
        return tuple(sorted(self._guessed))

    @property
    def districts(self) -> tuple[Area, ...]:
        """The districts, by code."""
        return tuple(area for area in self.areas if area.kind == "district")

    def district_of(self, area: Area) -> Area:
        """The district that an area lies in (itself, for a district)."""
        return self.by_code.get(area.district, area)

    def at(self, lat: float, lon: float) -> Located:
        """The area at a point (WGS 84 degrees); ``how`` is ``outside`` beyond the city."""
        if not (math.isfinite(lat) and math.isfinite(lon)):
            return Located(None, "outside")
        if district := _first(self._districts, lat, lon):
            dong = _first(self._dongs.get(district.code, ()), lat, lon)
            area = dong or self._nearest(lat, lon, self._of.get(district.code)) or district
            return Located(area, "point", lat=lat, lon=lon)
        if dong := _first(self._by_dong, lat, lon):
            return Located(dong, "point", lat=lat, lon=lon)
        if guess := self._nearest(lat, lon, self._of_guessed, self._max_distance_km):
            return Located(guess, "point", lat=lat, lon=lon, approximate=True)
        return Located(None, "outside")

    def _nearest(
        self, lat: float, lon: float, among: NDArray[np.bool_] | None, within_km: float = math.inf
    ) -> Area | None:
        """The area among these whose point is nearest, at most so far away."""
        if among is None or not among.any():
            return None
        phi, lam = math.radians(lat), math.radians(lon)
        # Equirectangular distance: within a city its error is far below that of nearest points.
        x = (self._lons - lam) * math.cos(phi)
        distance_km = np.where(among, EARTH_RADIUS_KM * np.hypot(x, self._lats - phi), np.inf)
        best = int(np.argmin(distance_km))
        return self._points[best] if distance_km[best] <= within_km else None


def point_inside(shape: Shape) -> tuple[float, float]:
    """A point (lon, lat) inside a shape: the middle of the widest stretch at half the height of its
    largest polygon. Between two of them there may be nothing."""
    outline = _outline((max(shape, key=_extent),))
    _, south, _, north = outline.bounds
    y = (south + north) / 2
    cut = (outline.y1 <= y) != (outline.y2 <= y)
    x1, y1, x2, y2 = (side[cut] for side in (outline.x1, outline.y1, outline.x2, outline.y2))
    crossings = np.sort(x1 + (y - y1) / (y2 - y1) * (x2 - x1))
    west, east = crossings[::2], crossings[1::2]
    widest = int(np.argmax(east - west))
    return float(west[widest] + east[widest]) / 2, y


def _first(shaped: Iterable[tuple[Area, _Outline]], lat: float, lon: float) -> Area | None:
    """The first of these areas that covers the point."""
    return next((area for area, outline in shaped if outline.covers(lon, lat)), None)


def _extent(polygon: tuple[Ring, ...]) -> float:
    """The area within a polygon's outer ring, in square degrees (the shoelace formula)."""
    twice = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(polygon[0]))
    return abs(twice) / 2


def _outline(shape: Shape | None) -> _Outline:
    starts: list[tuple[float, float]] = []
    ends: list[tuple[float, float]] = []
    for polygon in shape or ():
        for ring in polygon:
            starts += ring[:-1]
            ends += ring[1:]
    first, second = np.array(starts, float), np.array(ends, float)
    x, y = first[:, 0], first[:, 1]
    bounds = (float(x.min()), float(y.min()), float(x.max()), float(y.max()))
    return _Outline(bounds, x, y, second[:, 0], second[:, 1])
