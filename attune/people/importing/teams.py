"""Which dated rows put somebody into the team that a line names. Pure.

A move ends the old row the day before and opens another; rows are never rewritten to a new
team. Within one engagement a person is in one team a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.translation import gettext as _

from attune.people.importing.roster import Desk, Stay


@dataclass(slots=True)
class Move:
    desk: Desk
    from_date: date
    until_date: date | None
    ended: list[tuple[int, date]] = field(default_factory=list)
    """Rows and the last day that they get."""
    dropped: list[int] = field(default_factory=list)
    """Rows that cover no day any more, or were planned for later and give way."""


@dataclass(frozen=True, slots=True)
class Outcome:
    move: Move | None = None
    was: str = ""
    note: str = ""
    fault: str = ""


def plan_team(
    *,
    desk: Desk,
    stays: Iterable[Stay],
    names: Mapping[int | None, str],
    asked_from: date | None,
    hired_on: date,
    left_on: date | None,
    is_new_job: bool,
    applies_on: date,
) -> Outcome:
    begins = asked_from or (
        max(hired_on, desk.starts_on) if is_new_job else max(applies_on, hired_on, desk.starts_on)
    )
    if left_on is not None and begins > left_on:
        if asked_from is None:
            return Outcome()  # gone by then: the team ends with the job
        return Outcome(fault=_("The job has ended by then."))
    if begins < hired_on:
        return Outcome(fault=_("The job begins later, on %s.") % hired_on.isoformat())
    here = [stay for stay in stays if stay.engagement == desk.engagement]
    standing = [stay for stay in here if desk.pk is not None and stay.team == desk.pk]
    if any(stay.covers(begins) for stay in standing):
        return Outcome()
    if later := [stay for stay in standing if stay.runs(applies_on)]:
        if asked_from is None or asked_from == later[0].from_date:
            return Outcome()
        return Outcome(
            note=_("Is in this team since %(day)s. That was left as it is.")
            % {"day": later[0].from_date.isoformat()}
        )
    move = Move(desk, begins, left_on)
    was = ""
    for stay in here:
        if stay.covers(begins):
            was = names.get(stay.team, "")
            if stay.from_date == begins:
                move.dropped.append(stay.pk)
            else:
                move.ended.append((stay.pk, begins - timedelta(days=1)))
        elif stay.from_date > begins:
            if stay.from_date <= applies_on:
                return Outcome(
                    fault=_("Was in the team %(team)s from %(day)s: a move begins later than that.")
                    % {"team": names.get(stay.team, ""), "day": stay.from_date.isoformat()}
                )
            move.dropped.append(stay.pk)
    return Outcome(move=move, was=was)
