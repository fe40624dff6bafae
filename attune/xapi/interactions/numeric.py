"""Numeric: a number as it was given, and the range that it should lie in."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

from attune.xapi.interactions.kinds import RANGE

Number = int | float | Decimal


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", text):
        raise ValueError(f"{text!r} is not a number")
    try:
        return Decimal(text)
    except InvalidOperation as error:  # pragma: no cover - the pattern above lets none through
        raise ValueError(f"{text!r} is not a number") from error


def encode_number(value: Number) -> str:
    """A plain number without an exponent: how a learner's numeric answer is written."""
    if isinstance(value, bool):
        raise ValueError("a truth value is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    plain = format(number, "f")
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def decode_number(text: str) -> Decimal:
    return _number(text)


def encode_numeric(minimum: Number | None, maximum: Number | None) -> str:
    """``min[:]max``: what a right numeric answer lies between; ``None`` leaves an end open."""
    if minimum is None and maximum is None:
        raise ValueError("a range has at least one end")
    if minimum is not None and maximum is not None:
        low, high = Decimal(encode_number(minimum)), Decimal(encode_number(maximum))
        if low > high:
            raise ValueError(f"the range runs backwards: {low} > {high}")
    ends = ("" if end is None else encode_number(end) for end in (minimum, maximum))
    return RANGE.join(ends)


def decode_numeric(text: str) -> tuple[Decimal | None, Decimal | None]:
    """The two ends of a range; a single number is both ends."""
    ends = text.split(RANGE)
    if len(ends) == 1:
        number = _number(text)
        return number, number
    if len(ends) != 2 or ends == ["", ""]:
        raise ValueError(f"{text!r} is not min[:]max")
    low, high = (_number(end) if end else None for end in ends)
    if low is not None and high is not None and low > high:
        raise ValueError(f"the range runs backwards: {low} > {high}")
    return low, high
