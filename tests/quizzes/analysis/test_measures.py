"""The formulas: a published example, hand-made cases, and what holds whatever the numbers."""

from __future__ import annotations

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.analysis import measures
from attune.quizzes.analysis.figures import Column, item_figures, quiz_figures, totals_of
from tests.quizzes.analysis.examples import (
    LSAT,
    LSAT_ALPHA,
    LSAT_ALPHA_WITHOUT,
    LSAT_DISCRIMINATION,
    LSAT_FACILITY,
)

marks = st.sampled_from([0.0, 0.25, 0.5, 1.0])
numbers = st.lists(st.integers(-50, 50).map(float), max_size=40)


@st.composite
def matrices(draw: st.DrawFn, most: int = 5) -> list[list[float]]:
    """Attempts × questions, everybody asked everything."""
    questions = draw(st.integers(2, most))
    return draw(
        st.lists(st.lists(marks, min_size=questions, max_size=questions), min_size=2, max_size=25)
    )


def columns_of(matrix: list[list[float]], weights: list[float] | None = None) -> list[Column]:
    many = range(len(matrix))
    return [
        Column(
            attempts=list(many),
            shares=[row[question] for row in matrix],
            weights=[weights[question] if weights else 1.0] * len(matrix),
        )
        for question in range(len(matrix[0]))
    ]


def figures_of(matrix: list[list[float]], weights: list[float] | None = None):  # type: ignore[no-untyped-def]
    columns = columns_of(matrix, weights)
    totals = totals_of(columns, len(matrix))
    return quiz_figures(columns, totals), item_figures(columns, totals)


# --- The published example -----------------------------------------------------------------


def test_the_law_school_admission_test_has_the_figures_that_were_published() -> None:
    quiz, items = figures_of([[float(mark) for mark in row] for row in LSAT])
    assert quiz.attempts == 1000
    assert quiz.alpha == pytest.approx(LSAT_ALPHA, abs=5e-5)
    assert [each.facility for each in items] == pytest.approx(LSAT_FACILITY, abs=5e-7)
    assert [each.discrimination for each in items] == pytest.approx(LSAT_DISCRIMINATION, abs=5e-5)
    for left_out, published in enumerate(LSAT_ALPHA_WITHOUT):
        rest = [[float(m) for n, m in enumerate(row) if n != left_out] for row in LSAT]
        assert figures_of(rest)[0].alpha == pytest.approx(published, abs=5e-5)


def test_error_follows_from_alpha() -> None:
    quiz, _items = figures_of([[float(mark) for mark in row] for row in LSAT])
    assert quiz.error_ratio == pytest.approx(100 * sqrt(1 - 0.29499719), abs=1e-4)
    assert quiz.deviation is not None
    assert quiz.standard_error == pytest.approx(quiz.deviation * sqrt(1 - 0.29499719), abs=1e-4)


# --- By hand ----------------------------------------------------------------------------------


def test_shape_by_hand() -> None:
    # Deviations −2 −1 0 1 2: m2 = 2, m4 = 6.8; k2 = 2.5, k4 = 25 (6·6.8 − 12·4) / 24 = −7.5.
    assert measures.skewness([1, 2, 3, 4, 5]) == pytest.approx(0)
    assert measures.kurtosis([1, 2, 3, 4, 5]) == pytest.approx(-7.5 / 6.25)
    # Mean 2, m2 = 3, m3 = 6: k2 = 4, k3 = 16·6 / (3·2) = 16, and 16 / 4^1.5 = 2.
    assert measures.skewness([1, 1, 1, 5]) == pytest.approx(2)


def test_median_of_an_even_and_an_odd_number() -> None:
    assert (measures.median([3, 1]), measures.median([9, 1, 2])) == (2, 2)


def test_efficiency_is_one_when_the_order_is_as_good_as_it_can_be() -> None:
    """An easy question that only the weakest miss: a low correlation, and yet all it can do."""
    mark, rest = [0.0, 1, 1, 1, 1], [1.0, 5, 6, 7, 9]
    assert measures.efficiency(mark, rest) == pytest.approx(1)
    assert measures.efficiency([1.0, 1, 1, 1, 0], rest) < 0  # type: ignore[operator]
    r = measures.correlation(mark, rest)
    assert r is not None
    assert r < 0.9


def test_thirds_are_cut_by_score_and_keep_equals_together() -> None:
    assert measures.cuts([1, 2, 3, 4, 5, 6]) == (2, 5)
    assert measures.cuts([5, 5, 5, 5]) is None
    assert measures.cuts([1, 5, 5, 5, 5, 5]) == (1, 5)
    assert measures.cuts([1, 1, 1, 1, 1, 5]) == (1, 5)
    assert measures.cuts([1, 3, 3, 3, 3, 5]) == (3, 5)


def test_effective_weights_are_those_of_the_questions_that_pull_the_total() -> None:
    quiz, items = figures_of([[0, 0], [1, 0], [0, 1], [1, 1]], weights=[3.0, 1.0])
    assert [each.intended_weight for each in items] == [75, 25]
    # cov(3x, 3x + y) = 9 V(x), cov(y, 3x + y) = V(y): 3 to 1.
    assert [each.effective_weight for each in items] == pytest.approx([75, 25])
    assert quiz.mean == 50


def test_a_question_that_pulls_against_the_total_has_no_share_in_it() -> None:
    _quiz, items = figures_of([[0, 1, 1], [0, 1, 1], [1, 0, 0], [1, 0, 0], [0, 1, 1]])
    assert items[0].effective_weight is None
    assert items[0].discrimination == pytest.approx(-1)
    assert [each.effective_weight for each in items[1:]] == pytest.approx([50, 50])


def test_each_attempt_is_compared_with_the_rest_of_what_it_was_asked() -> None:
    """Two of four were asked a third question. Whoever knows one thing knows everything."""
    columns = [
        Column([0, 1, 2, 3], [0.0, 1, 0, 1], [1.0] * 4),
        Column([0, 1, 2, 3], [0.0, 1, 0, 1], [1.0] * 4),
        Column([2, 3], [0.0, 1], [2.0] * 2),
    ]
    items = item_figures(columns, totals_of(columns, 4))
    assert [each.discrimination for each in items] == pytest.approx([1, 1, 1])
    assert [each.asked for each in items] == [4, 4, 2]


def test_nothing_is_said_of_nothing() -> None:
    quiz, items = figures_of([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    assert (quiz.alpha, quiz.standard_error, quiz.skewness) == (None, None, None)
    assert [each.discrimination for each in items] == [None, None]
    assert [each.efficiency for each in items] == [None, None]
    assert [each.facility for each in items] == [1, 1]


def test_pairs_have_to_be_pairs() -> None:
    with pytest.raises(ValueError, match="pairs"):
        measures.covariance([1.0], [1.0, 2.0])


# --- Whatever the numbers ----------------------------------------------------------------------


@given(matrices())
def test_figures_stay_within_their_bounds(matrix: list[list[float]]) -> None:
    quiz, items = figures_of(matrix)
    assert quiz.alpha is None or quiz.alpha <= 1
    assert quiz.mean is not None
    assert -1e-9 <= quiz.mean <= 100 + 1e-9
    for each in items:
        assert each.facility is not None
        assert 0 <= each.facility <= 1
        assert each.discrimination is None or -1 <= each.discrimination <= 1
        assert each.efficiency is None or each.efficiency <= 1 + 1e-9
    known = [each.effective_weight for each in items if each.effective_weight is not None]
    assert not known or sum(known) == pytest.approx(100)
    assert sum(each.intended_weight or 0 for each in items) == pytest.approx(100)


@given(matrices(), st.randoms(use_true_random=False))
def test_the_order_of_attempts_and_of_questions_is_all_the_same(
    matrix: list[list[float]], rng: random.Random
) -> None:
    quiz, items = figures_of(matrix)
    mixed = rng.sample(matrix, len(matrix))
    order = rng.sample(range(len(matrix[0])), len(matrix[0]))
    quiz_mixed, items_mixed = figures_of([[row[n] for n in order] for row in mixed])
    for name in ("alpha", "mean", "median", "deviation", "skewness", "kurtosis"):
        assert getattr(quiz, name) == pytest.approx(getattr(quiz_mixed, name), abs=1e-6), name
    for place, n in enumerate(order):
        for name in ("facility", "discrimination", "efficiency", "effective_weight"):
            one, other = getattr(items[n], name), getattr(items_mixed[place], name)
            assert one == pytest.approx(other, abs=1e-6), name


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=30), st.integers(2, 6))
def test_the_same_question_asked_again_and_again_is_perfectly_consistent(
    answers: list[float], times: int
) -> None:
    quiz, items = figures_of([[mark] * times for mark in answers])
    if len(set(answers)) == 1:
        assert quiz.alpha is None
        return
    assert quiz.alpha == pytest.approx(1)
    assert quiz.standard_error == pytest.approx(0, abs=1e-5)
    assert all(each.discrimination == pytest.approx(1) for each in items)
    assert all(each.efficiency == pytest.approx(1) for each in items)


@given(st.integers(2, 8), st.floats(0.05, 0.95))
def test_parallel_questions_follow_spearman_and_brown(k: int, r: float) -> None:
    """k questions of variance 1 that all correlate by r: α = k r / (1 + (k − 1) r)."""
    assert measures.alpha([1.0] * k, k + k * (k - 1) * r) == pytest.approx(
        k * r / (1 + (k - 1) * r)
    )


@given(matrices())
def test_pair_by_pair_is_the_same_where_everybody_was_asked_everything(
    matrix: list[list[float]],
) -> None:
    quiz, _items = figures_of(matrix)
    parts = [(list(range(len(matrix))), [row[n] for row in matrix]) for n in range(len(matrix[0]))]
    assert measures.alpha_of_parts(parts, len(matrix)) == pytest.approx(quiz.alpha, abs=1e-6)


def test_alpha_of_drawn_questions_is_near_that_of_the_whole() -> None:
    """Each is asked four of eight questions that all measure the same, at random."""
    rng = random.Random(5)
    people = [rng.gauss(0, 1) for _ in range(3000)]
    asked = [sorted(rng.sample(range(8), 4)) for _ in people]
    columns: list[Column] = [Column([], [], []) for _ in range(8)]
    for number, (ability, mine) in enumerate(zip(people, asked, strict=True)):
        for question in mine:
            right = 1.0 if ability + rng.gauss(0, 1) > 0 else 0.0
            columns[question].attempts.append(number)  # type: ignore[attr-defined]
            columns[question].shares.append(right)  # type: ignore[attr-defined]
            columns[question].weights.append(1.0)  # type: ignore[attr-defined]
    drawn = quiz_figures(columns, totals_of(columns, len(people))).alpha
    # Two halves of a bell curve at r = 0.5 correlate by 1/3: four of them reach 2/3.
    assert drawn == pytest.approx(2 / 3, abs=0.03)


@given(numbers, st.randoms(use_true_random=False))
def test_thirds_never_overlap(values: list[float], rng: random.Random) -> None:
    bounds = measures.cuts(values)
    assert bounds == measures.cuts(rng.sample(values, len(values)))
    if bounds is None:
        assert len(set(values)) < 2
        return
    low, high = bounds
    assert low < high
    assert any(value <= low for value in values)
    assert any(value >= high for value in values)
