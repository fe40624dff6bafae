"""What happened on each lane, in slices of five minutes: written by delivery, drawn by screens.

A slice is one row per lane, so that a day costs 288 rows however much was sent. They are
kept for two days: enough for a chart of the last one. The clock is the writer's own, since a
bar that stands one slice beside its place misleads nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from attune.xapi.models import LaneCount

SLICE = timedelta(minutes=5)
KEPT = timedelta(hours=48)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Count:
    """What happened from ``since`` on, for as long as the reader asked."""

    since: datetime
    delivered: int = 0
    quarantined: int = 0
    failures: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.since,
            self.delivered + other.delivered,
            self.quarantined + other.quarantined,
            self.failures + other.failures,
        )


def slice_of(moment: datetime, length: timedelta = SLICE) -> datetime:
    """The beginning of the slice in which *moment* lies."""
    return _EPOCH + (moment - _EPOCH) // length * length


def count(
    lane: int, *, now: datetime, delivered: int = 0, quarantined: int = 0, failures: int = 0
) -> None:
    """Add to the lane's present slice: one command, in the transaction of what is counted.

    Raw, since the ORM's upsert can only replace; the table's name is fixed by the app's label.
    """
    since = LaneCount._meta.get_field("since").get_db_prep_save(slice_of(now), connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO attune_xapi_lanecount AS had "
            "(lane_id, since, delivered, quarantined, failures) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (lane_id, since) DO UPDATE SET "
            "delivered = had.delivered + excluded.delivered, "
            "quarantined = had.quarantined + excluded.quarantined, "
            "failures = had.failures + excluded.failures",
            [lane, since, delivered, quarantined, failures],
        )


def forget_old(now: datetime) -> int:
    """Drop slices that no chart draws any more; how many. Writes only if there are some."""
    old = LaneCount.objects.filter(since__lt=slice_of(now) - KEPT)
    if not old.exists():
        return 0
    return old.delete()[0]


def counts(now: datetime, *, bars: int, length: timedelta) -> Mapping[int, list[Count]]:
    """Per lane the last *bars* spans of *length*, the running one included, oldest first.

    One query whatever the number of lanes. A lane without a row has no entry.

    :raises ValueError: *length* is not a number of slices, or the span is longer than is kept.
    """
    if length % SLICE or bars * length > KEPT:
        raise ValueError("a bar is made of whole slices, and no older than they are kept")
    first = slice_of(now, length) - (bars - 1) * length
    empty = [Count(first + number * length) for number in range(bars)]
    found: dict[int, list[Count]] = {}
    rows = LaneCount.objects.filter(since__gte=first).values_list(
        "lane", "since", "delivered", "quarantined", "failures"
    )
    for lane, since, *figures in rows.order_by():
        place = (since - first) // length
        if place < bars:  # a worker's clock may run ahead of ours
            spans = found.setdefault(lane, list(empty))
            spans[place] += Count(since, *figures)
    return found
