"""What stands between GIFT's braces, as plain data."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from attune.quizzes.exchange.contract import QuestionRefused
from attune.quizzes.exchange.gift_signs import plain
from attune.quizzes.exchange.numbers import decimal_text, differs, percent, percent_text

Answers = tuple[str, dict[str, Any]]

_TRUE_FALSE = re.compile(r"(TRUE|FALSE|T|F)\s*(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_WEIGHT = re.compile(r"%([^%]*)%")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer between the braces. ``weight`` is its percent, None where none is given."""

    sign: str
    text: str
    weight: float | None
    feedback: str

    @property
    def share(self) -> float:
        if self.weight is not None:
            return self.weight
        return 100.0 if self.sign == "=" else 0.0


def answers_of(inside: str, form: str, notes: list[str]) -> Answers:
    """Kind and data of what stands between the braces, without the general feedback.

    :raises QuestionRefused: it cannot be understood, or not be asked here.
    """
    if not inside:
        return "written_reply", {"rubric": marked_as_a_whole(notes)}
    if inside.startswith("#"):
        return "numeric", numeric(inside[1:].strip(), form, notes)
    found = _TRUE_FALSE.fullmatch(inside)
    if found:
        return "true_false", true_false(found, form)
    answers = parts_of(inside, form)
    signs = {each.sign for each in answers}
    if signs == {"="}:
        arrows = ["->" in each.text for each in answers]
        if all(arrows):
            return "matching", matching(answers, form)
        if any(arrows):
            raise QuestionRefused(_("Some answers are pairs with “->” and some are not."))
        return "fill_in", fill_in(answers, form, notes)
    return "choice", choice(answers, form, notes)


def parts_of(inside: str, form: str) -> list[Answer]:
    pieces = re.split(r"([=~])", inside)
    if pieces[0].strip():
        raise QuestionRefused(
            _("The answers begin with “%(text)s” instead of “=” or “~”.")
            % {"text": plain(pieces[0], form)[:40]}
        )
    answers = []
    for sign, text in zip(pieces[1::2], pieces[2::2], strict=True):
        text = text.strip()
        weight = None
        given = _WEIGHT.match(text)
        if given:
            weight = percent(given.group(1))
            text = text[given.end() :]
        text, _sep, feedback = text.partition("#")
        answers.append(Answer(sign, text.strip(), weight, plain(feedback, form)))
    return answers


def true_false(found: re.Match[str], form: str) -> dict[str, Any]:
    """The first comment is for the wrong answer, the second for the right one."""
    answer = found.group(1).upper().startswith("T")
    wrong, _sep, right = (found.group(2) or "").partition("#")
    wrong, right = plain(wrong, form), plain(right, form)
    return {
        "answer": answer,
        "feedback_true": right if answer else wrong,
        "feedback_false": wrong if answer else right,
    }


def choice(answers: list[Answer], form: str, notes: list[str]) -> dict[str, Any]:
    rights = [each for each in answers if each.sign == "="]
    if len(rights) > 1:
        raise QuestionRefused(
            _(
                "%(count)d answers are marked with “=”. Where several are right, GIFT gives"
                " each its percent: ~%%50%%…"
            )
            % {"count": len(rights)}
        )
    if rights:
        return single_choice(answers, form, notes)
    correct = [each.share > 0 for each in answers]
    if not any(correct):
        raise QuestionRefused(_("None of the answers is marked as right."))
    if sum(correct) == 1 and answers[correct.index(True)].share >= 100:
        return single_choice(answers, form, notes)
    note_unequal([each.share for each in answers], correct, notes)
    return {
        "multiple": True,
        "partial_credit": True,
        "options": [
            {"text": plain(each.text, form), "correct": right, "feedback": each.feedback}
            for each, right in zip(answers, correct, strict=True)
        ],
    }


def note_unequal(shares: list[float], correct: list[bool], notes: list[str]) -> None:
    if differs(shares, correct):
        notes.append(
            _(
                "The options’ percents (%(shares)s) are not kept: here the right ones share the"
                " mark equally, and a wrong one takes away as much as a right one gives."
            )
            % {"shares": ", ".join(map(percent_text, shares))}
        )


def single_choice(answers: list[Answer], form: str, notes: list[str]) -> dict[str, Any]:
    options = [
        single_option(plain(each.text, form), each.share, each.feedback, notes) for each in answers
    ]
    return {"multiple": False, "options": options}


def single_option(text: str, share: float, feedback: str, notes: list[str]) -> dict[str, Any]:
    """An option of a single choice; what is worth less than nothing is worth nothing here."""
    option: dict[str, Any] = {"text": text, "correct": share >= 100, "feedback": feedback}
    if 0 < share < 100:
        option["share"] = whole_share(share)
        if abs(option["share"] - share) > 0.01:
            notes.append(
                _("“%(text)s” earns %(share)s %% in the file, here whole percents: %(kept)d %%.")
                % {"text": text[:60], "share": percent_text(share), "kept": option["share"]}
            )
    elif share < 0:
        notes.append(
            _("“%(text)s” costs %(share)s %% in the file. Here it earns nothing instead.")
            % {"text": text[:60], "share": percent_text(-share)}
        )
    return option


def whole_share(share: float) -> int:
    """A part of the mark in whole percent, neither nothing nor all of it."""
    return min(99, max(1, round(share)))


def marked_as_a_whole(notes: list[str]) -> list[dict[str, Any]]:
    """A rubric for a written reply from a format that has none: somebody has to mark it."""
    notes.append(_("The format has no rubric. It gets one criterion: the reply as a whole."))
    return [{"criterion": _("The reply as a whole"), "description": "", "points": 1}]


def fill_in(answers: list[Answer], form: str, notes: list[str]) -> dict[str, Any]:
    pairs = [(plain(each.text, form), each.share, each.feedback) for each in answers]
    return one_blank(pairs, notes)


def one_blank(
    answers: list[tuple[str, float, str]], notes: list[str], *, case_matters: bool = False
) -> dict[str, Any]:
    """A single gap out of accepted answers with their percents and comments."""
    accepted = [text for text, share, _feedback in answers if share >= 100 and text]
    if not accepted:
        raise QuestionRefused(_("No answer earns the whole mark."))
    for text, share, _feedback in answers:
        if share < 100:
            notes.append(
                _("The answer “%(text)s” (%(share)s %%) was left out: a gap is right or not.")
                % {"text": text[:60], "share": percent_text(share)}
            )
    comments = list(dict.fromkeys(feedback for text, share, feedback in answers if feedback))
    if len(comments) > 1:
        notes.append(
            _("The gap has one comment here. Left out: %(comments)s")
            % {"comments": "; ".join(f"“{each[:80]}”" for each in comments[1:])}
        )
    return {
        "text": "[[1]]",
        "blanks": [
            {
                "accepted": list(dict.fromkeys(accepted)),
                "case_matters": case_matters,
                "feedback": comments[0] if comments else "",
            }
        ],
    }


def matching(answers: list[Answer], form: str) -> dict[str, Any]:
    pairs, distractors = [], []
    for each in answers:
        source, _sep, target = each.text.partition("->")
        source, target = plain(source, form), plain(target, form)
        if not target:
            raise QuestionRefused(_("A pair has nothing on the right of “->”."))
        if source:
            pairs.append({"source": source, "target": target, "feedback": each.feedback})
        else:
            distractors.append(target)
    if not pairs:
        raise QuestionRefused(_("There is no pair to match."))
    return {"pairs": pairs, "distractors": distractors}


def numeric(inside: str, form: str, notes: list[str]) -> dict[str, Any]:
    answers = (
        parts_of(inside, form)
        if inside.startswith("=")
        else [Answer("=", *_split_feedback(inside, form))]
    )
    return one_number([(each.text, each.share, each.feedback) for each in answers], range_of, notes)


def _split_feedback(text: str, form: str) -> tuple[str, None, str]:
    text, _sep, feedback = text.partition("#")
    return text.strip(), None, plain(feedback, form)


def one_number(
    answers: list[tuple[str, float, str]],
    read: Callable[[str], dict[str, Any]],
    notes: list[str],
) -> dict[str, Any]:
    """The one number, or range, that earns the whole mark. The others are named."""
    kept: dict[str, Any] | None = None
    for text, share, feedback in answers:
        if share >= 100 and kept is None:
            kept = {**read(text), "feedback": feedback}
        else:
            notes.append(
                _("The answer “%(text)s” (%(share)s %%) was left out: one number is right.")
                % {"text": text[:60], "share": percent_text(share)}
            )
    if kept is None:
        raise QuestionRefused(_("No number earns the whole mark."))
    return kept


def range_of(text: str) -> dict[str, Any]:
    """``3.14``, ``3.14:0.05`` or ``3..4``."""
    if ".." in text:
        low, _sep, high = text.partition("..")
        return {"minimum": decimal_text(low), "maximum": decimal_text(high)}
    value, _sep, tolerance = text.partition(":")
    return {
        "value": decimal_text(value),
        "tolerance": decimal_text(tolerance) if tolerance.strip() else "0",
    }
