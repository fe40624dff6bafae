"""What stands behind the IRI of a question: its type, and for whoever knows its key what it asks.

A learner is led to the quiz and does not read here what will be asked there.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from attune.enrolments.hooks import PartOfUnit
from attune.people.access import knows_keys_of
from attune.quizzes.models import AttemptQuestion, Question, QuizPage
from attune.xapi.statements import ActivityType

MOST_QUIZZES = 50


def question(key: UUID, name: str) -> PartOfUnit | None:
    """The question with this translation key, also one that was asked and is no more."""
    # Not polymorphic: only the columns that every question has are wanted.
    rows = list(
        Question.objects.non_polymorphic()
        .filter(translation_key=key, live=True)
        .values_list("locale__language_code", "title", "owner")
    )
    if not rows and not AttemptQuestion.objects.filter(question_key=key).exists():
        return None
    owners = {owner for _language, _title, owner in rows}

    def may_know(user: Any) -> bool:
        clients = knows_keys_of(user)
        return clients is None or (bool(owners) and owners <= clients)

    return PartOfUnit(
        type=ActivityType.INTERACTION,
        pages=lambda: _asking(key),
        name={language: title for language, title, _owner in rows},
        may_know=may_know,
    )


def _asking(key: UUID) -> list[QuizPage]:
    """Quizzes that ask it, and those that drew it from the bank for an attempt."""
    asked = QuizPage.objects.filter(quiz_questions__question__translation_key=key)
    drew = AttemptQuestion.objects.filter(question_key=key).values("attempt__quiz_key").distinct()
    pages = QuizPage.objects.live().select_related("locale")
    found = {page.pk: page for page in pages.filter(pk__in=asked.values("pk"))[:MOST_QUIZZES]}
    if len(found) < MOST_QUIZZES:
        more = pages.filter(translation_key__in=drew)
        found |= {page.pk: page for page in more[:MOST_QUIZZES]}
    return list(found.values())
