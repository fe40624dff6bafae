"""Is the statement that a record store holds the one that we sent?

Pure. A store adds properties of its own and may spell values differently without changing
them (xAPI 1.0.3 Data, 2.3.1 "Statement Immutability", and Communication, 2.1.1): those
differences are no differences. Everything else is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Added or rewritten by the store; display and definitions may be merged with what it knows.
_STORES_OWN = frozenset({"stored", "authority", "version", "attachments"})
_MERGED = frozenset({"display", "definition"})
_DURATION = re.compile(
    r"P(?:(?P<W>[\d.]+)W)?(?:(?P<D>[\d.]+)D)?"
    r"(?:T(?:(?P<H>[\d.]+)H)?(?:(?P<M>[\d.]+)M)?(?:(?P<S>[\d.]+)S)?)?"
)
_SECONDS = {"W": 604800, "D": 86400, "H": 3600, "M": 60, "S": 1}


def same_statement(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether *theirs* says what *ours* says."""
    return _plain(ours, "") == _plain(theirs, "")


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _plain(inner, name)
            for name, inner in value.items()
            if inner is not None and not _ignored(name, key)
        }
    if isinstance(value, list):
        items = [_plain(inner, key) for inner in value]
        if key in ("parent", "grouping", "category", "other"):  # sets, by the specification
            return sorted(items, key=repr)
        return items
    if key == "timestamp" and isinstance(value, str):
        return _instant(value)
    if key == "duration" and isinstance(value, str):
        return _length(value)
    if key in ("id", "registration") and isinstance(value, str):
        return value.lower() if len(value) == 36 else value
    if isinstance(value, bool):
        return ("truth", value)  # or it would equal 1
    if isinstance(value, int | float):
        return float(value)
    return value


def _ignored(name: str, inside: str) -> bool:
    if inside == "" and name in _STORES_OWN:
        return True
    return name in _MERGED or name == "objectType"


def _instant(text: str) -> Any:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    # To the millisecond: a store may keep no more.
    return round(at.timestamp(), 3)


def _length(text: str) -> Any:
    match = _DURATION.fullmatch(text)
    if not match:
        return text
    try:
        parts = {unit: float(number) for unit, number in match.groupdict().items() if number}
    except ValueError:
        return text
    return round(sum(_SECONDS[unit] * number for unit, number in parts.items()), 2)
