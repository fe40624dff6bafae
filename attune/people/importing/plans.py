"""What a file would do, as values: a step per line, and what has to exist for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from attune.people.importing.lines import Fault, Wanted
from attune.people.importing.roster import Desk, Job, Known, Place
from attune.people.importing.teams import Move


class Verdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    LEAVES = "leaves"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Options:
    applies_on: date
    creates_places: bool = False
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A field by the name of its column, as it was and as it becomes, in words."""

    column: str
    was: str
    becomes: str


@dataclass(slots=True)
class Step:
    """One line, and what has to be written for it."""

    wanted: Wanted
    known: Known | None = None
    job: Job | None = None
    verdict: Verdict = Verdict.UNCHANGED
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    person_values: dict[str, str] = field(default_factory=dict)
    new_address: str = ""
    is_new_job: bool = False
    job_values: dict[str, Any] = field(default_factory=dict)
    roles: frozenset[str] | None = None
    place: Place | None = None
    ends_on: date | None = None
    move: Move | None = None

    @property
    def name(self) -> str:
        return self.wanted.full_name or (self.known.full_name if self.known else "")

    @property
    def email(self) -> str:
        return self.wanted.email or (self.known.email if self.known else "")

    def change(self, column: str, was: Any, becomes: Any) -> None:
        self.changes.append(Change(column, shown(was), shown(becomes)))


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody who works there and is not in a file that is said to be complete."""

    job: int
    person: int
    name: str
    email: str
    external_id: str


@dataclass(slots=True)
class Plan:
    steps: list[Step] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        counts = {verdict.value: 0 for verdict in Verdict}
        for step in self.steps:
            counts[step.verdict] += 1
        return counts

    @property
    def changes_something(self) -> bool:
        return any(
            step.verdict in (Verdict.NEW, Verdict.CHANGED, Verdict.LEAVES) for step in self.steps
        )


def shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
