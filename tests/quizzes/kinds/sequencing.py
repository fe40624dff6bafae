from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.quizzes.kinds import Kind, definition

ids = st.uuids().map(str)


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    steps = draw(st.lists(ids, min_size=2, max_size=8, unique=True))
    return definition(
        "sequencing",
        steps=[
            {"id": each, "text": f"Step {number}", "feedback": ""}
            for number, each in enumerate(steps)
        ],
        partial_credit=draw(st.booleans()),
    )


@st.composite
def orders(draw: Any, steps: list[str]) -> list[str]:
    """Some or all of the steps, in any order; gaps are the type's own tests' business."""
    order = draw(st.permutations(steps))
    return list(order[: draw(st.integers(min_value=1, max_value=len(order)))])


def responses(item: Any) -> st.SearchStrategy[Any]:
    return orders(list(item.texts))


def reordered(item: Any, *places: int) -> list[str]:
    steps = list(item.texts)
    return [steps[place] for place in places]


STEPS = [
    {"text": "Greet the caller and give your name.", "feedback": "Before anything else."},
    {"text": "Ask what happens, and since when.", "feedback": ""},
    {"text": "Say back what you understood.", "feedback": "So that nothing is missed."},
    {"text": "Name the next step and a time.", "feedback": ""},
]

KIND = Kind(
    definitions=definitions(),
    responses=responses,
    examples={
        "call": {"steps": STEPS, "partial_credit": True},
        "strict": {"steps": STEPS, "partial_credit": False},
    },
    author_form={
        "partial_credit": "on",
        "steps": [{"text": "Greet.", "feedback": ""}, {"text": "Ask.", "feedback": ""}],
    },
    answers={
        "right": ("call", lambda item: reordered(item, 0, 1, 2, 3)),
        # The first step comes last; the other three still follow one another.
        "partly": ("call", lambda item: reordered(item, 1, 2, 3, 0)),
        "begun": ("call", lambda item: [None, *reordered(item, 1, 2)]),
        "wrong": ("call", lambda item: reordered(item, 3, 2, 1, 0)),
        "strict_wrong": ("strict", lambda item: reordered(item, 1, 2, 3, 0)),
    },
)
