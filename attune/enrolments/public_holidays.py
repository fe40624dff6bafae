"""Public holidays and weekends of countries, from the ``holidays`` package, asked once a year.

Building a country's year costs milliseconds, asking for a day of it nothing: so each year is
built once for a process. A country or a part of it that the package does not know has none.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays

USUAL_WEEKEND = frozenset({5, 6})


def is_public_holiday(day: date, country: str, subdivision: str = "") -> bool:
    return bool(country) and day in _year(country, subdivision, day.year)


def name_of(day: date, country: str, subdivision: str = "") -> str:
    """What the day is called in the country, or an empty string."""
    return _year(country, subdivision, day.year).get(day, "") if country else ""


@lru_cache(maxsize=64)
def weekend_of(country: str) -> frozenset[int]:
    """Weekdays off, Monday being 0."""
    try:
        return frozenset(holidays.country_holidays(country).weekend) or USUAL_WEEKEND
    except NotImplementedError:
        return USUAL_WEEKEND


def knows(country: str, subdivision: str = "") -> bool:
    """Whether the package has days for the country, and for that part of it if one is named."""
    parts = holidays.list_supported_countries().get(country)
    return parts is not None and (not subdivision or subdivision in parts)


@lru_cache(maxsize=1024)
def _year(country: str, subdivision: str, year: int) -> dict[date, str]:
    if not knows(country):
        return {}
    part = subdivision if knows(country, subdivision) else ""
    return dict(holidays.country_holidays(country, subdiv=part or None, years=year))
