"""The grammar of the ten interaction types: there and back, and what it refuses."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.xapi import interactions as ia
from tests.xapi.samples import INTERACTIONS, components

IDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters="[]"),
    min_size=1,
    max_size=12,
).filter(lambda text: not re.search(r"\s", text))
UNIQUE = st.lists(IDS, min_size=1, max_size=6, unique=True).map(tuple)
PAIRS = st.lists(st.tuples(IDS, IDS), min_size=1, max_size=6).map(tuple)
WORDS = st.text(max_size=40).map(ia.plain_text)
FLAG = st.none() | st.booleans()
LANG = st.none() | st.sampled_from(["de", "en-GB", "fil"])
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-9, max_value=9)


@given(st.booleans())
def test_true_false(value: bool) -> None:
    assert ia.decode_true_false(ia.encode_true_false(value)) is value


@given(UNIQUE)
def test_choice_and_sequencing(ids: tuple[str, ...]) -> None:
    assert ia.decode_choice(ia.encode_choice(ids)) == ids
    assert ia.decode_sequencing(ia.encode_sequencing(ids)) == ids


def test_choosing_nothing_is_the_empty_text() -> None:
    assert ia.encode_choice([]) == ""
    assert ia.decode_choice("") == ()


@given(IDS)
def test_likert(identifier: str) -> None:
    assert ia.decode_likert(ia.encode_likert(identifier)) == identifier


@given(PAIRS)
def test_matching(pairs: tuple[tuple[str, str], ...]) -> None:
    assert ia.decode_matching(ia.encode_matching(pairs)) == pairs


@given(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=5).map(tuple), FLAG)
def test_performance(steps: tuple[tuple[str, str], ...], order: bool | None) -> None:
    text = ia.encode_performance(steps, order_matters=order)
    assert ia.decode_performance(text) == ia.Performance(steps, order)


@given(NUMBERS)
def test_number(number: Decimal) -> None:
    text = ia.encode_number(number)
    assert ia.decode_number(text) == number
    assert "e" not in text.lower()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_float_is_written_plainly(number: float) -> None:
    text = ia.encode_number(number)
    assert float(text) == number
    assert set(text) <= set(string.digits + ".-")


@given(st.none() | NUMBERS, st.none() | NUMBERS)
def test_numeric(low: Decimal | None, high: Decimal | None) -> None:
    possible = (low, high) != (None, None) and (low is None or high is None or low <= high)
    if possible:
        assert ia.decode_numeric(ia.encode_numeric(low, high)) == (low, high)
    else:
        with pytest.raises(ValueError, match=r"end|backwards"):
            ia.encode_numeric(low, high)


@given(st.lists(WORDS, min_size=1, max_size=4), FLAG, FLAG, LANG)
def test_fill_in(texts: list[str], case: bool | None, order: bool | None, lang: str | None) -> None:
    text = ia.encode_fill_in(texts, case_matters=case, order_matters=order, lang=lang)
    wanted = ia.FillIn(tuple(ia.Text(word, lang) for word in texts), case, order)
    assert ia.decode_fill_in(text) == wanted


@given(WORDS, FLAG, LANG)
def test_long_fill_in(words: str, case: bool | None, lang: str | None) -> None:
    text = ia.encode_long_fill_in(words, case_matters=case, lang=lang)
    assert ia.decode_long_fill_in(text) == ia.FillIn((ia.Text(words, lang),), case, None)


@given(st.text(max_size=60))
def test_anything_that_people_type_can_be_made_plain(text: str) -> None:
    plain = ia.plain_text(text)
    assert ia.plain_text(plain) == plain
    ia.encode_fill_in([plain])
    ia.encode_long_fill_in(plain)


@given(st.text(max_size=60))
def test_decoders_answer_any_text_with_a_value_or_a_value_error(text: str) -> None:
    decoders: list[Callable[[str], Any]] = [
        ia.decode_true_false,
        ia.decode_choice,
        ia.decode_likert,
        ia.decode_matching,
        ia.decode_performance,
        ia.decode_number,
        ia.decode_numeric,
        ia.decode_fill_in,
        ia.decode_long_fill_in,
        ia.decode_other,
    ]
    for decode in decoders:
        try:
            decode(text)
        except ValueError:
            continue


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ia.encode_choice(["a", "a"]),
        lambda: ia.encode_choice(["two words"]),
        lambda: ia.encode_choice(["a[,]b"]),
        lambda: ia.encode_choice([""]),
        lambda: ia.encode_matching([("a", "b c")]),
        lambda: ia.encode_number(float("nan")),
        lambda: ia.encode_number(float("inf")),
        lambda: ia.encode_number(True),
        lambda: ia.encode_fill_in([]),
        lambda: ia.encode_fill_in(["a[,]b"]),
        lambda: ia.encode_fill_in(["{lang=de}x"]),
        lambda: ia.encode_fill_in(["x"], lang="no such tag"),
        lambda: ia.encode_performance([]),
        lambda: ia.encode_performance([("s", "a[.]b")]),
        lambda: ia.decode_true_false("True"),
        lambda: ia.decode_numeric("9[:]4"),
        lambda: ia.decode_numeric("[:]"),
        lambda: ia.decode_numeric("1[:]2[:]3"),
        lambda: ia.decode_number("NaN"),
        lambda: ia.decode_number("1,5"),
        lambda: ia.decode_matching("a"),
        lambda: ia.decode_choice("a[,]a"),
        lambda: ia.decode_fill_in("{case_matters=maybe}x"),
        lambda: ia.decode_fill_in("{case_matters=true}{case_matters=true}x"),
        lambda: ia.decode_long_fill_in("{order_matters=true}x"),
    ],
)
def test_what_the_grammar_cannot_carry_is_refused(wrong: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()


@pytest.mark.parametrize("kind", INTERACTIONS)
def test_each_type_knows_a_right_response(kind: str) -> None:
    interaction, response = INTERACTIONS[kind]
    ia.check_text(interaction.definition(), response, pattern=False)
    assert ia.is_right(interaction.definition(), response) in (True, None)


@pytest.mark.parametrize(
    ("kind", "response"),
    [
        ("true-false", "false"),
        ("choice", "a"),
        ("choice", "a[,]b[,]c"),
        ("fill-in", "sie"),
        ("matching", "s1[.]t1[,]s2[.]t2"),
        ("performance", "greet[.]done[,]reply[.]16"),
        ("sequencing", "a[,]b[,]c"),
        ("numeric", "8.1"),
    ],
)
def test_each_type_knows_a_wrong_response(kind: str, response: str) -> None:
    assert ia.is_right(INTERACTIONS[kind][0].definition(), response) is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "essay"},
        {"type": "choice"},
        {"type": "choice", "choices": components("a", "a")},
        {"type": "choice", "choices": components("a"), "correct_responses": ("b",)},
        {"type": "choice", "choices": components("a", "b"), "correct_responses": ()},
        {"type": "true-false", "correct_responses": ("true", "false")},
        {"type": "true-false", "correct_responses": ("True",)},
        {"type": "true-false", "scale": components("a")},
        {"type": "matching", "source": components("a")},
        {"type": "numeric", "correct_responses": ("9[:]4",)},
        {"type": "performance", "steps": components("a b")},
        {"type": "likert", "scale": components("1"), "correct_responses": ("2",)},
    ],
)
def test_a_definition_that_does_not_hold_together_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        ia.Interaction(**wrong)
