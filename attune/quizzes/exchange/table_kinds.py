"""How each type of question lies in the columns of a table. See ``tables``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from attune.quizzes.exchange.contract import QuestionRefused
from attune.quizzes.exchange.gift_answers import range_of, whole_share
from attune.quizzes.exchange.numbers import decimal_text, is_range, percent, percent_text

YES = frozenset({"x", "yes", "y", "true", "right", "1", "✓", "ja"})
NO = frozenset({"", "no", "n", "false", "wrong", "0", "nein", "-"})
Data = Mapping[str, Any]


@dataclass(slots=True)
class Row:
    """The cells of a question that depend on its type.

    A type takes its settings out of ``settings``; what is left there is not known.
    """

    text: str = ""
    model_answer: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    groups: list[tuple[str, str, str]] = field(default_factory=list)


class TableKind(NamedTuple):
    read: Callable[[Row], dict[str, Any]]
    write: Callable[[Data], Row]


def is_yes(text: str, default: bool = False) -> bool:
    """:raises QuestionRefused: it is neither yes nor no."""
    word = text.strip().lower()
    if word in YES:
        return True
    if word in NO:
        return default if not word else False
    raise QuestionRefused(_("“%(text)s” is neither “x” nor empty.") % {"text": text[:40]})


def take_flag(settings: dict[str, str], name: str, default: bool = False) -> bool:
    return is_yes(settings.pop(name, ""), default)


def whole(text: str, what: str) -> int:
    number = text.strip()
    if not re.fullmatch(r"\d{1,6}", number, re.ASCII):
        raise QuestionRefused(
            _("%(what)s is a whole number, not “%(text)s”.") % {"what": what, "text": text[:40]}
        )
    return int(number)


def split_bars(text: str) -> list[str]:
    """``one | two``; a bar of the text itself has a backslash in front."""
    parts = re.findall(r"(?:\\.|[^|\\]|\\$)+", text)
    return [each for part in parts if (each := re.sub(r"\\(.)", r"\1", part).strip())]


def join_bars(texts: list[str]) -> str:
    return " | ".join(re.sub(r"([\\|])", r"\\\1", each) for each in texts)


def mark(is_on: Any) -> str:
    return "x" if is_on else ""


# --- Reading and writing, type by type ---------------------------------------------------------


def read_true_false(row: Row) -> dict[str, Any]:
    told = {}
    for answer, key, comment in row.groups:
        if answer.lower() not in ("true", "false"):
            raise QuestionRefused(_("The answers are “true” and “false”."))
        told[answer.lower()] = (is_yes(key), comment)
    rights = [name for name, (right, _comment) in told.items() if right]
    if len(told) == 1 and not rights:
        rights = list(told)  # the one answer that is given is the right one
    if len(rights) != 1:
        raise QuestionRefused(_("Mark either “true” or “false” as right."))
    return {
        "answer": rights == ["true"],
        "feedback_true": told.get("true", (False, ""))[1],
        "feedback_false": told.get("false", (False, ""))[1],
    }


def write_true_false(data: Data) -> Row:
    return Row(
        groups=[
            ("true", mark(data["answer"]), data.get("feedback_true") or ""),
            ("false", mark(not data["answer"]), data.get("feedback_false") or ""),
        ]
    )


def read_choice(row: Row) -> dict[str, Any]:
    options: list[dict[str, Any]] = []
    for text, key, comment in row.groups:
        option: dict[str, Any] = {"text": text, "correct": False, "feedback": comment}
        if key.endswith("%"):
            share = percent(key.removesuffix("%"))
            option["correct"] = share >= 100
            if 0 < share < 100:
                option["share"] = whole_share(share)
            elif share < 0:
                raise QuestionRefused(_("An option cannot be worth less than nothing."))
        else:
            option["correct"] = is_yes(key)
        options.append(option)
    several = sum(each["correct"] for each in options) > 1
    return {
        "multiple": take_flag(row.settings, "multiple", several),
        "partial_credit": take_flag(row.settings, "partial_credit"),
        "options": options,
    }


def write_choice(data: Data) -> Row:
    settings = {}
    if data.get("multiple"):
        settings["multiple"] = "yes"
    if data.get("partial_credit"):
        settings["partial_credit"] = "yes"
    return Row(
        settings=settings,
        groups=[
            (
                each["text"],
                f"{percent_text(float(each['share']))}%"
                if each.get("share") and not each.get("correct")
                else mark(each.get("correct")),
                each.get("feedback") or "",
            )
            for each in data["options"]
        ],
    )


def read_fill_in(row: Row) -> dict[str, Any]:
    from_key = re.compile(r"(?<!\\);")
    blanks = []
    for answer, key, comment in row.groups:
        settings: dict[str, str] = {}
        for part in from_key.split(key):
            name, sign, value = part.partition("=")
            if name.strip():
                settings[name.strip().lower()] = value.strip() if sign else "yes"
        blank = {
            "accepted": split_bars(answer),
            "case_matters": take_flag(settings, "case_matters"),
            "accents_matter": take_flag(settings, "accents_matter", True),
            "near_miss": whole(settings.pop("near_miss", "0"), "near_miss"),
            "feedback": comment,
        }
        if settings:
            raise QuestionRefused(
                _("“%(key)s” is not known. A gap has case_matters, accents_matter, near_miss.")
                % {"key": key[:60]}
            )
        blanks.append(blank)
    if not blanks:
        raise QuestionRefused(_("There is no accepted answer."))
    return {"text": row.text or "[[1]]", "blanks": blanks}


def write_fill_in(data: Data) -> Row:
    groups = []
    for blank in data["blanks"]:
        flags = []
        if blank.get("case_matters"):
            flags.append("case_matters=yes")
        if not blank.get("accents_matter", True):
            flags.append("accents_matter=no")
        if blank.get("near_miss"):
            flags.append(f"near_miss={blank['near_miss']}")
        groups.append((join_bars(blank["accepted"]), "; ".join(flags), blank.get("feedback") or ""))
    return Row(text=str(data["text"]), groups=groups)


def read_written_reply(row: Row) -> dict[str, Any]:
    limits = {name: row.settings.pop(name, "") for name in ("min_words", "max_words")}
    return {
        "situation": row.text,
        "model_answer": row.model_answer,
        **{name: whole(value, name) if value else None for name, value in limits.items()},
        "rubric": [
            {"criterion": criterion, "points": whole(points, _("points")), "description": words}
            for criterion, points, words in row.groups
        ],
    }


def write_written_reply(data: Data) -> Row:
    return Row(
        text=str(data.get("situation") or ""),
        model_answer=str(data.get("model_answer") or ""),
        settings={name: str(data[name]) for name in ("min_words", "max_words") if data.get(name)},
        groups=[
            (each["criterion"], str(each["points"]), each.get("description") or "")
            for each in data.get("rubric") or []
        ],
    )


def read_matching(row: Row) -> dict[str, Any]:
    pairs, distractors = [], []
    for source, target, comment in row.groups:
        if not target:
            raise QuestionRefused(
                _("A pair has no right side: “%(text)s”.") % {"text": source[:60]}
            )
        if source:
            pairs.append({"source": source, "target": target, "feedback": comment})
        else:
            distractors.append(target)
    return {"pairs": pairs, "distractors": distractors}


def write_matching(data: Data) -> Row:
    pairs = [(e["source"], e["target"], e.get("feedback") or "") for e in data["pairs"]]
    return Row(groups=pairs + [("", each, "") for each in data.get("distractors") or []])


def read_sequencing(row: Row) -> dict[str, Any]:
    return {
        "partial_credit": take_flag(row.settings, "partial_credit", True),
        "steps": [{"text": text, "feedback": comment} for text, _key, comment in row.groups],
    }


def write_sequencing(data: Data) -> Row:
    return Row(
        settings={} if data.get("partial_credit", True) else {"partial_credit": "no"},
        groups=[(each["text"], "", each.get("feedback") or "") for each in data["steps"]],
    )


def read_performance(row: Row) -> dict[str, Any]:
    steps = []
    for text, key, comment in row.groups:
        replies = split_bars(key)
        if len(replies) < 2:
            raise QuestionRefused(
                _("A step needs its replies as “right | wrong | wrong”: “%(text)s”.")
                % {"text": text[:60]}
            )
        steps.append({"text": text, "right": replies[0], "wrong": replies[1:], "feedback": comment})
    return {"steps": steps}


def write_performance(data: Data) -> Row:
    return Row(
        groups=[
            (
                each["text"],
                join_bars([each["right"], *each.get("wrong", [])]),
                each.get("feedback") or "",
            )
            for each in data["steps"]
        ]
    )


def read_likert(row: Row) -> dict[str, Any]:
    return {"scale": [{"text": text} for text, _key, _comment in row.groups]}


def write_likert(data: Data) -> Row:
    return Row(groups=[(each["text"], "", "") for each in data["scale"]])


def range_in_cell(text: str) -> dict[str, Any]:
    """As in GIFT; here a range may be open at one end: ``80..``"""
    low, dots, high = (each.strip() for each in text.partition(".."))
    if dots and bool(low) != bool(high):
        return {
            "minimum": decimal_text(low) if low else None,
            "maximum": decimal_text(high) if high else None,
        }
    return range_of(text)


def read_numeric(row: Row) -> dict[str, Any]:
    if len(row.groups) != 1:
        raise QuestionRefused(_("A number question has one answer."))
    ((answer, key, comment),) = row.groups
    data = range_in_cell(answer)
    if "value" in data and key:
        data["tolerance"] = decimal_text(key)
    return {**data, "unit": row.settings.pop("unit", ""), "feedback": comment}


def write_numeric(data: Data) -> Row:
    if is_range(data):
        answer, key = f"{data.get('minimum') or ''}..{data.get('maximum') or ''}", ""
    else:
        answer, key = str(data["value"]), str(data.get("tolerance") or "")
    return Row(
        settings={"unit": str(data["unit"])} if data.get("unit") else {},
        groups=[(answer, "" if key == "0" else key, data.get("feedback") or "")],
    )


def read_situational(row: Row) -> dict[str, Any]:
    mode = row.settings.pop("mode", "rate").lower()
    if mode not in ("rate", "rank"):
        raise QuestionRefused(_("“mode” is “rate” or “rank”."))
    return {
        "mode": mode,
        "replies": [
            {"text": text, "expert": whole(key, _("The experts’ number")), "feedback": comment}
            for text, key, comment in row.groups
        ],
    }


def write_situational(data: Data) -> Row:
    return Row(
        settings={"mode": str(data["mode"])},
        groups=[
            (each["text"], str(each["expert"]), each.get("feedback") or "")
            for each in data["replies"]
        ],
    )


KINDS: dict[str, TableKind] = {
    "true_false": TableKind(read_true_false, write_true_false),
    "choice": TableKind(read_choice, write_choice),
    "fill_in": TableKind(read_fill_in, write_fill_in),
    "written_reply": TableKind(read_written_reply, write_written_reply),
    "matching": TableKind(read_matching, write_matching),
    "sequencing": TableKind(read_sequencing, write_sequencing),
    "performance": TableKind(read_performance, write_performance),
    "likert": TableKind(read_likert, write_likert),
    "numeric": TableKind(read_numeric, write_numeric),
    "situational": TableKind(read_situational, write_situational),
}
