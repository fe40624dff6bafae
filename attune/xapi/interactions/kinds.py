"""The ten types as the specification spells them, and what is common to how they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

COMMA = "[,]"
DOT = "[.]"
RANGE = "[:]"


class InteractionType(StrEnum):
    """Identifiers as the specification spells them."""

    TRUE_FALSE = "true-false"
    CHOICE = "choice"
    FILL_IN = "fill-in"
    LONG_FILL_IN = "long-fill-in"
    MATCHING = "matching"
    PERFORMANCE = "performance"
    SEQUENCING = "sequencing"
    LIKERT = "likert"
    NUMERIC = "numeric"
    OTHER = "other"


#: The component lists that each type has; every other list is foreign to it.
COMPONENT_LISTS: Mapping[str, tuple[str, ...]] = {
    InteractionType.CHOICE: ("choices",),
    InteractionType.SEQUENCING: ("choices",),
    InteractionType.LIKERT: ("scale",),
    InteractionType.MATCHING: ("source", "target"),
    InteractionType.PERFORMANCE: ("steps",),
    InteractionType.TRUE_FALSE: (),
    InteractionType.FILL_IN: (),
    InteractionType.LONG_FILL_IN: (),
    InteractionType.NUMERIC: (),
    InteractionType.OTHER: (),
}

DELIMITER = re.compile(r"\[[,.:]\]")
_SPACE = re.compile(r"\s")


def id_problem(identifier: Any) -> str | None:
    """Why *identifier* cannot be a component id, or ``None``."""
    if not isinstance(identifier, str) or not identifier:
        return "a component id is a text that is not empty"
    if _SPACE.search(identifier):
        return f"the component id {identifier!r} holds white space"
    if DELIMITER.search(identifier):
        return f"the component id {identifier!r} holds a delimiter"
    return None


def check_id(identifier: str) -> str:
    problem = id_problem(identifier)
    if problem:
        raise ValueError(problem)
    return identifier


def split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if text else []
