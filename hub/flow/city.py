"""The city as it stands now: rule book, area index, gazetteer, in memory and always current.

Every role that decides holds one ``CityNow``; ``follow`` swaps in a new ``City`` when the database has
a newer version. What is in flight keeps the one it began with.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.flow.configure import CONFIG
from hub.model.errors import Unavailable
from hub.model.rulebook import RuleBook, rulebook
from hub.rules.areas import AreaIndex
from hub.rules.deadlines import Calendar
from hub.rules.gazetteer import Gazetteer
from hub.store import places, rulebooks
from hub.store.pool import DATABASE_LOST, Pool, unless_cancelled

POLL_S = 1.0

logger = logging.getLogger(__name__)


class Waits(Protocol):
    """The bell, as far as following needs it."""

    async def wait(self, channel: str, timeout_s: float) -> bool:
        """True after a ring, False when the time ran out."""
        ...


@dataclass(frozen=True, slots=True)
class City:
    """One version of everything that decisions are made from."""

    version: int
    areas_changed_at: datetime | None
    book: RuleBook
    index: AreaIndex
    gazetteer: Gazetteer
    calendar: Calendar


class CityNow:
    """Holds the newest ``City``."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._city: City | None = None

    @property
    def now(self) -> City:
        """The city as last read. Raises Unavailable before the first reading."""
        if self._city is None:
            raise Unavailable("city.not_ready")
        return self._city

    async def refresh(self) -> bool:
        """Read what is newer; True if anything was. Raises Unavailable when nothing is seeded yet."""
        async with self._db.acquire() as connection:
            version = await rulebooks.newest_version(connection)
            changed_at = await places.changed_at(connection)
            old = self._city
            if old and (old.version, old.areas_changed_at) == (version, changed_at):
                return False
            newest = await rulebooks.newest(connection)
            if newest is None:
                raise Unavailable("city.not_ready")
            book = rulebook(newest[1])
            areas = await places.areas(connection)
            named = await places.places(connection)
        index = AreaIndex(areas, max_distance_km=book.city.max_area_distance_km)
        self._city = City(
            version,
            changed_at,
            book,
            index,
            Gazetteer(index, named, (book.city.name_ko, book.city.name_en)),
            Calendar(book.city.country, book.city.time_zone),
        )
        return True

    async def follow(self, bell: Waits) -> None:
        """Keep current until cancelled."""
        while True:
            await bell.wait(CONFIG, POLL_S)
            try:
                if await self.refresh():
                    logger.info("city changed", extra={"version": self.now.version})
            except DATABASE_LOST as lost:
                unless_cancelled()
                logger.warning("cannot read the city", extra={"error": repr(lost)})
                await asyncio.sleep(POLL_S)
