"""Tell the learner by e-mail that a marked result is there.

The mail is a row of the ledger, written by a worker after the result has committed; a sweep
writes what no worker wrote. That an attempt counts as told and that its message stands in the
ledger commit together. Sending, and trying again, is the ledger's.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from attune.design.templatetags.attune_design import moment_in
from attune.notices.kinds import Kind
from attune.notices.services import Draft, write
from attune.quizzes.models import QuizAttempt

logger = logging.getLogger(__name__)

WORTH_TELLING = timedelta(days=3)
"""After that nobody needs a mail any more; the server has been away for longer than that."""
MARKED = Kind("attune_quizzes.marked", gettext_lazy("Marked answers"), worth=WORTH_TELLING)
AT_ONCE = 200


def tell_on_commit(attempt_id: int) -> None:
    """Have the mail sent once the result is committed; without a broker the sweep sends it."""

    def ask() -> None:
        # A task imports the services, so a service may only know it when it is run.
        from attune.quizzes.tasks import tell_result as task  # noqa: PLC0415

        try:
            task.delay(attempt_id)
        except (OperationalError, OSError):
            logger.warning("No broker: attempt %s is told of by the next sweep.", attempt_id)

    transaction.on_commit(ask, robust=True)


def tell_result(*, attempt_id: int, now: datetime) -> bool:
    """Write the mail unless it was written; whether this call did."""
    with transaction.atomic():
        attempt = (
            QuizAttempt.objects.to_be_told(since=now - WORTH_TELLING)
            .select_related("person__user", "unit")
            .filter(pk=attempt_id)
            .first()
        )
        if attempt is None:
            return False
        # Claimed first, so that a sweep beside the task does not write it a second time.
        untold = QuizAttempt.objects.filter(pk=attempt_id, told_at__isnull=True)
        return bool(untold.update(told_at=now)) and _write(attempt, now=now)


def tell_results(*, now: datetime) -> int:
    """The sweep: every result whose learner has not been told; how many were."""
    ids = QuizAttempt.objects.to_be_told(since=now - WORTH_TELLING).order_by("settled_at")
    waiting = list(ids.values_list("pk", flat=True)[:AT_ONCE])
    return sum(tell_result(attempt_id=pk, now=now) for pk in waiting)


def _write(attempt: QuizAttempt, *, now: datetime) -> bool:
    person, quiz = attempt.person, attempt.unit
    if quiz is None or person.user is None or not person.user.is_active or not person.email:
        return False
    settled_at = attempt.settled_at or now
    with translation.override(person.language):
        address = reverse("attune_quizzes:result", args=[attempt.deed])
        context = {
            "person": person,
            "quiz": quiz,
            "moment": moment_in(settled_at, person.zone.key, day=True, now=now),
            "link": settings.WAGTAILADMIN_BASE_URL.rstrip("/") + address,
        }
        subject = translation.gettext("Your answers in “%(quiz)s” are marked") % {
            "quiz": quiz.title
        }
        draft = Draft(
            kind=MARKED.name,
            key=str(attempt.deed),
            user=person.user,
            address=person.email,
            language=person.language,
            subject=subject,
            body=render_to_string("attune_quizzes/mail/marked.txt", context),
        )
    return write(draft, now=now)
