"""When operators are told: examples, and a machine that tries sequences of looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from attune.notices.watch.incidents import CALM, PAUSE, Event, Finding, Standing, decide

BEGIN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SETTLE = timedelta(minutes=2)


def finding(level: int = 0) -> Finding:
    return Finding(key="lane 1 paused", trouble="paused", about="One", level=level, settle=SETTLE)


def run(*levels: int | None, step: timedelta = MINUTE) -> list[Event | None]:
    """What is told at each look; ``None`` as a level is a look that finds nothing wrong."""
    standing: Standing | None = None
    told = []
    for number, level in enumerate(levels):
        wrong = None if level is None else finding(level)
        standing, event = decide(standing, wrong, now=BEGIN + number * step)
        if standing is not None and standing.closed_at is not None:
            standing = None
        told.append(event)
    return told


def test_told_once_it_has_lasted_and_over_once_it_is_calm() -> None:
    told = run(0, 0, 0, 0, *[None] * 6)
    assert told == [None, None, Event.BEGAN, None, None, None, None, None, None, Event.OVER]


def test_what_passes_by_itself_is_not_told() -> None:
    assert not any(run(0, 0, None, None, None, None, None, None, None))


def test_what_flaps_is_told_once() -> None:
    told = run(*[0, None] * 200)
    assert [event for event in told if event] == [Event.BEGAN]


def test_what_lasts_is_told_again_after_a_day() -> None:
    told = run(*[0] * 50, step=timedelta(hours=1))
    assert [number for number, event in enumerate(told) if event] == [1, 25, 49]
    assert told[25] is Event.LASTS


def test_worse_is_told_at_most_once_an_hour() -> None:
    told = run(1, 1, 1, *range(2, 60), *[60] * 10)
    assert [event for event in told if event] == [Event.BEGAN, Event.WORSE]


def test_better_and_then_worse_again_is_worse() -> None:
    hours = run(5, 5, 1, 2, step=timedelta(hours=2))
    assert hours == [None, Event.BEGAN, None, Event.WORSE]


class Looking(RuleBasedStateMachine):
    """Any sequence of looks, seconds to days apart."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.standing: Standing | None = None
        self.events: list[tuple[datetime, Event]] = []
        self.since_told: list[Event] = []
        self.last_wrong: datetime | None = None

    def look(self, wrong: Finding | None) -> None:
        before = self.standing
        self.standing, event = decide(before, wrong, now=self.now)
        if wrong is not None:
            self.last_wrong = self.now
        if event is not None:
            if event in (Event.LASTS, Event.WORSE):
                last = self.events[-1][0]
                assert self.now - last >= min(PAUSE, timedelta(days=1))
            if event is Event.BEGAN:
                assert wrong is not None
                assert not self.since_told, "told twice of one beginning"
                opened = before.opened_at if before else self.now
                assert self.now - opened >= SETTLE
            if event is Event.OVER:
                assert self.since_told, "an end without a beginning"
                assert self.last_wrong is not None
                assert self.now - self.last_wrong >= CALM
            self.events.append((self.now, event))
            self.since_told = [] if event is Event.OVER else [*self.since_told, event]
        if self.standing is not None and self.standing.closed_at is not None:
            assert not self.since_told, "ended, and nobody was told"
            self.standing = None

    @rule(seconds=st.sampled_from([1, 30, 60, 90, 600, 4000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(level=st.integers(0, 3))
    def wrong(self, level: int) -> None:
        self.look(finding(level))

    @rule()
    def fine(self) -> None:
        self.look(None)

    @rule()
    def fine_for_long(self) -> None:
        self.look(None)
        self.now += CALM
        self.look(None)
        assert self.standing is None

    @invariant()
    def counts_are_kept(self) -> None:
        if self.standing is not None:
            assert self.standing.told == len(self.since_told)
            assert (self.standing.told_at is None) == (not self.since_told)


TestLooking = Looking.TestCase
