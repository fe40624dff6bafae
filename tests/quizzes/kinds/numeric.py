from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.quizzes.kinds import Kind, definition

numbers = st.decimals(min_value=-1000, max_value=1000, places=2, allow_nan=False)


def text(number: Decimal) -> str:
    return format(number, "f")


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    key: dict[str, Any] = dict.fromkeys(("value", "tolerance", "minimum", "maximum"))
    if draw(st.booleans()):
        key["value"] = text(draw(numbers))
        key["tolerance"] = text(abs(draw(numbers)))
    else:
        low, high = sorted((draw(numbers), draw(numbers)))
        open_end = draw(st.sampled_from((None, "minimum", "maximum")))
        key |= {"minimum": text(low), "maximum": text(high)}
        if open_end:
            key[open_end] = None
    return definition("numeric", **key, unit=draw(st.sampled_from(("", "min", "°C"))), feedback="")


def responses(item: Any) -> st.SearchStrategy[Any]:
    near = [end for end in item.bounds if end is not None]
    step = Decimal("0.01")
    edges = [text(end + way * step) for end in near for way in (-1, 0, 1)]
    return numbers.map(text) | st.sampled_from(edges)


KIND = Kind(
    definitions=definitions(),
    responses=responses,
    examples={
        "tolerance": {
            "value": "7.5",
            "tolerance": "0.5",
            "unit": "hours",
            "feedback": "Manila is seven hours ahead, and half an hour is for the hand-over.",
        },
        "exact": {"value": "15", "tolerance": "0", "unit": "minutes", "feedback": ""},
        "range": {"minimum": "1", "maximum": "4", "unit": "", "feedback": "Reply within the SLA."},
        "at_least": {"minimum": "80", "maximum": None, "unit": "%", "feedback": ""},
    },
    author_form={
        "value": "7.5",
        "tolerance": "",
        "minimum": "",
        "maximum": "",
        "unit": "hours",
        "feedback": "",
    },
    answers={
        "right": ("tolerance", lambda item: "7.25"),
        "wrong": ("tolerance", lambda item: "8.01"),
        "exact_right": ("exact", lambda item: "15"),
        "range_right": ("range", lambda item: "4"),
        "open_range_wrong": ("at_least", lambda item: "79.9"),
    },
)
