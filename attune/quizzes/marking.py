"""Marking by people: what is asked of a marker, and what several marks come to. Pure.

An answer is marked criterion by criterion, in whole or half points. Where a second marker is
wanted, the share is the mean of both; where they are more than ``FAR_APART`` of the full
marks apart, a third person marks too, has seen what the two gave, and decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.formats import number_format
from django.utils.translation import gettext as _

FAR_APART = 0.25
"""Of the full marks. Two markers further apart than this did not read by the same measure."""
DECIMALS = 6
LABEL_CHARACTERS = 6


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that an answer is marked by, and the most that it is worth."""

    name: str
    description: str
    points: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """``share`` is None while marks are missing; ``needed`` is how many there have to be."""

    needed: int
    share: float | None = None


def criteria_of(item: Any, *, weight: int) -> list[Criterion]:
    """The rubric of a frozen question; without one, the whole answer is one criterion."""
    rows: Iterable[Mapping[str, Any]] = getattr(item, "rubric", None) or ()
    criteria = [
        Criterion(
            name=str(row.get("criterion", "")),
            description=str(row.get("description", "")),
            points=float(row.get("points") or 0),
        )
        for row in rows
    ]
    worth = [each for each in criteria if each.points > 0]
    return worth or [Criterion(_("The whole answer"), "", float(weight))]


def points_of(criteria: Sequence[Criterion], given: Sequence[float]) -> list[dict[str, Any]]:
    """The points as a mark keeps them.

    :raises ValueError: in words: a criterion without points, too many, or not half points.
    """
    if len(given) != len(criteria):
        raise ValueError(_("Give points for each criterion."))
    rows = []
    for criterion, points in zip(criteria, given, strict=True):
        if not 0 <= points <= criterion.points:
            raise ValueError(
                _("“%(criterion)s” is worth between 0 and %(most)g points.")
                % {"criterion": criterion.name, "most": criterion.points}
            )
        if points * 2 != int(points * 2):
            raise ValueError(_("Points are whole or half ones."))
        rows.append(
            {"criterion": criterion.name, "points": float(points), "of": float(criterion.points)}
        )
    return rows


def share_of(points: Sequence[Mapping[str, Any]]) -> float:
    """The points given, of those possible."""
    possible = sum(float(row["of"]) for row in points)
    if not possible:
        return 0.0
    return round(sum(float(row["points"]) for row in points) / possible, DECIMALS)


def verdict(shares: Sequence[float], *, second_marker: bool) -> Verdict:
    """What these marks, in the order of their numbers, come to."""
    if not second_marker:
        return Verdict(1, shares[0] if shares else None)
    if len(shares) < 2:
        return Verdict(2)
    first, second = shares[:2]
    if round(abs(first - second), DECIMALS) > FAR_APART:
        return Verdict(3, shares[2] if len(shares) > 2 else None)
    return Verdict(2, round((first + second) / 2, DECIMALS))


def deciding(count: int, *, needed: int) -> slice:
    """Which of ``count`` marks the verdict rests on: the third alone, where there had to be one."""
    return slice(2, 3) if needed == 3 and count > 2 else slice(0, min(needed, 2))


def mean_points(marks: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Points per criterion over several marks of one answer: the mean of each."""
    if not marks:
        return []
    return [
        {
            **row,
            "points": sum(float(mark[number]["points"]) for mark in marks) / len(marks),
        }
        for number, row in enumerate(marks[0])
        if all(number < len(mark) for mark in marks)
    ]


def in_figures(points: float) -> str:
    """Points as one reads them: “3”, “2.5”, in German “2,5”."""
    return str(number_format(int(points) if points == int(points) else round(points, 2)))


def label_of(deed: UUID, position: int) -> str:
    """What markers call an answer, who must not know whose it is: “Answer 7F3A2C”."""
    digest = hashlib.sha256(f"{deed}:{position}".encode()).hexdigest()
    return _("Answer %(code)s") % {"code": digest[:LABEL_CHARACTERS].upper()}
