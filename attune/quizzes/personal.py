"""What quizzes know of a person, for the person; and what goes when they are erased."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attune.people.erasing.exporting import rows_of
from attune.people.hooks import Part
from attune.people.models import Person
from attune.quizzes.models import (
    AttemptGrant,
    AttemptQuestion,
    ExtraTime,
    Mark,
    QuizAttempt,
)
from attune.xapi.interactions import InteractionType

IN_THEIR_WORDS = {InteractionType.FILL_IN, InteractionType.LONG_FILL_IN, InteractionType.OTHER}
BATCH = 500


def parts(person: Person) -> Iterator[Part]:
    answers = AttemptQuestion.objects.filter(attempt__person=person)
    marks = Mark.objects.filter(question__attempt__person=person)
    yield Part("quiz-attempts", rows_of(QuizAttempt.objects.filter(person=person), "unit__title"))
    # The wording, and nothing of the key: that is the client's.
    yield Part("quiz-answers", rows_of(answers, "frozen__body__text"))
    yield Part("quiz-marks", rows_of(marks))
    yield Part("granted-attempts", rows_of(AttemptGrant.objects.filter(person=person)))
    yield Part("extra-time", rows_of(ExtraTime.objects.filter(person=person)))


def erased(tombstone: Person) -> dict[str, int]:
    """Chosen options and points stay for the statistics of questions; typed words go."""
    answers = (
        AttemptQuestion.objects.filter(attempt__person=tombstone, response__isnull=False)
        .select_related("frozen")
        .order_by("pk")
    )
    typed = [answer.pk for answer in answers.iterator() if _is_typed(answer)]
    for begin in range(0, len(typed), BATCH):
        chunk = typed[begin : begin + BATCH]
        AttemptQuestion.objects.filter(pk__in=chunk).update(response=None)
    Mark.objects.filter(question__attempt__person=tombstone).update(comment="")
    AttemptGrant.objects.filter(person=tombstone).update(reason="–")
    return {"typed_answers": len(typed)}


def _is_typed(answer: Any) -> bool:
    return answer.item.interaction_type in IN_THEIR_WORDS
