"""What every format gives and takes: a file read, a file written, and what it does not carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from attune.case_studies.branching.values import Case
from attune.tabular.reading import FileRefused

__all__ = ["FileRefused", "Note", "Parsed", "Unreadable", "Written"]

MOST_NOTES = 500


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is not carried as it stands. ``line`` counts from 1; 0: none in particular."""

    line: int
    place: str
    message: str


class Unreadable(FileRefused):
    """No case can be made of the file; each reason with its line."""

    def __init__(self, reasons: Sequence[Note]) -> None:
        super().__init__(" ".join(each.message for each in reasons))
        self.reasons = tuple(reasons)


@dataclass(slots=True)
class Parsed:
    case: Case
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class Written:
    text: str
    notes: list[Note] = field(default_factory=list)
