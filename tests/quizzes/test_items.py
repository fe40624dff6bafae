"""Every question type, frozen: reading, encoding, grading, for all types that are installed.

A new type joins these tests by adding its file to ``kinds``; without one,
``test_every_type_is_tested`` fails.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.questions import item_for, question_types
from attune.quizzes.questions.items import Item, ResponseError, plain
from attune.xapi.interactions import check_text, is_right
from tests.quizzes.kinds import KINDS, definition

kinds = pytest.mark.parametrize("kind", sorted(KINDS))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_every_type_is_tested() -> None:
    installed = {model.kind for model in question_types() if model.__module__.startswith("attune.")}
    assert installed == KINDS.keys()


@kinds
@given(data=st.data())
def test_the_right_answer_earns_full_marks(kind: str, data: Any) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    for pattern in item.correct_responses() or ():
        grade = item.grade(item.decode(pattern))
        assert (grade.share, grade.success) == (1.0, True)


@pytest.mark.parametrize("kind", sorted(name for name in KINDS if KINDS[name].agrees_with_xapi))
@given(data=st.data())
def test_grading_agrees_with_xapi(kind: str, data: Any) -> None:
    """An LRS that reads the pattern comes to the same verdict as we do."""
    item = item_for(data.draw(KINDS[kind].definitions))
    response = item.read(data.draw(KINDS[kind].responses(item)))
    wire = item.interaction().definition()
    encoded = item.encode(response)
    check_text(wire, encoded, pattern=False)
    assert item.grade(response).success is is_right(wire, encoded)


@kinds
@given(data=st.data())
def test_encoding_comes_back(kind: str, data: Any) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    response = item.read(data.draw(KINDS[kind].responses(item)))
    assert item.decode(item.encode(response)) == response
    assert item.read(json.loads(json.dumps(response))) == response


@pytest.mark.parametrize("kind", ["choice", "true_false"])
@given(data=st.data())
def test_the_order_of_options_changes_no_grade(kind: str, data: Any) -> None:
    frozen = data.draw(KINDS[kind].definitions)
    item = item_for(frozen)
    raw = data.draw(KINDS[kind].responses(item))
    other = dict(frozen)
    if "options" in frozen:
        other["options"] = data.draw(st.permutations(frozen["options"]))
    shuffled = list(reversed(raw)) if isinstance(raw, list) else raw
    turned = item_for(other)
    assert turned.grade(turned.read(shuffled)) == item.grade(item.read(raw))


@kinds
@given(data=st.data(), raw=any_json)
def test_no_json_makes_reading_crash(kind: str, data: Any, raw: Any) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    try:
        response = item.read(raw)
    except ResponseError:
        return
    assert 0 <= item.grade(response).share <= 1
    if response is not None:
        assert item.read(response) == response


@kinds
@given(data=st.data(), text=st.text())
def test_no_text_makes_decoding_crash(kind: str, data: Any, text: str) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    try:
        response = item.decode(text)
    except ResponseError:
        return
    assert item.read(response) == response


@kinds
@pytest.mark.parametrize("junk", [None, 3, 1.5, [], {}, b"true", True])
@given(data=st.data())
def test_what_is_not_even_text_is_refused(kind: str, junk: Any, data: Any) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    with pytest.raises(ResponseError):
        item.decode(junk)


@kinds
@given(data=st.data())
def test_no_answer_earns_nothing(kind: str, data: Any) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    grade = item.grade(None)
    assert grade.share == 0
    assert not grade.success


@pytest.mark.parametrize("kind", sorted(name for name in KINDS if KINDS[name].form_comes_back))
@given(data=st.data())
def test_the_form_gives_back_what_it_was_given(kind: str, data: Any) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    response = item.read(data.draw(KINDS[kind].responses(item)))
    assert item.answer_form is not None
    shown = item.answer_form(item=item, order=item.order(None), response=response)
    sent = {name: shown[name].value() for name in shown.fields}
    form = item.answer_form(sent, item=item, order=item.order(None))
    assert form.is_valid(), form.errors
    assert item.read(form.raw_response()) == response


@kinds
@given(data=st.data())
def test_an_empty_form_is_no_answer(kind: str, data: Any) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    assert item.answer_form is not None
    form = item.answer_form({}, item=item)
    assert form.is_valid()
    assert item.read(form.raw_response()) is None


@kinds
@given(data=st.data())
def test_the_result_shows_each_option_once(kind: str, data: Any) -> None:
    item = item_for(data.draw(KINDS[kind].definitions))
    response = item.read(data.draw(KINDS[kind].responses(item)))
    outcomes = item.outcomes(response, item.order(None))
    assert any(outcome.chosen for outcome in outcomes)
    if kind not in ("choice", "true_false"):
        return
    right = all(outcome.chosen == outcome.correct for outcome in outcomes)
    single = kind == "true_false" or not item.definition.get("multiple")
    if single:
        right = any(outcome.chosen and outcome.correct for outcome in outcomes)
    assert right is bool(item.grade(response).success)


@kinds
@given(data=st.data())
def test_a_well_made_definition_has_no_problems(kind: str, data: Any) -> None:
    assert item_for(data.draw(KINDS[kind].definitions)).problems() == []


# --- What only one type has --------------------------------------------------------------

A, B, C = (str(uuid.UUID(int=number)) for number in (1, 2, 3))


def a_choice(*right: str, multiple: bool = False) -> Item:
    return item_for(
        definition(
            "choice",
            multiple=multiple,
            options=[
                {"id": each, "text": each[-1], "correct": each in right, "feedback": ""}
                for each in (A, B, C)
            ],
        )
    )


@pytest.mark.parametrize(
    ("response", "share"), [([A, C], 1), ([C, A], 1), ([A], 0), ([A, B, C], 0), ([B], 0), (None, 0)]
)
def test_several_right_answers_are_all_or_nothing(response: Any, share: float) -> None:
    item = a_choice(A, C, multiple=True)
    assert item.grade(item.read(response)).share == share
    assert item.correct_responses() == (f"{A}[,]{C}",)


@pytest.mark.parametrize(
    ("response", "share"),
    [([A, C], 1), ([A], 0.5), ([A, B], 0), ([A, B, C], 0.5), ([B], 0), (None, 0)],
)
def test_partial_credit_takes_as_much_as_it_gives(response: Any, share: float) -> None:
    frozen = dict(a_choice(A, C, multiple=True).definition)
    item = item_for({**frozen, "partial_credit": True})
    grade = item.grade(item.read(response))
    assert (grade.share, grade.success) == (share, share == 1)


def with_shares(*shares: int | None, right: str = A, multiple: bool = False) -> Item:
    frozen = dict(a_choice(right, multiple=multiple).definition)
    frozen["options"] = [
        {**option, "share": share} for option, share in zip(frozen["options"], shares, strict=True)
    ]
    return item_for(frozen)


def test_a_wrong_option_may_earn_a_share() -> None:
    item = with_shares(None, 50, None)
    assert [item.grade([each]).share for each in (A, B, C)] == [1, 0.5, 0]
    assert [item.grade([each]).success for each in (A, B, C)] == [True, False, False]
    assert item.outcomes([B])[1].feedback == "Earns 50 % of the mark."
    assert item.problems() == []


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (with_shares(80, None, None), "The right option earns the full mark"),
        (with_shares(None, 100, None), "less than 100 percent"),
        (with_shares(None, 101, None), "between 0 and 100"),
        (with_shares(None, 50, None, multiple=True), "only where one answer is chosen"),
    ],
)
def test_shares_that_contradict_the_key_are_a_problem(item: Item, words: str) -> None:
    assert any(words in problem for problem in item.problems())


def test_one_choice_only_where_one_is_asked_for() -> None:
    with pytest.raises(ResponseError, match="Only one"):
        a_choice(A).read([A, B])
    with pytest.raises(ResponseError, match="only once"):
        a_choice(A, multiple=True).read([A, A])


@pytest.mark.parametrize(
    ("right", "multiple", "words"),
    [((), False, "Mark the right option"), ((A, B), False, "Only one option can be right")],
)
def test_a_choice_without_a_key_has_a_problem(right: Any, multiple: bool, words: str) -> None:
    assert any(words in problem for problem in a_choice(*right, multiple=multiple).problems())


def test_an_option_unknown_to_the_order_comes_last() -> None:
    item: Any = a_choice(A)
    assert item.in_order([C, "gone"]) == [C, A, B]


def test_a_name_is_the_plain_beginning_of_the_prompt() -> None:
    item = item_for({**definition("true_false", answer=True), "prompt": "<p>One</p><p>two</p>"})
    assert item.name == "One two"
    assert plain("<ul><li>a</li><li>b</li></ul>") == "a b"
    long = item_for({**definition("true_false", answer=True), "prompt": "<p>" + "x" * 500})
    assert len(long.name) <= 120


def test_an_unknown_kind_is_said_so() -> None:
    with pytest.raises(LookupError, match="numerology"):
        item_for(definition("numerology"))
