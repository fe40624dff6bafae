"""Plain data as Moodle XML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr  # nosec B406  # writes only

from attune.quizzes.exchange.cloze import write_gap
from attune.quizzes.exchange.contract import Draft
from attune.quizzes.exchange.numbers import equal_shares, is_range, percent_text
from attune.quizzes.exchange.texts import from_plain, line_to_html

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# A single gap with nothing around it is what Moodle calls a short answer.
_BARE = "[[1]]"


def write_moodle(drafts: Sequence[Draft]) -> bytes:
    questions = "".join(map(write_one, drafts))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n{questions}</quiz>\n'.encode()


def xml(text: Any) -> str:
    return escape(_NOT_IN_XML.sub("", str(text or "")))


def tag(name: str, content: str, **attributes: str) -> str:
    given = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{given}>{content}</{name}>"


def html(name: str, rich: str) -> str:
    return tag(name, tag("text", xml(rich)), format="html")


def words(name: str, text: Any) -> str:
    return html(name, line_to_html(str(text or ""))) if text else ""


def answer(text: Any, share: float, feedback: Any = "", *, form: str = "html") -> str:
    told = line_to_html(str(text)) if form == "html" else str(text)
    body = tag("text", xml(told)) + words("feedback", feedback)
    return tag("answer", body, fraction=percent_text(share), format=form) + "\n"


def write_one(draft: Draft) -> str:
    sort, prompt, body = WRITERS[draft.kind](draft)
    parts = [
        tag("name", tag("text", xml(draft.title))),
        html("questiontext", prompt),
        html("generalfeedback", draft.explanation or ""),
        tag("defaultgrade", "1"),
        tag("idnumber", xml(draft.identifier)) if draft.identifier else "",
        body,
    ]
    if draft.tags:
        parts.append(tag("tags", "".join(tag("tag", tag("text", xml(e))) for e in draft.tags)))
    return tag("question", "\n" + "\n".join(filter(None, parts)) + "\n", type=sort) + "\n"


Written = tuple[str, str, str]
"""Moodle's type, the question text, the elements of the type."""


def true_false(draft: Draft) -> Written:
    right = bool(draft.data["answer"])
    body = "".join(
        answer(
            text,
            100 if right == value else 0,
            draft.data.get(f"feedback_{text}"),
            form="moodle_auto_format",
        )
        for text, value in (("true", True), ("false", False))
    )
    return "truefalse", draft.prompt, body


def choice(draft: Draft) -> Written:
    options = draft.data["options"]
    multiple = bool(draft.data.get("multiple"))
    if multiple:
        shares = equal_shares([bool(each.get("correct")) for each in options])
    else:
        shares = [100.0 if e.get("correct") else float(e.get("share") or 0) for e in options]
    sort = "multichoice"
    if multiple and not draft.data.get("partial_credit"):
        # The plug-in that Moodle sites use for it: all right ones and no other, or nothing.
        sort = "multichoiceset"
        shares = [100.0 if e.get("correct") else 0.0 for e in options]
    body = tag("single", "false" if multiple else "true") + "\n"
    body += "".join(
        answer(each["text"], share, each.get("feedback"))
        for each, share in zip(options, shares, strict=True)
    )
    return sort, draft.prompt, body


def fill_in(draft: Draft) -> Written:
    blanks = draft.data["blanks"]
    if len(blanks) == 1 and str(draft.data["text"]).strip() == _BARE:
        (blank,) = blanks
        body = tag("usecase", "1" if blank.get("case_matters") else "0") + "\n"
        body += "".join(
            answer(text, 100, blank.get("feedback"), form="plain_text")
            for text in blank["accepted"]
        )
        return "shortanswer", draft.prompt, body
    text = from_plain(str(draft.data["text"]))
    for number, blank in enumerate(blanks, 1):
        text = text.replace(f"[[{number}]]", write_gap(blank), 1)
    return "cloze", draft.prompt + text, ""


def numeric(draft: Draft) -> Written:
    data = draft.data
    if is_range(data):
        value, tolerance = middle_of(data["minimum"], data["maximum"])
    else:
        value, tolerance = str(data["value"]), str(data.get("tolerance") or 0)
    body = tag("text", xml(value)) + tag("tolerance", xml(tolerance))
    body = tag(
        "answer",
        body + words("feedback", data.get("feedback")),
        fraction="100",
        format="moodle_auto_format",
    )
    if data.get("unit"):
        unit = tag("multiplier", "1") + tag("unit_name", xml(data["unit"]))
        body += "\n" + tag("units", tag("unit", unit))
    return "numerical", draft.prompt, body


def middle_of(low: Any, high: Any) -> tuple[str, str]:
    """A range as the number in its middle and the way to its ends."""
    first, last = Decimal(str(low)), Decimal(str(high))
    return format((first + last) / 2, "f"), format((last - first) / 2, "f")


def matching(draft: Draft) -> Written:
    pairs = [(each["source"], each["target"]) for each in draft.data["pairs"]]
    pairs += [("", each) for each in draft.data.get("distractors") or []]
    body = "".join(
        tag(
            "subquestion",
            tag("text", xml(line_to_html(source)))
            + tag("answer", tag("text", xml(line_to_html(target)))),
            format="html",
        )
        + "\n"
        for source, target in pairs
    )
    return "matching", draft.prompt, body


def written_reply(draft: Draft) -> Written:
    data = draft.data
    body = words("graderinfo", data.get("model_answer"))
    for name, key in (("minwordlimit", "min_words"), ("maxwordlimit", "max_words")):
        if data.get(key):
            body += tag(name, str(int(data[key])))
    return "essay", draft.prompt, body


def sequencing(draft: Draft) -> Written:
    way = "RELATIVE_NEXT_EXCLUDE_LAST" if draft.data.get("partial_credit", True) else ""
    body = tag("gradingtype", way or "ALL_OR_NOTHING") + "\n"
    body += "".join(
        answer(each["text"], number, each.get("feedback"))
        for number, each in enumerate(draft.data["steps"], 1)
    )
    return "ordering", draft.prompt, body


WRITERS = {
    "true_false": true_false,
    "choice": choice,
    "fill_in": fill_in,
    "numeric": numeric,
    "matching": matching,
    "written_reply": written_reply,
    "sequencing": sequencing,
}
