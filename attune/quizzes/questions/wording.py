"""Words as people type them: what of a text counts when it is compared with another.

Pure. A typed text is first made canonical (``canonical_text``), kept and sent like that, and
compared by ``fits``.
"""

from __future__ import annotations

import re
import unicodedata

from attune.xapi.interactions import plain_text

_QUOTES = str.maketrans({"’": "'", "‘": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "‟": '"'})
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ẞ": "SS"}
)
_NUMERALS = re.compile(r"\d+")


def canonical_text(text: str) -> str:
    """*text* in Unicode's compatibility form (NFKC), on one line, one space between words.

    A phone types ’ for ', so quotation marks become straight ones. Signs that nobody sees
    and databases refuse go, and what xAPI would read as a delimiter is broken apart.
    """
    folded = unicodedata.normalize("NFKC", without_unseen(text)).translate(_QUOTES)
    return plain_text(" ".join(folded.split()))


def without_unseen(text: str) -> str:
    """*text* without control characters and halves of characters; line breaks and tabs stay."""
    return "".join(
        sign for sign in text if sign in "\n\t\r" or unicodedata.category(sign) not in ("Cc", "Cs")
    )


def without_accents(text: str) -> str:
    """Each letter without its marks: “Müller” becomes “Muller”, “señor” becomes “senor”."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize(
        "NFC", "".join(sign for sign in parts if unicodedata.category(sign) != "Mn")
    )


def in_plain_letters(text: str) -> str:
    """How a German writes it on a keyboard without umlauts: “Müller” becomes “Mueller”."""
    return unicodedata.normalize("NFC", text).translate(_GERMAN)


def without_case(text: str) -> str:
    """*text* compared without capitals. ß stays: “ss” for it is another way to write it.

    Unicode's case folding makes one of the two, and so would forgive what was not asked to be.
    """
    return "ß".join(part.casefold() for part in text.replace("ẞ", "ß").split("ß"))


def edit_distance(one: str, other: str, *, limit: int) -> int:
    """How many slips lie between two texts; ``limit + 1`` stands for more than *limit*.

    A slip is a letter too many, one too few, another one, or two neighbours in each other's
    place: the optimal string alignment distance, Damerau's four errors with no stretch
    edited twice (F. J. Damerau, CACM 7(3), 1964).
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, left in enumerate(one, start=1):
        current = [row]
        for column, right in enumerate(other, start=1):
            cost = min(
                above[column] + 1,
                current[column - 1] + 1,
                above[column - 1] + (left != right),
            )
            if row > 1 and column > 1 and left == other[column - 2] and one[row - 2] == right:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > limit and min(above) > limit:
            return limit + 1
        before, above = above, current
    return min(above[-1], limit + 1)


def fits(
    given: str,
    wanted: str,
    *,
    case_matters: bool = False,
    accents_matter: bool = True,
    near_miss: int = 0,
) -> bool:
    """Whether a canonical text stands for another. A near miss never changes a number.

    Where accents need not match, German letters may be written out as well: Müller, Muller and
    Mueller, Straße and Strasse are the same. Where they matter, none of that is. In capitals ß
    is SS either way, since that is how it is spelt.

    *near_miss*: how many slips are forgiven (see ``edit_distance``).
    """
    if not case_matters and given == wanted.upper():
        return True
    ways = [str] if accents_matter else [without_accents, in_plain_letters]
    pairs = [(way(given), way(wanted)) for way in ways]
    if not case_matters:
        pairs = [(without_case(one), without_case(other)) for one, other in pairs]
    if any(one == other for one, other in pairs):
        return True
    if not near_miss or _NUMERALS.findall(given) != _NUMERALS.findall(wanted):
        return False
    return any(edit_distance(one, other, limit=near_miss) <= near_miss for one, other in pairs)
