"""Numbers as people type them, in whichever notation they learned at school."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.questions import item_for
from attune.quizzes.questions.items import ResponseError
from attune.quizzes.questions.numbers import MAX_DIGITS, canonical, display_number, parse_number
from tests.quizzes.kinds import definition

numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False)
languages = st.sampled_from(["en", "de", "es", "fil", "hi", "ar", "pl"])


@pytest.mark.parametrize(
    ("typed", "language", "number"),
    [
        ("1,5", "en", "1.5"),
        ("1.5", "de", "1.5"),
        ("1.234,56", "en", "1234.56"),
        ("1,234.56", "de", "1234.56"),
        ("1,234", "en", "1234"),
        ("1,234", "de", "1.234"),
        ("1.234", "en", "1.234"),
        ("1.234", "de", "1234"),
        ("0,123", "en", "0.123"),  # nobody writes nought thousand
        ("1.234.567", "en", "1234567"),
        ("12,34,567.5", "en", "1234567.5"),  # as India groups
        ("1 234,5", "en", "1234.5"),
        ("1’234.50", "de", "1234.5"),
        ("−5", "en", "-5"),
        ("+5", "en", "5"),
        ("-0", "en", "0"),
        ("８", "en", "8"),
        ("٣٫٥", "en", "3.5"),
        ("५", "hi", "5"),
        (".5", "en", "0.5"),
        ("5,", "en", "5"),  # on the way to 5,5
        ("  ", "en", None),
        ("", "en", None),
    ],
)
def test_every_common_notation_is_read(typed: str, language: str, number: str | None) -> None:
    assert parse_number(typed, language=language) == number


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("8 minutes", "minutes"),
        ("8MINUTES", "minutes"),
        ("8 min.", "min"),
        ("8 min", "min."),
        ("€ 8", "€"),
        ("8 m2", "m²"),
        ("8", "minutes"),
    ],
)
def test_a_unit_may_stand_by_the_number(typed: str, unit: str) -> None:
    assert parse_number(typed, language="en", unit=unit) == "8"


@pytest.mark.parametrize(
    "typed",
    [
        "eight",
        "1 2",
        "1,2,3",
        "1.2.3,4",
        "1,23.456,7",
        "--5",
        "5-",
        "1e5",
        "½",
        "8 hours",
        ".",
        "∞",
    ],
)
def test_what_is_no_number_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ResponseError, match="with or without its unit: “min”"):
        parse_number(typed, language="en", unit="min")
    with pytest.raises(ResponseError, match="Give a number"):
        parse_number(typed, language="en")


@given(number=numbers, language=languages)
def test_what_is_displayed_is_read_back(number: Decimal, language: str) -> None:
    kept = canonical(number)
    assert parse_number(display_number(kept, language=language), language=language) == kept


@given(
    number=numbers,
    language=languages,
    signs=st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), (" ", ".")]),
)
def test_groups_and_fractions_are_told_apart(
    number: Decimal, language: str, signs: tuple[str, str]
) -> None:
    group, point = signs
    typed = f"{number:,.4f}".replace(",", "G").replace(".", point).replace("G", group)
    assert Decimal(str(parse_number(typed, language=language))) == number


@given(typed=st.text() | st.text(alphabet="0123456789.,' -+e"), language=languages, unit=st.text())
def test_no_text_makes_it_crash(typed: str, language: str, unit: str) -> None:
    try:
        number = parse_number(typed, language=language, unit=unit)
    except ResponseError:
        return
    assert number is None or canonical(number) == number


@pytest.mark.parametrize(
    "number", ["9" * (MAX_DIGITS + 1), 10**400, 1e300, Decimal("1e999999"), Decimal("1e-999999")]
)
def test_endless_numbers_are_refused(number: Any) -> None:
    with pytest.raises(ResponseError, match="at most 20 digits"):
        canonical(number)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), True, "1,5", "1e5", "0x1", "١"])
def test_only_plain_numbers_are_canonical(number: Any) -> None:
    with pytest.raises(ResponseError, match="not a number"):
        canonical(number)


# --- The question type ----------------------------------------------------------------------


def numeric(**own: Any) -> Any:
    return item_for(definition("numeric", **{"unit": "", "feedback": "", **own}))


@pytest.mark.parametrize(
    ("own", "right", "wrong"),
    [
        ({"value": "8"}, ["8", 8, 8.0, "8.000"], ["8.01", "-8"]),
        ({"value": "0.3", "tolerance": "0.1"}, ["0.2", "0.4"], ["0.19", "0.41"]),
        ({"minimum": "-4", "maximum": "4"}, ["-4", "0", "4"], ["4.5", "-4.1"]),
        ({"minimum": "80"}, ["80", "1000"], ["79.999"]),
        ({"maximum": "15"}, ["-3", "15"], ["15.1"]),
    ],
)
def test_both_ends_of_a_range_are_right(own: Any, right: list[Any], wrong: list[Any]) -> None:
    item = numeric(**own)
    assert [item.grade(item.read(each)).success for each in right] == [True] * len(right)
    assert [item.grade(item.read(each)).success for each in wrong] == [False] * len(wrong)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({}, "Give the right number"),
        ({"value": "1", "minimum": "0"}, "not both"),
        ({"minimum": "4", "maximum": "3"}, "backwards"),
        ({"minimum": "4", "tolerance": "1"}, "A range has its own ends"),
        ({"value": "4", "tolerance": "-1"}, "zero or more"),
    ],
)
def test_a_key_that_nobody_could_meet_is_a_problem(own: Any, words: str) -> None:
    assert any(words in problem for problem in numeric(**own).problems())


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"value": "8"}, "8 min"),
        ({"value": "8", "tolerance": "0.5"}, "8 min, give or take 0.5 min"),
        ({"minimum": "1", "maximum": "4"}, "from 1 to 4 min"),
        ({"minimum": "80"}, "80 min or more"),
        ({"maximum": "80"}, "80 min or less"),
    ],
)
def test_the_result_says_what_would_have_been_right(own: Any, words: str) -> None:
    lines = numeric(unit="min", **own).outcomes("1000")
    assert [(line.text, line.chosen, line.correct) for line in lines] == [
        ("1000 min", True, "minimum" in own and "maximum" not in own),
        (words, False, True),
    ]


def test_the_form_reads_the_attempts_language_and_keeps_what_it_cannot_read() -> None:
    german = item_for(
        {**definition("numeric", value="1.234", unit="", feedback=""), "language": "de"}
    )
    form = german.answer_form({"answer": "1,234"}, item=german)  # type: ignore[misc]
    assert form.is_valid()
    assert form.raw_response() == "1.234"
    shown = german.answer_form(item=german, response="1.234")  # type: ignore[misc]
    assert shown["answer"].value() == "1,234"
    unclear = german.answer_form({"answer": "bald"}, item=german)  # type: ignore[misc]
    assert unclear.is_valid()
    with pytest.raises(ResponseError):
        unclear.raw_response()
    assert unclear["answer"].value() == "bald"
