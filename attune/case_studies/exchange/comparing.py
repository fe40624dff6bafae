"""Two cases compared, part by part, by their keys. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attune.case_studies.branching.values import Case


@dataclass(frozen=True, slots=True)
class Difference:
    """What writing a case would do to one part: ``new``, ``changed`` or ``removed``."""

    verdict: str
    part: str
    """``case``, ``meter``, ``competency``, ``scene`` or ``ending``."""
    key: str
    title: str
    fields: tuple[str, ...] = ()


def differences(was: Case | None, case: Case) -> list[Difference]:
    """What writing ``case`` over ``was`` would do. The key and the language stay the page's."""
    found: list[Difference] = []
    if was is None:
        found.append(Difference("new", "case", case.key, case.title))
    else:
        fields = differing(was, case, ("title", "introduction", "pass_score"))
        if fields:
            found.append(Difference("changed", "case", case.key, case.title, fields))
    for part, name, label in (
        ("meter", "meters", "label"),
        ("competency", "competencies", "label"),
        ("scene", "scenes", "title"),
        ("ending", "endings", "title"),
    ):
        old = {key_of(each): each for each in (getattr(was, name) if was is not None else ())}
        new = {key_of(each): each for each in getattr(case, name)}
        order_was = [key for key in old if key in new]
        order_is = [key for key in new if key in old]
        for key, thing in new.items():
            title = getattr(thing, label)
            if key not in old:
                found.append(Difference("new", part, key, title))
                continue
            fields = differing(old[key], thing, tuple(type(thing).__dataclass_fields__))
            if order_was.index(key) != order_is.index(key):
                fields += ("order",)
            if fields:
                found.append(Difference("changed", part, key, title, fields))
        found += [
            Difference("removed", part, key, getattr(thing, label))
            for key, thing in old.items()
            if key not in new
        ]
    return found


def key_of(thing: Any) -> str:
    return str(thing.key if hasattr(thing, "key") else thing.name)


def differing(one: Any, other: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if _same_form(one, name) != _same_form(other, name))


def _same_form(thing: Any, name: str) -> Any:
    value = getattr(thing, name)
    if name == "body":
        # Ids are given anew to blocks that come without one.
        return _without_ids(value)
    if name == "points":
        return {key: points for key, points in value.items() if points}
    return value


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(each) for key, each in value.items() if key != "id"}
    if isinstance(value, list | tuple):
        return [_without_ids(each) for each in value]
    return value
