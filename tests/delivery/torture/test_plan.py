"""The plan: the same from the same seed, and nothing is left out of it."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from tests.delivery.torture.plan import BLOWS, FAULTS, REPEATS, SPOILT, Plan


def test_a_seed_is_a_plan() -> None:
    def drawn(seed: int) -> tuple[object, ...]:
        plan = Plan(seed, 60)
        return (
            list(islice(plan.faults(), 200)),
            plan.spells(),
            plan.blows(list(BLOWS)),
            plan.on_repeats,
        )

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_every_fault_is_drawn_and_most_answers_are_good() -> None:
    drawn = Counter(islice(Plan(1, 60).faults(), 2000))
    assert set(drawn) == {"", *FAULTS}
    assert abs(drawn[""] / 2000 - (1 - SPOILT)) < 0.05


def test_everything_is_killed_in_a_long_run_and_within_it() -> None:
    for seed in range(30):
        blows = Plan(seed, 60).blows(list(BLOWS))
        assert {blow.victim for blow in blows} == set(BLOWS)
        assert all(0 < blow.at < 60 for blow in blows)
        assert [blow.at for blow in blows] == sorted(blow.at for blow in blows)


def test_credentials_change_only_where_there_is_time_to_wait_for_them() -> None:
    assert {spell.kind for spell in Plan(1, 60).spells()} == {"limit", "clock", "credentials"}
    assert {spell.kind for spell in Plan(1, 10).spells()} == {"limit", "clock"}
    for seed in range(30):
        assert all(0 <= spell.since < spell.until <= 60 for spell in Plan(seed, 60).spells())


def test_stores_of_every_kind_are_met() -> None:
    assert {Plan(seed, 60).on_repeats for seed in range(30)} == set(REPEATS)
