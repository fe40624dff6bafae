"""Start an attempt at a case, or go on with the one that is open. Twice is once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from attune.case_studies.branching import engine
from attune.case_studies.freezing import case_of_attempt, freeze
from attune.case_studies.models import CaseAttempt, CaseStudyPage
from attune.case_studies.services.errors import CannotStart
from attune.case_studies.services.finish import finish
from attune.case_studies.statements import record_initialized
from attune.enrolments.readers import Reader
from attune.enrolments.services import start_unit
from attune.enrolments.services.locking import lock_person


@transaction.atomic
def start_attempt(*, reader: Reader, page: CaseStudyPage, now: datetime) -> CaseAttempt:
    """The reader's open attempt at the case, a new one if there is none.

    An open attempt is continued on its frozen graph, in the language in which it was begun.

    :raises CannotStart: the case has no beginning yet, with who has to mend it.
    """
    lock_person(reader.person.pk)
    attempts = CaseAttempt.objects.at(
        person_id=reader.person.pk, case_key=page.translation_key, cycle=reader.cycle
    )
    open_attempt: CaseAttempt | None = (
        attempts.open().select_related("frozen").defer("frozen__body").first()
    )
    if open_attempt is not None:
        return open_attempt
    last = attempts.order_by("-number").first()
    attempt = CaseAttempt(
        person=reader.person,
        case_key=page.translation_key,
        unit=page,
        enrolment=reader.enrolment,
        cycle=reader.cycle,
        number=last.number + 1 if last else 1,
        language=page.locale.language_code,
        frozen=freeze(page, engagement=reader.enrolment.engagement),
        started_at=now,
    )
    try:
        position = engine.start(case_of_attempt(attempt))
    except engine.CaseError as error:
        raise CannotStart(
            _("This case study has no scene to begin with yet. Its trainer has to add one.")
        ) from error
    start_unit(reader=reader, unit=page, now=now)
    attempt.place = position.place
    attempt.save()
    if attempt.number > 1:
        # The first attempt of a cycle is what start_unit has just recorded.
        record_initialized(attempt=attempt, page=page, module=reader.module)
    if position.ended:
        finish(attempt=attempt, position=position, reader=reader, page=page, now=now)
    return attempt
