"""Whether a response is right, as any reader of a definition and its patterns would find it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attune.xapi.interactions.choosing import decode_choice, decode_matching
from attune.xapi.interactions.kinds import RANGE, InteractionType
from attune.xapi.interactions.numeric import decode_number, decode_numeric
from attune.xapi.interactions.wording import (
    FillIn,
    Performance,
    decode_fill_in,
    decode_performance,
)


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
        # Not casefold: it makes “ss” of ß, which is another spelling and not another case.
        given, wanted = [word.lower() for word in given], [word.lower() for word in wanted]
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
