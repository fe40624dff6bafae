"""Words that were typed, and how far they may be from those that were meant."""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.questions import item_for
from attune.quizzes.questions.fill_in import FillInItem
from attune.quizzes.questions.items import ResponseError
from attune.quizzes.questions.wording import (
    canonical_text,
    edit_distance,
    fits,
    without_accents,
)
from attune.xapi.interactions import is_right
from tests.quizzes.kinds import definition

few_letters = st.text(alphabet="abc", max_size=7)


def slips(one: str, other: str) -> int:
    """The distance by its definition, without limit or table."""

    @cache
    def between(left: int, right: int) -> int:
        if not left or not right:
            return left + right
        ways = [
            between(left - 1, right) + 1,
            between(left, right - 1) + 1,
            between(left - 1, right - 1) + (one[left - 1] != other[right - 1]),
        ]
        if left > 1 and right > 1 and one[left - 2 : left] == other[right - 2 : right][::-1]:
            ways.append(between(left - 2, right - 2) + 1)
        return min(ways)

    return between(len(one), len(other))


@given(one=few_letters, other=few_letters, limit=st.integers(0, 3))
def test_the_distance_is_what_its_definition_says(one: str, other: str, limit: int) -> None:
    assert edit_distance(one, other, limit=limit) == min(slips(one, other), limit + 1)


@given(one=st.text(max_size=12), other=st.text(max_size=12))
def test_the_distance_is_the_same_both_ways(one: str, other: str) -> None:
    assert edit_distance(one, other, limit=12) == edit_distance(other, one, limit=12)
    assert (edit_distance(one, other, limit=12) == 0) is (one == other)


@given(word=st.text(max_size=12), place=st.integers(0, 12), sign=st.characters())
def test_one_slip_is_one(word: str, place: int, sign: str) -> None:
    place = min(place, len(word))
    assert edit_distance(word, word[:place] + sign + word[place:], limit=2) == 1


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("Schmidt", "Schmitd", 1), ("Schmidt", "Schmid", 1), ("ca", "abc", 3), ("", "ab", 2)],
)
def test_known_distances(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other, limit=5) == distance


@given(text=st.text())
def test_a_canonical_text_stays_as_it_is(text: str) -> None:
    once = canonical_text(text)
    assert canonical_text(once) == once
    assert not any(unicodedata.category(sign) == "Cc" for sign in once)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Frau \n Schmidt ", "Frau Schmidt"),
        ("Ｆｒａｕ", "Frau"),
        ("don’t", "don't"),
        ("„ja“", '"ja"'),
        ("a[,]b", "a[ ,]b"),
        ("u\u0308ber", "über"),
        ("a\x00b", "ab"),
        ("a\ud800b", "ab"),
    ],
)
def test_what_is_kept_of_a_typed_text(typed: str, kept: str) -> None:
    assert canonical_text(typed) == kept


@pytest.mark.parametrize(
    ("given", "wanted", "rules", "verdict"),
    [
        ("frau schmidt", "Frau Schmidt", {}, True),
        ("frau schmidt", "Frau Schmidt", {"case_matters": True}, False),
        ("STRASSE", "Straße", {}, True),
        ("Strasse", "Straße", {}, False),
        ("Strasse", "Straße", {"accents_matter": False, "case_matters": True}, True),
        ("Muller", "Müller", {}, False),
        ("Mueller", "Müller", {}, False),
        ("Muller", "Müller", {"accents_matter": False}, True),
        ("mueller", "Müller", {"accents_matter": False}, True),
        ("Müller", "Mueller", {"accents_matter": False}, True),
        ("Aerger", "Ärger", {"accents_matter": False, "case_matters": True}, True),
        ("Muelle", "Müller", {"accents_matter": False, "near_miss": 1}, True),
        ("senior", "señor", {"accents_matter": False}, False),
        ("muler", "Müller", {"accents_matter": False, "near_miss": 1}, True),
        ("Schmitd", "Schmidt", {"near_miss": 1}, True),
        ("Schmdi", "Schmidt", {"near_miss": 1}, False),
        ("at 16:00", "at 15:00", {"near_miss": 2}, False),
        ("att 15:00", "at 15:00", {"near_miss": 1}, True),
        ("15:00", "15:0", {"near_miss": 2}, False),
    ],
)
def test_what_fits(given: str, wanted: str, rules: dict[str, Any], verdict: bool) -> None:
    assert fits(given, wanted, **rules) is verdict


@given(text=st.text())
def test_without_accents_is_stable(text: str) -> None:
    once = without_accents(text)
    assert without_accents(once) == once


# --- The question type ----------------------------------------------------------------------


def blank(*accepted: str, **rules: Any) -> dict[str, Any]:
    return {
        "accepted": list(accepted),
        "case_matters": False,
        "accents_matter": True,
        "near_miss": 0,
        "feedback": "",
        **rules,
    }


def fill_in(text: str, *blanks: dict[str, Any]) -> FillInItem:
    item = item_for(definition("fill_in", text=text, blanks=list(blanks)))
    assert isinstance(item, FillInItem)
    return item


@pytest.mark.parametrize(
    ("response", "share", "success"),
    [
        (["frau schmidt", "15:00"], 1, True),
        (["Ms Schmidt", "three"], 0.5, False),
        (["Sabine", ""], 0, False),
        (None, 0, False),
    ],
)
def test_each_blank_earns_its_share(response: Any, share: float, success: bool) -> None:
    item = fill_in("[[1]] at [[2]]", blank("Frau Schmidt", "Ms Schmidt"), blank("15:00"))
    grade = item.grade(item.read(response))
    assert (grade.share, grade.success) == (share, success)


loose = st.builds(
    blank,
    st.sampled_from(["Müller", "Señora", "Schmidt", "Grüße"]),
    case_matters=st.booleans(),
    accents_matter=st.booleans(),
    near_miss=st.integers(0, 2),
)
typed = st.sampled_from(
    ["Müller", "muller", "Mueller", "senora", "Schmitd", "SCHMIDT", "Grusse", "GRÜSSE", ""]
)


@given(blanks=st.lists(loose, min_size=1, max_size=3), data=st.data())
def test_no_reader_of_the_pattern_contradicts_the_verdict(blanks: Any, data: Any) -> None:
    """No pattern says near miss, but the response that was forgiven stands among them."""
    item = fill_in("".join(f"[[{number}]]" for number, _ in enumerate(blanks, 1)), *blanks)
    response = item.read(data.draw(st.tuples(*(typed for _ in blanks)).map(list)))
    if response is None:
        return
    wire = item.interaction(response).definition()
    assert is_right(wire, item.encode(response)) is item.grade(response).success
    for pattern in wire["correctResponsesPattern"]:
        assert item.grade(item.decode(pattern)).share == 1


def test_endless_combinations_are_not_written_into_a_statement() -> None:
    many = [blank(*(f"w{number}" for number in range(20))) for _ in range(5)]
    item = fill_in("[[1]][[2]][[3]][[4]][[5]]", *many)
    assert len(item.correct_responses()) == 50
    assert len(json.dumps(item.interaction().definition())) < 10_000


def test_a_translation_may_turn_the_blanks() -> None:
    item = fill_in("Um [[2]] rufe ich [[1]] an.", blank("Frau Schmidt"), blank("15:00"))
    assert item.problems() == []
    assert item.answer_form is not None
    form = item.answer_form(item=item, response=["Frau Schmidt", "15:00"])
    assert [
        (each.field.label, each.field.value()) if each.field else each.text
        for each in form.pieces()  # type: ignore[attr-defined]
    ] == [
        "Um ", ("Blank 1 of 2", "15:00"), " rufe ich ", ("Blank 2 of 2", "Frau Schmidt"), " an.",
    ]  # fmt: skip
    lines = item.outcomes(["Frau Meier", "15:00"])
    assert [(line.text, line.correct) for line in lines] == [("15:00", True), ("Frau Meier", False)]
    assert lines[1].feedback == "Expected: Frau Schmidt"


def test_a_draft_may_have_marks_without_blanks() -> None:
    item = fill_in("[[1]] and [[2]]", blank("a"))
    assert item.reading_order == [1]
    assert fill_in("[[1]]").outcomes(None) == []
    assert not fill_in("[[1]]").grade([]).success


def test_a_forgiven_slip_is_shown_as_it_should_be() -> None:
    item = fill_in("[[1]]", blank("Schmidt", near_miss=1))
    assert [line.feedback for line in item.outcomes(["Schmitd"])] == ["Expected: Schmidt"]
    assert [line.feedback for line in item.outcomes(["Schmidt"])] == [""]


@pytest.mark.parametrize(
    ("text", "blanks", "words"),
    [
        ("Nothing here", [blank("a")], r"Write \[\[1\]\] once"),
        ("[[1]] and [[1]]", [blank("a")], r"Write \[\[1\]\] once"),
        ("[[1]] and [[2]]", [blank("a")], "there is no blank 2"),
        ("[[0]] and [[1]]", [blank("a")], "there is no blank 0"),
        ("Nothing", [], "at least one blank"),
        ("[[1]]", [blank()], "accepts nothing yet"),
        ("[[1]]", [blank("a", " ")], "accepts nothing yet"),
        ("[[1]]", [blank("ja", near_miss=1)], "too short"),
        ("[[1]]", [blank("nein", near_miss=2)], "too short"),
        ("[[1]]", [blank("x" * 201)], "at most 200 characters"),
        ("[[1]]", [blank(*"abcdefghijklmnopqrstu")], "no more than 20 variants"),
    ],
)
def test_a_text_that_cannot_be_filled_in_is_a_problem(
    text: str, blanks: list[Any], words: str
) -> None:
    problems = fill_in(text, *blanks).problems()
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(problems)


@pytest.mark.parametrize("raw", ["text", {}, [1], ["a", "b"], [], ["x" * 201], [None]])
def test_another_number_of_answers_is_refused(raw: Any) -> None:
    with pytest.raises(ResponseError):
        fill_in("[[1]]", blank("a")).read(raw)
