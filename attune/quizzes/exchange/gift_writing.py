"""Plain data as GIFT's answers, and which questions GIFT has no words for."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from attune.quizzes.exchange.contract import Draft
from attune.quizzes.exchange.gift_signs import for_writing
from attune.quizzes.exchange.numbers import equal_shares, is_range, open_range, percent_text
from attune.quizzes.exchange.texts import line_to_html

WORTH = {"=": "%100%", "~": "%0%"}


def refusal_of(draft: Draft) -> str:
    if draft.kind == "fill_in" and len(draft.data.get("blanks") or []) != 1:
        return _("GIFT has one gap in a question; this one has several.")
    return open_range(draft)


def sentence_of(draft: Draft) -> tuple[str, str]:
    """What stands before and after the answers."""
    if draft.kind != "fill_in":
        return draft.prompt, ""
    before, _gap, after = str(draft.data["text"]).partition("[[1]]")
    if not before.strip() and not after.strip():
        return draft.prompt, ""
    return f"{draft.prompt}<p>{line_to_html(before.strip())}</p>", line_to_html(after.strip())


def answers_in_words(draft: Draft) -> str:
    written: str = globals()[f"write_{draft.kind}"](draft.data)
    return written


def line(text: Any) -> str:
    return for_writing(line_to_html(str(text or "")))


def remark(text: Any) -> str:
    return f"#{line(text)}" if text else ""


def write_true_false(data: Any) -> str:
    comments = [data.get("feedback_false"), data.get("feedback_true")]
    if not data["answer"]:
        comments.reverse()
    # The first is for the wrong answer; without it the second would be taken for it.
    wrong, right = comments
    told = f"#{line(wrong)}" if wrong or right else ""
    return ("TRUE" if data["answer"] else "FALSE") + told + remark(right)


def write_choice(data: Any) -> str:
    options = data["options"]
    if data.get("multiple"):
        shares = equal_shares([bool(each.get("correct")) for each in options])
        signs = [f"~%{percent_text(share)}%" for share in shares]
    else:
        signs = [single_sign(each) for each in options]
    return " ".join(
        f"{sign}{guarded(sign, line(each['text']))}{remark(each.get('feedback'))}"
        for sign, each in zip(signs, options, strict=True)
    )


def guarded(sign: str, text: str) -> str:
    """A text that begins with a percent sign would be read as what it is worth."""
    return text if "%" in sign or not text.startswith("%") else WORTH[sign] + text


def single_sign(option: Any) -> str:
    if option.get("correct"):
        return "="
    return f"~%{percent_text(float(option['share']))}%" if option.get("share") else "~"


def write_fill_in(data: Any) -> str:
    (blank,) = data["blanks"]
    return " ".join(
        f"={guarded('=', line(text))}{remark(blank.get('feedback')) if number == 0 else ''}"
        for number, text in enumerate(blank["accepted"])
    )


def write_numeric(data: Any) -> str:
    if is_range(data):
        answer = f"{data['minimum']}..{data['maximum']}"
    else:
        answer = f"{data['value']}:{data.get('tolerance') or 0}"
    return f"#{answer}{remark(data.get('feedback'))}"


def write_matching(data: Any) -> str:
    pairs = [(each["source"], each["target"]) for each in data["pairs"]]
    pairs += [("", each) for each in data.get("distractors") or []]
    return " ".join(f"={line(source)} -> {line(target)}" for source, target in pairs)


def write_written_reply(data: Any) -> str:
    return ""
