"""What was answered at a quiz, as it is gathered: flat arrays of numbers. Pure."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from attune.quizzes.questions.items import Item

NO_ANSWER = -1


@dataclass(slots=True)
class Asked:
    """One question as it was put: an entry per attempt in each array.

    ``marks`` are shares, and −1 where there is none: a survey, or a mark still to be given.
    ``given`` are numbers in ``responses``; ``seconds`` has no fixed place, only values.
    """

    key: UUID
    position: float = 0.0
    versions: list[Item] = field(default_factory=list)
    responses: dict[tuple[int, str], int] = field(default_factory=dict)
    attempts: array[int] = field(default_factory=lambda: array("l"))
    marks: array[float] = field(default_factory=lambda: array("d"))
    weights: array[float] = field(default_factory=lambda: array("d"))
    given: array[int] = field(default_factory=lambda: array("l"))
    seconds: array[float] = field(default_factory=lambda: array("d"))
    pending: int = 0

    @property
    def item(self) -> Item:
        """The version asked last."""
        return self.versions[-1]

    @property
    def is_scored(self) -> bool:
        return self.item.is_scored

    @property
    def left_open(self) -> float:
        return sum(1 for each in self.given if each == NO_ANSWER) / len(self.given)

    def given_responses(self) -> list[tuple[int, Any]]:
        """(number of the version, response), by the numbers in ``given``."""
        return [(version, json.loads(text)) for version, text in self.responses]


@dataclass(slots=True)
class Gathered:
    """All attempts at a quiz that count, and its questions in the order of the quiz."""

    attempts: int
    questions: list[Asked]
    languages: list[str]
