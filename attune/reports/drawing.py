"""How states and moments look in the admin: words, an icon and a tone, never a tone alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from attune.design.templatetags.attune_design import STATES, city, moment_in
from attune.enrolments.states import Standing, State
from attune.reports.matrix import Cell

MEANINGS = {
    State.NOT_STARTED: gettext_lazy("Nothing of it has been opened yet."),
    State.IN_PROGRESS: gettext_lazy("Begun, not finished."),
    State.AWAITING_MARKING: gettext_lazy("Handed in; a trainer has to mark it."),
    State.ATTEMPTS_EXHAUSTED: gettext_lazy("No attempt is left; HR or a trainer can grant one."),
    State.COMPLETED: gettext_lazy("Complete and valid. The date says since when."),
    State.EXPIRING: gettext_lazy("Complete, but its validity ends within 30 days."),
    State.EXPIRED: gettext_lazy("Was complete; its validity has ended."),
    State.EXEMPT: gettext_lazy("Need not be taken; the reason is on the person’s page."),
    State.PAUSED: gettext_lazy("On hold: nothing is due until it is resumed."),
    State.WITHDRAWN: gettext_lazy("No longer assigned. What was completed is kept."),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as it is drawn. ``day`` is when it was completed, in the reader's zone."""

    state: str
    words: str
    icon: str
    tone: str
    overdue: bool = False
    day: str = ""
    note: str = ""


def mark_of(standing: Standing, *, day: str = "", note: str = "") -> Mark:
    _words, icon, tone = STATES[standing.state.value]
    return Mark(
        state=standing.state.value,
        words=standing.label,
        icon=icon,
        tone=tone,
        overdue=standing.overdue,
        day=day,
        note=note,
    )


def mark_of_cell(cell: Cell, *, zone: ZoneInfo) -> Mark:
    return mark_of(cell.standing, day=day_in(cell.completed_at, zone), note=cell.note)


def legend() -> list[tuple[Mark, str]]:
    return [(mark_of(Standing(state)), str(MEANINGS[state])) for state in State]


def day_in(moment: datetime | None, zone: ZoneInfo) -> str:
    if moment is None:
        return ""
    return dateformat.format(moment.astimezone(zone), pgettext("date with year", "j M Y"))


@dataclass(frozen=True, slots=True)
class Clock:
    """A moment on the reader's clock, and on others that show another time."""

    mine: str
    others: list[str]


def clock(moment: datetime, *, zone: ZoneInfo, others: list[ZoneInfo], now: datetime) -> Clock:
    """``Fri 27 Nov, 18:00`` and ``11:00 in Berlin``; the day only where it is another."""
    here = moment.astimezone(zone)
    shown, seen = [], {here.utcoffset()}
    for other in others:
        there = moment.astimezone(other)
        if there.utcoffset() in seen:
            continue
        seen.add(there.utcoffset())
        time = moment_in(moment, str(other), day=there.date() != here.date(), now=now)
        shown.append(_("%(time)s in %(city)s") % {"time": time, "city": city(str(other))})
    return Clock(moment_in(moment, str(zone), day=True, now=now), shown)


def zone_in_words(zone: ZoneInfo) -> str:
    return city(str(zone))
