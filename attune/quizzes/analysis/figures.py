"""From marks to the figures of a quiz and of each of its questions. Pure.

A question's marks come as a ``Column``: who was asked (attempts are numbered from 0), what
share of the mark they earned, and how many points it was worth to them. Attempts need not
all have been asked the same questions: each is compared with the rest of what it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from attune.quizzes.analysis import measures


@dataclass(frozen=True, slots=True)
class Column:
    """One question: for each attempt that was asked it, its share of the mark and the points."""

    attempts: Sequence[int]
    shares: Sequence[float]
    weights: Sequence[float]

    def points(self) -> list[float]:
        return [share * weight for share, weight in zip(self.shares, self.weights, strict=True)]


@dataclass(frozen=True, slots=True)
class QuizFigures:
    """Results are in percent of the points possible; α, ratio and shape have no unit."""

    attempts: int
    questions: int
    mean: float | None
    median: float | None
    deviation: float | None
    skewness: float | None
    kurtosis: float | None
    alpha: float | None
    error_ratio: float | None
    """In percent."""
    standard_error: float | None


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """Of one question. Shares are from 0 to 1, weights in percent of the quiz."""

    asked: int
    facility: float | None
    """Mean share of the mark."""
    deviation: float | None
    """Standard deviation of the share: 0.5 at most, or hardly above it in a small sample."""
    discrimination: float | None
    """Correlation of the mark with the rest of the quiz: the corrected item-total one."""
    efficiency: float | None
    intended_weight: float | None
    effective_weight: float | None
    """None where the question pulls against the total, so that no share can be given."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Per attempt: points earned and possible over the questions that are counted."""

    earned: list[float]
    possible: list[float]

    def shares(self) -> list[float | None]:
        return [
            earned / possible if possible else None
            for earned, possible in zip(self.earned, self.possible, strict=True)
        ]


def totals_of(columns: Sequence[Column], attempts: int) -> Totals:
    earned, possible = [0.0] * attempts, [0.0] * attempts
    for column in columns:
        for number, share, weight in zip(
            column.attempts, column.shares, column.weights, strict=True
        ):
            earned[number] += share * weight
            possible[number] += weight
    return Totals(earned, possible)


def quiz_figures(columns: Sequence[Column], totals: Totals) -> QuizFigures:
    percent = [100 * share for share in totals.shares() if share is not None]
    spread = measures.deviation(percent)
    reliability = alpha_of(columns, totals)
    ratio = measures.error_ratio(reliability)
    return QuizFigures(
        attempts=len(percent),
        questions=len(columns),
        mean=measures.mean(percent),
        median=measures.median(percent),
        deviation=spread,
        skewness=measures.skewness(percent),
        kurtosis=measures.kurtosis(percent),
        alpha=reliability,
        error_ratio=None if ratio is None else 100 * ratio,
        standard_error=measures.standard_error(spread, reliability),
    )


def alpha_of(columns: Sequence[Column], totals: Totals) -> float | None:
    """Cronbach's α: by the totals where everybody was asked everything, else pair by pair."""
    asked = sum(1 for possible in totals.possible if possible)
    if all(len(column.attempts) == asked for column in columns):
        earned = [
            earned
            for earned, possible in zip(totals.earned, totals.possible, strict=True)
            if possible
        ]
        variances = [measures.variance(column.points()) or 0.0 for column in columns]
        return measures.alpha(variances, measures.variance(earned))
    return measures.alpha_of_parts(
        [(column.attempts, column.points()) for column in columns], len(totals.possible)
    )


def item_figures(columns: Sequence[Column], totals: Totals) -> list[ItemFigures]:
    """The figures of each question, in order."""
    pulls = [_pull(column, totals) for column in columns]
    # One that pulls against the total has no share in it (Moodle).
    pulled = sum(sqrt(pull) for pull in pulls if pull is not None and pull > 0)
    return [
        _figures(column, totals, pull=pull, pulled=pulled)
        for column, pull in zip(columns, pulls, strict=True)
    ]


def _pull(column: Column, totals: Totals) -> float | None:
    """Covariance of the question's points with the total, itself included."""
    return measures.covariance(
        column.points(), [totals.earned[number] for number in column.attempts]
    )


def _figures(column: Column, totals: Totals, *, pull: float | None, pulled: float) -> ItemFigures:
    marks, rests, intended = [], [], []
    for number, share, weight in zip(column.attempts, column.shares, column.weights, strict=True):
        possible = totals.possible[number]
        intended.append(weight / possible)
        if possible - weight > measures.NOTHING:
            marks.append(share)
            rests.append((totals.earned[number] - share * weight) / (possible - weight))
    weight_meant = measures.mean(intended)
    has_share = pull is not None and pull >= 0 and pulled > 0
    return ItemFigures(
        asked=len(column.attempts),
        facility=measures.mean(column.shares),
        deviation=measures.deviation(column.shares),
        discrimination=measures.correlation(marks, rests),
        efficiency=measures.efficiency(marks, rests),
        intended_weight=None if weight_meant is None else 100 * weight_meant,
        effective_weight=100 * sqrt(pull or 0.0) / pulled if has_share else None,
    )
