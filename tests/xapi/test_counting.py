"""Counts of a lane: five minutes a row, added up in place, drawn as bars, soon forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.xapi import counting, delivery
from attune.xapi.models import Lane, LaneCount
from tests.delivery.conftest import committed as committed
from tests.delivery.conftest import double as double
from tests.delivery.conftest import lane as lane
from tests.delivery.conftest import record
from tests.delivery.double import Double, answer

NOW = datetime(2026, 3, 2, 9, 33, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def row(db: None) -> Lane:
    return Lane.objects.create(name="store", endpoint="https://store.example/xapi")


def test_what_happens_in_five_minutes_is_one_row(row: Lane, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        counting.count(row.pk, now=NOW, delivered=100)
        counting.count(row.pk, now=NOW + timedelta(seconds=99), delivered=20, quarantined=1)
        counting.count(row.pk, now=NOW + timedelta(seconds=101), failures=1)
    found = LaneCount.objects.values_list("since", "delivered", "quarantined", "failures")
    assert list(found) == [
        (datetime(2026, 3, 2, 9, 30, tzinfo=UTC), 120, 1, 0),
        (datetime(2026, 3, 2, 9, 35, tzinfo=UTC), 0, 0, 1),
    ]


def test_bars_of_an_hour_and_of_a_day(row: Lane, django_assert_num_queries: Any) -> None:
    counting.count(row.pk, now=NOW, delivered=7)
    counting.count(row.pk, now=NOW - timedelta(minutes=50), delivered=5, failures=2)
    counting.count(row.pk, now=NOW - timedelta(hours=3), quarantined=4)
    with django_assert_num_queries(1):
        hour = counting.counts(NOW, bars=12, length=counting.SLICE)[row.pk]
    assert len(hour) == 12
    assert hour[-1] == counting.Count(datetime(2026, 3, 2, 9, 30, tzinfo=UTC), delivered=7)
    assert (hour[1].delivered, hour[1].failures) == (5, 2)
    assert sum(bar.quarantined for bar in hour) == 0
    day = counting.counts(NOW, bars=24, length=HOUR)[row.pk]
    assert [bar.delivered for bar in day[-2:]] == [5, 7]
    assert day[-4].quarantined == 4
    assert day[0].since == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_a_lane_without_a_row_has_no_entry_and_a_fast_clock_no_place(row: Lane) -> None:
    assert counting.counts(NOW, bars=12, length=counting.SLICE) == {}
    counting.count(row.pk, now=NOW + timedelta(minutes=10), delivered=3)
    assert counting.counts(NOW, bars=12, length=counting.SLICE) == {}


@pytest.mark.parametrize(("bars", "length"), [(3, timedelta(minutes=7)), (49, HOUR)])
def test_bars_that_cannot_be_drawn_are_refused(bars: int, length: timedelta) -> None:
    with pytest.raises(ValueError, match="whole slices"):
        counting.counts(NOW, bars=bars, length=length)


def test_counts_are_forgotten_after_two_days(row: Lane, django_assert_num_queries: Any) -> None:
    counting.count(row.pk, now=NOW - timedelta(hours=48, minutes=6), delivered=1)
    counting.count(row.pk, now=NOW - timedelta(hours=48), delivered=2)
    assert counting.forget_old(NOW) == 1
    assert LaneCount.objects.get().delivered == 2
    with django_assert_num_queries(1):  # the sweep comes every few seconds, and writes nothing
        assert counting.forget_old(NOW) == 0


@given(
    moment=st.integers(0, 4 * 10**15).map(lambda us: EPOCH + timedelta(microseconds=us)),
    length=st.sampled_from([counting.SLICE, HOUR, DAY]),
)
def test_a_moment_lies_in_its_slice(moment: datetime, length: timedelta) -> None:
    begin = counting.slice_of(moment, length)
    assert begin <= moment < begin + length
    assert counting.slice_of(begin, length) == begin


# --- Written by delivery ------------------------------------------------------------------


def figures(lane: Lane) -> tuple[int, int, int]:
    rows = LaneCount.objects.filter(lane=lane).values_list("delivered", "quarantined", "failures")
    return tuple(map(sum, zip(*rows, strict=True)))  # type: ignore[return-value]


def test_delivery_counts_what_it_marks(lane: Lane, double: Double) -> None:
    ids = record(130)
    double.refused.add(ids[40])
    delivery.deliver(lane.pk)
    assert figures(lane) == (129, 1, 0)


def test_delivery_counts_failures(lane: Lane, double: Double) -> None:
    record(3)
    double.faults = [answer(503)]
    delivery.deliver(lane.pk)
    assert figures(lane) == (0, 0, 1)
    Lane.objects.update(retry_at=None)
    double.faults = [answer(401)]
    delivery.deliver(lane.pk)
    assert figures(lane) == (0, 0, 2)


def test_a_sender_whose_lease_has_passed_counts_nothing(
    lane: Lane, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(1)
    monkeypatch.setattr(delivery.lanes, "extend_lease", lambda *args, **more: False)
    delivery.deliver(lane.pk)
    assert LaneCount.objects.count() == 0
    monkeypatch.undo()
    double.faults = [answer(503)]
    Lane.objects.update(lease_until=None)
    monkeypatch.setattr(delivery.lanes, "rest", lambda *args, **more: False)
    delivery.deliver(lane.pk)
    assert LaneCount.objects.count() == 0


def test_the_sweep_forgets(lane: Lane, double: Double) -> None:
    counting.count(lane.pk, now=NOW, delivered=1)  # of a day long ago
    delivery.sweep()
    assert LaneCount.objects.count() == 0
