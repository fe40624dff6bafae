"""What a learner may do with a question beside answering it: flag it, have it explained."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from attune.quizzes.models import AttemptQuestion, FeedbackPolicy, QuizAttempt
from attune.quizzes.services.errors import AttemptClosed
from attune.quizzes.services.save_answer import refuse_if_closed


@transaction.atomic
def flag_question(*, attempt: QuizAttempt, position: int, flagged: bool, now: datetime) -> None:
    """Note that the learner wants to come back to it. It changes no answer and no grade.

    :raises LookupError: the attempt has no such question.
    :raises AttemptClosed: the attempt takes no more changes.
    """
    refuse_if_closed(QuizAttempt.objects.get(pk=attempt.pk), now=now)
    if not AttemptQuestion.objects.filter(attempt=attempt.pk, position=position).update(
        flagged=flagged
    ):
        raise LookupError(position)


@transaction.atomic
def show_answer(*, attempt: QuizAttempt, position: int, now: datetime) -> AttemptQuestion:
    """Show what is right, where the quiz explains after each question. Twice is once.

    From then on the answer stays as it is.

    :raises LookupError: the attempt has no such question.
    :raises AttemptClosed: the quiz does not explain now, or nothing was answered.
    """
    locked: QuizAttempt = (
        QuizAttempt.objects.select_for_update(of=("self",))
        .select_related("unit")
        .get(pk=attempt.pk)
    )
    refuse_if_closed(locked, now=now)
    question = (
        AttemptQuestion.objects.select_related("frozen")
        .filter(attempt=attempt.pk, position=position)
        .first()
    )
    if question is None:
        raise LookupError(position)
    if locked.unit is None or locked.unit.feedback != FeedbackPolicy.AFTER_EACH:
        raise AttemptClosed(_("This quiz does not explain its questions one by one."))
    if not question.is_answered:
        raise AttemptClosed(_("Answer the question first."))
    if question.shown_at is None:
        question.shown_at = now
        question.save(update_fields=["shown_at"])
    return question
