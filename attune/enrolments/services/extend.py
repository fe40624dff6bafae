"""Extend: one person gets a due date of their own, and it is on record why and from whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from attune.enrolments.models import DueExtension, Enrolment
from attune.enrolments.services.assign import earliest_due_counts
from attune.enrolments.services.locking import lock_person


@transaction.atomic
def extend(
    *, enrolment: Enrolment, due_at: datetime, reason: str, given_by: Any, now: datetime
) -> DueExtension:
    """``due_at`` counts instead of the dates of all reasons that stand now.

    A reason that comes later brings its own date. The same again is the same extension.

    :raises ValueError: no reason was given, or the date is not in the future.
    """
    if not reason.strip():
        raise ValueError("An extension needs a reason.")
    if due_at <= now:
        raise ValueError("The new due date has to lie in the future.")
    lock_person(enrolment.person_id)
    enrolment = Enrolment.objects.get(pk=enrolment.pk)
    newest = enrolment.extensions.order_by("given_at", "pk").last()
    if newest is not None and (newest.due_at, newest.reason) == (due_at, reason):
        return newest
    row: DueExtension = DueExtension.objects.create(
        enrolment=enrolment, due_at=due_at, reason=reason, given_by=given_by, given_at=now
    )
    earliest_due_counts(enrolment=enrolment)
    return row
