"""Retention: what every store has is put into an archive once it is old, and its body here is
emptied. Id, registration, kind and times stay. Off unless ``ATTUNE_STATEMENT_RETENTION_DAYS``.

In this order, so that a body is always somewhere: written to a file, the file flushed and read
back, each body compared with the one here, and only then emptied. Killed at any point, the
next run clears away what is torn and goes on with what is whole.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from attune.xapi import archives, filters, lanes
from attune.xapi.archives import ArchiveBroken, Line
from attune.xapi.models import StatementRecord

logger = logging.getLogger(__name__)

ROWS = 500  # read, compared and emptied at once
FILE_ROWS = 50_000  # statements in one archive: some 8 MB
LONGEST_RUN = 600.0  # seconds


@dataclass(slots=True)
class Kept:
    """What a run did. ``broken`` names archives that are not what was written."""

    archived: int = 0
    files: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    more: bool = False


def archive(*, older_than: timedelta, now: datetime, seconds: float = LONGEST_RUN) -> Kept:
    """Archive what was recorded before ``now - older_than`` and is delivered on every lane
    that takes it.

    :raises archives.NoFolder: there is no fit place for archives.
    :raises archives.ArchiveBusy: another process is at it.
    """
    place = archives.folder()
    kept = Kept()
    deadline = time.monotonic() + seconds
    with archives.alone_in(place):
        if torn := archives.clear_away(place):
            logger.warning("%d half-written files were cleared away in %s", torn, place)
        for name in archives.pending(place):
            _empty_all_of(place, name, kept)
        cursor = 0
        while True:
            old = _Old(cutoff=now - older_than, after=cursor)
            manifest = archives.write(place, islice(old, FILE_ROWS), now=now)
            if manifest is None:
                return kept
            cursor = manifest.last_record
            _empty_all_of(place, manifest.name, kept)
            if time.monotonic() > deadline:
                kept.more = True
                return kept


def restore(name: str) -> int:
    """Put the bodies of an archive back, so that a replay can send them; how many. Twice is once.

    The archive stays, and its records remember it: ``put_away`` empties them again.

    :raises ArchiveBroken: the archive is not what was written; nothing was changed.
    """
    place = archives.folder()
    archives.verify(place, name)
    restored = 0
    lines = archives.read(place, name)
    while chunk := list(islice(lines, ROWS)):
        by_record = {line.record: line for line in chunk}
        with transaction.atomic():
            rows = list(
                StatementRecord.objects.select_for_update(no_key=True)
                .filter(pk__in=by_record, body="", archive=name)
                .only("pk", "body", "statement_id")
                .order_by("pk")
            )
            for row in rows:
                line = by_record[row.pk]
                if str(row.statement_id) != line.statement_id:
                    raise ArchiveBroken(f"{name} belongs to another database.")
                row.body = line.body
            StatementRecord.objects.bulk_update(rows, ["body"], batch_size=100)
        restored += len(rows)
    return restored


def put_away() -> Kept:
    """Empty again what was restored, from the archives that hold it still."""
    place = archives.folder()
    kept = Kept()
    restored = StatementRecord.objects.exclude(archive="").exclude(body="").order_by()
    with archives.alone_in(place):
        for name in sorted(set(restored.values_list("archive", flat=True).distinct())):
            _empty_all_of(place, name, kept)
    return kept


# --- which ------------------------------------------------------------------------------------


#: Delivered at least once, waiting or refused nowhere, and no lane that takes it lacks it,
#: a lane that is switched off included: what it missed follows when it is on again.
_SETTLED = (
    "EXISTS (SELECT 1 FROM attune_xapi_delivery had "  # noqa: S608  # nosec B608
    "WHERE had.record_id = record.id AND had.delivered_at IS NOT NULL) "
    "AND NOT EXISTS (SELECT 1 FROM attune_xapi_delivery had "
    "WHERE had.record_id = record.id AND had.delivered_at IS NULL) "
    f"AND NOT EXISTS (SELECT 1 FROM attune_xapi_lane lane WHERE {filters.takes_sql()} "
    "AND NOT EXISTS (SELECT 1 FROM attune_xapi_delivery had "
    "WHERE had.record_id = record.id AND had.lane_id = lane.id))"
)


class _Old:
    """The lines of what may be archived, in the order of recording, read a chunk at a time."""

    def __init__(self, *, cutoff: datetime, after: int) -> None:
        self.cutoff = cutoff
        self.after = after

    def __iter__(self) -> Iterator[Line]:
        while keys := self._keys():
            rows = StatementRecord.objects.filter(pk__in=keys).order_by("pk")
            for row in rows:
                yield Line(
                    record=row.pk,
                    statement_id=str(row.statement_id),
                    actor=str(row.actor),
                    registration=str(row.registration),
                    kind=row.kind,
                    occurred_at=row.occurred_at.isoformat(),
                    body=row.body,
                )
            self.after = keys[-1]

    def _keys(self) -> list[int]:
        recorded_at: Any = StatementRecord._meta.get_field("recorded_at")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT record.id FROM attune_xapi_statementrecord record "  # noqa: S608  # nosec B608
                f"WHERE record.id > %s AND record.archive = '' AND {lanes.SENDABLE} "
                f"AND record.recorded_at < %s AND {_SETTLED} ORDER BY record.id LIMIT {ROWS}",
                [self.after, recorded_at.get_db_prep_value(self.cutoff, connection)],
            )
            return [key for (key,) in cursor.fetchall()]


# --- emptying -----------------------------------------------------------------------------------


def _empty_all_of(place: Path, name: str, kept: Kept) -> None:
    """Read the archive back; empty each body here that it holds to the letter."""
    try:
        archives.verify(place, name)
        lines = archives.read(place, name)
        while chunk := list(islice(lines, ROWS)):
            kept.archived += _empty(name, chunk)
    except ArchiveBroken as error:
        logger.error("No body was emptied for the sake of a broken archive: %s", error)
        kept.broken.append(name)
        return
    archives.finish(place, name)
    kept.files.append(name)


def _empty(name: str, lines: Sequence[Line]) -> int:
    """Empty these, those excepted that wait again by now, or differ; how many."""
    in_file = {line.record: line.body for line in lines}
    with transaction.atomic():
        # Locked first and asked afterwards: a replay that was queueing them is seen then.
        here = dict(
            StatementRecord.objects.select_for_update(no_key=True)
            .filter(pk__in=in_file)
            .order_by("pk")
            .values_list("pk", "body")
        )
        same = [key for key, body in here.items() if body and body == in_file[key]]
        if not same:
            return 0
        marks = ", ".join(["%s"] * len(same))
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE attune_xapi_statementrecord AS record SET body = '', archive = %s "  # noqa: S608  # nosec B608
                f"WHERE record.id IN ({marks}) AND {_SETTLED}",
                [name, *same],
            )
            return int(cursor.rowcount)
