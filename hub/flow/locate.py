"""Locate: a labelled item gets its area, from its point or from its words."""

from __future__ import annotations

from hub.flow.city import CityNow
from hub.flow.ground import Ground, change
from hub.flow.receive import RECEIVED
from hub.model.places import Located
from hub.rules.locate import locate as find
from hub.store import pipeline
from hub.store.pipeline import ClaimedItem, Location


async def locate(ground: Ground, city: CityNow, limit: int, only: int | None = None) -> int:
    """Locate up to ``limit`` labelled items (or that one); how many."""
    now = city.now
    async with change(ground) as tx:
        claimed = await pipeline.claim(tx.connection, "labelled", limit, only)
        if not claimed:
            return 0
        locations = []
        for item in claimed:
            found = find(
                now.index,
                now.gazetteer,
                text=item.text,
                place=item.place or "",
                lat=item.lat,
                lon=item.lon,
            )
            location = _location(item, found)
            locations.append(location)
            tx.record(
                "item.located",
                "item",
                item.id,
                item.version,
                {
                    "ref": item.ref,
                    "area": location.area,
                    "district": location.district,
                    "how": location.how,
                    "placeless": location.placeless,
                    "candidates": list(location.candidates),
                },
            )
        await pipeline.save_locations(tx.connection, locations)
        tx.wake(RECEIVED)
    return len(claimed)


def _location(item: ClaimedItem, found: Located) -> Location:
    return Location(
        item.id,
        found.area.code if found.area else None,
        found.area.district if found.area else None,
        found.approximate,
        found.how,
        tuple(area.code for area in found.candidates),
        found.lat,
        found.lon,
    )
