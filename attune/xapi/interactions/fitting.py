"""Does a text fit the definition of an interaction, and is the definition one?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attune.xapi.interactions.choosing import (
    decode_choice,
    decode_likert,
    decode_matching,
    decode_sequencing,
    decode_true_false,
)
from attune.xapi.interactions.kinds import COMPONENT_LISTS, RANGE, InteractionType, id_problem
from attune.xapi.interactions.numeric import decode_number, decode_numeric
from attune.xapi.interactions.wording import (
    decode_fill_in,
    decode_long_fill_in,
    decode_performance,
)


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
