"""True-false, choice, sequencing, likert and matching: a response is made of ids."""

from __future__ import annotations

from collections.abc import Iterable

from attune.xapi.interactions.kinds import COMMA, DOT, check_id, split


def encode_true_false(value: bool) -> str:
    """``true`` or ``false``, in lower case."""
    return "true" if value else "false"


def decode_true_false(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither 'true' nor 'false'")
    return text == "true"


def encode_choice(ids: Iterable[str]) -> str:
    """``a[,]b``: all of these options. No option chosen is the empty text."""
    chosen = [check_id(identifier) for identifier in ids]
    if len(set(chosen)) != len(chosen):
        raise ValueError("an option is chosen twice")
    return COMMA.join(chosen)


def decode_choice(text: str) -> tuple[str, ...]:
    ids = tuple(check_id(part) for part in split(text, COMMA))
    if len(set(ids)) != len(ids):
        raise ValueError("an option appears twice")
    return ids


def encode_sequencing(ids: Iterable[str]) -> str:
    """``first[,]second[,]third``, in the order given."""
    return encode_choice(ids)


def decode_sequencing(text: str) -> tuple[str, ...]:
    return decode_choice(text)


def encode_likert(identifier: str) -> str:
    """The id of the one point chosen on the scale."""
    return check_id(identifier)


def decode_likert(text: str) -> str:
    return check_id(text)


def encode_matching(pairs: Iterable[tuple[str, str]]) -> str:
    """``source[.]target[,]source2[.]target2``."""
    return COMMA.join(DOT.join((check_id(left), check_id(right))) for left, right in pairs)


def decode_matching(text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in split(text, COMMA):
        sides = part.split(DOT)
        if len(sides) != 2:
            raise ValueError(f"{part!r} is not source[.]target")
        pairs.append((check_id(sides[0]), check_id(sides[1])))
    return tuple(pairs)
