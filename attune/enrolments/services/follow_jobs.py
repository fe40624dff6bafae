"""What people owe follows their jobs: it rests when the job behind it ends, and goes on after.

The job behind an enrolment is with the engagement's vendor, or its client. Nothing is
deleted: results stay with the engagement in which they were earned.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext as _

from attune.enrolments.models import Enrolment
from attune.enrolments.services.pause import resume
from attune.enrolments.states import OPEN_STATES, State
from attune.people.models import Membership


@transaction.atomic(savepoint=False)
def follow_jobs(*, person_ids: Sequence[int], day: date, now: datetime) -> int:
    """Pause what no job stands behind any more, resume what was paused for that; how many.

    Two queries and a few more only for what is resumed. Whoever never had a job on either side
    is left alone.
    """
    jobs = Membership.objects.filter(
        Q(organisation=OuterRef("engagement__vendor"))
        | Q(organisation=OuterRef("engagement__client")),
        person=OuterRef("person"),
    )
    ever, still = Exists(jobs), Exists(jobs.unfinished(day))
    theirs = Enrolment.objects.filter(person__in=person_ids)
    over = theirs.filter(ever, ~still, state__in=OPEN_STATES)
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("The job has ended.")
    changes = Enrolment.objects.filter(pk__in=list(over.values_list("pk", flat=True))).update(
        resumes_as=F("state"),
        state=State.PAUSED,
        state_reason=reason,
        paused_by_leaving=True,
    )
    back = theirs.filter(still, state=State.PAUSED, paused_by_leaving=True)
    for enrolment in back.select_related("person").order_by("pk"):
        resume(enrolment=enrolment, now=now)
        changes += 1
    return changes
