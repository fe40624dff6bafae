"""Each verdict can fail: a run without fault, spoilt in one place, is found out by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.delivery.torture.verdicts import (
    LONGEST_DRAIN,
    VERDICTS,
    Facts,
    Held,
    Lane,
    Sentence,
    judge,
    order_of,
)

SAID = {f"id-{n}": Sentence(f"actor {n % 2}", "completed", f"unit {n}") for n in range(6)}
POISON = "id-5"


def held(number: int, **changes: Any) -> Held:
    return replace(Held(f"id-{number}", SAID[f"id-{number}"], f"digest {number}"), **changes)


def good() -> Facts:
    """Six deeds, the last of them poison."""
    return Facts(
        acknowledged=frozenset(SAID.values()),
        recorded={name: (said, f"digest {name[3:]}") for name, said in SAID.items()},
        lanes=[
            Lane(
                name="store",
                held=[held(n) for n in range(5)],
                delivered=frozenset(SAID) - {POISON},
                quarantined=frozenset({POISON}),
                waiting=frozenset(),
                poison=frozenset({POISON}),
            )
        ],
        drained_in=3.0,
    )


def with_lane(**changes: Any) -> Facts:
    facts = good()
    return replace(facts, lanes=[replace(facts.lanes[0], **changes)])


def stored(*there: Held) -> Facts:
    return with_lane(held=there)


FIRST_FIVE = [held(n) for n in range(5)]
STRANGER = Held("id-9", Sentence("actor 1", "completed", "unit 9"), "digest 9")

SPOILT: dict[str, tuple[Callable[[], Facts], set[str]]] = {
    "a statement is not there": (lambda: stored(*FIRST_FIVE[1:]), {"lost", "marked"}),
    "it was acknowledged and never recorded": (
        lambda: replace(good(), acknowledged=frozenset({*SAID.values(), STRANGER.sentence})),
        {"lost"},
    ),
    "something that nobody recorded is there": (
        lambda: stored(*FIRST_FIVE, STRANGER),
        {"unrecorded"},
    ),
    "an id is there twice": (lambda: stored(*FIRST_FIVE, held(2)), {"doubled"}),
    "a deed is there under two ids": (
        lambda: stored(*FIRST_FIVE, held(2, id="id-7")),
        {"doubled", "unrecorded"},
    ),
    "an id is there with another text": (
        lambda: stored(*FIRST_FIVE[1:], held(0, digest="other")),
        {"changed"},
    ),
    "an innocent statement is in quarantine": (
        lambda: with_lane(
            quarantined=frozenset({POISON, "id-1"}), delivered=frozenset(SAID) - {POISON, "id-1"}
        ),
        {"quarantine"},
    ),
    "poison is marked delivered": (
        lambda: with_lane(quarantined=frozenset(), delivered=frozenset(SAID)),
        {"quarantine", "marked"},
    ),
    "a record has no delivery": (
        lambda: with_lane(delivered=frozenset(SAID) - {POISON, "id-1"}),
        {"marked"},
    ),
    "a lease is taken": (lambda: with_lane(leased=True), {"stuck lease"}),
    "two spoke at once": (lambda: with_lane(crowds=1), {"crowd"}),
    "one waits": (
        lambda: with_lane(
            waiting=frozenset({"id-0"}),
            delivered=frozenset(SAID) - {POISON, "id-0"},
        ),
        {"undrained"},
    ),
    "it took too long": (
        lambda: replace(good(), drained_in=LONGEST_DRAIN + 0.1),
        {"undrained"},
    ),
    "it never drained": (lambda: replace(good(), drained_in=None), {"undrained"}),
    "somebody was turned away": (lambda: replace(good(), refused=["404"]), {"turned away"}),
}


def test_a_good_run_is_good() -> None:
    assert judge(good()) == []


@pytest.mark.parametrize("what", SPOILT)
def test_a_spoilt_run_is_found_out(what: str) -> None:
    make, names = SPOILT[what]
    assert {finding.verdict for finding in judge(make())} == names


def test_every_verdict_is_seen_to_fail() -> None:
    assert set.union(*(names for _make, names in SPOILT.values())) == set(VERDICTS)


def test_a_late_acknowledgement_is_no_matter_but_an_unanswered_deed_may_be_there() -> None:
    facts = replace(good(), acknowledged=frozenset(list(SAID.values())[:2]))
    assert judge(facts) == []


def test_order_is_counted_per_actor() -> None:
    facts = stored(held(0), held(1), held(4), held(2), held(3))
    order = order_of(facts, facts.lanes[0])
    assert (order.pairs, order.turned) == (3, 1)
    assert order.examples == ["id-4 before id-2"]
    assert order_of(good(), good().lanes[0]).turned == 0
