from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from attune.quizzes.questions.wording import canonical_text
from tests.quizzes.kinds import Kind, definition

# What a near miss or a forgiven accent lets through, no pattern says: test_wording has it.
words = st.text(min_size=1, max_size=20).filter(canonical_text)


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    accepted = draw(
        st.lists(st.lists(words, min_size=1, max_size=3, unique=True), min_size=1, max_size=3)
    )
    numbers = draw(st.permutations(range(1, len(accepted) + 1)))
    case_matters = draw(st.booleans())
    return definition(
        "fill_in",
        text="".join(f"Dear [[{number}]], " for number in numbers),
        blanks=[
            {
                "accepted": each,
                "case_matters": case_matters,
                "accents_matter": True,
                "near_miss": 0,
                "feedback": "",
            }
            for each in accepted
        ],
    )


def responses(item: Any) -> st.SearchStrategy[Any]:
    """Some right words, some right but for their case, some wrong ones, some left empty."""
    blanks = [
        st.sampled_from([*blank["accepted"], *(each.swapcase() for each in blank["accepted"]), ""])
        | words
        for blank in item.blanks
    ]
    return st.tuples(*blanks).map(list).filter(any)


KIND = Kind(
    definitions=definitions(),
    responses=responses,
    examples={
        "letter": {
            "text": "Dear [[1]], I will call you at [[2]]. Kind regards, Maria",
            "blanks": [
                {
                    "accepted": ["Frau Schmidt", "Ms Schmidt"],
                    "case_matters": True,
                    "accents_matter": True,
                    "near_miss": 0,
                    "feedback": "The surname, until she offers the first name.",
                },
                {
                    "accepted": ["15:00", "3 pm"],
                    "case_matters": False,
                    "accents_matter": True,
                    "near_miss": 0,
                    "feedback": "A time that she can plan with.",
                },
            ],
        },
        "forgiving": {
            "text": "The head of the plant is Herr [[1]].",
            "blanks": [
                {
                    "accepted": ["Müller"],
                    "case_matters": False,
                    "accents_matter": False,
                    "near_miss": 1,
                    "feedback": "",
                }
            ],
        },
    },
    author_form={
        "text": "Dear [[1]], good morning.",
        "blanks": [
            {"accepted": "Frau Schmidt\nMs Schmidt", "near_miss": "1", "accents_matter": "on"}
        ],
    },
    answers={
        "right": ("letter", lambda item: ["Ms Schmidt", "3 PM"]),
        "partly": ("letter", lambda item: ["Frau Schmidt", "soon"]),
        "wrong": ("letter", lambda item: ["Sabine", ""]),
        "near_miss": ("forgiving", lambda item: ["muler"]),
    },
)
