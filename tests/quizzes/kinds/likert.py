from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.quizzes.kinds import Kind, definition


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    points = draw(st.lists(st.uuids().map(str), min_size=2, max_size=11, unique=True))
    return definition("likert", scale=[{"id": each, "text": f"Point {each}"} for each in points])


KIND = Kind(
    definitions=definitions(),
    responses=lambda item: st.sampled_from(item.ids),
    examples={
        "agreement": {
            "scale": [
                {"text": "I disagree"},
                {"text": "Neither"},
                {"text": "I agree"},
            ]
        }
    },
    author_form={"scale": [{"text": "Never"}, {"text": "Always"}]},
    answers={"chosen": ("agreement", lambda item: item.ids[2])},
)
