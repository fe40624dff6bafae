"""Hand over: an invited person turned out to be somebody who had an account all along."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from attune.enrolments.models import Enrolment
from attune.enrolments.services.assign import assign
from attune.enrolments.services.withdraw import withdraw
from attune.enrolments.states import State
from attune.people.models import Person


@transaction.atomic
def hand_over(*, gone: Person, kept: Person, now: datetime) -> None:
    """Assign to ``kept`` whatever ``gone`` was assigned, for the same reasons and dates.

    ``gone`` never signed in and has learnt nothing, so there is no progress to move; its
    enrolments are withdrawn, since their registrations stand in statements already sent.
    """
    enrolments = (
        Enrolment.objects.filter(person=gone, programme__isnull=False)
        .exclude(state=State.WITHDRAWN)
        .select_related("programme", "engagement")
        .order_by("pk")
    )
    for enrolment in enrolments:
        if enrolment.programme is None:
            continue
        for reason in enrolment.assignments.filter(withdrawn_at__isnull=True):
            assign(
                person=kept,
                programme=enrolment.programme,
                engagement=enrolment.engagement,
                now=now,
                due_at=reason.due_at,
                reason=reason.reason,
                reference=reason.reference,
                note=reason.note,
                assigned_by=reason.assigned_by,
            )
        withdraw(enrolment=enrolment, now=now)
