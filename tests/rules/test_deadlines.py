"""Deadlines count Korea's working days: no weekends, no holidays, no substitutes for holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.rules.deadlines import Calendar

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar("KR", "Asia/Seoul")


def at(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=SEOUL).astimezone(UTC)


@pytest.mark.parametrize(
    ("received", "days", "ends"),
    [
        ("2026-03-03", 1, "2026-03-04"),  # Tuesday to Wednesday
        ("2026-03-06", 1, "2026-03-09"),  # over a weekend
        ("2026-03-07", 1, "2026-03-09"),  # received on a Saturday
        ("2026-02-27", 1, "2026-03-03"),  # 1 March was a Sunday: Monday is its substitute
        (
            "2025-10-02",
            1,
            "2025-10-10",
        ),  # Foundation Day, weekend, Chuseok, its substitute, Hangul Day
        ("2026-09-23", 1, "2026-09-28"),  # Chuseok is 24 to 26 September, then a Sunday
        ("2024-02-08", 1, "2024-02-13"),  # Lunar New Year 9 to 11, its substitute on the 12th
        ("2025-12-24", 7, "2026-01-06"),  # Christmas and New Year
    ],
)
def test_the_end_of_the_nth_working_day(
    calendar: Calendar, received: str, days: int, ends: str
) -> None:
    deadline = calendar.deadline(at(received), days=days, hours=None)
    assert deadline == at(ends, 18)


def test_the_day_of_receipt_is_the_city_s_not_utc_s(calendar: Calendar) -> None:
    late_on_monday = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)  # 01:00 on Tuesday in Seoul
    assert calendar.deadline(late_on_monday, days=1, hours=None) == at("2026-03-11", 18)


def test_hours_run_around_the_clock_and_the_earlier_end_counts(calendar: Calendar) -> None:
    friday = at("2026-03-06", 17)
    assert calendar.deadline(friday, days=None, hours=4) == friday + timedelta(hours=4)
    assert calendar.deadline(friday, days=1, hours=4) == friday + timedelta(hours=4)
    assert calendar.deadline(friday, days=1, hours=400) == at("2026-03-09", 18)
    assert calendar.deadline(friday, days=None, hours=None) is None


def test_every_substitute_holiday_of_the_law_since_2021_is_off(calendar: Calendar) -> None:
    # Presidential decree on public holidays of government offices, article 3.
    for day in (
        date(2021, 8, 16),
        date(2021, 10, 4),
        date(2021, 10, 11),
        date(2022, 9, 12),
        date(2022, 10, 10),
        date(2023, 1, 24),
        date(2023, 5, 29),
        date(2024, 5, 6),
        date(2025, 3, 3),
        date(2025, 5, 6),
        date(2025, 10, 8),
        date(2026, 5, 25),
        date(2026, 8, 17),
        date(2026, 10, 5),
    ):
        assert not calendar.is_working_day(day), day
