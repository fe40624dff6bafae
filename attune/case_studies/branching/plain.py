"""A case as lists, dictionaries, texts and numbers that JSON can hold, and back, without loss.

This is what is frozen when somebody starts a case, and what is exchanged. Reading trusts
nothing: a wrong type, an unknown field or a text that no database takes is refused with the
path of the bad part (``scenes[2].choices[0].points.trust``). Whether the case makes sense is
not asked here but in :mod:`~attune.case_studies.branching.analysis`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from django.utils.translation import gettext

from attune.case_studies.branching.values import Case, Choice, Competency, Ending, Meter, Scene

VERSION = 1
DEEPEST = 40
"""Lists and objects inside one another, in a scene's body."""
GREATEST = 2_147_483_647

T = TypeVar("T")


class PlainError(ValueError):
    """What is wrong with a plain case. ``path`` names the bad part; empty: the whole."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


def to_plain(case: Case) -> dict[str, Any]:
    return {"version": VERSION, **_plain(case)}


def case_from_plain(plain: object) -> Case:
    """The case that :func:`to_plain` made this of.

    Fields that have a default may be missing, so that what an earlier version froze stays
    readable. Raises :class:`PlainError`.
    """
    given = _object(plain, "")
    version = given.pop("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        raise PlainError("version", gettext("version %(known)d was expected.") % {"known": VERSION})
    return _case(given, "")


def _plain(value: Any) -> Any:
    if isinstance(value, Case | Scene | Choice | Ending | Meter | Competency):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _what(value: object) -> str:
    """A value's kind in plain words."""
    if value is None:
        return gettext("nothing (null)")
    if isinstance(value, bool):
        return gettext("true or false")
    if isinstance(value, int):
        return gettext("a whole number")
    if isinstance(value, float):
        return gettext("a fraction")
    if isinstance(value, str):
        return gettext("a text")
    if isinstance(value, list | tuple):
        return gettext("a list")
    if isinstance(value, Mapping):
        return gettext("an object")
    return type(value).__name__


def _wrong(path: str, value: object, expected: str) -> PlainError:
    return PlainError(
        path,
        gettext("%(expected)s was expected, not %(found)s.")
        % {"expected": expected, "found": _what(value)},
    )


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong(path, value, gettext("a text"))
    if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise PlainError(path, gettext("holds a sign that cannot be stored."))
    return value


def _integer(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(path, value, gettext("a whole number"))
    if abs(value) > GREATEST:
        raise PlainError(path, gettext("the number is too great."))
    return value


def _truth(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(path, value, gettext("true or false"))
    return value


def _integer_or_none(value: object, path: str) -> int | None:
    return None if value is None else _integer(value, path)


def _points(value: object, path: str) -> dict[str, int]:
    return {
        _text(name, path): _integer(points, _at(path, name))
        for name, points in _object(value, path).items()
    }


def _object(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(path, value, gettext("an object"))
    for name in value:
        if not isinstance(name, str):
            raise _wrong(path, name, gettext("a text as the name of a field"))
    return dict(value)


def _list(value: object, path: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise _wrong(path, value, gettext("a list"))
    return value


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _each(read: Callable[[object, str], T]) -> Callable[[object, str], tuple[T, ...]]:
    def read_list(value: object, path: str) -> tuple[T, ...]:
        return tuple(read(one, f"{path}[{index}]") for index, one in enumerate(_list(value, path)))

    return read_list


def _block(value: object, path: str) -> dict[str, Any]:
    block = _anything(_object(value, path), path, 0)
    assert isinstance(block, dict)  # noqa: S101 - an object stays one
    return block


def _anything(value: object, path: str, depth: int) -> object:
    """A part of a scene's body, copied, so that nobody can change a case from outside."""
    if depth > DEEPEST:
        raise PlainError(path, gettext("nested too deeply."))
    if isinstance(value, Mapping):
        return {
            _text(name, path): _anything(inner, _at(path, str(name)), depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _anything(inner, f"{path}[{index}]", depth + 1) for index, inner in enumerate(value)
        ]
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, float) and not math.isfinite(value):
        raise PlainError(path, gettext("not a number."))
    if value is None or isinstance(value, bool | int | float):
        return value
    raise _wrong(path, value, gettext("a text, number, list or object"))


def _reader(
    made: Callable[..., T], readers: Mapping[str, Callable[[object, str], object]]
) -> Callable[[object, str], T]:
    """Reads an object into ``made``, one reader a field."""
    needed = {
        one.name
        for one in fields(made)  # type: ignore[arg-type]  # a dataclass, as a callable
        if one.default is MISSING and one.default_factory is MISSING
    }

    def read(value: object, path: str) -> T:
        given = _object(value, path)
        for name in given:
            if name not in readers:
                raise PlainError(_at(path, name), gettext("there is no such field."))
        for name in readers:
            if name in needed and name not in given:
                raise PlainError(_at(path, name), gettext("is missing."))
        return made(
            **{name: readers[name](inner, _at(path, name)) for name, inner in given.items()}
        )

    return read


_meter = _reader(
    Meter,
    {
        "name": _text,
        "label": _text,
        "lowest": _integer,
        "highest": _integer,
        "start": _integer,
        "unit": _text,
        "shown": _truth,
    },
)
_competency = _reader(Competency, {"name": _text, "label": _text})
_choice = _reader(
    Choice,
    {
        "key": _text,
        "text": _text,
        "to": _text,
        "condition": _text,
        "effects": _text,
        "outcome": _text,
        "reading": _text,
        "norm": _text,
        "points": _points,
    },
)
_scene = _reader(
    Scene,
    {
        "key": _text,
        "title": _text,
        "choices": _each(_choice),
        "condition": _text,
        "otherwise": _text,
        "place": _text,
        "client_time": _text,
        "vendor_time": _text,
        "body": _each(_block),
    },
)
_ending = _reader(
    Ending,
    {"key": _text, "title": _text, "summary": _text, "condition": _text, "score": _text},
)
_case = _reader(
    Case,
    {
        "key": _text,
        "title": _text,
        "language": _text,
        "scenes": _each(_scene),
        "endings": _each(_ending),
        "meters": _each(_meter),
        "competencies": _each(_competency),
        "pass_score": _integer_or_none,
        "introduction": _text,
    },
)
