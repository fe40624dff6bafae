"""Replays, archives and reconciling: what they cost, and that memory stays flat.

A replay queues pieces of a thousand; each is one transaction, so its cost must not depend on
what lies before it. Saving a lane with a long history must not, either. Archiving reads, packs,
reads back, compares and empties. Reconciling asks a store for pages; the store here is the
tests' own double, which holds statements by id and gives pages.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from attune.xapi import delivery, lanes, reconciling, replays, retention
from attune.xapi.models import Delivery, Lane, Replay, ReplayState, StatementRecord
from attune.xapi.statements import Statement
from benchmarks import Row, Scale
from benchmarks.delivery import _statement
from tests.delivery.double import serving

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPLAYED: dict[Scale, tuple[int, ...]] = {
    "quick": (10_000, 100_000),
    "full": (10_000, 100_000, 1_000_000),
}
ARCHIVED: dict[Scale, tuple[int, ...]] = {
    "quick": (1_000, 10_000),
    "full": (1_000, 10_000, 100_000),
}
RECONCILED: dict[Scale, tuple[int, ...]] = {"quick": (100, 1_000), "full": (100, 1_000, 10_000)}


def run(scale: Scale) -> list[Row]:
    settings.ATTUNE_XAPI_LINT = False  # as in production
    rows: list[Row] = []
    for size in REPLAYED[scale]:
        rows += _replaying(size)
    for size in ARCHIVED[scale]:
        rows += _archiving(size)
    for size in RECONCILED[scale]:
        rows += _reconciling(size)
    _empty()
    return rows


def _row(name: str, size: int, value: float, unit: str, note: str = "") -> Row:
    return {"name": name, "size": size, "value": value, "unit": unit, "note": note}


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _empty() -> None:
    with connection.cursor() as cursor:
        for model in (Delivery, Replay, StatementRecord, Lane):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


def _fill(size: int, *, delivered: bool = True) -> Lane:
    """So many recorded statements of real length, made by the database itself."""
    _empty()
    lane = Lane.objects.create(name="benchmark", endpoint="http://127.0.0.1:9/")
    sample = _statement(0)
    identifier = (
        "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO attune_xapi_statementrecord "
            "(statement_id, body, occurred_at, recorded_at, "
            "actor, registration, verb, activity, engagement, client, vendor, kind, archive) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
            f"SELECT {identifier}, %s, %s, %s, {identifier}, {identifier}, %s, '', 'e', 'c', 'v', "
            "'answered', '' FROM n",
            [size, sample.body.decode(), NOW, NOW, sample.verb],
        )
        if delivered:
            cursor.execute(
                "INSERT INTO attune_xapi_delivery "
                "(lane_id, record_id, delivered_at, attempts, answer) "
                "SELECT %s, id, %s, 0, '' FROM attune_xapi_statementrecord",
                [lane.pk, NOW],
            )
        cursor.execute("ANALYZE")
    return lane


def _alone(code: str) -> tuple[float, float]:
    """Seconds and peak memory (MB) of *code*, an expression, in a process of its own."""
    program = (
        "import django; django.setup()\n"
        "import benchmarks.replays as bench\n"
        f"print(bench._timed(lambda: {code}), bench._peak())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- replays -------------------------------------------------------------------------------------


def queue_all(replay: int) -> None:
    """Move a replay to its end, piece by piece, as fast as it goes."""
    row = Replay.objects.get(pk=replay)
    while row.state == ReplayState.RUNNING:
        replays.move_piece(row, most=replays.PIECE, now=NOW)


def _replaying(size: int) -> list[Row]:
    lane = _fill(size)
    wish = replays.Wish(lane=lane.pk)
    counting = _timed(lambda: replays.preview(wish))
    again = replays.start(wish, by="benchmark", now=NOW)
    seconds, peak = _alone(f"bench.queue_all({again.pk})")
    rows = [
        _row("dry run of a replay of everything", size, counting * 1000, "ms"),
        _row("queued again by a replay", size, size / seconds, "statements/s", f"{peak:.0f} MB"),
    ]
    Delivery.objects.all().delete()
    saving = _timed(lambda: lanes.settings_changed(lane))
    settling = _timed(lanes.settle)
    backfill = Replay.objects.get(asked_by="")
    seconds, peak = _alone(f"bench.queue_all({backfill.pk})")
    return [
        *rows,
        _row("saving a new lane", size, saving * 1000, "ms", "its history comes by a replay"),
        _row("settling in the sweep", size, settling * 1000, "ms"),
        _row("queued for a new lane", size, size / seconds, "statements/s", f"{peak:.0f} MB"),
        _row("sweep with nothing due", size, _idle_sweep() * 1000, "ms"),
    ]


def _idle_sweep() -> float:
    Delivery.objects.update(delivered_at=NOW)
    Lane.objects.update(settling_until=None)

    def sweep() -> None:
        replays.move_all(now=NOW)
        delivery.sweep()

    return _timed(sweep)


# --- archives ------------------------------------------------------------------------------------


def archive_all(folder: str) -> None:
    """Archive all that is there."""
    settings.ATTUNE_ARCHIVE_DIR = folder
    retention.archive(older_than=timedelta(0), now=NOW + timedelta(days=1), seconds=3600)


def _archiving(size: int) -> list[Row]:
    _fill(size)
    with tempfile.TemporaryDirectory(prefix="attune-bench-archive-") as folder:
        seconds, peak = _alone(f"bench.archive_all({folder!r})")
        if StatementRecord.objects.exclude(body="").exists():
            raise RuntimeError("not all was archived")
        length = sum(path.stat().st_size for path in Path(folder).glob("*.gz"))
        settings.ATTUNE_ARCHIVE_DIR = folder
        names = sorted(path.name for path in Path(folder).glob("*.gz"))
        restoring = _timed(lambda: [retention.restore(name) for name in names])
    note = f"{peak:.0f} MB; bodies alike pack to {length / 1024:.0f} kB"
    return [
        _row("archived, read back and emptied", size, size / seconds, "statements/s", note),
        _row("restored from archives", size, size / restoring, "statements/s"),
    ]


# --- reconciling ---------------------------------------------------------------------------


def _reconciling(size: int) -> list[Row]:
    _empty()
    made: list[Statement] = [_statement(number) for number in range(size)]
    with serving() as double:
        double.pages = 100
        lane = Lane.objects.create(
            name="benchmark",
            endpoint=double.endpoint,
            username=double.username,
            password=double.password,
        )
        StatementRecord.objects.bulk_create(
            [
                StatementRecord(
                    statement_id=each.id,
                    body=each.body.decode(),
                    occurred_at=each.occurred_at,
                    recorded_at=NOW,
                    actor=each.actor,
                    registration=each.registration,
                    verb=each.verb,
                    kind="answered",
                )
                for each in made
            ],
            batch_size=500,
        )
        at = timezone.now()
        Delivery.objects.bulk_create(
            [
                Delivery(lane=lane, record_id=key, delivered_at=at)
                for key in StatementRecord.objects.values_list("pk", flat=True)
            ],
            batch_size=500,
        )
        double.store([json.loads(each.body) for each in made])
        period = {"since": at - timedelta(hours=1), "until": at + timedelta(hours=1)}

        def compare() -> None:
            with delivery.open_store(lane) as store:
                report = reconciling.reconcile(lane, store, **period)
            if report.same != size:
                raise RuntimeError(f"not all was compared: {report}")

        by_pages = _timed(compare)
        double.pages = 0
        one_by_one = _timed(compare)
    return [
        _row("reconciled by pages", size, size / by_pages, "statements/s", "pages of 100"),
        _row("reconciled one by one", size, size / one_by_one, "statements/s"),
    ]
