"""What a rule would do, gathered for a page: everybody affected, by what happens and by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from attune.enrolments.models import AssignmentRule
from attune.enrolments.rules.compare import (
    UNCHANGED,
    Change,
    Step,
    Tally,
    empty_tally,
    preview,
)
from attune.enrolments.rules.scope import Scope
from attune.people.models import Person
from attune.reports.drawing import clock
from attune.reports.rule_words import CHANGES, STAYS
from attune.tabular.spreadsheets import Value

PER_PAGE = 50
NAMES_AT_ONCE = 5000
ORDER = list(CHANGES)


@dataclass(frozen=True, slots=True)
class Line:
    """One person affected. Light: there may be fifty thousand."""

    person_id: int
    name: str
    change: Change
    before: datetime | None
    after: datetime | None
    zone: ZoneInfo
    stays: bool

    @property
    def words(self) -> str:
        return str(STAYS if self.stays else CHANGES[self.change])


@dataclass(frozen=True, slots=True)
class Preview:
    tally: Tally
    lines: list[Line]

    @property
    def figures(self) -> list[tuple[str, int]]:
        counts = self.tally.changes
        return [(str(CHANGES[change]), counts[change]) for change in ORDER if counts[change]]


def preview_of(rule: AssignmentRule, *, now: datetime) -> Preview:
    """Reads everybody whom the rule concerns, some hundred at a time; keeps who is affected."""
    tally = empty_tally()
    kept: list[Line] = []
    for steps in preview(Scope(rule, now=now)):
        tally.count(steps, now=now)
        kept += [_line(step) for step in steps if step.change not in UNCHANGED]
    names = _names([line.person_id for line in kept])
    lines = [_with_name(line, names.get(line.person_id, "")) for line in kept]
    lines.sort(key=lambda line: (ORDER.index(line.change), line.name.casefold(), line.person_id))
    return Preview(tally, lines)


def _line(step: Step) -> Line:
    return Line(step.person_id, "", step.change, step.before, step.after, step.zone, step.stays)


def _with_name(line: Line, name: str) -> Line:
    return Line(line.person_id, name, line.change, line.before, line.after, line.zone, line.stays)


def _names(ids: Sequence[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    for begin in range(0, len(ids), NAMES_AT_ONCE):
        part = ids[begin : begin + NAMES_AT_ONCE]
        names.update(Person.objects.filter(pk__in=part).values_list("pk", "full_name"))
    return names


def drawn(lines: Sequence[Line], *, client: ZoneInfo, now: datetime) -> list[dict[str, Any]]:
    """Lines for the page: due dates on the clock of where each works, and the client's."""
    return [
        {
            "line": line,
            "before": _clock(line.before, line, client, now),
            "after": _clock(line.after, line, client, now),
        }
        for line in lines
    ]


def _clock(moment: datetime | None, line: Line, client: ZoneInfo, now: datetime) -> Any:
    return clock(moment, zone=line.zone, others=[client], now=now) if moment else None


def headings() -> list[str]:
    return [
        _("Person"),
        _("What changes"),
        _("Due until now (where they work)"),
        _("Due then (where they work)"),
        _("Time zone"),
    ]


def values(lines: Sequence[Line]) -> Iterator[list[Value]]:
    for line in lines:
        yield [
            line.name,
            line.words,
            _local(line.before, line.zone),
            _local(line.after, line.zone),
            str(line.zone),
        ]


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None) if moment else None
