"""GIFT's escapes: what stands behind a backslash is text and no sign of the format."""

from __future__ import annotations

import re

from attune.quizzes.exchange.texts import tidy, to_plain, without_markup

# Noncharacters, which no text may hold in interchange (Unicode, section 23.7).
_HELD = {sign: chr(0xFDD0 + number) for number, sign in enumerate("\\~=#{}:\n")}
_TO_HELD = {**_HELD, "n": _HELD["\n"]}
_FROM_HELD = str.maketrans({held: sign for sign, held in _HELD.items()})
_ESCAPE = re.compile(r"\\([\\~=#{}:n])")
_STRAY = re.compile("[\ufdd0-\ufdef]")


def protected(text: str) -> str:
    """``text`` with each escaped sign set aside."""
    return _ESCAPE.sub(lambda found: _TO_HELD[found.group(1)], _STRAY.sub("", text))


def escaped(text: str) -> str:
    """Protected text with the signs back in their places, as they are meant to be read."""
    return text.translate(_FROM_HELD)


def plain(text: str, form: str) -> str:
    """A protected text, such as an option's, as plain text."""
    raw = escaped(text)
    if form == "html":
        return tidy(to_plain(re.sub(r"[ \t\n]+", " ", raw)))
    return tidy(raw) if form == "plain" else without_markup(raw)


def for_writing(text: str) -> str:
    """``text`` such that GIFT reads none of it as a sign, on one line."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", "\\n")
