"""A branching case as plain values: what is walked, analysed, exchanged and frozen.

No ORM and no HTML rules here. Every text is carried as it was written; whoever shows it fills
in the variables and cleans it. Keys are short slugs that an author can read (``plant-stop``),
unique within their case and the same in every language, since the record and the path report
go by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

State = Mapping[str, int]
"""The value of every meter, by the meter's name."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A number that the author lets decisions move, kept within its bounds (both included)."""

    name: str
    label: str
    lowest: int = 0
    highest: int = 100
    start: int = 50
    unit: str = ""
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Competency:
    """What the case gives points for, beside its score: directness, ownership, ..."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A reply or action, written out as one would send it.

    ``to`` is the key of a scene or of an ending; empty: the case ends here and the first
    ending whose rule holds is reached. ``effects`` are assignments in the expression grammar
    (``trust += 10; minutes = minutes - 5``), applied before anything that follows is judged.
    ``points`` are whole numbers by the competency's name.
    """

    key: str
    text: str
    to: str = ""
    condition: str = ""
    effects: str = ""
    outcome: str = ""
    reading: str = ""
    norm: str = ""
    points: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """A situation with its choices, in the author's order.

    A scene whose ``condition`` does not hold when it would be entered is passed over, and the
    scene or ending ``otherwise`` is entered instead. ``body`` is the stream of blocks as
    stored (ticket, e-mail thread, chat, transcript, meeting); the engine never reads it.
    """

    key: str
    title: str
    choices: tuple[Choice, ...] = ()
    condition: str = ""
    otherwise: str = ""
    place: str = ""
    client_time: str = ""
    """Wall-clock time at the client as ``HH:MM``, empty where it does not matter."""
    vendor_time: str = ""
    body: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a path ends. ``score`` is an arithmetic expression, cut to 0..100."""

    key: str
    title: str
    summary: str = ""
    condition: str = ""
    score: str = "0"


@dataclass(frozen=True, slots=True)
class Case:
    """A whole case. The first scene is where it starts; endings are tried in order.

    ``pass_score`` is ``None`` where reaching any ending completes the case.
    """

    key: str
    title: str
    language: str
    scenes: tuple[Scene, ...]
    endings: tuple[Ending, ...]
    meters: tuple[Meter, ...] = ()
    competencies: tuple[Competency, ...] = ()
    pass_score: int | None = None
    introduction: str = ""
