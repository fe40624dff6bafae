from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from attune.quizzes.questions.wording import without_unseen
from tests.quizzes.kinds import Kind, definition

words = st.text(min_size=1, max_size=20).filter(lambda text: without_unseen(text).strip())
lengths = st.none() | st.integers(1, 1000)


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    low, high = draw(lengths), draw(lengths)
    if low and high:
        low, high = sorted((low, high))
    points = draw(st.lists(st.integers(1, 20), min_size=1, max_size=5))
    return definition(
        "written_reply",
        situation=draw(st.text(max_size=20)),
        model_answer=draw(st.text(max_size=20)),
        min_words=low,
        max_words=high,
        rubric=[
            {"id": str(draw(st.uuids())), "criterion": "Tone", "description": "", "points": each}
            for each in points
        ],
    )


RUBRIC = [
    {"criterion": "Names the risk", "description": "In the first sentence.", "points": 2},
    {"criterion": "Gives a time", "description": "", "points": 1},
]

KIND = Kind(
    definitions=definitions(),
    responses=lambda item: words,
    examples={
        "delay": {
            "situation": "“The plant stands still. When does the printer work again?”",
            "model_answer": "Friday is at risk. I will call you today at 15:00.",
            "min_words": 5,
            "max_words": 120,
            "rubric": RUBRIC,
        },
        "bare": {
            "situation": "",
            "model_answer": "",
            "min_words": None,
            "max_words": None,
            "rubric": RUBRIC[1:],
        },
    },
    author_form={
        "situation": "",
        "model_answer": "Today at 15:00.",
        "min_words": "",
        "max_words": "80",
        "rubric": [{"criterion": "Gives a time", "description": "", "points": "1"}],
    },
    # Right, partly right and wrong it becomes only when somebody has marked it.
    answers={
        outcome: ("delay", lambda item: "Friday is at risk.\nI will call at 15:00.")
        for outcome in ("right", "partly", "wrong")
    },
    marks={"right": 1.0, "partly": 0.5, "wrong": 0.0},
)
