"""Cohen's and Fleiss' κ: published examples, and what holds for any marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.analysis.agreement import cohen, fleiss, in_words
from tests.quizzes.analysis.examples import COHEN, FLEISS, FLEISS_KAPPA

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@pytest.mark.parametrize(("table", "published"), COHEN.items())
def test_cohens_published_examples(table: tuple[int, int, int, int], published: float) -> None:
    yes, one, other, no = table
    marks = [("y", "y")] * yes + [("y", "n")] * one + [("n", "y")] * other + [("n", "n")] * no
    kappa = cohen([mine for mine, _ in marks], [yours for _, yours in marks])
    assert kappa == pytest.approx(published, abs=5e-5)


def test_fleiss_published_example() -> None:
    kappa = fleiss([dict(enumerate(case)) for case in FLEISS])
    assert kappa == pytest.approx(FLEISS_KAPPA, abs=5e-4)


@given(pairs)
def test_agreement_knows_no_first_marker_and_no_names(marks: list[tuple[int, int]]) -> None:
    mine, yours = [a for a, _ in marks], [b for _, b in marks]
    kappa = cohen(mine, yours)
    assert kappa == cohen(yours, mine)
    renamed = cohen([str(each) for each in mine], [str(each) for each in yours])
    assert kappa == pytest.approx(renamed)
    assert kappa is None or -1 <= kappa <= 1
    if mine == yours and len(set(mine)) > 1:
        assert kappa == pytest.approx(1)


@given(st.lists(st.sampled_from(["fits", "misses"]), min_size=2, max_size=20), st.integers(2, 5))
def test_markers_who_always_agree_reach_one(marks: list[str], markers: int) -> None:
    kappa = fleiss([{mark: markers} for mark in marks])
    assert kappa == (None if len(set(marks)) == 1 else pytest.approx(1))


@pytest.mark.parametrize("cases", [[{"a": 1}], [{"a": 2}, {"a": 3}], [{"a": 3, "b": -1}, {"a": 2}]])
def test_what_is_not_a_table_of_markers_is_refused(cases: list[dict[str, int]]) -> None:
    with pytest.raises(ValueError, match=r"marker|chosen"):
        fleiss(cases)  # type: ignore[arg-type]


def test_two_lists_of_unlike_length_are_refused() -> None:
    with pytest.raises(ValueError, match="same cases"):
        cohen([1, 2], [1])


@pytest.mark.parametrize(
    ("kappa", "words"),
    [(None, "cannot be said"), (-0.1, "less than by chance"), (0.2, "slight"),
     (0.21, "fair"), (0.5, "moderate"), (0.61, "substantial"), (0.9, "almost perfect")],
)  # fmt: skip
def test_words_are_those_of_landis_and_koch(kappa: float | None, words: str) -> None:
    assert in_words(kappa) == words
