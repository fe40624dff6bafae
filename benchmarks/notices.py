"""Notices: what looking after an installation costs, and what sending many messages costs.

One look for trouble and one reading of ``/metrics``, with 20 lanes, 10⁵ statements waiting and
up to 10⁶ delivered; ``/metrics`` and the look take a fixed number of queries. Then messages
that wait are sent to a mail server in a process of its own, which reads them and says "taken",
over as few connections as may be; beside it smtplib alone with the same texts, in the same run.
"""

from __future__ import annotations

import resource
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from statistics import median

from django.conf import settings
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attune.notices import kinds, sending, services
from attune.notices.models import Destination, Incident, Message, Route
from attune.notices.watch import alerts, views
from attune.xapi import health
from attune.xapi.models import Delivery, Lane, StatementRecord
from benchmarks import Row, Scale

LANES = 20
WAITING = 100_000
DELIVERED: dict[Scale, tuple[int, ...]] = {
    "quick": (10_000, 100_000),
    "full": (10_000, 100_000, 1_000_000),
}
MESSAGES: dict[Scale, tuple[int, ...]] = {"quick": (100, 1_000), "full": (100, 1_000, 10_000)}
TURNS = 5

# Speaks as much SMTP as it takes, one thread per connection; keeps nothing.
SINK = """
import socket, threading
def serve(connection):
    stream = connection.makefile("rb", buffering=1 << 16)
    connection.sendall(b"220 sink\\r\\n")
    while line := stream.readline():
        verb = line[:4].upper()
        if verb == b"DATA":
            connection.sendall(b"354 go on\\r\\n")
            while stream.readline() not in (b".\\r\\n", b""):
                pass
            connection.sendall(b"250 taken\\r\\n")
        elif verb == b"QUIT":
            connection.sendall(b"221 bye\\r\\n")
            return
        else:
            connection.sendall(b"250 ok\\r\\n")
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
"""


def run(scale: Scale) -> list[Row]:
    settings.ATTUNE_METRICS_TOKEN = "benchmark"
    rows = []
    for delivered in DELIVERED[scale]:
        _fill(delivered)
        rows += _looking(delivered)
    _empty()
    with _sink() as port:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        for count in MESSAGES[scale]:
            rows += _sending(count, port)
    _empty()
    return rows


def _row(name: str, size: int, value: float, unit: str, note: str = "") -> Row:
    return {"name": name, "size": size, "value": value, "unit": unit, "note": note}


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


# --- looking -------------------------------------------------------------------------------


def _empty() -> None:
    """In the order of the keys, and without the models' asking what hangs on each row."""
    with connection.cursor() as cursor:
        for model in (Message, Route, Incident, Destination, Delivery, StatementRecord, Lane):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


def _fill(delivered: int) -> None:
    """Spread over the lanes; the columns that nobody looks at here are short."""
    _empty()
    now = timezone.now()
    lanes = Lane.objects.bulk_create(
        Lane(name=f"Lane {n}", endpoint="http://127.0.0.1:9/", pause_reason="401" if n < 2 else "")
        for n in range(LANES)
    )
    Destination.objects.create(name="Operations", email="ops@example.test")
    number = {
        "sqlite": "printf('%%032x', n)",
        "postgresql": "lpad(to_hex(n), 32, '0')::uuid",
    }[connection.vendor]
    counted = (
        "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < %s) "
    )
    with transaction.atomic(), connection.cursor() as cursor:
        # Models would take longer to make than everything that is measured.
        cursor.execute(
            "INSERT INTO attune_xapi_statementrecord (statement_id, body, occurred_at, "
            "recorded_at, actor, registration, verb, activity, engagement, client, vendor, "
            f"kind, archive) {counted}"
            f"SELECT {number}, '{{}}', %s, %s, {number}, {number}, 'v', '', '', '', '', 'k', '' "
            "FROM counted",
            [delivered + WAITING, now, now - timedelta(hours=1)],
        )
        first = StatementRecord.objects.order_by("pk").values_list("pk", flat=True)[0]
        cursor.execute(
            "INSERT INTO attune_xapi_delivery "
            "(lane_id, record_id, attempts, answer, delivered_at, quarantined_at) "
            "SELECT %s + id %% %s, id, 0, '', CASE WHEN id < %s THEN recorded_at END, "
            "CASE WHEN id >= %s THEN recorded_at END FROM attune_xapi_statementrecord",
            [
                lanes[0].pk,
                LANES,
                first + delivered,
                first + delivered + WAITING - 100,
            ],
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _looking(delivered: int) -> list[Row]:
    alerts.look(now=timezone.now())  # opens the incidents

    def look() -> None:
        alerts.look(now=timezone.now())

    request = RequestFactory().get("/metrics", HTTP_AUTHORIZATION="Bearer benchmark")

    def metrics() -> None:
        assert views.prometheus_metrics(request).status_code == 200

    rows = []
    for name, do in (
        ("one look for trouble", look),
        ("one reading of /metrics", metrics),
        ("age of the oldest record (/healthz)", lambda: health.oldest_waiting_age(timezone.now())),
    ):
        with CaptureQueriesContext(connection) as asked:
            do()
        took = median(_timed(do) for _ in range(TURNS)) * 1000
        note = f"{len(asked)} queries; {LANES} lanes, {WAITING:,} waiting"
        rows.append(_row(name, delivered, took, "ms", note))
    return rows


# --- sending -------------------------------------------------------------------------------


@contextmanager
def _sink() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def _sending(count: int, port: int) -> list[Row]:
    Message.objects.all().delete()
    body = "Your answers are marked.\n" * 20
    now = timezone.now()
    wrote = _timed(
        lambda: services.write_many(
            (
                services.Draft(
                    kind=kinds.ALERT.name,
                    key=str(number),
                    address=f"p{number}@example.test",
                    subject=f"Message {number}",
                    body=body,
                )
                for number in range(count)
            ),
            now=now,
        )
    )
    before = _peak()
    outcomes: list[sending.Outcome] = []
    took = _timed(lambda: outcomes.extend(sending.send_all(seconds=600)))
    assert [each.sent for each in outcomes] == [count]
    bare = _timed(lambda: _bare(count, port, body))
    return [
        _row("messages written", count, count / wrote, "/s"),
        _row(
            "messages sent and marked",
            count,
            count / took,
            "/s",
            f"smtplib alone {count / bare:,.0f}/s; each is marked before the next",
        ),
        _row("memory that sending added", count, _peak() - before, "MB"),
    ]


def _bare(count: int, port: int, body: str) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(count):
            message = EmailMessage()
            message["From"], message["To"] = "a@example.test", f"p{number}@example.test"
            message["Subject"] = f"Message {number}"
            message.set_content(body)
            server.send_message(message)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
