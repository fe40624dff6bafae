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
from attune.quizzes.questions import Question, question_types
from attune.quizzes.services import write_question
from tests.conftest import Content
from tests.quizzes.kinds import KINDS

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


RUBRIC = [
    {"criterion": "Tone", "description": "Calm and direct.", "points": 3},
    {"criterion": "A time is named", "description": "", "points": 1},
]


def is_installed(kind: str) -> bool:
    return any(model.kind == kind for model in question_types())


def written(owner: Organisation | None, title: str = "A letter", **fields: Any) -> Question:
    """A question whose answers wait for a person: four points in two criteria."""
    return write_question(
        **{
            "kind": "written_reply",
            "owner": owner,
            "locale": Locale.get_default(),
            "title": title,
            "prompt": f"<p>{title}: answer Frau Vogt.</p>",
            "data": {
                "situation": "Her notebook has been away for a week.",
                "model_answer": "Dear Frau Vogt, you have it back on Friday at 10:00.",
                "rubric": RUBRIC,
            },
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


def of_kind(kind: str, owner: Organisation | None, title: str, **fields: Any) -> Question:
    """A question of that type: the first example of its tests."""
    return write_question(
        **{
            "kind": kind,
            "owner": owner,
            "locale": Locale.get_default(),
            "title": title,
            "prompt": f"<p>{title}: what do you say?</p>",
            "data": next(iter(KINDS[kind].examples.values())),
            **fields,
        }
    )


def right_answer(question: Any) -> Any:
    """The response that earns full marks, from an ``AttemptQuestion`` or an item.

    Where nothing is right, any response at all.
    """
    item = getattr(question, "item", question)
    patterns = item.correct_responses()
    if patterns is None:
        _example, response_to = next(iter(KINDS[item.definition["kind"]].answers.values()))
        return response_to(item)
    return item.decode(patterns[0])


def flip(question: Question) -> Question:
    """Mend the key of a true-false question, as publishing a new version does."""
    found: Any = Question.objects.get(pk=question.pk)
    found.answer = not found.answer
    found.save_revision().publish()
    found.refresh_from_db()
    return found
