from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.quizzes.kinds import Kind, definition

ids = st.uuids().map(str)
words = st.text(min_size=1, max_size=20)


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    option_ids = draw(st.lists(ids, min_size=2, max_size=8, unique=True))
    multiple = draw(st.booleans())
    right = draw(
        st.sets(
            st.sampled_from(option_ids), min_size=1, max_size=len(option_ids) if multiple else 1
        )
    )
    options: list[dict[str, Any]] = [
        {"id": each, "text": draw(words), "correct": each in right, "feedback": ""}
        for each in option_ids
    ]
    own: dict[str, Any] = {"multiple": multiple, "options": options}
    if multiple:
        own |= draw(st.sampled_from(({}, {"partial_credit": True}, {"partial_credit": False})))
    else:
        for option in options:
            if not option["correct"] and draw(st.booleans()):
                option["share"] = draw(st.integers(0, 99))
    return definition("choice", **own)


def responses(item: Any) -> st.SearchStrategy[Any]:
    most = len(item.ids) if item.multiple else 1
    return st.lists(st.sampled_from(item.ids), min_size=1, max_size=most, unique=True)


KIND = Kind(
    definitions=definitions(),
    responses=responses,
    examples={
        "single": {
            "multiple": False,
            "options": [
                {
                    "text": "As soon as I can.",
                    "correct": False,
                    "feedback": "When is that?",
                    "share": None,
                },
                {"text": "Today by 15:00.", "correct": True, "feedback": "A time.", "share": None},
                {"text": "Let me check.", "correct": False, "feedback": "", "share": None},
            ],
        },
        "multiple": {
            "multiple": True,
            "options": [
                {
                    "text": "Friday is at risk.",
                    "correct": True,
                    "feedback": "A risk, named.",
                    "share": None,
                },
                {"text": "Noted.", "correct": False, "feedback": "Sounds like yes.", "share": None},
                {
                    "text": "Monday, 10:00, is realistic.",
                    "correct": True,
                    "feedback": "A time.",
                    "share": None,
                },
            ],
        },
        "partial_credit": {
            "multiple": True,
            "partial_credit": True,
            "options": [
                {"text": "What is broken", "correct": True, "feedback": "", "share": None},
                {"text": "Whose fault it is", "correct": False, "feedback": "", "share": None},
                {"text": "When they hear again", "correct": True, "feedback": "", "share": None},
            ],
        },
        "shares": {
            "multiple": False,
            "partial_credit": False,
            "options": [
                {"text": "Today by 15:00.", "correct": True, "feedback": "", "share": None},
                {"text": "Today.", "correct": False, "feedback": "A day, no time.", "share": 50},
                {"text": "Soon.", "correct": False, "feedback": "", "share": None},
            ],
        },
    },
    author_form={
        "multiple": "",
        "options": [
            {"text": "Today by 15:00.", "correct": "on", "feedback": ""},
            {"text": "Soon.", "feedback": ""},
        ],
    },
    answers={
        "single_right": ("single", lambda item: [item.ids[1]]),
        "single_wrong": ("single", lambda item: [item.ids[0]]),
        "multiple_right": ("multiple", lambda item: [item.ids[0], item.ids[2]]),
        "multiple_partly": ("multiple", lambda item: [item.ids[0]]),
        "partial_credit_partly": ("partial_credit", lambda item: [item.ids[0]]),
        "partial_credit_wrong": ("partial_credit", lambda item: [item.ids[0], item.ids[1]]),
        "share_partly": ("shares", lambda item: [item.ids[1]]),
        "multiple_wrong": ("multiple", lambda item: [item.ids[1]]),
    },
)
