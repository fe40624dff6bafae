"""Matching: shared answers, half-done answers, and what a key must not be."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.questions import item_for, question_type
from attune.quizzes.questions.items import ResponseError
from tests.quizzes.kinds import KINDS
from tests.quizzes.support import of_kind

matching = KINDS["matching"]


@given(data=st.data())
def test_every_pair_earns_the_same_whatever_the_order_of_pairs_and_answers(data: Any) -> None:
    frozen = data.draw(matching.definitions)
    item = item_for(frozen)
    response = item.read(data.draw(matching.responses(item)))
    turned = item_for(
        {
            **frozen,
            "pairs": data.draw(st.permutations(frozen["pairs"])),
            "targets": data.draw(st.permutations(frozen["targets"])),
        }
    )
    assert turned.grade(turned.read(response)) == item.grade(response)
    right = sum(outcome.correct is True for outcome in item.outcomes(response))
    assert item.grade(response).share == pytest.approx(right / len(frozen["pairs"]))


@given(data=st.data())
def test_an_open_pair_is_no_worse_than_a_wrong_one(data: Any) -> None:
    item = item_for(data.draw(matching.definitions))
    response = item.read(data.draw(matching.responses(item)))
    fewer = dict(response)
    fewer.popitem()
    given_back = item.grade(item.read(fewer)).share
    assert 0 <= item.grade(response).share - given_back <= 1 / len(item.definition["pairs"]) + 1e-9


@given(data=st.data())
def test_the_page_shows_no_id(data: Any) -> None:
    """Neither a field's name nor a value tells which answer belongs to which pair."""
    item: Any = item_for(data.draw(matching.definitions))
    form = item.answer_form(item=item, order=item.order(None))
    page = form.as_p()
    assert not [each for each in (*item.key, *item.targets) if each in page]


def test_answers_that_read_the_same_are_one(db: Any) -> None:
    question = of_kind(
        "matching",
        None,
        "Greetings",
        data={
            "pairs": [
                {"source": "Frau Schmidt", "target": "Formal", "feedback": ""},
                {"source": "Herr Weber", "target": "formal ", "feedback": ""},
                {"source": "Anna from the team", "target": "By first name", "feedback": ""},
            ],
            "distractors": ["By nickname"],
        },
    )
    item: Any = question.item()
    assert list(item.targets.values()) == ["Formal", "By first name", "By nickname"]
    first, second, third = item.key.values()
    assert first == second != third


@pytest.mark.parametrize(
    ("pairs", "distractors", "words"),
    [
        ([("A", "1")], [], "at least 2 rows: there is 1"),
        ([("A", "1"), ("B", "1")], [], "All have the same answer"),
        ([("A", "1"), ("a ", "2")], [], "there twice"),
        ([("A", "1"), ("B", "2")], ["1"], "there twice"),
        ([(str(number), str(number)) for number in range(21)], [], "no more than 20"),
    ],
)
def test_a_key_that_cannot_be_asked_is_refused(
    db: Any, pairs: Any, distractors: Any, words: str
) -> None:
    data = {
        "pairs": [{"source": source, "target": target} for source, target in pairs],
        "distractors": distractors,
    }
    with pytest.raises(ValidationError, match=words):
        of_kind("matching", None, "Priorities", data=data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "“pairs” is a list"),
        ({"pairs": ["A"]}, "“pairs” is a list"),
        ({"pairs": [{"source": "A"}]}, "“target” is empty"),
        ({"pairs": [{"source": 3, "target": "B"}]}, "“source” is a text"),
        ({"pairs": [{"source": "A", "target": "B" * 601}]}, "longer than 600"),
        ({"pairs": [{"source": "A", "target": "B\x00"}]}, "no text has"),
        ({"pairs": [], "distractors": "none"}, "“distractors” is a list"),
    ],
)
def test_data_of_the_wrong_kind_is_refused_in_words(data: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        question_type("matching")().fill(data)


@given(data=st.data())
def test_strangers_are_refused(data: Any) -> None:
    item: Any = item_for(data.draw(matching.definitions))
    pair, target = next(iter(item.key.items()))
    with pytest.raises(ResponseError, match="not one of the question’s"):
        item.read({"stranger": target})
    with pytest.raises(ResponseError, match="not one of the answers"):
        item.read({pair: "stranger"})
    with pytest.raises(ResponseError, match="answered twice"):
        item.decode(f"{pair}[.]{target}[,]{pair}[.]{target}")
