"""Try again from a decision: a new attempt that repeats the path up to there."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.case_studies.services.errors import AttemptClosed, CannotStart
from attune.case_studies.statements import record_initialized
from attune.enrolments.readers import Reader
from attune.enrolments.services import start_unit
from attune.enrolments.services.locking import lock_person


@transaction.atomic
def try_again_from(*, decision: CaseDecision, reader: Reader, now: datetime) -> CaseAttempt:
    """A new attempt that stands where this decision of a finished one was to be taken.

    It walks the same frozen graph, since the path makes sense on no other. What it repeats is
    kept as rows marked ``repeated`` and is not recorded as *answered* once more: it was not
    decided again. Pressing twice finds the attempt that the first press made.

    :raises CannotStart: another attempt is open, or this one is.
    :raises AttemptClosed: the attempt belongs to an earlier round, or its case is gone.
    """
    earlier: CaseAttempt = decision.attempt
    lock_person(earlier.person_id)
    page = earlier.unit
    if page is None:
        raise AttemptClosed(_("This case study was removed. What you decided is kept."))
    if earlier.cycle != reader.cycle:
        raise AttemptClosed(
            _("This attempt belongs to an earlier round. Start a new one; the old one is kept.")
        )
    attempts = CaseAttempt.objects.at(
        person_id=earlier.person_id, case_key=earlier.case_key, cycle=earlier.cycle
    )
    open_attempt: CaseAttempt | None = attempts.open().first()
    if open_attempt is not None:
        if (
            open_attempt.replay_of_id == earlier.pk
            and open_attempt.replay_position == decision.position
            and not open_attempt.decisions.taken().exists()
        ):
            return open_attempt
        raise CannotStart(
            _("You are in the middle of another attempt. Take it to its ending first.")
        )
    start_unit(reader=reader, unit=page, now=now)
    attempt = CaseAttempt.objects.create(
        person=earlier.person,
        case_key=earlier.case_key,
        unit=page,
        enrolment=reader.enrolment,
        cycle=earlier.cycle,
        number=attempts.order_by("-number").values_list("number", flat=True)[0] + 1,
        language=earlier.language,
        frozen=earlier.frozen,
        place=decision.scene_key,
        started_at=now,
        replay_of=earlier,
        replay_position=decision.position,
    )
    CaseDecision.objects.bulk_create(
        CaseDecision(
            attempt=attempt,
            position=each.position,
            scene_key=each.scene_key,
            choice_key=each.choice_key,
            offered=each.offered,
            before=each.before,
            after=each.after,
            shown_at=now,
            decided_at=now,
            seconds=0.0,
            repeated=True,
        )
        for each in earlier.decisions.filter(position__lt=decision.position).order_by("position")
    )
    record_initialized(attempt=attempt, page=page, module=reader.module)
    return attempt
