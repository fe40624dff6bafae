"""Days as people write them in tables. No day is guessed: which number is the month is known.

ISO dates (2026-12-31) and those of a workbook's date cells are read whatever the order is.
Years have four digits; words for months are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

EARLIEST, LATEST = date(1940, 1, 1), date(2100, 12, 31)

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_PARTS = re.compile(r"(\d{1,4})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{1,4})\.?", re.ASCII)
_ORDERS = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}
"""Where year, month and day stand."""


def parse_day(text: str, order: str) -> date | None:
    """The day that ``text`` names in this order (``dmy``, ``mdy``, ``ymd``); None if none."""
    text = text.strip()
    if match := _ISO.fullmatch(text):
        return _day(*map(int, match.groups()))
    match = _PARTS.fullmatch(text)
    if match is None or order not in _ORDERS:
        return None
    parts = match.groups()
    year, month, day = (parts[position] for position in _ORDERS[order])
    return _day(int(year), int(month), int(day)) if len(year) == 4 else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the dates of a file say of their order. ``order`` is empty where they do not tell."""

    order: str
    certain: bool
    sample: str
    """A date that can be read in two ways, or the first that is not ISO."""


def order_of(values: Iterable[str], *, usual: str) -> Evidence:
    """Which order reads the most of them, and whether only one reads that many.

    Where they do not tell, days parted by dots begin with the day; else it is ``usual``, and
    nothing at all if that is empty: then somebody has to say.
    """
    written = []
    for value in values:
        text = value.strip()
        if text and _ISO.fullmatch(text) is None and _PARTS.fullmatch(text) is not None:
            written.append(text)
    if not written:
        return Evidence("ymd", True, "")
    readable = {order: sum(parse_day(text, order) is not None for text in written)
                for order in _ORDERS}  # fmt: skip
    most = max(readable.values())
    best = [order for order, count in readable.items() if count == most]
    if len(best) == 1:
        order = best[0]
    elif "dmy" in best and all("." in text for text in written):
        order = "dmy"
    else:
        order = usual if usual in best else ""
    doubtful = [
        text
        for text in written
        if len({day for each in best if (day := parse_day(text, each)) is not None}) > 1
    ]
    certain = most > 0 and (len(best) == 1 or not doubtful)
    if certain and not order:
        order = best[0]  # 05.05.2026 is one day either way
    return Evidence(order, certain, (doubtful or written)[0])
