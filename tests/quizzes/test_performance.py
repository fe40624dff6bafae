"""Performance: steps, each with its response; and ids that outlive a reordering."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.questions import item_for, question_type
from attune.quizzes.questions.items import ResponseError
from tests.quizzes.kinds import KINDS
from tests.quizzes.support import of_kind

performance = KINDS["performance"]
STEP = {"text": "The phone rings.", "right": "Greet.", "wrong": ["Wait.", "Sigh."], "feedback": ""}


@given(data=st.data())
def test_every_step_earns_the_same(data: Any) -> None:
    frozen = data.draw(performance.definitions)
    item: Any = item_for(frozen)
    response = item.read(data.draw(performance.responses(item)))
    right = sum(item.key[step] == chosen for step, chosen in response.items())
    grade = item.grade(response)
    assert grade.share == pytest.approx(right / len(item.steps))
    assert grade.success is (right == len(item.steps))
    turned = item_for({**frozen, "steps": data.draw(st.permutations(frozen["steps"]))})
    assert turned.grade(turned.read(response)) == grade


@given(data=st.data())
def test_the_page_shows_no_id_and_mixes_the_responses(data: Any) -> None:
    item: Any = item_for(data.draw(performance.definitions))
    seed = data.draw(st.integers())
    order = item.order(random.Random(seed))
    form = item.answer_form(item=item, order=order)
    page = form.as_p()
    ids = [each["id"] for step in item.steps for each in step["responses"]]
    assert sorted(order) == sorted(ids)
    assert not [each for each in (*item.key, *ids) if each in page]


@given(data=st.data())
def test_a_response_to_another_step_is_refused(data: Any) -> None:
    item: Any = item_for(data.draw(performance.definitions))
    step = next(iter(item.key))
    with pytest.raises(ResponseError, match="not one of the responses"):
        item.read({step: "stranger"})
    with pytest.raises(ResponseError, match="how it is compared"):
        item.decode("{order_matters=false}" + item.correct_responses()[0])
    twice = f"{step}[.]{item.key[step]}"
    with pytest.raises(ResponseError, match="answered twice"):
        item.decode(f"{twice}[,]{twice}")


def test_reordered_wrong_responses_keep_their_ids(db: Any) -> None:
    question: Any = of_kind("performance", None, "Call", data={"steps": [STEP]})
    before = {each["text"]: each["id"] for each in question.definition()["steps"][0]["responses"]}
    step = question.steps.get()
    step.wrong = list(reversed(step.wrong.raw_data))
    step.save()
    kept: Any = question_type("performance").objects.get(pk=question.pk)
    responses = kept.definition()["steps"][0]["responses"]
    assert [each["text"] for each in responses] == ["Greet.", "Sigh.", "Wait."]
    assert {each["text"]: each["id"] for each in responses} == before


def test_reading_the_same_data_again_is_no_change(db: Any) -> None:
    question: Any = of_kind("performance", None, "Call", data={"steps": [STEP, STEP]})
    again: Any = question_type("performance")(locale=question.locale)
    again.fill(question.as_data())
    ids = [
        [each["id"] for each in step.wrong.raw_data]
        for each_question in (question, again)
        for step in each_question.steps.all()
    ]
    assert ids[:2] == ids[2:]
    assert not set(ids[0]) & set(ids[1])


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "at least 1 rows: there are 0"),
        ([STEP | {"wrong": []}], "Step 1: Give at least one wrong response"),
        ([STEP, STEP | {"wrong": ["greet. "]}], "Step 2: .*there twice"),
        ([STEP | {"wrong": [f"Wrong {n}" for n in range(9)]}], "no more than 8 wrong"),
    ],
)
def test_steps_that_cannot_be_asked_are_refused(db: Any, steps: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        of_kind("performance", None, "Call", data={"steps": steps})


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (STEP | {"right": ""}, "“right” is empty"),
        (STEP | {"wrong": [""]}, "“wrong” is empty"),
        (STEP | {"wrong": "Sigh."}, "“wrong” is a list of texts"),
        (STEP | {"wrong": [None]}, "“wrong” is a text"),
    ],
)
def test_data_of_the_wrong_kind_is_refused_in_words(step: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        question_type("performance")().fill({"steps": [step]})
