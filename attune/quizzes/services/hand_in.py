"""Hand in: grade what was saved, record it, count what follows. Twice is once.

What only a person can mark waits: then the attempt is *awaiting marking*, and ``settle``
gives it its result once the last mark is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from attune.curriculum.models import ModulePage
from attune.enrolments.readers import Reader, module_of
from attune.enrolments.services import complete_unit, set_unit_state, start_unit
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import State
from attune.quizzes.grading import result_of
from attune.quizzes.models import (
    AttemptGrant,
    AttemptQuestion,
    QuizAttempt,
    QuizPage,
    ResultPolicy,
)
from attune.quizzes.services.errors import AttemptClosed
from attune.quizzes.standing import attempts_left, counting_number
from attune.quizzes.statements import record_hand_in, record_settled


@transaction.atomic
def hand_in(
    *,
    attempt: QuizAttempt,
    reader: Reader,
    now: datetime,
    closed_by: str = QuizAttempt.ClosedBy.LEARNER,
) -> QuizAttempt:
    """Close the attempt with its result. Whoever comes second finds the first one's result.

    Graded from the frozen definitions alone. A pass completes the quiz, and no later attempt
    takes that back. An attempt whose time was up is handed in as of that moment.

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
    close(attempt=locked, quiz=quiz, module=reader.module, now=now, closed_by=closed_by)
    count(locked, quiz=quiz, reader=reader, now=now)
    return locked


def close(
    *, attempt: QuizAttempt, quiz: QuizPage, module: ModulePage, now: datetime, closed_by: str
) -> None:
    """Grade and record a locked open attempt; what follows for the learner is not counted."""
    questions = list(
        AttemptQuestion.objects.filter(attempt=attempt)
        .select_related("frozen")
        .order_by("position")
    )
    pending = grade(questions)
    AttemptQuestion.objects.bulk_update(questions, ["raw", "success", "needs_marking"])
    is_late = attempt.due_at is not None and now > attempt.due_at
    attempt.closed_by = QuizAttempt.ClosedBy.CLOCK if is_late else closed_by
    attempt.handed_in_at = min(now, attempt.due_at) if is_late and attempt.due_at else now
    if pending:
        attempt.state = QuizAttempt.State.AWAITING
        attempt.second_marker = quiz.second_marker
        # From when it can be marked: a sweep may find it long after its time was up.
        attempt.marking_due_at = now + timedelta(days=quiz.marking_days)
        attempt.save(
            update_fields=["state", "handed_in_at", "closed_by", "second_marker", "marking_due_at"]
        )
    else:
        _give_result(attempt, questions)
    record_hand_in(attempt=attempt, questions=questions, quiz=quiz, module=module)


def grade(questions: Sequence[AttemptQuestion]) -> list[AttemptQuestion]:
    """Set points and verdict of each; those that a person has to mark are returned.

    Unscored questions (surveys) have neither. What was left open waits for nobody: it earns
    nothing.
    """
    pending = []
    for question in questions:
        item = question.item
        mark = item.grade(question.response)
        question.needs_marking = mark.pending and question.is_answered
        if question.needs_marking:
            question.raw = question.success = None
            pending.append(question)
        else:
            question.success = False if mark.pending else mark.success
            question.raw = mark.share * question.weight if item.is_scored else None
    return pending


def _give_result(attempt: QuizAttempt, questions: Sequence[AttemptQuestion]) -> None:
    result = result_of(
        [
            (question.raw / question.weight, question.weight)
            for question in questions
            if question.raw is not None
        ],
        pass_mark=attempt.pass_mark,
    )
    attempt.state = QuizAttempt.State.HANDED_IN
    attempt.raw = result.raw
    attempt.maximum = result.maximum
    attempt.scaled = result.scaled
    attempt.passed = result.passed
    attempt.save(
        update_fields=[
            "state",
            "handed_in_at",
            "closed_by",
            "settled_at",
            "raw",
            "maximum",
            "scaled",
            "passed",
        ]
    )


@transaction.atomic
def settle(*, attempt: QuizAttempt, reader: Reader | None, now: datetime) -> QuizAttempt:
    """Give an attempt its result once every answer is marked. Twice is once.

    ``reader`` is None where the learner no longer learns the module: the result is kept and
    recorded, and counts for nothing.

    :raises ValueError: an answer still waits to be marked.
    """
    lock_person(attempt.person_id)
    locked: QuizAttempt = QuizAttempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
    if not locked.is_awaiting:
        return locked
    quiz = QuizPage.objects.select_related("locale").filter(pk=locked.unit_id).first()
    questions = list(
        AttemptQuestion.objects.filter(attempt=locked).select_related("frozen").order_by("position")
    )
    waiting = [each for each in questions if each.needs_marking and each.raw is None]
    if waiting:
        raise ValueError(f"{len(waiting)} answers of this attempt wait to be marked.")
    locked.settled_at = now
    _give_result(locked, questions)
    module = reader.module if reader is not None else module_of(quiz) if quiz else None
    if quiz is not None and module is not None:
        record_settled(attempt=locked, questions=questions, quiz=quiz, module=module, now=now)
    if quiz is not None and reader is not None and reader.cycle == locked.cycle:
        count(locked, quiz=quiz, reader=reader, now=now)
    return locked


def count(attempt: QuizAttempt, *, quiz: QuizPage, reader: Reader, now: datetime) -> None:
    """What the attempt means for the unit: complete, waiting, exhausted, or go on."""
    if attempt.is_awaiting:
        progress = start_unit(reader=reader, unit=quiz, now=now)
        if progress.state != State.COMPLETED:
            set_unit_state(progress=progress, state=State.AWAITING_MARKING, now=now)
        return
    siblings = QuizAttempt.objects.at(
        person_id=attempt.person_id, quiz_key=attempt.quiz_key, cycle=attempt.cycle
    )
    granted = AttemptGrant.objects.at(
        person_id=attempt.person_id, quiz_key=attempt.quiz_key, cycle=attempt.cycle
    ).so_far()
    only = counting_number(quiz, after=granted.after)
    counts = only in (None, attempt.number)
    if attempt.passed and counts:
        complete_unit(reader=reader, unit=quiz, now=now, score=attempt.scaled)
        return
    progress = start_unit(reader=reader, unit=quiz, now=now)
    if counts and attempt.scaled is not None:
        is_better = attempt.scaled > (progress.score or 0)
        if is_better or quiz.result_counts == ResultPolicy.LAST:
            progress.score = attempt.scaled
            progress.save(update_fields=["score"])
    if progress.state == State.COMPLETED:
        return
    is_out = attempts_left(quiz, siblings.count(), granted=granted.count) == 0
    # Where one attempt alone counts, those after it are practice.
    cannot_count = only is not None
    if is_out or cannot_count:
        set_unit_state(progress=progress, state=State.ATTEMPTS_EXHAUSTED, now=now)
    elif progress.state == State.AWAITING_MARKING:
        set_unit_state(progress=progress, state=State.IN_PROGRESS, now=now)
