"""The ten interaction types of xAPI: their definitions and how responses are written.

Pure: plain values in, text out, and back. Grammar: xAPI 1.0.3 Data, section 2.4.4.1 and
appendix C (response patterns). The *array* of correct response patterns means "any of
these"; ``[,]`` inside a pattern means "all of these". A question without a right answer
(a survey) has no patterns at all.

Every encoder raises :class:`ValueError` on what the grammar cannot carry, every decoder on
what it would never have written. For each type ``decode(encode(x)) == x``.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

COMMA = "[,]"
DOT = "[.]"
RANGE = "[:]"

Number = int | float | Decimal


class InteractionType(StrEnum):
    """Identifiers as the specification spells them."""

    TRUE_FALSE = "true-false"
    CHOICE = "choice"
    FILL_IN = "fill-in"
    LONG_FILL_IN = "long-fill-in"
    MATCHING = "matching"
    PERFORMANCE = "performance"
    SEQUENCING = "sequencing"
    LIKERT = "likert"
    NUMERIC = "numeric"
    OTHER = "other"


#: The component lists that each type has; every other list is foreign to it.
COMPONENT_LISTS: Mapping[str, tuple[str, ...]] = {
    InteractionType.CHOICE: ("choices",),
    InteractionType.SEQUENCING: ("choices",),
    InteractionType.LIKERT: ("scale",),
    InteractionType.MATCHING: ("source", "target"),
    InteractionType.PERFORMANCE: ("steps",),
    InteractionType.TRUE_FALSE: (),
    InteractionType.FILL_IN: (),
    InteractionType.LONG_FILL_IN: (),
    InteractionType.NUMERIC: (),
    InteractionType.OTHER: (),
}


@dataclass(frozen=True, slots=True)
class Component:
    """One option, scale point, source, target or step: an id and its text per language."""

    id: str
    description: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """The definition of a question: what could be answered, and what is right.

    ``correct_responses`` is ``None`` where nothing is right or wrong (a survey).

    :raises ValueError: a component list is missing or foreign to the type, ids are not
        unique or hold white space or a delimiter, or a pattern does not fit.
    """

    type: str
    correct_responses: tuple[str, ...] | None = None
    choices: tuple[Component, ...] = ()
    scale: tuple[Component, ...] = ()
    source: tuple[Component, ...] = ()
    target: tuple[Component, ...] = ()
    steps: tuple[Component, ...] = ()

    def __post_init__(self) -> None:
        problems = definition_problems(self.definition())
        if problems:
            raise ValueError("; ".join(f"{path}: {message}" for path, message in problems))

    def definition(self) -> dict[str, Any]:
        """The interaction properties of an activity definition, as xAPI spells them."""
        wire: dict[str, Any] = {"interactionType": str(self.type)}
        if self.correct_responses is not None:
            wire["correctResponsesPattern"] = list(self.correct_responses)
        for name in ("choices", "scale", "source", "target", "steps"):
            components: tuple[Component, ...] = getattr(self, name)
            if components:
                wire[name] = [
                    {"id": item.id, "description": dict(item.description)} for item in components
                ]
        return wire


# --- ids and numbers ------------------------------------------------------------------

_DELIMITER = re.compile(r"\[[,.:]\]")
_SPACE = re.compile(r"\s")


def id_problem(identifier: Any) -> str | None:
    """Why *identifier* cannot be a component id, or ``None``."""
    if not isinstance(identifier, str) or not identifier:
        return "a component id is a text that is not empty"
    if _SPACE.search(identifier):
        return f"the component id {identifier!r} holds white space"
    if _DELIMITER.search(identifier):
        return f"the component id {identifier!r} holds a delimiter"
    return None


def _check_id(identifier: str) -> str:
    problem = id_problem(identifier)
    if problem:
        raise ValueError(problem)
    return identifier


def _split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if text else []


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", text):
        raise ValueError(f"{text!r} is not a number")
    try:
        return Decimal(text)
    except InvalidOperation as error:  # pragma: no cover - the pattern above lets none through
        raise ValueError(f"{text!r} is not a number") from error


# --- encoding and decoding, one pair per type --------------------------------------------


def encode_true_false(value: bool) -> str:
    """``true`` or ``false``, in lower case."""
    return "true" if value else "false"


def decode_true_false(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither 'true' nor 'false'")
    return text == "true"


def encode_choice(ids: Iterable[str]) -> str:
    """``a[,]b``: all of these options. No option chosen is the empty text."""
    chosen = [_check_id(identifier) for identifier in ids]
    if len(set(chosen)) != len(chosen):
        raise ValueError("an option is chosen twice")
    return COMMA.join(chosen)


def decode_choice(text: str) -> tuple[str, ...]:
    ids = tuple(_check_id(part) for part in _split(text, COMMA))
    if len(set(ids)) != len(ids):
        raise ValueError("an option appears twice")
    return ids


def encode_sequencing(ids: Iterable[str]) -> str:
    """``first[,]second[,]third``, in the order given."""
    return encode_choice(ids)


def decode_sequencing(text: str) -> tuple[str, ...]:
    return decode_choice(text)


def encode_likert(identifier: str) -> str:
    """The id of the one point chosen on the scale."""
    return _check_id(identifier)


def decode_likert(text: str) -> str:
    return _check_id(text)


def encode_matching(pairs: Iterable[tuple[str, str]]) -> str:
    """``source[.]target[,]source2[.]target2``."""
    return COMMA.join(DOT.join((_check_id(left), _check_id(right))) for left, right in pairs)


def decode_matching(text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in _split(text, COMMA):
        sides = part.split(DOT)
        if len(sides) != 2:
            raise ValueError(f"{part!r} is not source[.]target")
        pairs.append((_check_id(sides[0]), _check_id(sides[1])))
    return tuple(pairs)


def encode_number(value: Number) -> str:
    """A plain number without an exponent: how a learner's numeric answer is written."""
    if isinstance(value, bool):
        raise ValueError("a truth value is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    plain = format(number, "f")
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def decode_number(text: str) -> Decimal:
    return _number(text)


def encode_numeric(minimum: Number | None, maximum: Number | None) -> str:
    """``min[:]max``: what a right numeric answer lies between; ``None`` leaves an end open."""
    if minimum is None and maximum is None:
        raise ValueError("a range has at least one end")
    if minimum is not None and maximum is not None:
        low, high = Decimal(encode_number(minimum)), Decimal(encode_number(maximum))
        if low > high:
            raise ValueError(f"the range runs backwards: {low} > {high}")
    ends = ("" if end is None else encode_number(end) for end in (minimum, maximum))
    return RANGE.join(ends)


def decode_numeric(text: str) -> tuple[Decimal | None, Decimal | None]:
    """The two ends of a range; a single number is both ends."""
    ends = text.split(RANGE)
    if len(ends) == 1:
        number = _number(text)
        return number, number
    if len(ends) != 2 or ends == ["", ""]:
        raise ValueError(f"{text!r} is not min[:]max")
    low, high = (_number(end) if end else None for end in ends)
    if low is not None and high is not None and low > high:
        raise ValueError(f"the range runs backwards: {low} > {high}")
    return low, high


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was filled in, and the language it is in where that matters."""

    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class FillIn:
    """Decoded fill-in: the texts, and how they are compared (``None``: not said)."""

    texts: tuple[Text, ...]
    case_matters: bool | None = None
    order_matters: bool | None = None


_PARAMETER = re.compile(r"\{(case_matters|order_matters)=([^}]*)\}")
_LANG = re.compile(r"\{lang=([^}]*)\}")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def plain_text(text: str) -> str:
    """*text* made safe for fill-in: delimiters and parameters in it are broken apart.

    The grammar has no escape. A learner may well type ``[,]``; a space inside keeps it
    readable and keeps it from being read as two answers.
    """
    text = _DELIMITER.sub(lambda found: f"[ {found.group()[1]}]", text)
    return re.sub(r"^\{(?=(case_matters|order_matters|lang)=)", "{ ", text)


def _check_text(text: str) -> str:
    if plain_text(text) != text:
        raise ValueError(f"{text!r} holds a delimiter or a parameter: see plain_text()")
    return text


def _parameters(case_matters: bool | None, order_matters: bool | None) -> str:
    said = (("case_matters", case_matters), ("order_matters", order_matters))
    return "".join(
        f"{{{name}={encode_true_false(value)}}}" for name, value in said if value is not None
    )


def _lang(lang: str | None) -> str:
    if lang is None:
        return ""
    if not _LANGUAGE_TAG.fullmatch(lang):
        raise ValueError(f"{lang!r} is not a language tag")
    return f"{{lang={lang}}}"


def _take_parameters(text: str, *, allowed: Sequence[str]) -> tuple[dict[str, bool], str]:
    found: dict[str, bool] = {}
    while match := _PARAMETER.match(text):
        name, value = match.groups()
        if name not in allowed or name in found:
            raise ValueError(f"{match.group()!r} has no place here")
        found[name] = decode_true_false(value)
        text = text[match.end() :]
    return found, text


def _take_lang(text: str) -> tuple[str | None, str]:
    match = _LANG.match(text)
    if not match:
        return None, text
    if not _LANGUAGE_TAG.fullmatch(match.group(1)):
        raise ValueError(f"{match.group(1)!r} is not a language tag")
    return match.group(1), text[match.end() :]


def encode_fill_in(
    texts: Iterable[str],
    *,
    case_matters: bool | None = None,
    order_matters: bool | None = None,
    lang: str | None = None,
) -> str:
    """``{case_matters=false}{order_matters=false}{lang=en}one[,]{lang=en}two``."""
    tag = _lang(lang)
    parts = [tag + _check_text(text) for text in texts]
    if not parts:
        raise ValueError("a fill-in has at least one text")
    return _parameters(case_matters, order_matters) + COMMA.join(parts)


def decode_fill_in(text: str) -> FillIn:
    said, rest = _take_parameters(text, allowed=("case_matters", "order_matters"))
    texts = []
    for part in rest.split(COMMA):
        lang, words = _take_lang(part)
        texts.append(Text(_check_text(words), lang))
    return FillIn(tuple(texts), said.get("case_matters"), said.get("order_matters"))


def encode_long_fill_in(
    text: str, *, case_matters: bool | None = None, lang: str | None = None
) -> str:
    """``{case_matters=false}{lang=en}text``: one longer text."""
    if text.startswith(("{case_matters=", "{lang=")):
        raise ValueError(f"{text[:40]!r} begins like a parameter: see plain_text()")
    return _parameters(case_matters, None) + _lang(lang) + text


def decode_long_fill_in(text: str) -> FillIn:
    said, rest = _take_parameters(text, allowed=("case_matters",))
    lang, words = _take_lang(rest)
    return FillIn((Text(words, lang),), said.get("case_matters"), None)


@dataclass(frozen=True, slots=True)
class Performance:
    """Decoded performance: (step, response) pairs, and whether their order matters."""

    steps: tuple[tuple[str, str], ...]
    order_matters: bool | None = None


def encode_performance(
    steps: Iterable[tuple[str, str]], *, order_matters: bool | None = None
) -> str:
    """``step[.]response[,]step2[.]response2``; a response may be a range ``min[:]max``."""
    parts = []
    for step, response in steps:
        if COMMA in response or DOT in response:
            raise ValueError(f"{response!r} holds a delimiter: see plain_text()")
        parts.append(DOT.join((_check_id(step), response)))
    if not parts:
        raise ValueError("a performance has at least one step")
    return _parameters(None, order_matters) + COMMA.join(parts)


def decode_performance(text: str) -> Performance:
    said, rest = _take_parameters(text, allowed=("order_matters",))
    steps = []
    for part in rest.split(COMMA):
        sides = part.split(DOT)
        if len(sides) != 2:
            raise ValueError(f"{part!r} is not step[.]response")
        steps.append((_check_id(sides[0]), sides[1]))
    return Performance(tuple(steps), said.get("order_matters"))


def encode_other(text: str) -> str:
    """Whatever the interaction means by it; no grammar applies."""
    return text


def decode_other(text: str) -> str:
    return text


# --- does it fit? -------------------------------------------------------------------------


def _ids(definition: Mapping[str, Any], name: str) -> list[str]:
    return [
        item["id"]
        for item in definition.get(name) or []
        if isinstance(item, Mapping) and isinstance(item.get("id"), str)
    ]


def _unknown(ids: Iterable[str], known: Iterable[str], what: str) -> None:
    strangers = sorted(set(ids) - set(known))
    if strangers:
        raise ValueError(f"{', '.join(map(repr, strangers))} is not among the {what}")


def _once(ids: Sequence[str], what: str) -> None:
    twice = [identifier for identifier, times in Counter(ids).items() if times > 1]
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} appears twice among the {what}")


def check_text(definition: Mapping[str, Any], text: str, *, pattern: bool) -> None:
    """Raise :class:`ValueError` unless *text* fits the interaction *definition*.

    *pattern* tells a correct response pattern from a learner's response: a pattern may
    carry parameters and ranges and must be complete, a response may be partial.
    """
    kind = definition.get("interactionType")
    if kind == InteractionType.TRUE_FALSE:
        decode_true_false(text)
    elif kind == InteractionType.CHOICE:
        _unknown(decode_choice(text), _ids(definition, "choices"), "choices")
    elif kind == InteractionType.SEQUENCING:
        ids = decode_sequencing(text)
        _unknown(ids, _ids(definition, "choices"), "choices")
        if pattern and len(ids) < 2:
            raise ValueError("a sequence has at least two parts")
    elif kind == InteractionType.LIKERT:
        _unknown([decode_likert(text)], _ids(definition, "scale"), "points of the scale")
    elif kind == InteractionType.MATCHING:
        pairs = decode_matching(text)
        _unknown((left for left, _ in pairs), _ids(definition, "source"), "sources")
        _unknown((right for _, right in pairs), _ids(definition, "target"), "targets")
        if pattern and not pairs:
            raise ValueError("a matching has at least one pair")
        if len(set(pairs)) != len(pairs):
            raise ValueError("a pair appears twice")
    elif kind == InteractionType.PERFORMANCE:
        performed = decode_performance(text)
        _unknown((step for step, _ in performed.steps), _ids(definition, "steps"), "steps")
        if pattern:
            for _, response in performed.steps:
                if RANGE in response:
                    decode_numeric(response)
    elif kind == InteractionType.NUMERIC:
        if pattern:
            decode_numeric(text)
        else:
            decode_number(text)
    elif kind == InteractionType.FILL_IN:
        decoded = decode_fill_in(text)
        if not pattern and (decoded.case_matters, decoded.order_matters) != (None, None):
            raise ValueError("how answers are compared is said in the pattern, not in a response")
    elif kind == InteractionType.LONG_FILL_IN:
        decode_long_fill_in(text)
    elif kind != InteractionType.OTHER:
        raise ValueError(f"{kind!r} is not an interaction type")


def definition_problems(definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with an interaction's definition: pairs of path and reason."""
    kind = definition.get("interactionType")
    if not isinstance(kind, str) or kind not in COMPONENT_LISTS:
        return [("interactionType", f"{kind!r} is not one of the ten interaction types")]
    problems: list[tuple[str, str]] = []
    own = COMPONENT_LISTS[kind]
    for name in ("choices", "scale", "source", "target", "steps"):
        components = definition.get(name)
        if components is None:
            if name in own:
                problems.append((name, f"a {kind} interaction needs its {name}"))
            continue
        if name not in own:
            problems.append((name, f"a {kind} interaction has no {name}"))
            continue
        problems.extend(_component_problems(name, components))
    patterns = definition.get("correctResponsesPattern")
    if patterns is None:
        return problems
    if not isinstance(patterns, list) or not patterns:
        problems.append(
            ("correctResponsesPattern", "is a list of at least one pattern, or is left out")
        )
        return problems
    if kind == InteractionType.TRUE_FALSE and len(patterns) > 1:
        problems.append(("correctResponsesPattern", "true and false cannot both be right"))
    for index, pattern in enumerate(patterns):
        path = f"correctResponsesPattern[{index}]"
        if not isinstance(pattern, str):
            problems.append((path, "is not a text"))
            continue
        try:
            check_text(definition, pattern, pattern=True)
        except ValueError as error:
            problems.append((path, str(error)))
    return problems


def _component_problems(name: str, components: Any) -> list[tuple[str, str]]:
    if not isinstance(components, list) or not components:
        return [(name, "is a list of at least one component")]
    problems = []
    seen: set[str] = set()
    for index, component in enumerate(components):
        path = f"{name}[{index}]"
        if not isinstance(component, Mapping):
            problems.append((path, "is not a component"))
            continue
        identifier = component.get("id")
        problem = id_problem(identifier)
        if problem:
            problems.append((f"{path}.id", problem))
        elif identifier in seen:
            problems.append((f"{path}.id", f"the component id {identifier!r} is not unique"))
        else:
            seen.add(str(identifier))
    return problems


def is_right(definition: Mapping[str, Any], response: str) -> bool | None:
    """Whether *response* satisfies any of the patterns of a well-formed *definition*.

    ``None`` where that cannot be told: no patterns, or a type without a grammar.
    """
    patterns = definition.get("correctResponsesPattern")
    kind = definition.get("interactionType")
    if not patterns or kind in (InteractionType.OTHER, InteractionType.LONG_FILL_IN):
        return None
    return any(_satisfies(str(kind), response, pattern) for pattern in patterns)


def _satisfies(kind: str, response: str, pattern: str) -> bool:
    match kind:
        case InteractionType.CHOICE:
            return set(decode_choice(response)) == set(decode_choice(pattern))
        case InteractionType.MATCHING:
            return set(decode_matching(response)) == set(decode_matching(pattern))
        case InteractionType.NUMERIC:
            low, high = decode_numeric(pattern)
            return _within(decode_number(response), low, high)
        case InteractionType.FILL_IN:
            return _filled_in(decode_fill_in(response), decode_fill_in(pattern))
        case InteractionType.PERFORMANCE:
            return _performed(decode_performance(response), decode_performance(pattern))
        case _:  # true-false, likert, sequencing: letter by letter
            return response == pattern


def _within(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is None or low <= value) and (high is None or value <= high)


def _filled_in(response: FillIn, pattern: FillIn) -> bool:
    given = [item.text for item in response.texts]
    wanted = [item.text for item in pattern.texts]
    if not pattern.case_matters:  # case_matters defaults to false (section 2.4.4.1)
        given, wanted = [word.casefold() for word in given], [word.casefold() for word in wanted]
    if pattern.order_matters is False:  # order_matters defaults to true
        given, wanted = sorted(given), sorted(wanted)
    return given == wanted


def _performed(response: Performance, pattern: Performance) -> bool:
    if len(response.steps) != len(pattern.steps):
        return False
    given, wanted = list(response.steps), list(pattern.steps)
    if pattern.order_matters is False:
        given, wanted = sorted(given), sorted(wanted)
    return all(
        step == right_step and _performed_step(answer, right)
        for (step, answer), (right_step, right) in zip(given, wanted, strict=True)
    )


def _performed_step(answer: str, right: str) -> bool:
    if RANGE not in right:
        return answer == right
    try:
        return _within(decode_number(answer), *decode_numeric(right))
    except ValueError:
        return False
