"""Golden statements: what an attempt says to the record store, letter by letter.

A missing golden fails, and its failure prints what it would hold: read it before you keep it.
No switch writes them, on purpose.
"""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from wagtail.models import Page

from attune.enrolments.models import Enrolment
from attune.people.models import Person
from attune.quizzes.models import QuizAttempt
from attune.quizzes.questions import question_types
from attune.quizzes.questions.choice import ChoiceOption
from attune.quizzes.services import hand_in, save_answer, start_attempt
from attune.xapi.linting import lint
from attune.xapi.models import StatementRecord
from tests.quizzes.support import NOW, QuizSet, right_answer

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent / "golden"
ANSWERS: dict[str, dict[str, Any]] = {
    # kind → outcome → (position in the cast's quiz, response; indices stand for options)
    "true_false": {"right": (1, True), "wrong": (1, False)},
    "choice": {
        "single_right": (2, [1]),
        "single_wrong": (2, [0]),
        "multiple_right": (3, [0, 2]),
        "multiple_partly": (3, [0]),
        "multiple_wrong": (3, [1]),
    },
}


def fixed(number: int) -> uuid.UUID:
    return uuid.UUID(f"00000000-0000-4000-8000-{number:012x}")


@pytest.fixture
def fixed_keys(quiz_set: QuizSet) -> QuizSet:
    """The cast's quiz with ids that are the same in every run."""
    Person.objects.filter(pk=quiz_set.person.pk).update(pseudonym=fixed(1))
    Enrolment.objects.update(registration=fixed(2))
    for number, page in enumerate(
        (quiz_set.quiz, quiz_set.content.module, quiz_set.content.programme), start=10
    ):
        Page.objects.filter(pk=page.pk).update(translation_key=fixed(number))
    for number, question in enumerate(quiz_set.questions, start=20):
        type(question).objects.filter(pk=question.pk).update(translation_key=fixed(number))
    for number, option in enumerate(ChoiceOption.objects.order_by("pk"), start=100):
        ChoiceOption.objects.filter(pk=option.pk).update(translation_key=fixed(number))
    quiz_set.quiz.refresh_from_db()
    return quiz_set


def begun(quiz_set: QuizSet, number: int = 1) -> QuizAttempt:
    now = NOW + timedelta(hours=number)
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=now)
    QuizAttempt.objects.filter(pk=attempt.pk).update(deed=fixed(1000 + number))
    attempt.refresh_from_db()
    return attempt


def said(kind: str) -> dict[str, Any]:
    row = StatementRecord.objects.filter(kind=kind).order_by("-pk").first()
    assert row is not None, f"nothing was recorded as {kind}"
    statement: dict[str, Any] = json.loads(row.body)
    assert lint(statement) == []
    return statement


def compare(name: str, statement: dict[str, Any]) -> None:
    path = GOLDEN / f"{name}.json"
    written = json.dumps(statement, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    assert path.is_file(), f"{path.name} is missing. It would be:\n{written}"
    assert written == path.read_text(encoding="utf-8"), path.name


def test_every_type_has_goldens() -> None:
    installed = {model.kind for model in question_types() if model.__module__.startswith("attune.")}
    assert installed == ANSWERS.keys()


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(kind, outcome) for kind, outcomes in ANSWERS.items() for outcome in outcomes],
)
def test_answered(fixed_keys: QuizSet, kind: str, outcome: str) -> None:
    position, response = ANSWERS[kind][outcome]
    attempt = begun(fixed_keys)
    question = attempt.questions.select_related("frozen").get(position=position)
    if isinstance(response, list):
        response = [question.item.ids[index] for index in response]
    save_answer(
        attempt=attempt,
        position=position,
        raw=response,
        sequence=1,
        now=attempt.started_at + timedelta(seconds=42),
    )
    hand_in(
        attempt=attempt,
        reader=fixed_keys.reader,
        now=attempt.started_at + timedelta(minutes=3, seconds=5),
    )
    compare(f"answered_{kind}_{outcome}", said("question_answered"))


@pytest.mark.parametrize(("outcome", "right"), [("passed", 3), ("passed_partly", 2), ("failed", 1)])
def test_results(fixed_keys: QuizSet, outcome: str, right: int) -> None:
    attempt = begun(fixed_keys)
    for question in attempt.questions.select_related("frozen").order_by("position")[:right]:
        save_answer(
            attempt=attempt,
            position=question.position,
            raw=right_answer(question),
            sequence=1,
            now=attempt.started_at + timedelta(seconds=42),
        )
    hand_in(
        attempt=attempt,
        reader=fixed_keys.reader,
        now=attempt.started_at + timedelta(minutes=3, seconds=5),
    )
    compare(f"attempt_{outcome}", said(f"attempt_{outcome.removesuffix('_partly')}"))
    compare("attempt_terminated", said("attempt_terminated"))


def test_a_second_attempt_is_initialized(fixed_keys: QuizSet) -> None:
    hand_in(attempt=begun(fixed_keys), reader=fixed_keys.reader, now=NOW + timedelta(hours=1))
    # The random key of the attempt is part of the statement's id, and of nothing else in it.
    begun(fixed_keys, 2)
    statement = said("attempt_initialized")
    statement["id"] = str(fixed(0))
    compare("attempt_initialized", statement)


def test_every_golden_is_compared_with_something() -> None:
    names = {f"answered_{k}_{o}" for k, outcomes in ANSWERS.items() for o in outcomes} | {
        "attempt_passed",
        "attempt_passed_partly",
        "attempt_failed",
        "attempt_terminated",
        "attempt_initialized",
    }
    assert {path.stem for path in GOLDEN.glob("*.json")} == names
