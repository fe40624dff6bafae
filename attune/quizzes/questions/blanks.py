"""The blanks of a running text: their marks in it, what each accepts, what is wrong with them.

Pure, like ``items``. The question type that asks so is ``fill_in``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext

from attune.quizzes.questions.wording import canonical_text, without_accents

MAX_BLANKS = 20
MAX_VARIANTS = 20
MAX_ANSWER = 200
"""Characters that a blank takes."""

MARK = re.compile(r"\[\[(\d{1,3})\]\]")


def variants(lines: str) -> list[str]:
    """What a blank accepts, from one variant a line; no variant twice."""
    words = (" ".join(line.split()) for line in lines.splitlines())
    return list(dict.fromkeys(each for each in words if each))


def mark_problems(text: str, blanks: int) -> list[str]:
    """What is wrong with the places of the blanks in the text."""
    if not blanks:
        return [gettext("Give at least one blank.")]
    if blanks > MAX_BLANKS:
        return [gettext("Give no more than %(count)d blanks.") % {"count": MAX_BLANKS}]
    found = [int(number) for number in MARK.findall(text)]
    problems = [
        gettext("Write [[%(number)d]] once into the text, where blank %(number)d belongs.")
        % {"number": number}
        for number in range(1, blanks + 1)
        if found.count(number) != 1
    ]
    return problems + [
        gettext("The text has [[%(number)d]], but there is no blank %(number)d.")
        % {"number": number}
        for number in sorted(set(found) - set(range(1, blanks + 1)))
    ]


def blank_problems(number: int, accepted: Sequence[str], near_miss: int) -> list[str]:
    """What is wrong with what a blank accepts."""
    texts = [canonical_text(str(each)) for each in accepted]
    about = {"number": number}
    if not texts or not all(texts):
        return [gettext("Blank %(number)d accepts nothing yet. Give the right words.") % about]
    if len(texts) > MAX_VARIANTS:
        return [
            gettext("Blank %(number)d: give no more than %(count)d variants.")
            % {**about, "count": MAX_VARIANTS}
        ]
    if any(len(each) > MAX_ANSWER for each in texts):
        return [f"{gettext('Blank %(number)d:') % about} {too_long()}"]
    # Two slips in “yes” would accept “no”.
    short = [each for each in texts if len(without_accents(each)) <= 2 * near_miss]
    if near_miss and short:
        return [
            gettext(
                "Blank %(number)d: “%(word)s” is too short for the slips forgiven: almost "
                "anything would be right. Forgive fewer."
            )
            % {**about, "word": short[0]}
        ]
    return []


def too_long() -> str:
    return gettext("A blank takes at most %(count)d characters.") % {"count": MAX_ANSWER}
