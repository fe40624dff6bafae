"""Nordlicht's quiz, in the module of the cast, and Maria, who owes it."""

from __future__ import annotations

import pytest

from attune.people.models import Person
from tests import factories
from tests.conftest import Content, Pair
from tests.quizzes.support import NOW, QuizSet, choice, quiz_of, true_false


@pytest.fixture
def quiz_set(nordlicht_habagat: Pair, nordlicht_content: Content, maria: Person) -> QuizSet:
    client = nordlicht_habagat.client
    questions = [
        true_false(client),
        choice(client),
        choice(
            client,
            "Which replies",
            multiple=True,
            options=[
                {"text": "Friday is at risk.", "correct": True, "feedback": "A risk, named."},
                {"text": "Noted.", "correct": False, "feedback": "Sounds like yes."},
                {"text": "Monday, 10:00, is realistic.", "correct": True, "feedback": "A time."},
            ],
        ),
    ]
    quiz = quiz_of(nordlicht_content.module, *questions, title="Etiquette quiz")
    enrolment = factories.enrol(
        maria, nordlicht_content.programme, nordlicht_habagat.engagement, now=NOW
    )
    return QuizSet(quiz, questions, maria, enrolment, nordlicht_content)
