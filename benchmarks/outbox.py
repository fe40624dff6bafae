"""The outbox beside everything else: what recording adds to a request, and what a sweep costs
that finds nothing to do, with many statements delivered, in the hour after a lane changed too.

The bars: a statement recorded in ≤ 1.5 ms, all told, whatever the lanes; a sweep that does not
grow with what was delivered.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from attune.xapi import delivery, filters, lanes, outbox, verbs
from attune.xapi.models import Delivery, FilteredBy, Lane, StatementRecord
from benchmarks import Row, Scale
from benchmarks.delivery import AT, TAGS, _empty, _row, _statement, _timed, fill

SIZES: dict[Scale, tuple[int, ...]] = {
    "quick": (1_000, 10_000, 100_000),
    "full": (1_000, 10_000, 100_000, 1_000_000),
}
TURNS = 5
NOWHERE = "http://127.0.0.1:9"


def run(scale: Scale) -> list[Row]:
    settings.ATTUNE_XAPI_LINT = False  # as in production
    rows = [*_recording()]
    for size in SIZES[scale]:
        rows += _sweeping(size)
    _empty()
    return rows


def _recording() -> list[Row]:
    """A request that records one statement: what the recording adds to its transaction."""
    count = 300
    built = iter([_statement(number) for number in range(count * 3)])
    rows = []
    for number in (0, 1, 10):
        _empty()
        _lanes(number)

        def record() -> None:
            for _ in range(count):
                with transaction.atomic():
                    outbox.record(next(built), tags=TAGS)

        with CaptureQueriesContext(connection) as asked, transaction.atomic():
            outbox.record(_statement(10_000), tags=TAGS)
        commands = len(
            [one for one in asked if not one["sql"].startswith(("BEGIN", "SAVE", "RELEASE"))]
        )
        each = _timed(record) / count * 1000
        note = f"{commands} commands; each lane with four filters"
        rows.append(_row(f"recorded, {number} lanes", count, each, "ms", note))
    return rows


def _lanes(count: int) -> None:
    for number in range(count):
        lane = Lane.objects.create(name=f"lane {number}", endpoint=NOWHERE)
        chosen = {
            FilteredBy.ENGAGEMENT: [TAGS.engagement, "another"],
            FilteredBy.VERB: [verbs.ANSWERED.id, verbs.PASSED.id],
        }
        filters.set_values(lane, chosen)


def _sweeping(size: int) -> list[Row]:
    lane = fill(NOWHERE, size)
    chosen = {FilteredBy.VERB: [verbs.ANSWERED.id]}
    filters.set_values(lane, chosen)
    Delivery.objects.update(delivered_at=Now())
    StatementRecord.objects.update(recorded_at=AT)  # in the past, as nearly all of them are
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    rows = [_sweep(size, "a sweep with nothing to do", delivery.sweep)]
    Lane.objects.update(settling_until=lanes.from_now(lanes.SETTLING))
    rows.append(_sweep(size, "a sweep in the hour after a lane changed", delivery.sweep))
    return rows


def _sweep(size: int, name: str, do: Callable[[], object]) -> Row:
    each = median(_timed(do) for _ in range(TURNS)) * 1000
    with CaptureQueriesContext(connection) as asked:
        do()
    return _row(name, size, each, "ms", f"{len(asked)} commands; rows are delivered")
