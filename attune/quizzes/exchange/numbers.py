"""Numbers and shares as formats write them, into the decimal strings of plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from attune.quizzes.exchange.contract import Draft, QuestionRefused

_NUMBER = re.compile(
    r"[+-]?(?:\d{1,20}(?:[.,]\d{0,20})?|[.,]\d{1,20})(?:[eE][+-]?\d{1,2})?", re.ASCII
)


def decimal_text(text: str) -> str:
    """A number as plain data has it: digits, a dot, no exponent.

    :raises QuestionRefused: it is not a number.
    """
    text = text.strip().replace("−", "-")
    if not _NUMBER.fullmatch(text):
        raise QuestionRefused(_("“%(text)s” is not a number.") % {"text": text[:40]})
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise QuestionRefused(_("“%(text)s” is not a number.") % {"text": text[:40]}) from error
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "", "-") else plain


def percent(text: str) -> float:
    """:raises QuestionRefused: it is not a number of percent between -100 and 100."""
    number = float(decimal_text(text))
    if not -100 <= number <= 100:
        raise QuestionRefused(
            _("A share of %(text)s %% is not between −100 and 100.") % {"text": text.strip()[:40]}
        )
    return number


def percent_text(number: float) -> str:
    """At most five decimals, as Moodle keeps them: 33.33333."""
    text = f"{number:.5f}".rstrip("0").rstrip(".")
    return text or "0"


def equal_shares(correct: Sequence[bool]) -> list[float]:
    """What each option is worth in percent where rights share the mark and wrongs cost as much."""
    each = 100 / max(1, sum(correct))
    return [each if right else -each for right in correct]


def differs(shares: Sequence[float], correct: Sequence[bool]) -> bool:
    """Whether shares are others than those, beyond what rounding in a file explains."""
    return any(
        abs(one - other) > 0.51 for one, other in zip(shares, equal_shares(correct), strict=True)
    )


def is_range(data: Mapping[str, Any]) -> bool:
    """Whether a number question asks for a range, open at one end perhaps."""
    return data.get("minimum") is not None or data.get("maximum") is not None


def open_range(draft: Draft) -> str:
    """The refusal of formats whose ranges have two ends; empty where there are two."""
    if draft.kind != "numeric" or not is_range(draft.data):
        return ""
    if draft.data.get("minimum") is None or draft.data.get("maximum") is None:
        return _("The format has no range that is open at one end.")
    return ""
