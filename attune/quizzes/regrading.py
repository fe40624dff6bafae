"""Grading an answer again by another version of its question. Pure: items and values in,
values out; which answers, and what follows, is ``services.regrade``'s business.

An answer is never guessed at: where it does not fit the other version, or where that
version's right answer was not among what the learner was shown, it stays as it was, with
the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.quizzes.grading import AttemptResult, result_of
from attune.quizzes.questions.items import Item, ResponseError

# What an item may raise when it meets the answer to a question of another shape.
MISFIT = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


class Outcome(TextChoices):
    """What became of one answer."""

    CHANGED = "changed", gettext_lazy("Points changed")
    SAME = "same", gettext_lazy("Same points")
    BY_HAND = "by_hand", gettext_lazy("Marked by a person, left alone")
    UNFIT = "unfit", gettext_lazy("Does not fit this version, left alone")
    NO_VERSION = "no_version", gettext_lazy("No version in its language, left alone")
    NO_QUIZ = "no_quiz", gettext_lazy("Its quiz is gone, left alone")


LEFT_ALONE = (Outcome.BY_HAND, Outcome.UNFIT, Outcome.NO_VERSION, Outcome.NO_QUIZ)


class Effect(TextChoices):
    """What became of the attempt's result."""

    PASSED = "passed", gettext_lazy("Newly passed")
    FAILED = "failed", gettext_lazy("Newly failed")
    SCORE = "score", gettext_lazy("Score changed")
    NONE = "none", gettext_lazy("Result unchanged")


@dataclass(frozen=True, slots=True)
class AnswerAgain:
    """An answer's points and verdict after regrading. ``why`` explains what was left alone."""

    outcome: Outcome
    raw: float | None
    success: bool | None
    why: str = ""

    @property
    def is_graded(self) -> bool:
        return self.outcome not in LEFT_ALONE


def grade_again(
    *,
    response: Any,
    weight: int,
    raw: float | None,
    success: bool | None,
    shown: Item,
    version: Item | None,
) -> AnswerAgain:
    """What the answer is worth by ``version``. ``raw`` and ``success`` are what it has now.

    ``shown`` is the question as the learner saw it. No answer earns nothing by any version.
    """

    def left(outcome: Outcome, why: str = "") -> AnswerAgain:
        return AnswerAgain(outcome, raw, success, why)

    if version is None:
        return left(Outcome.NO_VERSION)
    if type(version) is not type(shown):
        return left(Outcome.UNFIT, _("It is a question of another kind now."))
    if not (shown.is_scored and version.is_scored):
        return left(Outcome.SAME)
    if shown.grade(response).pending:
        return left(Outcome.BY_HAND)
    try:
        reading = version.read(response)
        if response is not None:
            if reading is None:
                return left(Outcome.UNFIT, _("By this version nothing was answered."))
            if not could_be_right(shown, version):
                return left(
                    Outcome.UNFIT,
                    _("This version’s right answer was not among what the learner was shown."),
                )
        mark = version.grade(reading)
    except ResponseError as error:
        return left(Outcome.UNFIT, str(error))
    except MISFIT:
        return left(Outcome.UNFIT, _("The answer has another shape than this version asks for."))
    if mark.pending:
        return left(Outcome.BY_HAND)
    points = mark.share * weight
    same = raw is not None and points == raw and mark.success == success
    return AnswerAgain(Outcome.SAME if same else Outcome.CHANGED, points, mark.success)


def could_be_right(shown: Item, version: Item) -> bool:
    """Could a learner who was shown ``shown`` have given a right answer of ``version``?

    Patterns that are no response themselves (a range of numbers) name no option, and are
    taken for possible.
    """
    patterns = version.correct_responses()
    if not patterns:
        return True
    for pattern in patterns:
        try:
            right = version.decode(pattern)
        except MISFIT:
            return True
        try:
            if shown.read(right) is not None:
                return True
        except MISFIT:
            continue
    return False


def result_again(answers: Iterable[tuple[float | None, int]], *, pass_mark: int) -> AttemptResult:
    """The result of an attempt from its answers' (points, weight); surveys have no points."""
    return result_of(
        [(raw / weight, weight) for raw, weight in answers if raw is not None],
        pass_mark=pass_mark,
    )


def effect_of(
    before: tuple[float | None, bool | None], after: tuple[float | None, bool | None]
) -> Effect:
    """``before`` and ``after`` are (share, passed); a result that is not there has no effect."""
    if before[1] != after[1] and after[1] is not None:
        return Effect.PASSED if after[1] else Effect.FAILED
    return Effect.NONE if before == after else Effect.SCORE


def key_in_words(item: Item) -> str:
    """What is right by this version, for lists: texts of the right options, else patterns."""
    right = [each.text for each in item.outcomes(None, item.order(None)) if each.correct]
    return " · ".join(right or item.correct_responses() or ())
