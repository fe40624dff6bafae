"""When something is due: pure reckoning with days, places of work and clocks.

No ORM and no clock of the server: the day, the place's zone, hours and days off are given.
A due day that is a day off at the place moves to a working day; the moment is the end of
that day's work, or 23:59, on the place's own clock.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from attune.enrolments.public_holidays import is_public_holiday, weekend_of

LAST_MINUTE = time(23, 59)
END_OF_WORK = time(18, 0)
"""Where a place has no hours written down, or none that day."""
FARTHEST = 60
"""So many days in a row off, and the day stays as it is: somebody's hours are wrong."""


class Moved(StrEnum):
    """Where a due day goes that nobody works on."""

    NEXT = "next"
    PREVIOUS = "previous"


class Hour(StrEnum):
    """At what time of the due day."""

    END_OF_WORK = "end_of_work"
    LAST_MINUTE = "last_minute"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody works, as far as dates go.

    ``hours`` are (opens, closes) by weekday, Monday being 0; a shift that ends after midnight
    closes before it opens. Without any hours the country's weekend is off. ``country`` is
    ISO 3166 alpha-2 and ``subdivision`` its part as ISO 3166-2 has it; ``days_off`` are the
    place's own.
    """

    zone: ZoneInfo
    country: str = ""
    subdivision: str = ""
    hours: Mapping[int, tuple[tuple[time, time], ...]] = field(default_factory=dict)
    days_off: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        if day in self.days_off or is_public_holiday(day, self.country, self.subdivision):
            return False
        if self.hours:
            return bool(self.hours.get(day.weekday()))
        return day.weekday() not in weekend_of(self.country)


def working_day(day: date, place: Place, moved: Moved, *, not_before: date | None = None) -> date:
    """``day``, or the nearest working day of the place in that direction.

    Never before ``not_before``: where the direction leads there, the next working day is
    taken. Where nobody works for two months, ``day`` itself.
    """
    step = timedelta(days=1 if moved is Moved.NEXT else -1)
    found = _nearest(day, place, step)
    if found is not None and (not_before is None or found >= not_before):
        return found
    return _nearest(day, place, timedelta(days=1)) or day


def _nearest(day: date, place: Place, step: timedelta) -> date | None:
    for _ in range(FARTHEST):
        if place.works_on(day):
            return day
        try:
            day += step
        except OverflowError:
            return None
    return None


def moment_on(day: date, hour: Hour, place: Place) -> datetime:
    """The due moment of that day, in UTC. A shift that ends after midnight is due when it ends."""
    if hour is Hour.LAST_MINUTE:
        return at_wall(day, LAST_MINUTE, place.zone)
    ends = [
        (timedelta(days=1 if closes <= opens else 0), closes)
        for opens, closes in place.hours.get(day.weekday(), ())
    ]
    later, closes = max(ends, default=(timedelta(0), END_OF_WORK))
    return at_wall(day + later, closes, place.zone)


def at_wall(day: date, at: time, zone: ZoneInfo) -> datetime:
    """That time on the wall of the zone, in UTC.

    An hour that the clock shows twice means the later one, an hour that it leaves out the
    moment as long after the leap as it would have been: nobody loses time by either.
    """
    wall = datetime.combine(day, at)
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return max(first, second)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where that is shorter."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def again_on(
    *, completed_at: datetime, expires_at: datetime | None, months: int | None, zone: ZoneInfo
) -> date | None:
    """The day on which a completion has to be made anew, in ``zone``; None if never.

    The earlier of what the content allows (``expires_at``) and what the rule asks.
    """
    days = []
    if months:
        days.append(add_months(completed_at.astimezone(zone).date(), months))
    if expires_at is not None:
        days.append(expires_at.astimezone(zone).date())
    return min(days, default=None)


def spell_began(spans: Iterable[tuple[date, date | None]], on: date) -> date | None:
    """Since when somebody has been there without a break, by dated spans; None if not there.

    Spans are (first day, last day or None), in any order. One that begins the day after
    another ends goes on.
    """
    began: date | None = None
    for first, last in sorted(spans, key=lambda span: span[0], reverse=True):
        if began is None:
            if first <= on and (last is None or last >= on):
                began = first
        elif last is None or last >= began - timedelta(days=1):
            began = min(began, first)
    return began


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule says about time."""

    days: int
    by: date | None = None
    hour: Hour = Hour.END_OF_WORK
    moved: Moved = Moved.NEXT


def due_at(*, counts_from: date, terms: Terms, place: Place) -> datetime:
    """When it is due for somebody whose time runs from ``counts_from``, in UTC.

    On the rule's date for everybody whose time has begun by then; for whoever comes later,
    and where the rule has no date, so many days after ``counts_from``.
    """
    if terms.by is not None and counts_from <= terms.by:
        wished = terms.by
    else:
        wished = counts_from + timedelta(days=terms.days)
    day = working_day(wished, place, terms.moved, not_before=counts_from)
    return moment_on(day, terms.hour, place)
