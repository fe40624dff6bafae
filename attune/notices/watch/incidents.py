"""When to tell of a trouble, when to be silent, when it is over. Pure: values in, values out.

A finding says that something is wrong now. An incident begins with the first finding and ends
after a while of calm, so what flaps is one incident. It is told of once it has lasted long
enough, again if it grew worse or still lasts after a day, and its end is told if its beginning
was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

CALM = timedelta(minutes=5)
"""So long must a trouble be gone before it is over."""
PAUSE = timedelta(hours=1)
"""Between two messages that something grew worse."""


class Event(Enum):
    BEGAN = "began"
    WORSE = "worse"
    LASTS = "lasts"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something is wrong now. ``settle`` is how long it must last before anybody is told.

    ``level`` grows as it becomes worse, or stays 0 where there is no more or less.
    """

    key: str
    trouble: str
    about: str
    lane: int | None = None
    level: int = 0
    detail: str = ""
    settle: timedelta = timedelta(0)
    remind: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An incident that is open, or closes now."""

    opened_at: datetime
    seen_at: datetime
    calm_since: datetime | None = None
    told_at: datetime | None = None
    told: int = 0
    told_level: int = 0
    closed_at: datetime | None = None


def decide(
    standing: Standing | None, finding: Finding | None, *, now: datetime
) -> tuple[Standing | None, Event | None]:
    """How an incident stands after this look, and what there is to tell of it."""
    if finding is not None:
        return _seen(standing or Standing(opened_at=now, seen_at=now), finding, now)
    if standing is None:
        return None, None
    if standing.calm_since is None:
        return replace(standing, calm_since=now), None
    if now - standing.calm_since < CALM:
        return standing, None
    return replace(standing, closed_at=now), Event.OVER if standing.told else None


def _seen(standing: Standing, finding: Finding, now: datetime) -> tuple[Standing, Event | None]:
    # What has become better and then worse again is worse.
    told_level = min(standing.told_level, finding.level)
    standing = replace(standing, seen_at=now, calm_since=None, told_level=told_level)
    event = _event(standing, finding, now)
    if event is None:
        return standing, None
    return (
        replace(standing, told_at=now, told=standing.told + 1, told_level=finding.level),
        event,
    )


def _event(standing: Standing, finding: Finding, now: datetime) -> Event | None:
    if standing.told_at is None:
        return Event.BEGAN if now - standing.opened_at >= finding.settle else None
    silent = now - standing.told_at
    if finding.level > standing.told_level and silent >= PAUSE:
        return Event.WORSE
    return Event.LASTS if silent >= finding.remind else None
