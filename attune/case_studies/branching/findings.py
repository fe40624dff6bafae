"""What an examination finds: a value that a screen can show beside the scene it speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "smell"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a case. ``scene``, ``choice`` and ``ending`` are keys or empty.

    ``field`` is the name of the field to mend where it is one, ``column`` the place in its
    text, counted from 1. ``path`` is a shortest way there from the start, as
    ``scene-key/choice-key``, where one is known.
    """

    severity: Severity
    code: str
    scene: str = ""
    choice: str = ""
    ending: str = ""
    message: str = ""
    field: str = ""
    column: int = 0
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """``exact``: every state that can be reached was looked at (``states_seen`` of them)."""

    findings: tuple[Finding, ...]
    states_seen: int
    exact: bool

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "error")

    @property
    def smells(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == "smell")
