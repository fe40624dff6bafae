from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.quizzes.kinds import Kind, definition

ids = st.uuids().map(str)
ratings = st.integers(min_value=1, max_value=5)


@st.composite
def definitions(draw: Any) -> dict[str, Any]:
    replies = draw(st.lists(ids, min_size=2, max_size=7, unique=True))
    count = len(replies)
    mode = draw(st.sampled_from(["rate", "rank"]))
    experts = (
        draw(st.permutations(range(1, count + 1)))
        if mode == "rank"
        else draw(st.lists(ratings, min_size=count, max_size=count))
    )
    return definition(
        "situational",
        mode=mode,
        replies=[
            {"id": each, "text": f"Reply {number}", "expert": expert, "feedback": ""}
            for number, (each, expert) in enumerate(zip(replies, experts, strict=True))
        ],
    )


@st.composite
def numbers(draw: Any, item: Any) -> dict[str, int]:
    """A number for some or all of the replies."""
    replies = list(item.texts)
    given = draw(st.lists(st.sampled_from(replies), min_size=1, unique=True))
    if item.is_ranking:
        places = draw(st.permutations(range(1, len(replies) + 1)))
        return dict(zip(given, places, strict=False))
    return {each: draw(ratings) for each in given}


def responses(item: Any) -> st.SearchStrategy[Any]:
    return numbers(item)


def said(item: Any, *numbers: int) -> dict[str, int]:
    return dict(zip(item.texts, numbers, strict=True))


REPLIES = [
    ("“You have my word: by Friday.”", "A promise without a plan."),
    ("“Friday is at risk. Monday, 10:00, is realistic.”", "A risk and a time, named early."),
    ("“We do our best.”", ""),
    ("“I will tell you by 15:00 whether Friday holds.”", ""),
]


def replies(*experts: int) -> list[dict[str, Any]]:
    return [
        {"text": text, "expert": expert, "feedback": feedback}
        for (text, feedback), expert in zip(REPLIES, experts, strict=True)
    ]


KIND = Kind(
    definitions=definitions(),
    responses=responses,
    examples={
        "rate": {"mode": "rate", "replies": replies(1, 5, 2, 4)},
        "rank": {"mode": "rank", "replies": replies(4, 1, 3, 2)},
    },
    author_form={
        "mode": "rank",
        "replies": [
            {"text": "“We do our best.”", "expert": "2", "feedback": ""},
            {"text": "“By 15:00.”", "expert": "1", "feedback": "A time."},
        ],
    },
    answers={
        "rate_right": ("rate", lambda item: said(item, 1, 5, 2, 4)),
        # Four of at most fourteen away: 71 %, close but not close enough.
        "rate_partly": ("rate", lambda item: said(item, 2, 4, 3, 3)),
        # Three away: 79 %, which is enough for a success.
        "rate_close": ("rate", lambda item: said(item, 2, 4, 3, 4)),
        "rate_wrong": ("rate", lambda item: said(item, 5, 1, 5, 1)),
        "rank_right": ("rank", lambda item: said(item, 4, 1, 3, 2)),
        "rank_partly": ("rank", lambda item: said(item, 4, 3, 1, 2)),
        "rank_wrong": ("rank", lambda item: said(item, 1, 4, 2, 3)),
    },
    # Nearness to a key is something that no pattern of xAPI can say.
    agrees_with_xapi=False,
)
