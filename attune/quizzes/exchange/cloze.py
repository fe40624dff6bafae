"""Moodle's cloze text, ``I will {1:SHORTANSWER:=call~%50%ring} you``, with its gaps.

Gaps that are filled in become a fill-in question; gaps with a list to choose from have no
like here and are refused by name.
"""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from attune.quizzes.exchange.contract import QuestionRefused
from attune.quizzes.exchange.gift_answers import one_blank
from attune.quizzes.exchange.numbers import percent
from attune.quizzes.exchange.texts import line_to_html, without_markup

_GAP = re.compile(r"(?<!\\)\{(\d*):([A-Za-z_]+):((?:\\.|[^\\}])*)\}", re.DOTALL)
_FILLED_IN = {
    "SHORTANSWER": False,
    "SA": False,
    "MW": False,
    "SHORTANSWER_C": True,
    "SAC": True,
    "MWC": True,
}
_PARTS = re.compile(r"(?:\\.|[^~\\]|\\$)+", re.DOTALL)

_ANSWER = re.compile(r"((?:\\.|[^#\\]|\\$)*)(?:#(.*))?", re.DOTALL)


def split_prompt(html: str) -> tuple[str, str]:
    """Clean rich text before the paragraph with the first gap, and from there on."""
    found = _GAP.search(html)
    start = max(html.rfind("<p>", 0, found.start()), 0) if found else 0
    return html[:start], html[start:]


def read_cloze(text: str, notes: list[str]) -> dict[str, Any]:
    """Data of a fill-in question out of clean rich text.

    :raises QuestionRefused: a gap is of another sort, or there is none.
    """
    blanks: list[dict[str, Any]] = []
    out: list[str] = []
    end = 0
    weights = set()
    for found in _GAP.finditer(text):
        weight, sort, answers = found.groups()
        if sort.upper() not in _FILLED_IN:
            raise QuestionRefused(
                _("A gap of the sort “%(sort)s” has no like here.") % {"sort": sort[:40]}
            )
        pairs = [read_answer(each) for each in _PARTS.findall(answers.strip())]
        blank = one_blank(pairs, notes, case_matters=_FILLED_IN[sort.upper()])["blanks"][0]
        blanks.append(blank)
        weights.add(weight or "1")
        out += [text[end : found.start()], f"[[{len(blanks)}]]"]
        end = found.end()
    if not blanks:
        raise QuestionRefused(_("The text has no gap that can be filled in."))
    if len(weights) > 1:
        notes.append(_("The gaps’ different weights are not kept: here they count alike."))
    return {"text": without_markup("".join(out) + text[end:]), "blanks": blanks}


def read_answer(text: str) -> tuple[str, float, str]:
    answer = _ANSWER.match(text)
    text, feedback = answer.groups("") if answer else (text, "")
    share = 0.0
    if text.startswith("="):
        share, text = 100.0, text[1:]
    elif given := re.match(r"%([^%]*)%", text):
        share, text = percent(given.group(1)), text[given.end() :]
    return without_escapes(text), share, without_escapes(feedback)


def without_escapes(text: str) -> str:
    return without_markup(re.sub(r"\\(.)", r"\1", text))


def write_gap(blank: dict[str, Any]) -> str:
    sort = "SHORTANSWER_C" if blank.get("case_matters") else "SHORTANSWER"
    comment = f"#{for_gap(blank['feedback'])}" if blank.get("feedback") else ""
    answers = "~".join(f"={for_gap(text)}{comment}" for text in blank["accepted"])
    return f"{{1:{sort}:{answers}}}"


def for_gap(text: str) -> str:
    return re.sub(r"([\\}~#\"])", r"\\\1", line_to_html(text))
