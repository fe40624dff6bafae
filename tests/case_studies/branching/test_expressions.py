"""The language: what it means, and what it says about what it does not understand."""

import pytest

from attune.case_studies.branching.expressions import (
    LONGEST,
    ExpressionError,
    condition_from,
    effects_from,
    effects_text,
    score_from,
)
from attune.case_studies.branching.nodes import Facts, UnknownName, holds

FACTS = Facts(
    {"trust": 40, "minutes": 7, "none": 0},
    visited=frozenset({"plant-stop"}),
    took=frozenset({"plant-stop/call-back"}),
)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("trust = 5", 7, "“==”"),
        ("trust", 1, "compare it"),
        ("not trust", 5, "is a number"),
        ("1 + (trust > 2) > 3", 5, "a number is expected"),
        ("0 < trust < 5", 11, "do not chain"),
        ("trust > 1 && minutes > 2", 11, "“and”"),
        ("trust > 5.5", 10, "whole"),
        ("trust >", 8, "ends too early"),
        ("(trust > 1", 11, "“)”"),
        ("trust > 1)", 10, "the end"),
        ("trust > 1; minutes > 2", 10, "only effects"),
        ("Trust > 1", 1, "small letters"),
        ("visited(plant-stop)", 9, "in quotation marks"),
        ("visited(“plant-stop”)", 9, "straight quotation marks"),
        ('visited("plant-stop/x")', 9, "such as “plant-stop”"),
        ('took("plant-stop")', 6, "plant-stop/call-back"),
        ('visited("plant', 9, "not closed"),
        ("visited > 1", 9, "“(”"),
        ("and > 1", 1, "the name of a meter"),
        ("trust > 99999999999", 9, "too great"),
        ("trust > ٣", 9, "means nothing"),
        ("(" * 31 + "trust > 1" + ")" * 31, 32, "nested"),
        ("not " * 31 + "trust > 1", 125, "nested"),
        ("trust > " + "-" * 40 + "1", 40, "nested"),
        ("trust > 1" + " " * LONGEST, LONGEST + 1, "Too long"),
    ],
)
def test_a_condition_that_is_none_is_refused_with_its_place(text, column, says):
    with pytest.raises(ExpressionError) as refused:
        condition_from(text)
    assert refused.value.column == column
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("trust", 6, "“+=”"),
        ("trust == 3", 7, "“=”"),
        ("trust = minutes > 1", 9, "a number is expected"),
        ("trust = 1 minutes = 2", 11, "“;”"),
        ("5 = trust", 1, "the name of a meter"),
        ("took = 1", 1, "the name of a meter"),
        ("; trust = 1", 1, "the name of a meter"),
        ("trust *= 2", 7, "“=”"),
    ],
)
def test_effects_that_are_none_are_refused_with_their_place(text, column, says):
    with pytest.raises(ExpressionError) as refused:
        effects_from(text)
    assert refused.value.column == column
    assert says in str(refused.value)


def test_the_error_names_what_was_found_and_expected():
    with pytest.raises(ExpressionError) as refused:
        condition_from("trust >= or")
    assert refused.value.found == "or"
    assert refused.value.expected == "a number, the name of a meter, or “(”"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 3 - 2", 5),
        ("-trust + 1", -39),
        ("7 / 2", 3),
        ("-7 / 2", -4),
        ("-7 % 3", 2),
        ("7 % -3", -2),
        ("5 / none", 0),
        ("5 % none", 0),
        ("- -3", 3),
        ("", 0),
    ],
)
def test_numbers(text, value):
    assert score_from(text).of(FACTS) == value


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("trust >= 40 and minutes < 8", True),
        ("trust > 40 or not minutes != 7", True),
        ("not trust > 40 and minutes > 10", False),
        ('visited("plant-stop") and not visited("board")', True),
        ("took('plant-stop/call-back')", True),
        ('took("plant-stop/shout")', False),
        ("  ", True),
    ],
)
def test_truths(text, truth):
    assert holds(condition_from(text), FACTS) is truth


def test_effects_are_written_out_as_they_are_read():
    effects = effects_from("trust+=10;minutes = minutes-5 ; trust -= (1)")
    assert effects_text(effects) == "trust += 10; minutes = minutes - 5; trust -= 1"
    assert [effect.of(FACTS) for effect in effects] == [50, 2, 39]


def test_an_unknown_name_is_an_error_of_its_own_with_a_place():
    with pytest.raises(UnknownName) as unknown:
        holds(condition_from("trust > 1 and calm > 2"), FACTS)
    assert unknown.value.column == 15


def test_the_longest_chain_that_may_be_written_can_be_reckoned():
    assert score_from("+".join("1" * (LONGEST // 2))).of(FACTS) == LONGEST // 2
