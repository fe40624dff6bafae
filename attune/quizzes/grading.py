"""From graded questions to the result of an attempt. Pure: plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DECIMALS = 6
"""Shares are rounded to this, so that 0.1 + 0.2 does not decide who passes."""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """``raw`` of ``maximum`` points; ``scaled`` from 0 to 1."""

    raw: float
    maximum: float
    scaled: float
    passed: bool


def result_of(marks: Iterable[tuple[float, int]], *, pass_mark: int) -> AttemptResult:
    """The result of an attempt: marks are (share from 0 to 1, points) per question.

    Zero points never pass, whatever the mark.

    :raises ValueError: no question, a share outside 0..1, or points below 1.
    """
    raw = maximum = 0.0
    for share, points in marks:
        if not 0 <= share <= 1:
            raise ValueError(f"a share lies between 0 and 1, not {share}")
        if points < 1:
            raise ValueError(f"a question is worth at least one point, not {points}")
        raw += share * points
        maximum += points
    if not maximum:
        raise ValueError("an attempt without a question has no result")
    raw = round(raw, DECIMALS)
    scaled = round(raw / maximum, DECIMALS)
    passed = raw > 0 and round(raw * 100, DECIMALS) >= round(pass_mark * maximum, DECIMALS)
    return AttemptResult(raw=raw, maximum=maximum, scaled=scaled, passed=passed)
