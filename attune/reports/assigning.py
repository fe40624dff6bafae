"""Assigning a programme to many people: first said, then done.

``plan`` says for each person what would change, ``carry_out`` does exactly that through
the services of ``enrolments``. Twice the same is no change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from attune.curriculum.models import ProgrammePage
from attune.enrolments.models import Assignment, Enrolment
from attune.enrolments.services import assign, renew
from attune.enrolments.states import State
from attune.people.models import Engagement, Person


class Change(StrEnum):
    """What assigning does to one person."""

    NEW = "new"
    RESUMES = "resumes"
    NEXT_ROUND = "next_round"
    REASON = "reason"
    DUE_DATE = "due_date"
    NONE = "none"
    DONE = "done"
    EXEMPT = "exempt"


NEWLY_ASSIGNED = frozenset({Change.NEW, Change.RESUMES, Change.NEXT_ROUND})
UNCHANGED = frozenset({Change.NONE, Change.DONE, Change.EXEMPT})


@dataclass(frozen=True, slots=True)
class Step:
    person: Person
    due_at: datetime
    change: Change
    enrolment: Enrolment | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    programme: ProgrammePage
    engagement: Engagement
    note: str
    steps: list[Step]

    @property
    def counts(self) -> Counter[Change]:
        return Counter(step.change for step in self.steps)

    @property
    def new(self) -> int:
        return sum(step.change in NEWLY_ASSIGNED for step in self.steps)

    @property
    def affected(self) -> int:
        return sum(step.change not in UNCHANGED for step in self.steps)


def plan(
    *,
    people: Sequence[Person],
    programme: ProgrammePage,
    engagement: Engagement,
    due: Mapping[int, datetime],
    note: str,
    now: datetime,
) -> Plan:
    """What assigning would do, by person, in the order given. Two queries.

    ``due`` holds the due moment by person id.
    """
    standing = {
        enrolment.person_id: enrolment
        for enrolment in Enrolment.objects.latest_cycle()
        .filter(
            person__in=[person.pk for person in people],
            programme_key=programme.translation_key,
            engagement=engagement,
        )
        .prefetch_related("assignments")
    }
    steps = []
    for person in people:
        enrolment = standing.get(person.pk)
        change = _change(enrolment, due_at=due[person.pk], note=note, now=now)
        steps.append(Step(person, due[person.pk], change, enrolment))
    return Plan(programme, engagement, note, steps)


def _change(enrolment: Enrolment | None, *, due_at: datetime, note: str, now: datetime) -> Change:
    if enrolment is None:
        return Change.NEW
    state = enrolment.standing(now).state
    special = {
        State.WITHDRAWN: Change.RESUMES,
        State.EXPIRED: Change.NEXT_ROUND,
        State.COMPLETED: Change.DONE,
        State.EXPIRING: Change.DONE,
        State.EXEMPT: Change.EXEMPT,
    }
    if state in special:
        return special[state]
    for reason in enrolment.assignments.all():
        if _is_by_hand(reason) and reason.withdrawn_at is None:
            same = reason.due_at == due_at and reason.note == note
            return Change.NONE if same else Change.DUE_DATE
    return Change.REASON


def _is_by_hand(reason: Assignment) -> bool:
    return reason.reason == Assignment.Reason.PERSON and not reason.reference


def carry_out(plan: Plan, *, assigned_by: Any, now: datetime) -> None:
    """Do what the plan says; each person in a transaction of their own.

    If it is interrupted, what was done stays, and doing it again does only the rest.
    """
    for step in _to_do(plan.steps):
        if step.change is Change.NEXT_ROUND and step.enrolment is not None:
            renew(
                enrolment=step.enrolment,
                now=now,
                due_at=step.due_at,
                reason=Assignment.Reason.PERSON,
                note=plan.note,
            )
            continue
        assign(
            person=step.person,
            programme=plan.programme,
            engagement=plan.engagement,
            now=now,
            due_at=step.due_at,
            note=plan.note,
            assigned_by=assigned_by,
        )


def _to_do(steps: Iterable[Step]) -> list[Step]:
    return [step for step in steps if step.change not in UNCHANGED]
