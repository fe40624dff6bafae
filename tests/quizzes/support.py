"""What tests of quizzes are made with: questions, quizzes, right answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wagtail.models import Locale

from attune.curriculum.models import ModulePage
from attune.enrolments.models import Enrolment
from attune.enrolments.readers import Reader, reader_for
from attune.people.models import Organisation, Person
from attune.quizzes.models import QuizPage, QuizQuestion
from attune.quizzes.questions import Question
from attune.quizzes.services import write_question
from tests.conftest import Content

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning: tests pass their own time on."""

OPTIONS = [
    {"text": "As soon as I can.", "correct": False, "feedback": "When is that?"},
    {"text": "Today by 15:00.", "correct": True, "feedback": "A time."},
    {"text": "Let me check.", "correct": False, "feedback": ""},
]


def true_false(owner: Organisation | None, title: str = "Punctual", **fields: Any) -> Question:
    return write_question(
        **{
            "kind": "true_false",
            "owner": owner,
            "locale": Locale.get_default(),
            "title": title,
            "prompt": f"<p>{title}: five past nine is <b>late</b>.</p>",
            "explanation": "<p>A time is a promise.</p>",
            "data": {"answer": True, "feedback_true": "Right.", "feedback_false": "It is late."},
            "tags": ["Punctuality"],
            **fields,
        }
    )


def choice(
    owner: Organisation | None,
    title: str = "Which reply",
    *,
    multiple: bool = False,
    options: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> Question:
    return write_question(
        **{
            "kind": "choice",
            "owner": owner,
            "locale": Locale.get_default(),
            "title": title,
            "prompt": f"<p>{title}: with which can a colleague plan?</p>",
            "explanation": "<p>A named time lets the other person plan.</p>",
            "data": {"multiple": multiple, "options": OPTIONS if options is None else options},
            **fields,
        }
    )


def quiz_of(module: ModulePage, *questions: Question, title: str = "Quiz", **fields: Any) -> Any:
    page = QuizPage(
        **{
            "title": title,
            "locale": module.locale,
            "pass_mark": 60,
            "shuffle_options": False,
            **fields,
        }
    )
    page.quiz_questions = [
        QuizQuestion(question=question, sort_order=number, weight=1)
        for number, question in enumerate(questions)
    ]
    module.add_child(instance=page)
    return page


@dataclass(frozen=True)
class QuizSet:
    """Nordlicht's quiz of three questions in the cast's module, and Maria, who owes it."""

    quiz: QuizPage
    questions: list[Question]
    person: Person
    enrolment: Enrolment
    content: Content

    @property
    def reader(self) -> Reader:
        found = reader_for(self.person.user, self.quiz)
        assert found is not None
        return found


def right_answer(question: Any) -> Any:
    """The response that earns full marks, from an ``AttemptQuestion`` or an item."""
    item = getattr(question, "item", question)
    return item.decode(item.correct_responses()[0])
