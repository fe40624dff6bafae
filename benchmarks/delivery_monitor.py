"""What operators look at, with three lanes and much behind them: the monitor and the quarantine.

Per size n: n delivered, n / 10 waiting and n / 100 refused, over three lanes. Pages go through
Django's whole machinery, asked for by a signed-in administrator; queries must not depend on n.
Counting what waits reads the index of what waits, so its cost grows with that and with nothing
else. The deeds are those on all that is refused, and take a few commands whatever it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attune.xapi import counting, quarantine
from attune.xapi.models import Delivery, Lane, StatementRecord
from attune.xapi.quarantine import Choice
from benchmarks import Row, Scale
from tests import factories
from tests.delivery.conftest import statement

SIZES: dict[Scale, list[int]] = {
    "quick": [1_000, 5_000, 25_000],
    "full": [10_000, 100_000, 1_000_000],
}
LANES = 3
TURNS = 5
SPACE = UUID("6f9f6f5e-0d9a-4df1-9a52-1c8f5b3a0004")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
WORDS = "400 Bad Request: object.definition.correctResponsesPattern must be an array of strings"


def run(scale: Scale) -> list[Row]:
    user = get_user_model().objects.create_superuser(email="operator@example.test", password="x")
    client = factories.as_user(Client(), user)
    rows: list[Row] = []
    for size in SIZES[scale]:
        empty()
        fill(size)
        rows += pages(client, size)
        rows += deeds(size)
        rows += counted(size)
    empty()
    return rows


def empty() -> None:
    with connection.cursor() as cursor:
        for table in ("givenup", "lanecount", "delivery", "statementrecord", "lane"):
            cursor.execute(f"DELETE FROM attune_xapi_{table}")


def fill(size: int) -> None:
    """Rows as delivery leaves them, written straight into the tables."""
    lanes = [
        Lane.objects.create(name=f"lane {number}", endpoint="https://lrs.example/xapi")
        for number in range(LANES)
    ]
    body = statement(0).body.decode()
    now = timezone.now()
    waiting, refused = size // 10, size // 100
    total = size + waiting + refused
    # A record per delivery: the same share of each lane, as if each had a client of its own.
    for start in range(0, total, 20_000):
        numbers = range(start, min(total, start + 20_000))
        with transaction.atomic():
            records = StatementRecord.objects.bulk_create(
                [
                    StatementRecord(
                        statement_id=uuid5(SPACE, f"{size}-{number}"),
                        body=body,
                        occurred_at=AT,
                        recorded_at=now - timedelta(hours=1),
                        actor=SPACE,
                        registration=SPACE,
                        verb="http://adlnet.gov/expapi/verbs/completed",
                        kind="unit_completed",
                        client="nordlicht",
                    )
                    for number in numbers
                ],
                batch_size=1000,
            )
            Delivery.objects.bulk_create(
                [
                    Delivery(
                        record=record,
                        lane=lanes[number % LANES],
                        delivered_at=now if number < size else None,
                        quarantined_at=now if number >= size + waiting else None,
                        answer=WORDS if number >= size + waiting else "",
                    )
                    for number, record in zip(numbers, records, strict=True)
                ],
                batch_size=1000,
            )
    for lane in lanes:
        for minutes in range(0, 24 * 60, 5):
            counting.count(lane.pk, now=now - timedelta(minutes=minutes), delivered=minutes)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def timed(what: Callable[[], Any], *, turns: int = TURNS) -> float:
    times = []
    for _ in range(turns):
        began = time.perf_counter()
        what()
        times.append(time.perf_counter() - began)
    return median(times)


def pages(client: Client, size: int) -> list[Row]:
    rows: list[Row] = []
    pages = {
        "monitor": reverse("attune_reports:delivery"),
        "quarantine, first page": reverse("attune_reports:quarantine"),
    }
    for name, address in pages.items():

        def ask(address: str = address) -> None:
            response = client.get(address)
            if response.status_code != 200:
                raise RuntimeError(f"{address}: {response.status_code}")

        ask()
        with CaptureQueriesContext(connection) as context:
            ask()
        note = f"{len(context)} queries; {LANES} lanes, {size // 10:,} waiting"
        note += f", {size // 100:,} refused"
        seconds = timed(ask)
        rows.append(
            {"name": name, "size": size, "value": seconds * 1000, "unit": "ms", "note": note}
        )
    return rows


def deeds(size: int) -> list[Row]:
    refused = size // 100
    now = timezone.now()

    def give_up() -> int:
        return quarantine.give_up(Choice(), by="Operator", note="A wrong set-up", now=now)

    rows: list[Row] = []
    for name, act in (
        ("all in quarantine given up", give_up),
        ("all given up sent again", lambda: quarantine.send_again(Choice(given_up=True))),
    ):
        with CaptureQueriesContext(connection) as context:
            began = time.perf_counter()
            done = act()
            seconds = time.perf_counter() - began
        if done != refused:
            raise RuntimeError(f"{name}: {done} of {refused}")
        note = f"{refused:,} statements, {len(context)} queries"
        rows.append(
            {"name": name, "size": size, "value": seconds * 1000, "unit": "ms", "note": note}
        )
    return rows


def counted(size: int) -> list[Row]:
    """What a mark costs more since it counts: one command on a row that is there."""
    lane = Lane.objects.earliest("pk").pk
    now = timezone.now()

    def count() -> None:
        with transaction.atomic():
            for _ in range(100):
                counting.count(lane, now=now, delivered=500)

    return [
        {
            "name": "count written by a mark",
            "size": size,
            "value": timed(count) / 100 * 1000,
            "unit": "ms",
            "note": "per 500 statements marked",
        }
    ]
