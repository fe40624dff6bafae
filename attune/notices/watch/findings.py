"""What is wrong at present, by the limits that operators set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from attune.notices.models import AlertRule
from attune.notices.models.alerts import Trouble
from attune.notices.watch import hearts
from attune.notices.watch.incidents import Finding
from attune.xapi import health

DEFAULT_MINUTES = {
    Trouble.PAUSED: 2,
    Trouble.WAITING: 15,
    Trouble.QUARANTINE: 0,
    Trouble.SWEEP: 5,
}
DEFAULT_REMIND = timedelta(hours=24)
#: A lane that has just resumed has old records by nature; it gets a moment to send them.
DRAINING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Limit:
    after: timedelta
    remind: timedelta


def limits() -> dict[str, Limit]:
    """The limits in force; a kind of trouble that nobody shall be told of is left out."""
    rows = {row.trouble: row for row in AlertRule.objects.all()}
    found = {}
    for trouble, minutes in DEFAULT_MINUTES.items():
        row = rows.get(trouble)
        if row is None:
            found[str(trouble)] = Limit(timedelta(minutes=minutes), DEFAULT_REMIND)
        elif row.is_enabled:
            found[str(trouble)] = Limit(
                timedelta(minutes=row.minutes), timedelta(hours=row.remind_hours)
            )
    return found


def find(
    lanes: list[health.LaneFigures],
    sweeps: dict[str, timedelta | None],
    limits: dict[str, Limit],
) -> list[Finding]:
    """Pure: everything that is wrong by *limits*. A lane that is off is nobody's trouble."""
    found: list[Finding] = []
    for lane in lanes:
        if lane.state != "off":
            found += _of_lane(lane, limits)
    limit = limits.get(Trouble.SWEEP)
    if limit is not None:
        found += [
            Finding(
                key=f"sweep {name}",
                trouble=str(Trouble.SWEEP),
                about=name,
                # Of one that never ran nobody knows since when: from the first look on.
                settle=limit.after if age is None else timedelta(0),
                remind=limit.remind,
            )
            for name, age in sweeps.items()
            if age is None or age >= limit.after
        ]
    return found


def _of_lane(lane: health.LaneFigures, limits: dict[str, Limit]) -> list[Finding]:
    found = []

    def add(trouble: Trouble, settle: timedelta, *, level: int = 0, detail: str = "") -> None:
        found.append(
            Finding(
                key=f"lane {lane.lane} {trouble.value}",
                trouble=str(trouble.value),
                about=lane.name,
                lane=lane.lane,
                level=level,
                detail=detail,
                settle=settle,
                remind=limits[trouble].remind,
            )
        )

    age = lane.oldest_waiting_age
    is_paused = lane.state == "paused"
    if is_paused and Trouble.PAUSED in limits:
        add(Trouble.PAUSED, limits[Trouble.PAUSED].after, detail=lane.state_reason)
    # That records wait on a paused lane is no news to whoever was told of the pause.
    elif Trouble.WAITING in limits and age is not None and age >= limits[Trouble.WAITING].after:
        add(Trouble.WAITING, DRAINING, detail=lane.state_reason)
    if lane.quarantined and Trouble.QUARANTINE in limits:
        add(Trouble.QUARANTINE, limits[Trouble.QUARANTINE].after, level=lane.quarantined)
    return found


def now_wrong(now: datetime) -> tuple[list[Finding], list[health.LaneFigures]]:
    lanes = health.figures(now)
    return find(lanes, hearts.ages(now), limits()), lanes
