"""An interaction's definition: what could be answered, and what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attune.xapi.interactions.fitting import definition_problems


@dataclass(frozen=True, slots=True)
class Component:
    """One option, scale point, source, target or step: an id and its text per language."""

    id: str
    description: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """The definition of a question: what could be answered, and what is right.

    ``correct_responses`` is ``None`` where nothing is right or wrong (a survey).

    :raises ValueError: a component list is missing or foreign to the type, ids are not
        unique or hold white space or a delimiter, or a pattern does not fit.
    """

    type: str
    correct_responses: tuple[str, ...] | None = None
    choices: tuple[Component, ...] = ()
    scale: tuple[Component, ...] = ()
    source: tuple[Component, ...] = ()
    target: tuple[Component, ...] = ()
    steps: tuple[Component, ...] = ()

    def __post_init__(self) -> None:
        problems = definition_problems(self.definition())
        if problems:
            raise ValueError("; ".join(f"{path}: {message}" for path, message in problems))

    def definition(self) -> dict[str, Any]:
        """The interaction properties of an activity definition, as xAPI spells them."""
        wire: dict[str, Any] = {"interactionType": str(self.type)}
        if self.correct_responses is not None:
            wire["correctResponsesPattern"] = list(self.correct_responses)
        for name in ("choices", "scale", "source", "target", "steps"):
            components: tuple[Component, ...] = getattr(self, name)
            if components:
                wire[name] = [
                    {"id": item.id, "description": dict(item.description)} for item in components
                ]
        return wire
