"""Sequencing: places, gaps, and what an order earns that is not quite right."""

from __future__ import annotations

import uuid
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.questions import item_for
from attune.quizzes.questions.items import ResponseError
from tests.quizzes.kinds import KINDS, definition

sequencing = KINDS["sequencing"]
A, B, C, D = (str(uuid.UUID(int=number)) for number in range(1, 5))


def steps(partial_credit: bool = True) -> Any:
    return item_for(
        definition(
            "sequencing",
            steps=[
                {"id": each, "text": f"Step {each[-1]}", "feedback": ""} for each in (A, B, C, D)
            ],
            partial_credit=partial_credit,
        )
    )


@pytest.mark.parametrize(
    ("response", "share"),
    [
        ([A, B, C, D], 1),
        ([B, C, D, A], 2 / 3),
        ([A, C, B, D], 0),
        ([C, D, A, B], 2 / 3),
        ([D, C, B, A], 0),
        ([None, B, C], 1 / 3),
        ([A, None, None, B], 1 / 3),
        ([A], 0),
        (None, 0),
    ],
)
def test_a_step_that_follows_the_right_one_earns_its_part(response: Any, share: float) -> None:
    item = steps()
    grade = item.grade(item.read(response))
    assert grade.share == pytest.approx(share)
    assert grade.success is (share == 1)
    strict = steps(partial_credit=False)
    assert strict.grade(strict.read(response)).share == (share == 1)


@given(order=st.permutations([A, B, C, D]), gaps=st.lists(st.booleans(), min_size=4, max_size=4))
def test_gaps_change_neither_grade_nor_record(order: Any, gaps: Any) -> None:
    """What is told to the record store is graded as what the learner left behind."""
    item = steps()
    response = item.read([None if gap else each for each, gap in zip(order, gaps, strict=True)])
    if response is None:
        assert all(gaps)
        return
    told = item.decode(item.encode(response))
    assert item.grade(told) == item.grade(response)
    assert told == [each for each in response if each is not None]


@given(data=st.data())
def test_only_the_whole_right_order_earns_all(data: Any) -> None:
    item: Any = item_for(data.draw(sequencing.definitions))
    response = item.read(data.draw(sequencing.responses(item)))
    grade = item.grade(response)
    assert (grade.share == 1) is (response == list(item.texts)) is grade.success
    if not item.partial_credit:
        assert grade.share in (0, 1)


@given(data=st.data())
def test_the_result_marks_as_many_steps_as_were_credited(data: Any) -> None:
    item: Any = item_for(data.draw(sequencing.definitions))
    response = item.read(data.draw(sequencing.responses(item)))
    credited = sum(bool(outcome.credit) for outcome in item.outcomes(response))
    if item.partial_credit:
        neighbours = len(list(pairwise(item.texts)))
        assert credited / neighbours == pytest.approx(item.grade(response).share)
    else:
        assert credited == 0


@given(places=st.dictionaries(st.sampled_from([A, B, C, D]), st.integers(1, 4)))
def test_places_are_kept_with_their_gaps_or_refused_in_words(places: Any) -> None:
    item = steps()
    taken = list(places.values())
    if len(taken) != len(set(taken)):
        with pytest.raises(
            ResponseError, match=r"Place \d is given twice: to “Step \d” and to “Step"
        ):
            item.read(places)
        return
    response = item.read(places)
    assert item.places_of(response) == places
    form = item.answer_form(item=item, order=item.order(None), response=response)
    sent = {name: form[name].value() for name in form.fields}
    again = item.answer_form(sent, item=item, order=item.order(None))
    assert again.is_valid()
    assert item.read(again.raw_response()) == response


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([A, A], "only one place"),
        ([A, "stranger"], "not one of the question’s"),
        ([A, B, C, D, None], "not one of the question’s"),
        ([A, 2], "list of steps in order"),
        ({A: 0}, "from 1 to 4"),
        ({A: 5}, "from 1 to 4"),
        ({A: True}, "from 1 to 4"),
        ({"stranger": 1}, "not one of the question’s"),
        ("A first", "something for each row"),
    ],
)
def test_what_is_no_order_is_refused_in_words(raw: Any, words: str) -> None:
    with pytest.raises(ResponseError, match=words):
        steps().read(raw)


def test_what_is_still_open_is_said() -> None:
    item = steps()
    assert item.lacks(None) == ""
    assert item.lacks([A, B, C, D]) == ""
    assert "2 of 4 still open" in item.lacks([None, B, None, D])


def test_the_steps_are_mixed_even_where_the_quiz_shuffles_nothing() -> None:
    """The author's order is the answer. Two steps may fall as they stood; twenty do not."""
    ids = [str(uuid.UUID(int=number)) for number in range(20)]
    item = item_for(definition("sequencing", steps=[{"id": each, "text": each} for each in ids]))
    assert item.order(None) != ids
    assert sorted(item.order(None)) == ids
    assert item.order(None) == item.order(None)


def test_rows_are_shown_in_the_order_given_once_it_is_whole() -> None:
    item = steps()
    shown = [B, D, A, C]

    def labels(response: Any) -> list[str]:
        form = item.answer_form(item=item, order=shown, response=response)
        return [str(field.label)[-1] for field in form.fields_in_place]

    assert labels([A, B, C, D]) == ["1", "2", "3", "4"]
    assert labels([C, None, A]) == ["2", "4", "1", "3"]
    assert labels(None) == ["2", "4", "1", "3"]
