"""Pause and resume: parental leave, a long illness, a loan to another desk."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from attune.enrolments.models import Enrolment
from attune.enrolments.services.assign import count_what_is_earned
from attune.enrolments.services.locking import lock_person
from attune.enrolments.services.start_unit import state_on_return
from attune.enrolments.states import OPEN_STATES, State

PAUSING = ["state", "resumes_as", "state_reason", "paused_by_leaving"]


@transaction.atomic
def pause(*, enrolment: Enrolment, reason: str, now: datetime) -> Enrolment:
    """Nothing is due and nothing is overdue until it is resumed. Only open ones pause."""
    lock_person(enrolment.person_id)
    enrolment = Enrolment.objects.get(pk=enrolment.pk)
    if enrolment.state in OPEN_STATES:
        enrolment.resumes_as = enrolment.state
        enrolment.state = State.PAUSED
        enrolment.state_reason = reason
        enrolment.paused_by_leaving = False
        enrolment.save(update_fields=PAUSING)
    return enrolment


@transaction.atomic
def resume(*, enrolment: Enrolment, now: datetime) -> Enrolment:
    """Go on where it was paused; what was earned meanwhile is counted."""
    lock_person(enrolment.person_id)
    enrolment = Enrolment.objects.select_related(
        "person", "programme", "engagement__client", "engagement__vendor"
    ).get(pk=enrolment.pk)
    if enrolment.state == State.PAUSED:
        enrolment.state = state_on_return(enrolment)
        enrolment.resumes_as = ""
        enrolment.state_reason = ""
        enrolment.paused_by_leaving = False
        enrolment.save(update_fields=PAUSING)
        count_what_is_earned(enrolment=enrolment, now=now)
    return enrolment
