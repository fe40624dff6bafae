"""Which answers were given how often, by whom: the distractor table. Pure.

It reads answers in the ten grammars of xAPI, which are fixed, and not by question type, of
which a site may have its own. Translations share the ids of their options; a copy has ids of
its own, so an option of a copy is known by its text. Free texts that few gave are only
counted, and written replies are not shown at all: these figures name nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from attune.quizzes.questions.items import Item
from attune.xapi.interactions import (
    InteractionType,
    decode_choice,
    decode_fill_in,
    decode_likert,
    decode_matching,
    decode_performance,
    decode_sequencing,
    encode_true_false,
)

MIN_SHOWN = 3
"""A text of their own that fewer people gave is not shown."""
MAX_SHOWN = 20

OPTIONS = frozenset({InteractionType.CHOICE, InteractionType.LIKERT, InteractionType.TRUE_FALSE})
FREE = frozenset({InteractionType.FILL_IN, InteractionType.NUMERIC})
UNTOLD = frozenset({InteractionType.LONG_FILL_IN})

Part = tuple[str, str]  # where the answer stands (a source, a step, a number), and what it is


@dataclass(slots=True)
class Tally:
    """How many gave an answer: all, of the lower and of the upper third; marks they earned."""

    everybody: int = 0
    lower: int = 0
    upper: int = 0
    marked: int = 0
    earned: float = 0.0

    def add(self, other: Tally) -> None:
        self.everybody += other.everybody
        self.lower += other.lower
        self.upper += other.upper
        self.marked += other.marked
        self.earned += other.earned

    def count(self, *, side: int, share: float | None) -> None:
        """One more; ``side`` is −1 in the lower third, 1 in the upper, 0 between them."""
        self.everybody += 1
        self.lower += side < 0
        self.upper += side > 0
        if share is not None:
            self.marked += 1
            self.earned += share


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer. Shares are of those who were asked, from 0 to 1."""

    place: str
    text: str
    right: bool | None
    chosen: int
    share: float
    lower: float | None
    upper: float | None
    mark: float | None
    """Mean share of the mark that those who gave this answer earned with the question."""
    is_option: bool = False


@dataclass
class _Labels:
    """Ids → what they are called, and which ids are the same option in another copy."""

    same: dict[str, str] = field(default_factory=dict)
    by_text: dict[tuple[str, str], str] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    def learn(self, item: Item) -> None:
        taken = set()
        for identifier, text in named_parts(item):
            known = self.same.get(identifier) or self.by_text.get((item.language, text))
            name = identifier if known is None or known in taken else known
            taken.add(name)
            self.same[identifier] = name
            self.by_text[item.language, text] = name
            self.texts.setdefault(name, {})[item.language] = text

    def name(self, identifier: str) -> str:
        return self.same.get(identifier, identifier)

    def text(self, name: str, language: str) -> str:
        texts = self.texts.get(name, {})
        return texts.get(language) or next(iter(texts.values()), name)


def named_parts(item: Item) -> Iterator[tuple[str, str]]:
    """(id, text) of everything in a question that has both, in order, once."""
    seen: dict[str, str] = {}
    for components in item.components().values():
        for component in components:
            seen.setdefault(component.id, next(iter(component.description.values()), ""))
    stack: list[Any] = [item.definition]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            if isinstance(node.get("id"), str) and isinstance(node.get("text"), str):
                seen.setdefault(node["id"], node["text"])
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    yield from seen.items()


def parts_of(item: Item, encoded: str) -> list[Part]:
    """What an answer as xAPI writes it consists of."""
    match item.interaction_type:
        case InteractionType.CHOICE:
            return [("", each) for each in decode_choice(encoded)]
        case InteractionType.LIKERT:
            return [("", decode_likert(encoded))]
        case InteractionType.SEQUENCING:
            return [(str(n), each) for n, each in enumerate(decode_sequencing(encoded), 1)]
        case InteractionType.MATCHING:
            return list(decode_matching(encoded))
        case InteractionType.PERFORMANCE:
            return list(decode_performance(encoded).steps)
        case InteractionType.FILL_IN:
            texts = decode_fill_in(encoded).texts
            return [
                (str(n) if len(texts) > 1 else "", each.text.strip())
                for n, each in enumerate(texts, 1)
            ]
        case InteractionType.LONG_FILL_IN:
            return []
        case InteractionType.OTHER:
            pairs = [part.partition("[.]") for part in encoded.split("[,]")]
            return [(head, tail) if sign else ("", head) for head, sign, tail in pairs]
        case _:
            return [("", encoded)]


def is_free(item: Item) -> bool:
    """Whether answers are in people's own words, or figures, of which there is no end."""
    kind = item.interaction_type
    return kind in FREE or (kind == InteractionType.OTHER and item.correct_responses() is None)


def right_parts(item: Item) -> frozenset[Part] | None:
    """The parts of right answers; None where an answer is not right by being one of a list."""
    if item.interaction_type in UNTOLD or is_free(item) or not item.is_scored:
        return None
    patterns = item.correct_responses()
    if patterns is None:
        return None
    return frozenset(part for pattern in patterns for part in parts_of(item, pattern))


def answer_table(
    versions: Sequence[Item],
    given: Iterable[tuple[int, Any, Tally]],
    *,
    asked: Tally,
    language: str,
) -> list[AnswerRow]:
    """The answers to a question, as a table for its author.

    ``given`` says for each version, by its number, how often which canonical response was
    given to it; None is no answer. ``asked`` counts all to whom the question was put;
    ``language`` is the reader's.
    """
    if not versions or versions[-1].interaction_type in UNTOLD:
        return []
    labels = _Labels()
    for item in versions:
        labels.learn(item)
    table: dict[Part, Tally] = {}
    right: dict[Part, bool] = {}
    keys = [right_parts(item) for item in versions]
    for item, key in zip(versions, keys, strict=True):
        for part in _options(item):
            table.setdefault(_named(part, labels), Tally())
            if key is not None:
                right[_named(part, labels)] = part in key  # the newest version decides
        for part in key or ():
            right[_named(part, labels)] = True
    nothing = Tally()
    for number, response, tally in given:
        if response is None:
            nothing.add(tally)
            continue
        item = versions[number]
        for part in parts_of(item, item.encode(response)):
            table.setdefault(_named(part, labels), Tally()).add(tally)
            if keys[number] is not None:
                right.setdefault(_named(part, labels), False)
    newest = versions[-1]
    own_words = is_free(newest)
    arranged = _arranged(table, is_options=not own_words)
    few: dict[str, Tally] = {}
    rows: list[AnswerRow] = []
    for (place, answer), tally in arranged:
        if own_words and (tally.everybody < MIN_SHOWN or len(rows) >= MAX_SHOWN):
            few.setdefault(place, Tally()).add(tally)
            continue
        rows.append(
            _row(
                labels.text(place, language) if place else "",
                _text(answer, newest, labels, language),
                tally,
                asked,
                right=right.get((place, answer)),
                is_option=newest.interaction_type in OPTIONS,
            )
        )
    for place, tally in few.items():
        where = labels.text(place, language) if place else ""
        rows.append(_row(where, _("Other answers, each given by few"), tally, asked))
    if nothing.everybody:
        rows.append(_row("", _("No answer"), nothing, asked))
    return rows


def _options(item: Item) -> list[Part]:
    """What stands in the table whether somebody chose it or not: options, and right parts."""
    if item.interaction_type == InteractionType.TRUE_FALSE:
        return [("", encode_true_false(True)), ("", encode_true_false(False))]
    if item.interaction_type not in OPTIONS:
        patterns = None if right_parts(item) is None else item.correct_responses()
        return parts_of(item, patterns[0]) if patterns else []
    return [("", each.id) for parts in item.components().values() for each in parts]


def _named(part: Part, labels: _Labels) -> Part:
    return labels.name(part[0]), labels.name(part[1])


def _arranged(table: Mapping[Part, Tally], *, is_options: bool) -> list[tuple[Part, Tally]]:
    """Place by place; options as they are listed, texts by how often they were given."""
    places = {place: number for number, place in enumerate(dict.fromkeys(p for p, _a in table))}
    if is_options and len(places) == 1:
        return list(table.items())
    return sorted(
        table.items(),
        key=lambda each: (
            (int(each[0][0]), 0) if each[0][0].isdecimal() else (0, places[each[0][0]]),
            -each[1].everybody,
            each[0],
        ),
    )


def _row(
    place: str,
    text: str,
    tally: Tally,
    asked: Tally,
    *,
    right: bool | None = None,
    is_option: bool = False,
) -> AnswerRow:
    return AnswerRow(
        place=place,
        text=text,
        right=right,
        chosen=tally.everybody,
        share=tally.everybody / asked.everybody if asked.everybody else 0.0,
        lower=tally.lower / asked.lower if asked.lower else None,
        upper=tally.upper / asked.upper if asked.upper else None,
        mark=tally.earned / tally.marked if tally.marked else None,
        is_option=is_option,
    )


def _text(answer: str, item: Item, labels: _Labels, language: str) -> str:
    if item.interaction_type == InteractionType.TRUE_FALSE:
        return _("True") if answer == encode_true_false(True) else _("False")
    return labels.text(answer, language)
