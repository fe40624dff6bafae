"""The result of an attempt, from marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.grading import result_of

marks = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 100)), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("given_marks", "pass_mark", "expected"),
    [
        ([(1, 1)] * 4 + [(0, 1)], 80, (4, 5, 0.8, True)),
        ([(1, 1)] * 3 + [(0, 1)] * 2, 80, (3, 5, 0.6, False)),
        ([(0, 1)], 1, (0, 1, 0, False)),  # zero never passes
        ([(1, 9), (0, 1)], 90, (9, 10, 0.9, True)),
        ([(0.1, 1), (0.2, 1), (0.3, 1)], 20, (0.6, 3, 0.2, True)),  # not 0.6000000000000001
        ([(1, 1), (0, 1), (0, 1)], 33, (1, 3, 0.333333, True)),
        ([(1, 1), (0, 1), (0, 1)], 34, (1, 3, 0.333333, False)),
    ],
)
def test_results(given_marks: list[tuple[float, int]], pass_mark: int, expected: object) -> None:
    result = result_of(given_marks, pass_mark=pass_mark)
    assert (result.raw, result.maximum, result.scaled, result.passed) == expected


@given(marks, st.integers(1, 100))
def test_a_result_keeps_its_bounds(given_marks: list[tuple[float, int]], pass_mark: int) -> None:
    result = result_of(given_marks, pass_mark=pass_mark)
    assert 0 <= result.raw <= result.maximum
    assert 0 <= result.scaled <= 1
    assert not (result.passed and result.raw == 0)


@given(marks, st.integers(1, 100), st.randoms())
def test_the_order_of_questions_changes_no_verdict(
    given_marks: list[tuple[float, int]], pass_mark: int, rng: object
) -> None:
    turned = list(reversed(given_marks))
    one, other = result_of(given_marks, pass_mark=pass_mark), result_of(turned, pass_mark=pass_mark)
    assert (one.raw, one.maximum) == pytest.approx((other.raw, other.maximum), abs=1e-6)


@pytest.mark.parametrize("bad", [[], [(1.1, 1)], [(-0.1, 1)], [(1, 0)], [(float("nan"), 1)]])
def test_nonsense_is_refused(bad: list[tuple[float, int]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        result_of(bad, pass_mark=50)
