"""What of a bank may be drawn. Knows questions, not quizzes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from attune.quizzes.questions import Question


@dataclass(frozen=True, slots=True)
class Draw:
    """So many questions of this kind. Empty: of any."""

    count: int
    tag: str = ""
    topic: str = ""
    difficulty: int | None = None


def drawable(draw: Draw, *, owner: Any, locale: Any) -> list[tuple[int, UUID]]:
    """(primary key, translation key) of what a draw may take, by key. One query.

    From the bank of ``owner``, a client, and the shared one; published, in one language.
    """
    questions = Question.objects.non_polymorphic().filter(
        Q(owner=owner) | Q(owner__isnull=True), locale=locale, live=True
    )
    if draw.tag:
        questions = questions.filter(tags__name=draw.tag)
    if draw.topic:
        questions = questions.filter(topic=draw.topic)
    if draw.difficulty is not None:
        questions = questions.filter(difficulty=draw.difficulty)
    return list(
        questions.order_by("translation_key").values_list("pk", "translation_key").distinct()
    )


def available_for(draw: Draw, *, owner: Any, locale: Any) -> int:
    """How many questions a draw could take from, whatever else the quiz asks."""
    return len(drawable(draw, owner=owner, locale=locale))
