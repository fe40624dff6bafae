"""Hand in: grade what was saved, record it, count what follows. Twice is once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from attune.enrolments.readers import Reader
from attune.enrolments.services import complete_unit, set_unit_state, start_unit
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import State
from attune.quizzes.grading import result_of
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.services.errors import AttemptClosed
from attune.quizzes.statements import record_hand_in


@transaction.atomic
def hand_in(*, attempt: QuizAttempt, reader: Reader, now: datetime) -> QuizAttempt:
    """Close the attempt with its result. Whoever comes second finds the first one's result.

    Graded from the frozen definitions alone. The best attempt counts: a pass completes the
    quiz, and no later attempt takes that back.

    :raises AttemptClosed: the attempt belongs to an earlier round of the module, or its quiz
        is gone.
    """
    # In the order in which start_attempt locks, so that the two never wait for each other.
    lock_person(attempt.person_id)
    locked: QuizAttempt = QuizAttempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
    if not locked.is_open:
        return locked
    quiz = QuizPage.objects.select_related("locale").filter(pk=locked.unit_id).first()
    if quiz is None:
        raise AttemptClosed(_("This quiz was removed. What you answered is kept."))
    if locked.cycle != reader.cycle:
        raise AttemptClosed(
            _("This attempt belongs to an earlier round. Start a new one; the old one is kept.")
        )
    questions = list(
        AttemptQuestion.objects.filter(attempt=locked).select_related("frozen").order_by("position")
    )
    marks = [(question, question.item.grade(question.response)) for question in questions]
    result = result_of(
        [(grade.share, question.weight) for question, grade in marks], pass_mark=locked.pass_mark
    )
    for question, grade in marks:
        question.raw = grade.share * question.weight
        question.success = grade.success
    AttemptQuestion.objects.bulk_update(questions, ["raw", "success"])
    locked.state = QuizAttempt.State.HANDED_IN
    locked.handed_in_at = now
    locked.raw = result.raw
    locked.maximum = result.maximum
    locked.scaled = result.scaled
    locked.passed = result.passed
    locked.save(update_fields=["state", "handed_in_at", "raw", "maximum", "scaled", "passed"])
    record_hand_in(attempt=locked, questions=questions, quiz=quiz, module=reader.module)
    _count(locked, quiz=quiz, reader=reader, now=now)
    return locked


def _count(attempt: QuizAttempt, *, quiz: QuizPage, reader: Reader, now: datetime) -> None:
    if attempt.passed:
        complete_unit(reader=reader, unit=quiz, now=now, score=attempt.scaled)
        return
    progress = start_unit(reader=reader, unit=quiz, now=now)
    if attempt.scaled is not None and attempt.scaled > (progress.score or 0):
        progress.score = attempt.scaled
        progress.save(update_fields=["score"])
    is_last = quiz.attempts_allowed is not None and attempt.number >= quiz.attempts_allowed
    if is_last and progress.state != State.COMPLETED:
        set_unit_state(progress=progress, state=State.ATTEMPTS_EXHAUSTED, now=now)
