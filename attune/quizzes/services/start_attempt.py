"""Start an attempt: freeze what will be asked, or go on with the attempt that is open."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from attune.curriculum.models import FrozenContent
from attune.curriculum.querysets import Version
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import Reader
from attune.enrolments.services import set_unit_state, start_unit
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import State
from attune.people.models import Person
from attune.quizzes.draws import Asked, questions_for
from attune.quizzes.models import AttemptGrant, AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.questions import Question, item_for
from attune.quizzes.services.errors import CannotStart
from attune.quizzes.services.hand_in import hand_in
from attune.quizzes.standing import (
    attempts_left,
    awaiting_words,
    exhausted_words,
    minutes_for,
    next_start_at,
    wait_words,
)
from attune.quizzes.statements import record_initialized


@transaction.atomic
def start_attempt(*, reader: Reader, quiz: QuizPage, now: datetime) -> QuizAttempt:
    """The reader's open attempt at the quiz, a new one if there is none. Twice is once.

    An open attempt is continued in the language in which it was begun; one whose time is up
    is handed in with what was saved, and does not stand in the way of the next.

    :raises CannotStart: no attempts are left, it is too early, or there is nothing to ask.
    """
    lock_person(reader.person.pk)
    attempts = QuizAttempt.objects.at(
        person_id=reader.person.pk, quiz_key=quiz.translation_key, cycle=reader.cycle
    )
    open_attempt: QuizAttempt | None = attempts.open().first()
    if open_attempt is not None:
        if not open_attempt.is_over(now):
            return open_attempt
        hand_in(attempt=open_attempt, reader=reader, now=now, closed_by=QuizAttempt.ClosedBy.CLOCK)
    before = list(attempts.order_by("number"))
    _refuse_if_it_must_wait(quiz, before, reader=reader, now=now)
    last = before[-1] if before else None
    number = last.number + 1 if last else 1
    deed = uuid.uuid4()
    # Not for secrets: any order will do, as long as it differs between attempts.
    rng = random.Random(deed.int)  # noqa: S311
    asked = questions_for(quiz, seen=_keys_of(last), rng=rng)
    if not any(each.question.item_class.is_scored for each in asked if each.question.item_class):
        raise CannotStart(_("This quiz has no published question yet. Its trainer has to add one."))
    progress = start_unit(reader=reader, unit=quiz, now=now)
    go_on(progress, now=now)
    attempt = QuizAttempt.objects.create(
        deed=deed,
        person=reader.person,
        quiz_key=quiz.translation_key,
        unit=quiz,
        enrolment=reader.enrolment,
        cycle=reader.cycle,
        number=number,
        language=quiz.locale.language_code,
        pass_mark=quiz.pass_mark,
        started_at=now,
        due_at=_due_at(quiz, reader.person, now=now),
    )
    _add_questions(attempt, asked, rng=rng if quiz.shuffle_options else None)
    if attempt.number > 1:
        # The first attempt of a cycle is what start_unit has just recorded.
        record_initialized(attempt=attempt, quiz=quiz, module=reader.module)
    return attempt


def _refuse_if_it_must_wait(
    quiz: QuizPage, before: Sequence[QuizAttempt], *, reader: Reader, now: datetime
) -> None:
    """
    :raises CannotStart: with who can help, or until when to wait.
    """
    granted = AttemptGrant.objects.at(
        person_id=reader.person.pk, quiz_key=quiz.translation_key, cycle=reader.cycle
    ).count()
    if any(each.is_awaiting for each in before):
        raise CannotStart(awaiting_words())
    if attempts_left(quiz, len(before), granted=granted) == 0:
        raise CannotStart(exhausted_words(quiz, granted=granted))
    opens_at = next_start_at(quiz, before)
    if opens_at is not None and opens_at > now:
        raise CannotStart(wait_words(opens_at, reader.person.zone))


def _keys_of(attempt: QuizAttempt | None) -> set[UUID]:
    if attempt is None:
        return set()
    return set(attempt.questions.order_by().values_list("question_key", flat=True))


def _due_at(quiz: QuizPage, person: Person, *, now: datetime) -> datetime | None:
    """When the time is up, with the person's extra time."""
    minutes = minutes_for(quiz, person.pk)
    return None if minutes is None else now + timedelta(minutes=minutes)


def go_on(progress: UnitProgress, *, now: datetime) -> None:
    """A unit that had run out of attempts has one again."""
    if progress.state == State.ATTEMPTS_EXHAUSTED:
        set_unit_state(progress=progress, state=State.IN_PROGRESS, now=now)


def freeze(questions: Sequence[Question]) -> list[FrozenContent]:
    """The frozen row of each question, in order, in a handful of queries however many."""
    versions = [
        Version(
            key=question.translation_key,
            language=body["language"],
            body=body,
            revision_id=question.live_revision_id,
        )
        for question in questions
        for body in [question.definition()]
    ]
    return FrozenContent.objects.freeze_all(versions, kind=FrozenContent.Kind.QUESTION)


def _add_questions(
    attempt: QuizAttempt, asked: Sequence[Asked], *, rng: random.Random | None
) -> None:
    frozen = freeze([each.question for each in asked])
    AttemptQuestion.objects.bulk_create(
        AttemptQuestion(
            attempt=attempt,
            position=position,
            section=each.section,
            question_key=each.question.translation_key,
            frozen=version,
            option_order=item_for(version.body).order(rng),
            weight=each.weight,
        )
        for position, (each, version) in enumerate(zip(asked, frozen, strict=True), start=1)
    )
