"""Marks and what they come to; pure."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.marking import (
    FAR_APART,
    Criterion,
    criteria_of,
    deciding,
    label_of,
    mean_points,
    points_of,
    share_of,
    verdict,
)

shares = st.floats(min_value=0, max_value=1, allow_nan=False)


def test_a_type_without_a_rubric_is_one_criterion_worth_the_whole_weight() -> None:
    (whole,) = criteria_of(SimpleNamespace(), weight=4)
    assert whole.points == 4


def test_a_rubric_is_taken_as_it_was_frozen() -> None:
    item = SimpleNamespace(
        rubric=[{"criterion": "Tone", "description": "Calm", "points": 3}, {"criterion": "Time"}]
    )
    assert criteria_of(item, weight=9) == [Criterion("Tone", "Calm", 3.0)]


@pytest.mark.parametrize(
    ("given_points", "words"),
    [([1], "each criterion"), ([4, 0], "Tone"), ([-1, 0], "Tone"), ([1.25, 0], "half"),
     ([float("nan"), 0], "Tone"), ([float("inf"), 0], "Tone")],
)  # fmt: skip
def test_points_that_the_rubric_does_not_give_are_refused(
    given_points: list[float], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        points_of([Criterion("Tone", "", 3), Criterion("Time", "", 1)], given_points)


@given(st.lists(st.integers(0, 6), min_size=2, max_size=2))
def test_a_share_is_the_points_of_those_possible(halves: list[int]) -> None:
    criteria = [Criterion("Tone", "", 3), Criterion("Time", "", 3)]
    rows = points_of(criteria, [each / 2 for each in halves])
    assert share_of(rows) == pytest.approx(sum(halves) / 12, abs=1e-6)


@given(st.lists(shares, max_size=3))
def test_one_marker_decides_alone(given_shares: list[float]) -> None:
    found = verdict(given_shares, second_marker=False)
    assert found.needed == 1
    assert found.share == (given_shares[0] if given_shares else None)


@given(shares, shares)
def test_two_markers_get_the_mean_unless_they_are_far_apart(one: float, other: float) -> None:
    found = verdict([one, other], second_marker=True)
    assert found == verdict([one, other], second_marker=True)
    if found.share is None:
        assert found.needed == 3
        assert abs(one - other) > FAR_APART - 1e-6
    else:
        assert abs(one - other) < FAR_APART + 1e-6
        assert min(one, other) - 1e-6 <= found.share <= max(one, other) + 1e-6


def test_exactly_a_quarter_apart_is_not_too_far() -> None:
    assert verdict([0.5, 0.75], second_marker=True).share == 0.625
    assert verdict([0.5, 0.76], second_marker=True).share is None


def test_the_third_decides() -> None:
    found = verdict([0.0, 1.0, 0.9], second_marker=True)
    assert (found.needed, found.share) == (3, 0.9)
    assert [1, 2, 3][deciding(3, needed=3)] == [3]
    assert [1, 2][deciding(2, needed=2)] == [1, 2]
    assert [1, 2, 3][deciding(3, needed=2)] == [1, 2]  # they came to agree after all


def test_points_shown_are_the_mean_of_the_marks() -> None:
    one = [{"criterion": "Tone", "points": 1.0, "of": 3.0}]
    other = [{"criterion": "Tone", "points": 2.0, "of": 3.0}]
    assert mean_points([one, other]) == [{"criterion": "Tone", "points": 1.5, "of": 3.0}]


def test_a_label_is_stable_and_differs_between_answers() -> None:
    deed = UUID("7ab1e5e7-0000-4000-8000-00000000cafe")
    assert label_of(deed, 1) == label_of(deed, 1)
    assert label_of(deed, 1) != label_of(deed, 2)
    assert str(deed)[:4].upper() not in label_of(deed, 1)
