"""What HR or a trainer gives beyond the rules: another attempt, more time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from attune.enrolments.models import UnitProgress
from attune.enrolments.services import set_unit_state
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import State
from attune.people.models import Person
from attune.quizzes.models import AttemptGrant, ExtraTime, QuizAttempt
from attune.quizzes.services.errors import CannotGrant


@transaction.atomic
def grant_attempt(
    *, attempt: QuizAttempt, reason: str, granted_by: Any, now: datetime
) -> AttemptGrant:
    """One more attempt at the quiz after ``attempt``, the learner's last. Audited, with a reason.

    :raises CannotGrant: there is no reason, the learner has attempts left, or the attempt is
        not their last (a second click finds it so).
    """
    reason = " ".join(reason.split())
    if not reason:
        raise CannotGrant(_("Say why: the learner and the next auditor will want to know."))
    lock_person(attempt.person_id)
    progress = UnitProgress.objects.filter(
        person=attempt.person_id, unit_key=attempt.quiz_key, cycle=attempt.cycle
    ).first()
    is_stuck = QuizAttempt.objects.exhausted().filter(pk=attempt.pk).exists()
    if progress is None or not is_stuck:
        raise CannotGrant(
            _("Nothing was granted: this learner has an attempt left, or has passed meanwhile.")
        )
    grant: AttemptGrant = AttemptGrant.objects.create(
        person_id=attempt.person_id,
        quiz_key=attempt.quiz_key,
        unit_id=attempt.unit_id,
        enrolment_id=attempt.enrolment_id,
        cycle=attempt.cycle,
        after_number=attempt.number,
        reason=reason[:300],
        granted_by=granted_by,
        granted_at=now,
    )
    set_unit_state(progress=progress, state=State.IN_PROGRESS, now=now)
    log(
        instance=attempt.enrolment,
        action="attune_quizzes.grant_attempt",
        user=granted_by,
        data={"quiz": str(attempt.quiz_key), "after": attempt.number, "reason": grant.reason},
    )
    return grant


@transaction.atomic
def set_extra_time(
    *, person: Person, percent: int | None, granted_by: Any, now: datetime
) -> ExtraTime | None:
    """More time in every timed quiz from the next attempt on; ``None`` or 0 takes it back.

    :raises CannotGrant: less than 5 or more than 300 percent.
    """
    if not percent:
        gone, _rows = ExtraTime.objects.filter(person=person).delete()
        if gone:
            log(instance=person, action="attune_quizzes.extra_time_ended", user=granted_by)
        return None
    if not 5 <= percent <= 300:
        raise CannotGrant(_("Extra time is between 5 and 300 percent."))
    extra, _created = ExtraTime.objects.update_or_create(
        person=person,
        defaults={"percent": percent, "granted_by": granted_by, "granted_at": now},
    )
    # Who and when, not how much: the log is read by more people than HR.
    log(instance=person, action="attune_quizzes.extra_time", user=granted_by)
    return extra
