"""Start an attempt: freeze what will be asked, or go on with the attempt that is open."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from attune.curriculum.models import FrozenContent
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import Reader
from attune.enrolments.services import set_unit_state, start_unit
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import State
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage, QuizQuestion
from attune.quizzes.questions import Question, item_for, question_types
from attune.quizzes.services.errors import CannotStart
from attune.quizzes.standing import exhausted_words
from attune.quizzes.statements import record_initialized


@transaction.atomic
def start_attempt(*, reader: Reader, quiz: QuizPage, now: datetime) -> QuizAttempt:
    """The reader's open attempt at the quiz, a new one if there is none. Twice is once.

    An open attempt is continued in the language in which it was begun.

    :raises CannotStart: no attempts are left, or there is nothing to ask.
    """
    lock_person(reader.person.pk)
    attempts = QuizAttempt.objects.at(
        person_id=reader.person.pk, quiz_key=quiz.translation_key, cycle=reader.cycle
    )
    open_attempt: QuizAttempt | None = attempts.open().first()
    if open_attempt is not None:
        return open_attempt
    last = attempts.order_by("-number").values_list("number", flat=True).first() or 0
    if quiz.attempts_allowed is not None and last >= quiz.attempts_allowed:
        raise CannotStart(exhausted_words(quiz))
    asked = questions_of(quiz)
    if not asked:
        raise CannotStart(_("This quiz has no published question yet. Its trainer has to add one."))
    progress = start_unit(reader=reader, unit=quiz, now=now)
    go_on(progress, now=now)
    attempt = QuizAttempt.objects.create(
        person=reader.person,
        quiz_key=quiz.translation_key,
        unit=quiz,
        enrolment=reader.enrolment,
        cycle=reader.cycle,
        number=last + 1,
        language=quiz.locale.language_code,
        pass_mark=quiz.pass_mark,
        started_at=now,
    )
    _add_questions(attempt, asked, shuffle=quiz.shuffle_options)
    if attempt.number > 1:
        # The first attempt of a cycle is what start_unit has just recorded.
        record_initialized(attempt=attempt, quiz=quiz, module=reader.module)
    return attempt


def go_on(progress: UnitProgress, *, now: datetime) -> None:
    """A unit that had run out of attempts has one again."""
    if progress.state == State.ATTEMPTS_EXHAUSTED:
        set_unit_state(progress=progress, state=State.IN_PROGRESS, now=now)


def questions_of(quiz: QuizPage) -> list[tuple[Question, int]]:
    """The published questions of a quiz in order, each with its points.

    A query for the rows, and for each type that occurs one for its questions and one for each
    of their child relations, however many questions there are.
    """
    rows = list(
        QuizQuestion.objects.filter(page=quiz)
        .order_by("sort_order", "pk")
        .values_list("question_id", "weight")
    )
    found: dict[int, Question] = {}
    wanted = [question_id for question_id, _weight in rows]
    kinds = set(
        Question.objects.non_polymorphic()
        .filter(pk__in=wanted)
        .order_by()
        .values_list("polymorphic_ctype__model", flat=True)
    )
    for model in question_types():
        if model._meta.model_name in kinds:
            found |= {
                question.pk: question
                for question in model.objects.filter(pk__in=wanted, live=True)
                .select_related("locale")
                .prefetch_related(*model.definition_prefetch)
            }
    asked: list[tuple[Question, int]] = []
    seen: set[UUID] = set()
    for question_id, weight in rows:
        question = found.get(question_id)
        if question is not None and question.translation_key not in seen:
            seen.add(question.translation_key)
            asked.append((question, weight))
    return asked


def freeze(questions: Sequence[Question]) -> list[FrozenContent]:
    """The frozen row of each question, in order. One query unless a version is new."""
    bodies = [(question, question.definition()) for question in questions]
    digests = [
        FrozenContent.digest_of(
            kind=FrozenContent.Kind.QUESTION,
            key=question.translation_key,
            language=body["language"],
            body=body,
        )
        for question, body in bodies
    ]
    known = {row.digest: row for row in FrozenContent.objects.filter(digest__in=digests)}
    return [
        known.get(digest)
        or FrozenContent.objects.freeze(
            kind=FrozenContent.Kind.QUESTION,
            key=question.translation_key,
            language=body["language"],
            body=body,
            revision_id=question.live_revision_id,
        )
        for digest, (question, body) in zip(digests, bodies, strict=True)
    ]


def _add_questions(
    attempt: QuizAttempt, asked: Sequence[tuple[Question, int]], *, shuffle: bool
) -> None:
    # Not for secrets: any order will do, as long as it differs between attempts.
    rng = random.Random(attempt.deed.int) if shuffle else None  # noqa: S311
    frozen = freeze([question for question, _weight in asked])
    AttemptQuestion.objects.bulk_create(
        AttemptQuestion(
            attempt=attempt,
            position=position,
            question_key=question.translation_key,
            frozen=version,
            option_order=item_for(version.body).order(rng),
            weight=weight,
        )
        for position, ((question, weight), version) in enumerate(
            zip(asked, frozen, strict=True), start=1
        )
    )
