"""Many people and many attempts, written in bulk: what statistics are tested and timed with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from attune.enrolments.models import Enrolment
from attune.people.models import Engagement, Person
from attune.quizzes.draws import questions_for
from attune.quizzes.grading import result_of
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.questions import Item
from attune.quizzes.services.start_attempt import freeze
from tests.quizzes.support import NOW

SECONDS = 40
"""How long each answer takes, here."""

Chooser = Callable[[int, int, Item], Any]
"""(number of the person, number of the question, its item) → response; None for no answer."""


@transaction.atomic
def enrolled(engagement: Engagement, programme: Any, number: int) -> list[Enrolment]:
    """That many new people, each enrolled through the engagement."""
    user = get_user_model()
    begin = Person.objects.count()
    emails = [f"crowd-{begin + each}@example.test" for each in range(number)]
    user.objects.bulk_create([user(email=email, password="!") for email in emails], 1000)
    users = user.objects.filter(email__in=emails).order_by("pk")
    people = Person.objects.bulk_create(
        [Person(user=each, full_name=f"Crowd {each.pk:05}") for each in users], 1000
    )
    return Enrolment.objects.bulk_create(
        [
            Enrolment(
                person=person,
                programme_key=programme.translation_key,
                programme=programme,
                engagement=engagement,
                enrolled_at=NOW,
            )
            for person in people
        ],
        1000,
    )


@transaction.atomic
def take(
    quiz: QuizPage,
    enrolments: Sequence[Enrolment],
    choose: Chooser,
    *,
    began: datetime = NOW,
    number: int = 1,
    language: str = "",
) -> list[QuizAttempt]:
    """Everybody hands in one attempt at the quiz, with the answers that ``choose`` gives."""
    asked = [(each.question, each.weight) for each in questions_for(quiz)]
    frozen = freeze([question for question, _weight in asked])
    items = [question.item() for question, _weight in asked]
    attempts, rows = [], []
    for person, enrolment in enumerate(enrolments):
        responses = [choose(person, place, item) for place, item in enumerate(items)]
        grades = [item.grade(response) for item, response in zip(items, responses, strict=True)]
        result = result_of(
            [(grade.share, weight) for grade, (_q, weight) in zip(grades, asked, strict=True)],
            pass_mark=quiz.pass_mark,
        )
        attempt = QuizAttempt(
            person_id=enrolment.person_id,
            quiz_key=quiz.translation_key,
            unit=quiz,
            enrolment=enrolment,
            number=number,
            state=QuizAttempt.State.HANDED_IN,
            language=language or quiz.locale.language_code,
            pass_mark=quiz.pass_mark,
            started_at=began,
            handed_in_at=began + timedelta(seconds=SECONDS * len(asked) + 5),
            raw=result.raw,
            maximum=result.maximum,
            scaled=result.scaled,
            passed=result.passed,
        )
        attempts.append(attempt)
        rows += [
            AttemptQuestion(
                attempt=attempt,
                position=place + 1,
                question_key=question.translation_key,
                frozen=version,
                weight=weight,
                response=response,
                answered_at=None
                if response is None
                else began + timedelta(seconds=SECONDS * (place + 1)),
                raw=grade.share * weight if item.is_scored else None,
                success=grade.success,
            )
            for place, ((question, weight), version, item, response, grade) in enumerate(
                zip(asked, frozen, items, responses, grades, strict=True)
            )
        ]
    QuizAttempt.objects.bulk_create(attempts, 1000)
    AttemptQuestion.objects.bulk_create(rows, 2000)
    return attempts
