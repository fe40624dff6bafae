"""Situational judgement: how far an answer is from the experts', and what that earns."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.questions import item_for, question_type
from attune.quizzes.questions.items import ResponseError
from tests.quizzes.kinds import KINDS, definition
from tests.quizzes.support import of_kind

situational = KINDS["situational"]
IDS = [str(uuid.UUID(int=number)) for number in range(1, 11)]


def replies(mode: str, *experts: int) -> Any:
    return item_for(
        definition(
            "situational",
            mode=mode,
            replies=[
                {"id": each, "text": f"Reply {number}", "expert": expert, "feedback": ""}
                for number, (each, expert) in enumerate(zip(IDS, experts, strict=False), start=1)
            ],
        )
    )


def said(*numbers: int | None) -> dict[str, int]:
    return {each: number for each, number in zip(IDS, numbers, strict=False) if number is not None}


@pytest.mark.parametrize(
    ("mode", "experts", "numbers", "share", "success"),
    [
        ("rate", (1, 5, 2, 4), (1, 5, 2, 4), 1, True),
        ("rate", (1, 5, 2, 4), (5, 1, 5, 1), 0, False),
        ("rate", (1, 5, 1, 5), (2, 4, 2, 4), 0.75, True),
        ("rate", (1, 5, 1, 5), (2, 4, 2, 3), 1 - 5 / 16, False),
        ("rate", (3, 3), (1, 5), 0, False),
        ("rate", (1, 5, 1, 5), (1, 5, 1, None), 0.75, False),
        ("rate", (1, 5, 1, 5), (1, None, None, None), 0.25, False),
        ("rank", (1, 2, 3, 4), (1, 2, 3, 4), 1, True),
        ("rank", (1, 2, 3, 4), (4, 3, 2, 1), 0, False),
        ("rank", (1, 2, 3, 4), (2, 1, 3, 4), 0.75, True),
        ("rank", (1, 2, 3, 4), (2, 1, 4, 3), 0.5, False),
        ("rank", (1, 2, 3), (3, 2, 1), 0, False),
        ("rank", (1, 2, 3, 4), (None, None, None, 1), 0, False),
    ],
)
def test_the_nearer_the_more(
    mode: str, experts: Any, numbers: Any, share: float, success: bool
) -> None:
    item = replies(mode, *experts)
    grade = item.grade(item.read(said(*numbers)))
    assert grade.share == pytest.approx(share)
    assert grade.success is success


numbers_of = {
    "rate": st.lists(st.integers(1, 5), min_size=4, max_size=4),
    "rank": st.permutations([1, 2, 3, 4]),
}


@pytest.mark.parametrize("mode", ["rate", "rank"])
@given(data=st.data())
def test_distance_does_not_ask_who_is_the_expert(mode: str, data: Any) -> None:
    ours, theirs = data.draw(numbers_of[mode]), data.draw(numbers_of[mode])
    there = replies(mode, *ours).distance(said(*theirs))
    back = replies(mode, *theirs).distance(said(*ours))
    assert there == back
    assert (there == 0) is (list(ours) == list(theirs))


@pytest.mark.parametrize("mode", ["rate", "rank"])
@given(data=st.data())
def test_distance_is_no_longer_by_a_direct_way(mode: str, data: Any) -> None:
    one, two, three = (data.draw(numbers_of[mode]) for _each in range(3))
    direct = replies(mode, *one).distance(said(*three))
    by_way_of_two = replies(mode, *one).distance(said(*two)) + replies(mode, *two).distance(
        said(*three)
    )
    assert direct <= by_way_of_two


@given(data=st.data())
def test_a_whole_answer_lies_within_the_largest_distance_and_some_reach_it(data: Any) -> None:
    item: Any = item_for(data.draw(situational.definitions))
    count = len(item.replies)
    farthest = (
        {each: count + 1 - expert for each, expert in item.experts.items()}
        if item.is_ranking
        else {each: 5 if expert < 3 else 1 for each, expert in item.experts.items()}
    )
    assert item.distance(farthest) == item.largest_distance
    assert item.grade(item.read(farthest)).share == 0
    response = item.read(data.draw(situational.responses(item)))
    if len(response) == count:
        assert item.distance(response) <= item.largest_distance


@given(data=st.data())
def test_leaving_a_reply_open_never_helps(data: Any) -> None:
    item: Any = item_for(data.draw(situational.definitions))
    response = item.read(data.draw(situational.responses(item)))
    fewer = dict(response)
    fewer.popitem()
    assert item.grade(item.read(fewer)).share <= item.grade(response).share


@pytest.mark.parametrize("mode", ["rate", "rank"])
@given(data=st.data())
def test_what_is_not_answered_neither_earns_nor_succeeds(mode: str, data: Any) -> None:
    """An expert's 3 is near everything: one reply left open would have come to 0.86."""
    item: Any = replies(mode, *data.draw(numbers_of[mode]))
    left_open = data.draw(st.sets(st.sampled_from(IDS[:4]), min_size=1, max_size=3))
    best = {each: number for each, number in item.experts.items() if each not in left_open}
    grade = item.grade(item.read(best))
    assert grade.share <= len(best) / 4
    assert not grade.success


@given(data=st.data())
def test_the_order_of_replies_changes_no_grade(data: Any) -> None:
    frozen = data.draw(situational.definitions)
    item = item_for(frozen)
    response = item.read(data.draw(situational.responses(item)))
    turned = item_for({**frozen, "replies": data.draw(st.permutations(frozen["replies"]))})
    assert turned.grade(turned.read(response)) == item.grade(response)


@pytest.mark.parametrize(
    ("mode", "raw", "words"),
    [
        ("rank", {IDS[0]: 1, IDS[1]: 1}, "Place 1 is given twice"),
        ("rank", {IDS[0]: 5}, "from 1 to 4"),
        ("rate", {IDS[0]: 6}, "from 1 to 5"),
        ("rate", {IDS[0]: 2.0}, "from 1 to 5"),
        ("rate", {IDS[0]: True}, "from 1 to 5"),
        ("rate", {"stranger": 2}, "not one of the question’s"),
        ("rate", [1, 2, 3, 4], "something for each row"),
    ],
)
def test_what_is_no_judgement_is_refused_in_words(mode: str, raw: Any, words: str) -> None:
    with pytest.raises(ResponseError, match=words):
        replies(mode, 1, 2, 3, 4).read(raw)


@pytest.mark.parametrize("text", ["x", "x[.]", f"{IDS[0]}[.]01", f"{IDS[0]}[.]٣", f"{IDS[0]}[.]+3"])
def test_only_what_was_encoded_is_decoded(text: str) -> None:
    with pytest.raises(ResponseError):
        replies("rate", 1, 2, 3, 4).decode(text)


@pytest.mark.parametrize(
    ("mode", "experts", "words"),
    [
        ("rank", (1, 1, 2), "have to be 1 to 3"),
        ("rank", (2, 3, 4), "have to be 1 to 3"),
        ("rate", (3,), "at least 2 rows: there is 1"),
    ],
)
def test_a_key_that_cannot_be_asked_is_refused(
    db: Any, mode: str, experts: Any, words: str
) -> None:
    rows = [{"text": f"Reply {number}", "expert": expert} for number, expert in enumerate(experts)]
    with pytest.raises(ValidationError, match=words):
        of_kind("situational", None, "Friday", data={"mode": mode, "replies": rows})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"mode": "guess", "replies": []}, "“mode” is either"),
        ({"mode": ["rate"], "replies": []}, "“mode” is either"),
        ({"mode": "rate"}, "“replies” is a list"),
        ({"mode": "rate", "replies": [{"text": "A", "expert": 6}]}, "from 1 to 5"),
        ({"mode": "rate", "replies": [{"text": "A", "expert": "4"}]}, "from 1 to 5"),
        ({"mode": "rank", "replies": [{"text": "A", "expert": True}]}, "from 1 to 10"),
    ],
)
def test_data_of_the_wrong_kind_is_refused_in_words(data: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        question_type("situational")().fill(data)
