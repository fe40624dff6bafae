"""What others chose: shares in steps of five, nothing of few."""

import pytest

from attune.case_studies.others import what_others_chose


@pytest.mark.parametrize("counts", [{}, {"a": 0, "b": 0}, {"a": 3, "b": 1}, {"a": 4, "b": 4}])
def test_of_too_few_nothing_is_said(counts):
    assert what_others_chose(counts) is None


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ({"a": 60, "b": 35, "c": 5}, {"a": 60, "b": 35, "c": 5}),
        ({"a": 60, "b": 30, "c": 2}, {"a": 65, "b": None, "c": None}),
        ({"a": 12, "b": 0}, {"a": 100, "b": 0}),
        ({"a": 995, "b": 5}, {"a": 99, "b": 1}),
        ({"a": 6, "b": 5}, {"a": 55, "b": 45}),
    ],
)
def test_shares(counts, shares):
    assert what_others_chose(counts) == shares
