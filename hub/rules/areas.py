"""Which area a point lies in: an in-memory index that answers what PostGIS's ST_Covers would.

With polygons a point on a border belongs to the area (ST_Covers; of two, to the one with the lower
code). Without them the nearest area's point decides: approximate, and said to be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.model.places import Area, Located, Shape

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
        self._districts = [
            (area, _outline(area.shape))
            for area in self.areas
            if area.kind == "district" and area.shape
        ]
        self._shaped_dongs = [
            (area, _outline(area.shape))
            for area in self.areas
            if area.kind != "district" and area.shape
        ]
        self._points = tuple(a for a in self.areas if a.kind != "district") or self.areas
        self._homes = np.array([a.district for a in self._points])
        self._lats = np.radians([a.lat for a in self._points])
        self._lons = np.radians([a.lon for a in self._points])

    @property
    def approximate(self) -> bool:
        """Whether districts are guessed from points because no polygons are imported."""
        return not self._districts

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
        dong = next((a for a, outline in self._shaped_dongs if outline.covers(lon, lat)), None)
        if self.approximate:
            area = dong or self._nearest(lat, lon, None)
            if area is None:
                return Located(None, "outside")
            return Located(area, "point", lat=lat, lon=lon, approximate=dong is None)
        district = next((a for a, outline in self._districts if outline.covers(lon, lat)), None)
        if district is None:
            return Located(None, "outside")
        if dong is None or dong.district != district.code:
            dong = self._nearest(lat, lon, district.code)
        return Located(dong or district, "point", lat=lat, lon=lon)

    def _nearest(self, lat: float, lon: float, district: str | None) -> Area | None:
        """The area whose point is nearest, within the greatest distance allowed."""
        if not self._points:
            return None
        phi, lam = math.radians(lat), math.radians(lon)
        # Equirectangular distance: within a city its error is far below that of nearest points.
        x = (self._lons - lam) * math.cos(phi)
        distance_km = EARTH_RADIUS_KM * np.hypot(x, self._lats - phi)
        if district is not None:
            inside = self._homes == district
            if not inside.any():
                return None
            distance_km = np.where(inside, distance_km, np.inf)
        best = int(np.argmin(distance_km))
        if district is None and distance_km[best] > self._max_distance_km:
            return None
        return self._points[best]


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
