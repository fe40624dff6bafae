"""Draws from a bank, whatever the bank holds: what never happens, and what always does."""

from __future__ import annotations

import random
import uuid

from hypothesis import given
from hypothesis import strategies as st

from attune.quizzes.draws import _draw
from attune.quizzes.models import QuizQuestion

KEYS = [uuid.UUID(int=number) for number in range(1, 25)]

banks = st.lists(st.sampled_from(KEYS), unique=True).map(
    lambda keys: [(number, key) for number, key in enumerate(keys, start=1)]
)
keys = st.sets(st.sampled_from(KEYS))
counts = st.integers(1, 30)
seeds = st.integers(0, 2**32)


@given(bank=banks, taken=keys, seen=keys, count=counts, seed=seeds, unseen=st.booleans())
def test_a_draw(
    bank: list[tuple[int, uuid.UUID]],
    taken: set[uuid.UUID],
    seen: set[uuid.UUID],
    count: int,
    seed: int,
    unseen: bool,
) -> None:
    row = QuizQuestion(draw_count=count, draw_unseen=unseen)
    drawn = _draw(bank, row, taken=taken, seen=frozenset(seen), rng=random.Random(seed))
    left = [each for each in bank if each[1] not in taken]
    # Never twice, never what the attempt asks already, nothing from elsewhere.
    assert len({key for _pk, key in drawn}) == len(drawn)
    assert set(drawn) <= set(left)
    # As many as asked for; where the bank does not suffice, all that it has.
    assert len(drawn) == min(count, len(left))
    if unseen:
        fresh = [each for each in left if each[1] not in seen]
        assert sum(key not in seen for _pk, key in drawn) == min(count, len(fresh))


@given(bank=banks, counts=st.lists(counts, min_size=2, max_size=4), seed=seeds)
def test_draws_of_one_attempt_share_nothing(
    bank: list[tuple[int, uuid.UUID]], counts: list[int], seed: int
) -> None:
    rng, taken = random.Random(seed), set[uuid.UUID]()
    total = 0
    for count in counts:
        row = QuizQuestion(draw_count=count, draw_unseen=True)
        drawn = _draw(bank, row, taken=taken, seen=frozenset(), rng=rng)
        taken |= {key for _pk, key in drawn}
        total += len(drawn)
    assert total == len(taken) == min(sum(counts), len(bank))


@given(bank=banks, count=counts)
def test_a_preview_draws_the_first_of_the_bank(
    bank: list[tuple[int, uuid.UUID]], count: int
) -> None:
    row = QuizQuestion(draw_count=count, draw_unseen=False)
    assert _draw(bank, row, taken=(), seen=frozenset(), rng=None) == bank[:count]
