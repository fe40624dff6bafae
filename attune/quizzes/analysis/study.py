"""From what was gathered to what is shown: figures, flags and answers of each question. Pure.

Below ``MIN_ATTEMPTS`` nothing is said, of a quiz or of a single question: the figures would
be chance, and with few attempts they could be traced to people whom they must not name.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from attune.quizzes.analysis import measures
from attune.quizzes.analysis.answers import AnswerRow, Tally, answer_table
from attune.quizzes.analysis.asked import NO_ANSWER, Asked, Gathered
from attune.quizzes.analysis.figures import (
    Column,
    ItemFigures,
    QuizFigures,
    item_figures,
    quiz_figures,
    totals_of,
)
from attune.quizzes.analysis.flags import MIN_ATTEMPTS, Flag, flags_of
from attune.quizzes.questions.items import Item


@dataclass(frozen=True, slots=True)
class QuestionStudy:
    """One question. ``figures`` is None below ``MIN_ATTEMPTS`` marked answers."""

    key: UUID
    number: int
    name: str
    """The beginning of the prompt."""
    prompt: str
    asked: int
    is_scored: bool
    pending: int
    figures: ItemFigures | None
    left_open: float | None
    seconds: float | None
    """Median time from the answer before it."""
    answers: list[AnswerRow] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class QuizStudy:
    """One quiz. ``figures`` is None below ``MIN_ATTEMPTS`` attempts."""

    attempts: int
    figures: QuizFigures | None
    questions: list[QuestionStudy]

    @property
    def scored(self) -> list[QuestionStudy]:
        return [each for each in self.questions if each.is_scored]

    @property
    def surveys(self) -> list[QuestionStudy]:
        return [each for each in self.questions if not each.is_scored]

    @property
    def pending(self) -> int:
        return sum(each.pending for each in self.questions)

    def question(self, key: UUID) -> QuestionStudy | None:
        return next((each for each in self.questions if each.key == key), None)


def study(gathered: Gathered, *, language: str) -> QuizStudy:
    """``language``: the reader's, for the names of questions and options."""
    if gathered.attempts < MIN_ATTEMPTS:
        untold = [
            _question(each, number, None, [], language)
            for number, each in enumerate(gathered.questions, 1)
        ]
        return QuizStudy(gathered.attempts, None, untold)
    scored = [each for each in gathered.questions if each.is_scored]
    columns = [column_of(each) for each in scored]
    totals = totals_of(columns, gathered.attempts)
    sides = sides_of(totals.shares())
    figures = dict(zip((each.key for each in scored), item_figures(columns, totals), strict=True))
    return QuizStudy(
        attempts=gathered.attempts,
        figures=quiz_figures(columns, totals),
        questions=[
            _question(each, number, figures.get(each.key), sides, language)
            for number, each in enumerate(gathered.questions, 1)
        ],
    )


def column_of(asked: Asked) -> Column:
    """The marks that were given; answers that wait for one are left out."""
    marked = [place for place, mark in enumerate(asked.marks) if mark >= 0]
    return Column(
        attempts=array("l", (asked.attempts[place] for place in marked)),
        shares=array("d", (asked.marks[place] for place in marked)),
        weights=array("d", (asked.weights[place] for place in marked)),
    )


def sides_of(shares: Sequence[float | None]) -> list[int]:
    """For each attempt −1 in the lower third, 1 in the upper, 0 elsewhere."""
    bounds = measures.cuts([share for share in shares if share is not None])
    if bounds is None:
        return [0] * len(shares)
    low, high = bounds
    return [0 if share is None else (share >= high) - (share <= low) for share in shares]


def _question(
    asked: Asked, number: int, figures: ItemFigures | None, sides: Sequence[int], language: str
) -> QuestionStudy:
    version = version_for(asked, language)
    enough = len(asked.attempts) >= MIN_ATTEMPTS
    if figures is not None and figures.asked < MIN_ATTEMPTS:
        figures = None
    answers = answers_of(asked, sides, language) if enough else []
    return QuestionStudy(
        key=asked.key,
        number=number,
        name=version.name,
        prompt=version.prompt_text,
        asked=len(asked.attempts),
        is_scored=asked.is_scored,
        pending=asked.pending,
        figures=figures,
        left_open=asked.left_open if enough else None,
        seconds=measures.median(asked.seconds) if len(asked.seconds) >= MIN_ATTEMPTS else None,
        answers=answers,
        flags=[] if figures is None else flags_of(figures, answers, left_open=asked.left_open),
    )


def version_for(asked: Asked, language: str) -> Item:
    """The version asked last in the reader's language; in any, where it never was in that."""
    mine = [item for item in asked.versions if item.language == language]
    return (mine or asked.versions)[-1]


def answers_of(asked: Asked, sides: Sequence[int], language: str) -> list[AnswerRow]:
    everybody = Tally()
    tallies: dict[int, Tally] = {}
    for attempt, mark, given in zip(asked.attempts, asked.marks, asked.given, strict=True):
        share = mark if mark >= 0 else None
        everybody.count(side=sides[attempt], share=share)
        tallies.setdefault(given, Tally()).count(side=sides[attempt], share=share)
    responses = asked.given_responses()
    no_answer = tallies.pop(NO_ANSWER, None)
    given_by = [(*responses[given], tally) for given, tally in tallies.items()]
    if no_answer is not None:
        given_by.append((len(asked.versions) - 1, None, no_answer))
    return answer_table(asked.versions, given_by, asked=everybody, language=language)
