"""The sweep: attempts that nobody will hand in any more are closed with what was saved."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from attune.enrolments.models import ModuleEvidence, UnitProgress
from attune.enrolments.readers import module_of, reader_for
from attune.enrolments.services.locking import lock_person
from attune.quizzes.models import GRACE, QuizAttempt
from attune.quizzes.services.hand_in import close, hand_in

logger = logging.getLogger(__name__)

AT_ONCE = 500


def close_overdue(*, now: datetime) -> int:
    """Close what is out of time, or was left open when a new round began; how many.

    Each in a transaction of its own: one that fails is logged and leaves the others alone.
    """
    closed = 0
    for attempt in _overdue(now):
        try:
            closed += _close(attempt, now=now)
        except Exception:
            logger.exception("Attempt %s could not be closed; tried again later.", attempt.deed)
    return closed


def _overdue(now: datetime) -> Iterator[QuizAttempt]:
    related = ("person__user", "unit__locale", "enrolment__programme")
    out_of_time = QuizAttempt.objects.open().filter(due_at__lt=now - GRACE, unit__isnull=False)
    yield from out_of_time.select_related(*related).order_by("due_at")[:AT_ONCE]
    module_key = UnitProgress.objects.filter(
        person=OuterRef("person"), unit_key=OuterRef("quiz_key"), cycle=OuterRef("cycle")
    ).values("module_key")[:1]
    newest = (
        ModuleEvidence.objects.filter(person=OuterRef("person"), module_key=OuterRef("module_key"))
        .order_by("-cycle")
        .values("cycle")[:1]
    )
    left_behind = (
        QuizAttempt.objects.open()
        .filter(unit__isnull=False)
        .annotate(module_key=Subquery(module_key))
        .annotate(newest_cycle=Subquery(newest))
        .filter(cycle__lt=F("newest_cycle"))
    )
    yield from left_behind.select_related(*related).order_by("pk")[:AT_ONCE]


@transaction.atomic
def _close(attempt: QuizAttempt, *, now: datetime) -> bool:
    """Whether this call closed it."""
    if attempt.unit is None:
        return False
    reader = reader_for(attempt.person.user, attempt.unit)
    if reader is not None and reader.cycle == attempt.cycle:
        done = hand_in(
            attempt=attempt, reader=reader, now=now, closed_by=QuizAttempt.ClosedBy.CLOCK
        )
        return not done.is_open
    # Not learning it any more, or in a new round: graded and recorded, counts for nothing.
    module = module_of(attempt.unit)
    if module is None:
        return False
    lock_person(attempt.person_id)
    locked = (
        QuizAttempt.objects.select_for_update(of=("self",))
        .select_related("enrolment__programme")
        .get(pk=attempt.pk)
    )
    if not locked.is_open:
        return False
    is_over = locked.is_over(now)
    closed_by = QuizAttempt.ClosedBy.CLOCK if is_over else QuizAttempt.ClosedBy.ROUND
    close(attempt=locked, quiz=attempt.unit, module=module, now=now, closed_by=closed_by)
    return True
