"""Numbers as people type them: either decimal separator, grouped or not, with a unit behind.

Pure. What is read is kept as a canonical decimal text: digits, one point, no group signs,
no exponent, at most ``MAX_DIGITS`` digits, so that sums of two stay exact.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from attune.quizzes.questions.items import ResponseError
from attune.xapi.interactions import encode_number

MAX_DIGITS = 20
MAX_CHARACTERS = 80

_CANONICAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
# Groups of three, and of two before the last three, as India writes 12,34,567.
_GROUPED = re.compile(r"[0-9]{1,3}( [0-9]{2,3})* [0-9]{3}")
_MINUS = str.maketrans({"−": "-", "–": "-", "‐": "-", "‑": "-"})
_ARABIC = str.maketrans({"٫": ".", "٬": " "})
_GROUP_SIGNS = str.maketrans({"'": " ", "’": " "})


def canonical(number: Any) -> str:
    """*number* in canonical form, from a number or from text that already has a point.

    :raises ResponseError: it is not a finite number, or has too many digits.
    """
    if isinstance(number, str):
        if len(number) > MAX_CHARACTERS or not _CANONICAL.fullmatch(number):
            raise ResponseError(_("This is not a number."))
        number = Decimal(number)
    if isinstance(number, Decimal) and number.is_finite() and abs(number.adjusted()) > MAX_DIGITS:
        # Asked before it is written out: 1e999999 would be a million digits long.
        raise ResponseError(_too_long())
    if isinstance(number, int) and not isinstance(number, bool) and abs(number) >= 10**MAX_DIGITS:
        raise ResponseError(_too_long())
    try:
        text = encode_number(number)
    except (ValueError, ArithmeticError) as error:
        raise ResponseError(_("This is not a number.")) from error
    if sum(sign.isdigit() for sign in text) > MAX_DIGITS:
        raise ResponseError(_too_long())
    return "0" if text == "-0" else text


def parse_number(typed: str, *, language: str, unit: str = "") -> str | None:
    """The canonical form of a number as somebody typed it; None if nothing was typed.

    Understood: ``1,5`` and ``1.5``; ``1.234,56`` and ``1,234.56``; groups parted by spaces or
    apostrophes; a sign; digits of any script; the question's *unit* before or behind it. Where
    both separators stand, the last one is the decimal one; one that stands several times groups.
    Only ``1,234`` and ``1.234`` can be read both ways: there the decimal separator of
    *language* decides (German ``1,234`` is a little more than one, English ``1,234`` is a
    thousand and some).

    :raises ResponseError: it is no number, or too long a one.
    """
    if len(typed) > MAX_CHARACTERS:
        raise ResponseError(_too_long())
    text = _folded(typed)
    if not text:
        return None
    body = _without_unit(text, _folded(unit))
    sign = ""
    if body[:1] in ("+", "-"):
        sign, body = body[0].replace("+", ""), body[1:].strip()
    body = body.translate(_GROUP_SIGNS)
    if not re.fullmatch(r"[0-9., ]*[0-9][0-9., ]*", body):
        raise ResponseError(_refusal(unit))
    whole, fraction = _parted(body, language)
    if not _is_whole(whole) or not re.fullmatch(r"[0-9]*", fraction):
        raise ResponseError(_refusal(unit))
    digits = re.sub(r"[ .,]", "", whole) or "0"
    return canonical(f"{sign}{digits}.{fraction}" if fraction else f"{sign}{digits}")


def display_number(number: str, *, language: str) -> str:
    """A canonical number with the decimal separator of *language*, so that it is read back."""
    return number.replace(".", decimal_separator(language))


def decimal_separator(language: str) -> str:
    sign = str(get_format("DECIMAL_SEPARATOR", lang=language, use_l10n=True))
    return "," if sign == "," else "."


def _folded(text: str) -> str:
    """Full-width and other forms as plain ones, minus signs and digits as ASCII."""
    text = unicodedata.normalize("NFKC", text).translate(_MINUS).translate(_ARABIC)
    text = "".join(
        str(unicodedata.digit(sign)) if unicodedata.category(sign) == "Nd" else sign
        for sign in text
    )
    return " ".join(text.split())


def _without_unit(text: str, unit: str) -> str:
    if not unit:
        return text
    # Of the unit as well, for "12 min." stands beside "12 min".
    for wanted in (unit.casefold(), unit.casefold().rstrip(".")):
        folded = text.casefold()
        if not wanted or len(folded) != len(text):  # a fold that changes places cannot be cut by
            continue
        for ending in (wanted, f"{wanted}."):
            if folded.endswith(ending):
                return text[: -len(ending)].strip()
        if folded.startswith(wanted):
            return text[len(wanted) :].strip()
    return text


def _parted(body: str, language: str) -> tuple[str, str]:
    """Whole part, with its group signs, and fraction."""
    points, commas = body.count("."), body.count(",")
    if points and commas:
        decimal = max(".,", key=body.rindex)
    elif points + commas == 1:
        decimal = "." if points else ","
        if _AMBIGUOUS.fullmatch(body) and decimal != decimal_separator(language):
            return body, ""
    else:
        return body, ""
    whole, _sign, fraction = body.rpartition(decimal)
    return ("!", "") if decimal in whole else (whole, fraction)


def _is_whole(text: str) -> bool:
    signs = set(re.findall(r"[ .,]", text))
    if not signs:
        return re.fullmatch(r"[0-9]*", text) is not None
    return len(signs) == 1 and bool(_GROUPED.fullmatch(re.sub(r"[.,]", " ", text)))


def _too_long() -> str:
    return _("A number here has at most %(count)d digits.") % {"count": MAX_DIGITS}


def _refusal(unit: str) -> str:
    if unit:
        return _("Give a number, with or without its unit: “%(unit)s”.") % {"unit": unit}
    return _("Give a number, such as 12 or 1.5, and nothing else.")
