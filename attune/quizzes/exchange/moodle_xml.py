"""Moodle XML: what *Question bank → Export* of a Moodle gives, and takes.

Read: truefalse, multichoice, shortanswer, essay, matching, numerical, ordering, and cloze
with gaps to fill in. Categories become tags. Every other question type, every embedded file
and every element that is not understood is named with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt

from attune.quizzes.exchange import cloze
from attune.quizzes.exchange.contract import Draft, Parsed, QuestionRefused
from attune.quizzes.exchange.gift_answers import (
    marked_as_a_whole,
    note_unequal,
    one_blank,
    one_number,
    single_option,
)
from attune.quizzes.exchange.moodle_writing import write_moodle
from attune.quizzes.exchange.numbers import decimal_text, open_range, percent
from attune.quizzes.exchange.texts import from_any, from_html, from_plain, tidy, without_markup
from attune.quizzes.exchange.xml_tree import Node, read_xml
from attune.safety.sanitiser import TooMuchText
from attune.tabular.reading import FileRefused

_EMBEDDED = re.compile(r"@@PLUGINFILE@@/([^\"'\s<>?]+)|<(img|audio|video|iframe|object)\b", re.I)

# Elements of every question that are read, or that say nothing which would be missed here.
COMMON = frozenset(
    {
        "name", "questiontext", "generalfeedback", "defaultgrade", "penalty", "hidden",
        "idnumber", "tags", "shuffleanswers", "answernumbering", "showstandardinstruction",
        "responseformat", "responserequired", "responsefieldlines", "attachments",
        "attachmentsrequired", "maxbytes", "filetypeslist", "unitgradingtype", "unitpenalty",
        "showunits", "unitsleft", "showgrading", "layouttype", "shownumcorrect", "image",
    }
)  # fmt: skip
OVERALL = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")


class MoodleXml:
    slug = "moodle"
    label = "Moodle XML"
    extension = "moodle.xml"
    content_type = "application/xml"
    kinds = frozenset(
        {
            "true_false", "choice", "fill_in", "numeric", "matching", "written_reply",
            "sequencing",
        }
    )  # fmt: skip
    never = ("topic", "difficulty")
    scheme = "moodle"
    order = 30
    description = gettext_lazy("What Moodle’s question bank exports and imports.")

    def read(self, body: bytes) -> Parsed:
        root, encoding = read_xml(body)
        if root.name != "quiz":
            raise FileRefused(
                _("This is not Moodle XML: it begins with <%(name)s>, not with <quiz>.")
                % {"name": root.name[:60]}
            )
        parsed = Parsed(encoding=encoding)
        category: tuple[str, ...] = ()
        for node in root.children:
            place = place_of(node)
            if node.name != "question":
                parsed.note(place, "", left_out([node.name]))
            elif node.get("type") == "category":
                category = category_tags(node.text_of("category", "text"))
            elif parsed.is_full:
                parsed.refuse_the_rest(place)
                break
            else:
                read_question(node, category, parsed)
        return parsed

    def refusal(self, draft: Draft) -> str:
        return open_range(draft)

    def write(self, drafts: Sequence[Draft]) -> bytes:
        return write_moodle(drafts)


FORMAT = MoodleXml()


def place_of(node: Node) -> str:
    return _("line %(number)d") % {"number": node.line}


def left_out(names: Sequence[str]) -> str:
    return _("Not understood, and left out: %(names)s.") % {
        "names": ", ".join(f"<{name[:60]}>" for name in dict.fromkeys(names))
    }


def category_tags(path: str) -> tuple[str, ...]:
    parts = [part.strip() for part in re.split(r"(?<!/)/(?!/)", path)]
    named = [part for part in parts if part and part != "top" and not part.startswith("$")]
    return (tidy(named[-1].replace("//", "/"))[:60],) if named else ()


def read_question(node: Node, category: tuple[str, ...], parsed: Parsed) -> None:
    place = place_of(node)
    sort = node.get("type")
    title = " ".join(tidy(node.text_of("name", "text")).split())[:150]
    notes: list[str] = []
    try:
        if sort == "description":
            parsed.note(
                place, title, _("A text without answers is not a question. It was left out.")
            )
            return
        reader, understood = READERS.get(sort, (None, frozenset()))
        if reader is None:
            raise QuestionRefused(
                _("Questions of the type “%(type)s” have no like here.") % {"type": sort[:60]}
            )
        refuse_files(node)
        prompt = rich(node.first("questiontext"))
        kind, data = reader(node, notes)
        if kind == "fill_in" and sort == "cloze":
            prompt = cloze.split_prompt(prompt)[0]
        notes += what_is_not_kept(node, understood)
        tags = [tidy(each.text_of("text"))[:60] for each in node.descendants("tag")]
        parsed.drafts.append(
            Draft(
                kind=kind,
                prompt=prompt,
                data=data,
                title=title or None,
                explanation=rich(node.first("generalfeedback")),
                tags=tuple(dict.fromkeys(each for each in (*category, *tags) if each)),
                identifier=tidy(node.text_of("idnumber"))[:255],
                place=place,
            )
        )
        for each in notes:
            parsed.note(place, title, each)
    except TooMuchText:
        parsed.refuse(place, title, _("The text is too long."))
    except QuestionRefused as error:
        parsed.refuse(place, title, str(error))


def refuse_files(node: Node) -> None:
    """:raises QuestionRefused: the question shows files, which are not taken over."""
    names = [each.get("name") or each.get("path") for each in node.descendants("file")]
    for text in node.descendants("text"):
        names += [name or f"<{tag}>" for name, tag in _EMBEDDED.findall(text.text)]
    if names:
        raise QuestionRefused(
            _("Embedded files are not taken over: %(names)s. Describe in words what they show.")
            % {"names": ", ".join(tidy(each)[:80] for each in dict.fromkeys(names) if each)}
        )


def what_is_not_kept(node: Node, understood: frozenset[str]) -> list[str]:
    notes = []
    unknown = [
        each.name
        for each in node.children
        if each.name not in COMMON
        and each.name not in understood
        and each.name not in OVERALL
        and each.name != "hint"
    ]
    if unknown:
        notes.append(left_out(unknown))
    comments = [name for name in OVERALL if rich(node.first(name))]
    if comments:
        notes.append(
            _("Comments on the whole answer are not kept (%(names)s).")
            % {"names": ", ".join(comments)}
        )
    hints = [each for each in node.all("hint") if rich(each)]
    if hints:
        notes.append(_("Hints for further tries are not kept (%(count)d).") % {"count": len(hints)})
    grade = node.text_of("defaultgrade")
    if grade and grade.rstrip("0").rstrip(".") not in ("1", ""):
        notes.append(
            _("Its %(points)s points are not kept: a quiz says what its questions are worth.")
            % {"points": grade[:20]}
        )
    return notes


# --- Texts -----------------------------------------------------------------------------------


def rich(node: Node | None) -> str:
    """A ``<… format="html"><text>`` as clean rich text."""
    if node is None:
        return ""
    text = node.text_of("text")
    form = node.get("format")
    if form == "html":
        return from_html(text)
    if form == "plain_text":
        return from_plain(text)
    if form == "markdown":
        return from_html(MarkdownIt("commonmark", {"html": False}).render(text))
    return from_any(text)


def words(node: Node | None) -> str:
    """The same, as plain text."""
    if node is None:
        return ""
    text = node.text_of("text") if node.first("text") is not None else node.text.strip()
    return tidy(text) if node.get("format") == "plain_text" else without_markup(text)


def answers(node: Node) -> list[tuple[str, float, str]]:
    return [
        (words(each), percent(each.get("fraction") or "0"), words(each.first("feedback")))
        for each in node.all("answer")
    ]


def is_on(node: Node, name: str) -> bool:
    return node.text_of(name).lower() in ("1", "true")


# --- Types -----------------------------------------------------------------------------------

Read = tuple[str, dict[str, Any]]


def read_true_false(node: Node, notes: list[str]) -> Read:
    told = {text.lower(): (share, feedback) for text, share, feedback in answers(node)}
    if set(told) != {"true", "false"}:
        raise QuestionRefused(_("The answers are not “true” and “false”."))
    if (told["true"][0] >= 100) == (told["false"][0] >= 100):
        raise QuestionRefused(_("Neither or both of “true” and “false” are marked as right."))
    return "true_false", {
        "answer": told["true"][0] >= 100,
        "feedback_true": told["true"][1],
        "feedback_false": told["false"][1],
    }


def read_choice(node: Node, notes: list[str]) -> Read:
    options = answers(node)
    single = node.text_of("single").lower() not in ("false", "0")
    if single and sum(share >= 100 for _text, share, _feedback in options) != 1:
        raise QuestionRefused(_('One answer has to be right; it has fraction="100".'))
    if single:
        return "choice", {
            "multiple": False,
            "options": [single_option(*each, notes) for each in options],
        }
    correct = [share > 0 for _text, share, _feedback in options]
    if not any(correct):
        raise QuestionRefused(_("None of the answers is marked as right."))
    all_or_nothing = node.get("type") == "multichoiceset"
    if not all_or_nothing:
        note_unequal([share for _text, share, _feedback in options], correct, notes)
    return "choice", {
        "multiple": True,
        "partial_credit": not all_or_nothing,
        "options": [
            {"text": text, "correct": share > 0, "feedback": feedback}
            for text, share, feedback in options
        ],
    }


def read_choice_set(node: Node, notes: list[str]) -> Read:
    """A plug-in of Moodle’s: all right options and no other, or nothing."""
    node.content.append(Node("single", {}, node.line, ["false"]))
    return read_choice(node, notes)


def read_short_answer(node: Node, notes: list[str]) -> Read:
    given = answers(node)
    if any("*" in text for text, _share, _feedback in given):
        starred = [text for text, _share, _feedback in given if "*" in text]
        notes.append(
            _("“*” stands for any text in Moodle, and was left out: %(answers)s.")
            % {"answers": ", ".join(f"“{each[:60]}”" for each in starred)}
        )
        given = [each for each in given if "*" not in each[0]]
    return "fill_in", one_blank(given, notes, case_matters=is_on(node, "usecase"))


def read_cloze(node: Node, notes: list[str]) -> Read:
    html = cloze.split_prompt(rich(node.first("questiontext")))[1]
    return "fill_in", cloze.read_cloze(html, notes)


def read_essay(node: Node, notes: list[str]) -> Read:
    data: dict[str, Any] = {}
    for name, key in (("minwordlimit", "min_words"), ("maxwordlimit", "max_words")):
        limit = node.text_of(name)
        if limit.isdecimal() and len(limit) < 6 and int(limit):
            data[key] = int(limit)
    data["model_answer"] = words(node.first("graderinfo"))
    if words(node.first("responsetemplate")):
        notes.append(_("The template of the answer is not kept."))
    data["rubric"] = marked_as_a_whole(notes)
    return "written_reply", data


def read_matching(node: Node, notes: list[str]) -> Read:
    pairs, distractors = [], []
    for each in node.all("subquestion"):
        source, target = words(each), words(each.first("answer"))
        if not target:
            raise QuestionRefused(_("A pair in line %(line)d has no answer.") % {"line": each.line})
        if source:
            pairs.append({"source": source, "target": target, "feedback": ""})
        else:
            distractors.append(target)
    if not pairs:
        raise QuestionRefused(_("There is no pair to match."))
    return "matching", {"pairs": pairs, "distractors": distractors}


def read_numerical(node: Node, notes: list[str]) -> Read:
    tolerances = [each.text_of("tolerance") for each in node.all("answer")]
    given = answers(node)
    if any(text.strip() == "*" for text, _share, _feedback in given):
        notes.append(_("“*” stands for any other number in Moodle, and was left out."))
    pairs = zip(given, tolerances, strict=True)
    kept = [
        ((f"{text}:{tolerance or '0'}"), share, feedback)
        for (text, share, feedback), tolerance in pairs
        if text.strip() != "*"
    ]

    def read(text: str) -> dict[str, Any]:
        value, _sep, tolerance = text.rpartition(":")
        return {"value": decimal_text(value), "tolerance": decimal_text(tolerance)}

    data = one_number(kept, read, notes)
    units = [
        (tidy(each.text_of("unit_name")), each.text_of("multiplier"))
        for each in node.descendants("unit")
    ]
    if units:
        data["unit"] = units[0][0]
    if len(units) > 1:
        notes.append(
            _("One unit is kept. Left out: %(units)s.")
            % {"units": ", ".join(name for name, _multiplier in units[1:])}
        )
    return "numeric", data


def read_ordering(node: Node, notes: list[str]) -> Read:
    steps = [
        {"text": words(each), "feedback": words(each.first("feedback"))}
        for each in node.all("answer")
    ]
    if len(steps) < 2:
        raise QuestionRefused(_("There are fewer than two steps to put in order."))
    grading = node.text_of("gradingtype").upper()
    if grading not in ("", "ALL_OR_NOTHING", "RELATIVE_NEXT_EXCLUDE_LAST"):
        notes.append(
            _("Moodle’s way to grade an order (%(way)s) is not kept: here neighbours count.")
            % {"way": grading[:60]}
        )
    return "sequencing", {"steps": steps, "partial_credit": grading != "ALL_OR_NOTHING"}


Reader = Callable[[Node, list[str]], Read]
READERS: dict[str, tuple[Reader, frozenset[str]]] = {
    "truefalse": (read_true_false, frozenset({"answer"})),
    "multichoice": (read_choice, frozenset({"answer", "single"})),
    "multichoiceset": (read_choice_set, frozenset({"answer", "single"})),
    "shortanswer": (read_short_answer, frozenset({"answer", "usecase"})),
    "cloze": (read_cloze, frozenset()),
    "multianswer": (read_cloze, frozenset()),
    "essay": (
        read_essay,
        frozenset({"answer", "graderinfo", "responsetemplate", "minwordlimit", "maxwordlimit"}),
    ),
    "matching": (read_matching, frozenset({"subquestion"})),
    "numerical": (read_numerical, frozenset({"answer", "units"})),
    "ordering": (
        read_ordering,
        frozenset({"answer", "gradingtype", "selecttype", "selectcount", "numberingstyle"}),
    ),
}
