"""A hidden cell must stay hidden from somebody who knows the total and how cells are hidden."""

from itertools import product

import pytest

from attune.safety.small_cells import MINIMUM, in_fives, suppressed, too_few


def published(counts):
    total = sum(counts)
    cells = suppressed(dict(enumerate(counts)))
    return (None if too_few(total) else total, tuple(cells.values()))


@pytest.mark.parametrize(("cells", "most"), [(2, 30), (3, 30), (4, 15), (5, 8)])
def test_no_hidden_cell_can_be_reckoned_back_by_brute_force(cells, most):
    """Every table is published; those that look the same must differ in each hidden cell."""
    tables: dict = {}
    for counts in product(range(most + 1), repeat=cells):
        tables.setdefault(published(counts), []).append(counts)
    looked = 0
    for (total, shown), alike in tables.items():
        if total is not None and total > most:
            continue  # tables that look the same may lie beyond what was counted
        for cell, value in enumerate(shown):
            if value is None:
                looked += 1
                assert len({counts[cell] for counts in alike}) > 1, (total, shown, alike)
    assert looked


@pytest.mark.parametrize(
    "counts", [(1, 40, 12), (4, 4, 60), (6, 4), (2, 1, 9, 30), (0, 3, 9), (5, 4, 4, 4)]
)
def test_those_hidden_are_enough_together_and_more_than_one(counts):
    cells = suppressed(dict(enumerate(counts)))
    hidden = [counts[cell] for cell, shown in cells.items() if shown is None]
    assert len(hidden) > 1
    assert sum(hidden) >= 2 * MINIMUM
    assert all(shown in (None, counts[cell]) for cell, shown in cells.items())


def test_what_is_large_enough_stays_and_zero_is_no_small_cell():
    assert suppressed({"a": 5, "b": 40, "c": 0}) == {"a": 5, "b": 40, "c": 0}
    assert suppressed({"a": 60, "b": 30, "c": 2}) == {"a": 60, "b": None, "c": None}
    assert suppressed({}) == {}
    assert suppressed({"a": 0}) == {"a": 0}


def test_of_four_people_nothing_is_said_not_even_that_a_cell_is_empty():
    assert suppressed({"a": 4, "b": 0}) == {"a": None, "b": None}
    assert not too_few(0)
    assert too_few(4)
    assert not too_few(5)


def test_in_fives():
    assert [in_fives(count) for count in (5, 7, 8, 12, 13, 100)] == [5, 5, 10, 10, 15, 100]
