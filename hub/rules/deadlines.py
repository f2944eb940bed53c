"""Deadlines on the working-day calendar of the city: weekends and public holidays do not count."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from holidays import HolidayBase

END_OF_DAY = time(18, 0)
"""Korean public offices close at 18:00 (Local Public Officials Service Regulations, article 2)."""


class Calendar:
    """Working days of one country, in one time zone."""

    def __init__(self, country: str, time_zone: str) -> None:
        self._country = country
        self._zone = ZoneInfo(time_zone)
        self.is_working_day = lru_cache(maxsize=2_048)(self._is_working_day)

    @cached_property
    def _holidays(self) -> HolidayBase:
        import holidays  # slow to load, and most roles never ask for a deadline

        return holidays.country_holidays(self._country)

    def _is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self._holidays

    def deadline(
        self, received_at: datetime, *, days: int | None, hours: int | None
    ) -> datetime | None:
        """The end of the ``days``-th working day after receipt, or ``hours`` around the clock.

        Both None: no deadline. Both given: the earlier one.
        """
        ends = []
        if hours is not None:
            ends.append(received_at + timedelta(hours=hours))
        if days is not None:
            ends.append(self._end_of_working_day(received_at, days))
        return min(ends) if ends else None

    def _end_of_working_day(self, received_at: datetime, days: int) -> datetime:
        day = received_at.astimezone(self._zone).date()
        left = days
        while left > 0:
            day += timedelta(days=1)
            if self.is_working_day(day):
                left -= 1
        return datetime.combine(day, END_OF_DAY, self._zone)
