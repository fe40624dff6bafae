"""Withdraw: take a reason back; the enrolment goes only with its last reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from attune.enrolments.models import Assignment, Enrolment
from attune.enrolments.services.assign import earliest_due_counts
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import State


@transaction.atomic
def withdraw_assignment(*, assignment: Assignment, now: datetime) -> Enrolment:
    """Take one reason back. Progress is kept; without any reason left it is withdrawn."""
    lock_person(assignment.enrolment.person_id)
    enrolment = Enrolment.objects.get(pk=assignment.enrolment_id)
    Assignment.objects.filter(pk=assignment.pk, withdrawn_at__isnull=True).update(withdrawn_at=now)
    if enrolment.assignments.filter(withdrawn_at__isnull=True).exists():
        earliest_due_counts(enrolment=enrolment)
    else:
        _withdraw(enrolment)
    return enrolment


@transaction.atomic
def withdraw(*, enrolment: Enrolment, now: datetime) -> Enrolment:
    """Take all reasons back at once."""
    lock_person(enrolment.person_id)
    enrolment = Enrolment.objects.get(pk=enrolment.pk)
    enrolment.assignments.filter(withdrawn_at__isnull=True).update(withdrawn_at=now)
    _withdraw(enrolment)
    return enrolment


def _withdraw(enrolment: Enrolment) -> None:
    # What was completed stays completed: a record is not unmade by a change of rota.
    if enrolment.state in (State.COMPLETED, State.WITHDRAWN):
        return
    enrolment.resumes_as = (
        enrolment.resumes_as if enrolment.state == State.PAUSED else enrolment.state
    )
    enrolment.state = State.WITHDRAWN
    enrolment.due_at = None
    enrolment.save(update_fields=["state", "resumes_as", "due_at"])
