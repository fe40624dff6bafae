"""What this package knows of a person, for the person; and what goes when they are erased."""

from __future__ import annotations

from collections.abc import Iterator

from attune.enrolments.models import (
    Assignment,
    Enrolment,
    EnrolmentModule,
    ModuleEvidence,
    UnitProgress,
)
from attune.enrolments.rules.models import DueExtension, RuleException
from attune.enrolments.states import LEARNABLE_STATES, OPEN_STATES, State
from attune.people.erasing.exporting import rows_of
from attune.people.hooks import Part
from attune.people.models import Person


def parts(person: Person) -> Iterator[Part]:
    enrolments = Enrolment.objects.filter(person=person)
    through = {"enrolment__person": person}
    yield Part("enrolments", rows_of(enrolments, "programme__title", "engagement__name"))
    yield Part("assignments", rows_of(Assignment.objects.filter(**through)))
    yield Part("due-extensions", rows_of(DueExtension.objects.filter(**through)))
    exceptions = RuleException.objects.filter(person=person)
    yield Part("rule-exceptions", rows_of(exceptions, "rule__programme__title"))
    yield Part("enrolment-modules", rows_of(EnrolmentModule.objects.filter(**through)))
    yield Part("module-evidence", rows_of(ModuleEvidence.objects.filter(person=person)))
    yield Part("unit-progress", rows_of(UnitProgress.objects.filter(person=person), "unit__title"))


def erased(tombstone: Person) -> dict[str, int]:
    """Results stay as figures; words about the person go, and nobody owes anything any more."""
    enrolments = Enrolment.objects.filter(person=tombstone)
    waiting = {*OPEN_STATES, *LEARNABLE_STATES, State.PAUSED} - {State.COMPLETED}
    open_ones = enrolments.filter(state__in=waiting, completed_at__isnull=True)
    withdrawn = open_ones.update(state=State.WITHDRAWN, due_at=None)
    enrolments.update(state_reason="")
    through = {"enrolment__person": tombstone}
    Assignment.objects.filter(**through).update(note="")
    DueExtension.objects.filter(**through).update(reason="–")  # exceptions of rules go with the row
    EnrolmentModule.objects.filter(**through).update(credit_reason="")
    UnitProgress.objects.filter(person=tombstone).update(position={})
    return {"enrolments_withdrawn": withdrawn}
