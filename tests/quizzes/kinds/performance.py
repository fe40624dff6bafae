from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from wagtail.test.utils.form_data import streamfield

from tests.quizzes.kinds import Kind, definition

ids = st.uuids().map(str)


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    steps = draw(st.lists(ids, min_size=1, max_size=5, unique=True))
    responses = [
        draw(st.lists(ids, min_size=2, max_size=4, unique=True)) for _each in range(len(steps))
    ]
    return definition(
        "performance",
        steps=[
            {
                "id": step,
                "text": f"Step {number}",
                "responses": [
                    {"id": each, "text": f"Response {place}", "correct": place == 0}
                    for place, each in enumerate(responses[number])
                ],
                "feedback": "",
            }
            for number, step in enumerate(steps)
        ],
    )


@st.composite
def some_steps(draw: Any, item: Any) -> dict[str, str]:
    chosen = draw(
        st.lists(st.sampled_from(item.steps), min_size=1, unique_by=lambda step: step["id"])
    )
    return {step["id"]: draw(st.sampled_from(list(item.responses_to(step)))) for step in chosen}


def responses(item: Any) -> st.SearchStrategy[Any]:
    return some_steps(item)


def with_wrong(item: Any, *wrong: int) -> dict[str, str]:
    """The right response at each step, but a wrong one at these."""
    return {
        step["id"]: list(item.responses_to(step))[1 if place in wrong else 0]
        for place, step in enumerate(item.steps)
    }


KIND = Kind(
    definitions=definitions(),
    responses=responses,
    examples={
        "call": {
            "steps": [
                {
                    "text": "The caller says: “Nothing works!”",
                    "right": "“I am sorry to hear that. What do you see on your screen?”",
                    "wrong": ["“Nothing? That cannot be.”", "“Please hold.”"],
                    "feedback": "One question that leads on.",
                },
                {
                    "text": "It is the printer of the whole floor.",
                    "right": "“I will open a priority 2 ticket now. You hear from us by 10:30.”",
                    "wrong": ["“Someone will look at it.”"],
                    "feedback": "",
                },
            ]
        }
    },
    author_form={
        "steps": [
            {
                "text": "The caller says: “Nothing works!”",
                "right": "“What do you see on your screen?”",
                "wrong": streamfield([("response", "“Please hold.”")]),
                "feedback": "",
            }
        ]
    },
    answers={
        "right": ("call", with_wrong),
        "partly": ("call", lambda item: with_wrong(item, 1)),
        "begun": ("call", lambda item: dict(list(with_wrong(item).items())[:1])),
        "wrong": ("call", lambda item: with_wrong(item, 0, 1)),
    },
)
