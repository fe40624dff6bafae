"""Which questions an attempt asks: the fixed ones of the quiz, and those drawn from the bank.

A draw looks at translation keys alone, in the language of the quiz page, and never takes
what the attempt asks already. The bank is the client's own and the shared one, as the
quiz's authors may choose from it.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from attune.curriculum.services import client_of
from attune.quizzes.bank import drawable
from attune.quizzes.models import QuizPage, QuizQuestion
from attune.quizzes.questions import Question, question_types


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that an attempt will ask. ``section`` is the heading that it stands under."""

    question: Question
    weight: int
    section: str


@dataclass(frozen=True, slots=True)
class _Choice:
    question_id: int
    key: UUID
    weight: int
    section: str


def questions_for(
    quiz: QuizPage, *, seen: Collection[UUID] = (), rng: random.Random | None = None
) -> list[Asked]:
    """The published questions of a quiz in order, draws made.

    ``seen`` holds the translation keys of the learner's last attempt. Without ``rng`` a draw
    takes the first of the bank, as a preview does. Three queries, one for each
    draw, and for each type that occurs one for its questions and one for each of their child
    relations, however many questions there are.
    """
    choices = _choices(quiz, seen=frozenset(seen), rng=rng)
    found = _load([each.question_id for each in choices])
    return [
        Asked(found[each.question_id], each.weight, each.section)
        for each in choices
        if each.question_id in found
    ]


def counts_of(quiz: QuizPage) -> int:
    """How many questions an attempt would ask now."""
    return len(_choices(quiz, seen=frozenset(), rng=None))


def _choices(quiz: QuizPage, *, seen: frozenset[UUID], rng: random.Random | None) -> list[_Choice]:
    rows = list(
        QuizQuestion.objects.filter(page=quiz)
        .order_by("sort_order", "pk")
        .select_related(None)
        .only(
            "pk",
            "section",
            "question_id",
            "weight",
            "draw_count",
            "draw_tag",
            "draw_topic",
            "draw_difficulty",
            "draw_unseen",
        )
    )
    fixed = dict(
        Question.objects.non_polymorphic()
        .filter(pk__in=[row.question_id for row in rows if row.question_id], live=True)
        .order_by()
        .values_list("pk", "translation_key")
    )
    taken = set(fixed.values())
    owner = client_of(quiz) if any(row.is_draw for row in rows) else None
    choices: list[_Choice] = []
    asked: set[UUID] = set()
    section = ""
    for row in rows:
        section = row.section or section
        if row.is_draw:
            pool = drawable(row.draw(), owner=owner, locale=quiz.locale)
            drawn = _draw(pool, row, taken=taken, seen=seen, rng=rng)
            taken.update(key for _pk, key in drawn)
            choices += [_Choice(pk, key, row.weight, section) for pk, key in drawn]
        elif row.question_id in fixed and fixed[row.question_id] not in asked:
            asked.add(fixed[row.question_id])
            choices.append(_Choice(row.question_id, fixed[row.question_id], row.weight, section))
    return choices


def _draw(
    pool: list[tuple[int, UUID]],
    row: QuizQuestion,
    *,
    taken: Collection[UUID],
    seen: frozenset[UUID],
    rng: random.Random | None,
) -> list[tuple[int, UUID]]:
    pool = [(pk, key) for pk, key in pool if key not in taken]
    if rng is not None:
        rng.shuffle(pool)
    if row.draw_unseen:
        pool.sort(key=lambda each: each[1] in seen)  # stable: the shuffle stays within
    return pool[: row.draw_count or 0]


def _load(wanted: list[int]) -> dict[int, Question]:
    found: dict[int, Question] = {}
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
                .select_related("locale", "lesson")
                .prefetch_related(*model.definition_prefetch)
            }
    return found
