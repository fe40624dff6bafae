from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.quizzes.kinds import Kind, definition

words = st.text(min_size=1, max_size=20)


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    return definition(
        "true_false",
        answer=draw(st.booleans()),
        feedback={"true": draw(words), "false": draw(words)},
    )


KIND = Kind(
    definitions=definitions(),
    responses=lambda item: st.booleans(),
    examples={
        "punctual": {
            "answer": True,
            "feedback_true": "Right.",
            "feedback_false": "It is late.",
        }
    },
    author_form={"answer": "True", "feedback_true": "", "feedback_false": ""},
    answers={
        "right": ("punctual", lambda item: True),
        "wrong": ("punctual", lambda item: False),
    },
)
