"""QTI's interactions as plain data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from attune.quizzes.exchange.contract import Draft, QuestionRefused
from attune.quizzes.exchange.gift_answers import marked_as_a_whole, note_unequal, single_option
from attune.quizzes.exchange.numbers import decimal_text
from attune.quizzes.exchange.texts import tidy, to_plain
from attune.quizzes.exchange.xml_tree import Node

# Our own marks on blocks of an item, so that what we wrote is read as what it was.
SITUATION, UNIT, TEXT = "attune-situation", "attune-unit", "attune-text"
_FEEDBACK = frozenset({"feedbackInline", "feedbackBlock"})


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an item says of one response. ``worth`` is its mapping, in points."""

    cardinality: str
    base_type: str
    correct: list[str]
    worth: dict[str, float]
    case_matters: bool


class Item:
    """An ``assessmentItem`` with what its parts have to do with each other."""

    def __init__(self, root: Node, body: Node) -> None:
        self.root = root
        self.body = body
        self.interactions = [
            each for each in body.descendants() if each.name.endswith("Interaction")
        ]
        self.declarations = {
            each.get("identifier"): read_declaration(each)
            for each in root.all("responseDeclaration")
        }
        self.modal = {each.get("identifier"): each for each in root.all("modalFeedback")}
        self.told: set[str] = set()

    def declaration(self, interaction: Node) -> Declaration:
        """:raises QuestionRefused: the interaction names none."""
        name = interaction.get("responseIdentifier")
        if name not in self.declarations:
            raise QuestionRefused(
                _("The interaction in line %(line)d has no response declaration.")
                % {"line": interaction.line}
            )
        return self.declarations[name]

    def feedback(self, choice: Node) -> str:
        """What is said to a choice, inside of it or in a window of its own."""
        inside = [each for each in choice.children if each.name in _FEEDBACK]
        if inside:
            return words(inside[0])
        shown = self.modal.get(choice.get("identifier"))
        if shown is not None:
            self.told.add(choice.get("identifier"))
            return words(shown)
        return ""

    def prompt_html(self) -> str:
        """All of the body but the interactions, then the interactions' own prompts."""
        html = _html(list(_blocks(self.body, self.is_no_prompt)))
        if len(self.interactions) == 1:
            prompt = self.interactions[0].first("prompt")
            html += f"<p>{prompt.markup()}</p>" if prompt is not None else ""
        return html

    def is_no_prompt(self, node: Node) -> bool:
        if node.name.endswith("Interaction") or node.name in ("rubricBlock", *_FEEDBACK):
            return True
        if node.get("class") in (SITUATION, UNIT, TEXT):
            return True
        return any(each.name == "textEntryInteraction" for each in node.descendants())

    def explanation_html(self) -> str:
        rest = [each for name, each in self.modal.items() if name not in self.told]
        return "".join(
            f"<p>{each.markup()}</p>" if _is_inline(each) else each.markup() for each in rest[:1]
        )


def told_to_no_one(item: Item) -> list[str]:
    """Feedback beyond the one that becomes the explanation."""
    rest = [name for name in item.modal if name not in item.told][1:]
    if not rest:
        return []
    return [
        _("Feedback that has no place here was left out: %(names)s.")
        % {"names": ", ".join(each[:40] for each in rest)}
    ]


def _is_inline(node: Node) -> bool:
    return not any(each.name in ("p", "ul", "ol", "div") for each in node.children)


def _blocks(node: Node, is_left: Callable[[Node], bool]) -> Iterator[str | Node]:
    for each in node.content:
        if isinstance(each, str):
            if each.strip():
                yield each
        elif each.name in ("div", "section") and each.get("class") not in (SITUATION, UNIT, TEXT):
            yield from _blocks(each, is_left)
        elif not is_left(each):
            yield each


def _html(parts: list[str | Node]) -> str:
    return Node("x", {}, 0, list(parts)).markup(_FEEDBACK)


def words(node: Node, *without: str) -> str:
    return tidy(to_plain(node.markup(frozenset({*_FEEDBACK, *without}))))


def read_declaration(node: Node) -> Declaration:
    correct = node.first("correctResponse")
    mapping = node.first("mapping")
    entries = mapping.all("mapEntry") if mapping is not None else []
    return Declaration(
        cardinality=node.get("cardinality"),
        base_type=node.get("baseType"),
        correct=[each.text.strip() for each in correct.all("value")] if correct else [],
        worth={
            each.get("mapKey"): float(decimal_text(each.get("mappedValue") or "0"))
            for each in entries
        },
        case_matters=any(each.get("caseSensitive") == "true" for each in entries),
    )


Read = tuple[str, dict[str, Any]]


def read_choices(item: Item, notes: list[str]) -> Read:
    if len(item.interactions) > 1:
        return "performance", {"steps": [step(item, each) for each in item.interactions]}
    (interaction,) = item.interactions
    declared = item.declaration(interaction)
    choices = interaction.all("simpleChoice")
    if not declared.correct and not declared.worth:
        return "likert", {"scale": [{"text": words(each)} for each in choices]}
    names = [each.get("identifier") for each in choices]
    if sorted(names) == ["false", "true"] and declared.cardinality == "single":
        told = {each.get("identifier"): item.feedback(each) for each in choices}
        return "true_false", {
            "answer": declared.correct == ["true"],
            "feedback_true": told["true"],
            "feedback_false": told["false"],
        }
    return "choice", options_of(item, choices, declared, notes)


def options_of(
    item: Item, choices: list[Node], declared: Declaration, notes: list[str]
) -> dict[str, Any]:
    names = [each.get("identifier") for each in choices]
    best = max(declared.worth.values(), default=0)
    correct = set(declared.correct) or {n for n, w in declared.worth.items() if w > 0}
    if not correct & set(names):
        raise QuestionRefused(_("No choice of the item is marked as right."))
    if declared.cardinality != "multiple":
        worth = {n: 100 * w / best for n, w in declared.worth.items()} if best > 0 else {}
        shares = [100.0 if n in correct else min(worth.get(n, 0.0), 99.99) for n in names]
        return {
            "multiple": False,
            "options": [
                single_option(words(each), round(share, 5), item.feedback(each), notes)
                for each, share in zip(choices, shares, strict=True)
            ],
        }
    if declared.worth:
        total = sum(w for w in declared.worth.values() if w > 0) or 1
        note_unequal(
            [100 * declared.worth.get(n, 0) / total for n in names],
            [n in correct for n in names],
            notes,
        )
    return {
        "multiple": True,
        "partial_credit": bool(declared.worth),
        "options": [
            {
                "text": words(each),
                "correct": each.get("identifier") in correct,
                "feedback": item.feedback(each),
            }
            for each in choices
        ],
    }


def step(item: Item, interaction: Node) -> dict[str, Any]:
    declared = item.declaration(interaction)
    choices = {each.get("identifier"): words(each) for each in interaction.all("simpleChoice")}
    if len(declared.correct) != 1 or declared.correct[0] not in choices:
        raise QuestionRefused(
            _("The step in line %(line)d needs one right reply.") % {"line": interaction.line}
        )
    prompt = interaction.first("prompt")
    right = declared.correct[0]
    return {
        "text": words(prompt) if prompt is not None else "",
        "right": choices[right],
        "wrong": [text for name, text in choices.items() if name != right],
        "feedback": "",
    }


def read_text_entries(item: Item, notes: list[str]) -> Read:
    declared = [item.declaration(each) for each in item.interactions]
    if len(declared) == 1 and declared[0].base_type in ("float", "integer"):
        return "numeric", number(item, declared[0])
    blanks = []
    for each in declared:
        accepted = [text for text, worth in each.worth.items() if worth > 0]
        partly = [t for t, w in each.worth.items() if 0 < w < max(each.worth.values())]
        if partly:
            notes.append(
                _("Answers that earn a part count fully or not at all here; left out: %(texts)s.")
                % {"texts": ", ".join(f"“{text[:40]}”" for text in partly)}
            )
        accepted = [text for text in (*each.correct, *accepted) if text not in partly]
        if not accepted:
            raise QuestionRefused(_("A gap has no right answer."))
        blanks.append(
            {
                "accepted": list(dict.fromkeys(map(tidy, accepted))),
                "case_matters": each.case_matters,
                "feedback": "",
            }
        )
    places = {id(each): index for index, each in enumerate(item.interactions, 1)}
    lines = [
        with_gaps(each, places)
        for each in item.body.children
        if each.get("class") == TEXT or _has_gap(each) or id(each) in places
    ]
    text = tidy(to_plain("".join(lines)))
    return "fill_in", {"text": text, "blanks": blanks}


def _has_gap(node: Node) -> bool:
    return any(each.name == "textEntryInteraction" for each in node.descendants())


def with_gaps(node: Node, places: dict[int, int]) -> str:
    """A block's HTML with ``[[n]]`` where its text entries stand."""
    if id(node) in places:
        return f"[[{places[id(node)]}]]"
    inside: list[str] = [
        Node("x", {}, 0, [each]).markup() if isinstance(each, str) else with_gaps(each, places)
        for each in node.content
    ]
    return "<br/>" if node.name == "br" else f"<{node.name}>{''.join(inside)}</{node.name}>"


def number(item: Item, declared: Declaration) -> dict[str, Any]:
    processing = item.root.first("responseProcessing")
    unit = next((words(e) for e in item.body.descendants("span") if e.get("class") == UNIT), "")
    ends: dict[str, str] = {}
    tolerance = "0"
    for each in processing.descendants("gte", "lte", "equal") if processing else ():
        value = each.text_of("baseValue")
        if each.name == "equal" and each.get("tolerance"):
            if each.get("toleranceMode") == "relative":
                raise QuestionRefused(_("A tolerance in percent has no like here."))
            tolerance = decimal_text(each.get("tolerance").split()[0])
        elif each.name in ("gte", "lte") and value:
            ends[each.name] = decimal_text(value)
    if ends:
        return {
            "minimum": ends.get("gte"),
            "maximum": ends.get("lte"),
            "unit": unit,
            "feedback": "",
        }
    if not declared.correct:
        raise QuestionRefused(_("No number is given as right."))
    return {
        "value": decimal_text(declared.correct[0]),
        "tolerance": tolerance,
        "unit": unit,
        "feedback": "",
    }


def read_extended_text(item: Item, notes: list[str]) -> Read:
    if len(item.interactions) > 1:
        raise QuestionRefused(_("The item asks for several texts; here a question has one."))
    situation = [e for e in item.body.descendants("div") if e.get("class") == SITUATION]
    models = [each for each in item.body.descendants("rubricBlock") if "scorer" in each.get("view")]
    return "written_reply", {
        "situation": words(situation[0]) if situation else "",
        "model_answer": "\n".join(map(words, models)),
        "rubric": marked_as_a_whole(notes),
    }


def read_match(item: Item, notes: list[str]) -> Read:
    if len(item.interactions) > 1:
        raise QuestionRefused(_("The item has several tables to match; here a question has one."))
    (interaction,) = item.interactions
    declared = item.declaration(interaction)
    sets = interaction.all("simpleMatchSet")
    if len(sets) != 2:
        raise QuestionRefused(_("There are not two sets to match."))
    sources, targets = (
        {each.get("identifier"): words(each) for each in part.all("simpleAssociableChoice")}
        for part in sets
    )
    right = dict(pair.split()[:2] for pair in declared.correct if len(pair.split()) == 2)
    if len(right) < len(declared.correct) or set(right) != set(sources):
        raise QuestionRefused(_("Here each left side has one right side; in the item it has not."))
    if not set(right.values()) <= set(targets):
        raise QuestionRefused(_("A right side that is named is not there."))
    return "matching", {
        "pairs": [
            {"source": text, "target": targets[right[name]], "feedback": ""}
            for name, text in sources.items()
        ],
        "distractors": [t for name, t in targets.items() if name not in right.values()],
    }


def read_order(item: Item, notes: list[str]) -> Read:
    if len(item.interactions) > 1:
        raise QuestionRefused(_("The item has several orders; here a question has one."))
    (interaction,) = item.interactions
    choices = {each.get("identifier"): each for each in interaction.all("simpleChoice")}
    right = item.declaration(interaction).correct
    if sorted(right) != sorted(choices):
        raise QuestionRefused(_("The right order does not name every step once."))
    return "sequencing", {
        "partial_credit": False,
        "steps": [
            {"text": words(choices[name]), "feedback": item.feedback(choices[name])}
            for name in right
        ],
    }


READERS: dict[str, Callable[[Item, list[str]], Read]] = {
    "choiceInteraction": read_choices,
    "textEntryInteraction": read_text_entries,
    "extendedTextInteraction": read_extended_text,
    "matchInteraction": read_match,
    "orderInteraction": read_order,
}


def refusal_of(draft: Draft) -> str:
    if draft.kind == "fill_in":
        count = len(draft.data["blanks"])
        gaps = re.findall(r"\[\[(\d+)\]\]", str(draft.data["text"]))
        if gaps != [str(number) for number in range(1, count + 1)]:
            return _("The gaps are not in order, each once.")
    return ""
