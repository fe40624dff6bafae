"""A file of a format that does not carry everything, taken into a case that is there. Pure.

The case is written in the format and read again: where the file says the same as that, it says
nothing new, and what the case has stays; so what the format has no place for is never lost by
way of Twine and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from attune.case_studies.branching.values import Case
from attune.case_studies.exchange.comparing import key_of


def merged(standing: Case, carried: Case, told: Case) -> Case:
    """``told`` by the file, over ``standing``, which the format carries as ``carried``."""
    return replace(
        _fields(standing, carried, told),
        key=standing.key,
        language=standing.language,
        scenes=tuple(_parts(standing.scenes, carried.scenes, told.scenes)),
        endings=tuple(_parts(standing.endings, carried.endings, told.endings)),
        meters=tuple(_parts(standing.meters, carried.meters, told.meters)),
        competencies=standing.competencies,
    )


def _parts(standing: Sequence[Any], carried: Sequence[Any], told: Sequence[Any]) -> list[Any]:
    """In the file's order. What is not in the file was taken out there."""
    stand = {key_of(each): each for each in standing}
    known = {key_of(each): each for each in carried}
    return [
        _fields(stand[key], known[key], each)
        if (key := key_of(each)) in stand and key in known
        else each
        for each in told
    ]


def _fields(standing: Any, carried: Any, told: Any) -> Any:
    values = {}
    for name in type(told).__dataclass_fields__:
        new, known, old = (getattr(each, name) for each in (told, carried, standing))
        if name == "choices":
            values[name] = tuple(_parts(old, known, new))
        else:
            values[name] = old if new == known else new
    return replace(told, **values)
