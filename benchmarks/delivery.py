"""Learning records: what building, recording and sending cost.

Sending is measured against bare httpx with the same batches, the same connection settings and
the same receiver, in turns within one run. The receiver is a sink in a process of its own that
reads requests and answers 204, and then Ralph, a real record store; each gets its own data
for each turn, since Ralph slows as its file grows. The bars: a statement built and recorded in
≤ 1.5 ms, ≥ 10,000 statements a second to the sink with marks, ≥ 90 % of bare httpx to Ralph,
memory flat whatever waits.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from uuid import UUID, uuid5

import httpx
from django.conf import settings
from django.db import connection, transaction

from attune.xapi import delivery, extensions, outbox, verbs
from attune.xapi.interactions import Component, Interaction
from attune.xapi.models import Delivery, Lane, LaneFilter, StatementRecord
from attune.xapi.statements import (
    Activity,
    ActivityType,
    Context,
    Result,
    Score,
    Statement,
    Tags,
    activity_id,
    build,
)
from benchmarks import Row, Scale

ROOT = Path(__file__).resolve().parent.parent
SPACE = UUID("6f9f6f5e-0d9a-4df1-9a52-1c8f5b3a0003")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TAGS = Tags(engagement="nordlicht-habagat", client="nordlicht", vendor="habagat", kind="answered")
BATCH = 100
SINK_SIZES: dict[Scale, tuple[int, ...]] = {
    "quick": (1_000, 10_000, 100_000),
    "full": (1_000, 10_000, 100_000, 1_000_000),
}
RALPH_SIZES: dict[Scale, tuple[int, ...]] = {
    "quick": (1_000, 10_000),
    "full": (1_000, 10_000, 100_000),
}
TURNS = 3
FILL = 10_000  # rows that are read or written at once around what is measured

# Reads requests and answers 204 as fast as Python can, on one thread per connection.
SINK = """
import socket, threading
def serve(connection):
    stream = connection.makefile("rb", buffering=1 << 16)
    while stream.readline():
        length = 0
        while (line := stream.readline()) not in (b"\\r\\n", b""):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        stream.read(length)
        connection.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
"""


def run(scale: Scale) -> list[Row]:
    settings.ATTUNE_XAPI_LINT = False  # as in production
    rows = [*_building(), *_recording()]
    with _sink() as endpoint:
        for size in SINK_SIZES[scale]:
            rows += _sending(endpoint, size, to="a sink")
    rows += _memory(SINK_SIZES[scale])
    if (ROOT / ".lrs-venv" / "bin" / "python").exists():
        for size in RALPH_SIZES[scale]:
            rows += _against_ralph(size)
    else:
        note = "not run: lrs/install.sh makes its environment"
        rows.append(_row("sent to Ralph", 0, 0, "% of bare httpx", note))
    _empty()
    return rows


def _row(name: str, size: int, value: float, unit: str, note: str = "") -> Row:
    return {"name": name, "size": size, "value": value, "unit": unit, "note": note}


# --- statements ----------------------------------------------------------------------------


def _statement(number: int) -> Statement:
    """An answered question with all that a real one carries: about 1.7 kB."""
    question = Interaction(
        type="choice",
        correct_responses=("b[,]d",),
        choices=tuple(
            Component(key, {"en": f"Answer {key} of a question", "de": f"Antwort {key} darauf"})
            for key in "abcd"
        ),
    )
    return build(
        deed=f"bench:{number}",
        actor=uuid5(SPACE, str(number % 200)),
        verb=verbs.ANSWERED,
        activity=Activity(
            id=activity_id("question", uuid5(SPACE, f"question {number % 50}")),
            type=ActivityType.INTERACTION,
            name={"en": "What belongs into the first sentence?"},
            interaction=question,
        ),
        at=AT + timedelta(seconds=number),
        context=Context(
            registration=uuid5(SPACE, f"registration {number % 200}"),
            parent=(_place("quiz", ActivityType.ASSESSMENT, "What did you keep?"),),
            grouping=(
                _place("module", ActivityType.MODULE, "Communication"),
                _place("programme", ActivityType.COURSE, "Working with German colleagues"),
            ),
            language="en",
            revision="17",
            extensions=extensions.codes(
                engagement="nordlicht-habagat", client="nordlicht", vendor="habagat"
            ),
        ),
        result=Result(
            score=Score(scaled=1, raw=1, minimum=0, maximum=1),
            success=True,
            response="b[,]d",
            duration=timedelta(seconds=21.5),
        ),
    )


def _place(kind: str, type_: ActivityType, name: str) -> Activity:
    return Activity(id=activity_id(kind, uuid5(SPACE, kind)), type=type_, name={"en": name})


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _building() -> list[Row]:
    count = 500
    times = [_timed(lambda: [_statement(n) for n in range(count)]) for _ in range(TURNS)]
    size = len(_statement(0).body)
    return [_row("statement built", count, median(times) / count * 1000, "ms", f"{size} bytes")]


def _recording() -> list[Row]:
    """Built and recorded for one lane, each in a transaction of its own, and all in one."""
    count = 300
    rows = []
    for turns, label in ((1, "own transaction each"), (count, "in one transaction")):
        times = []
        for turn in range(TURNS):
            _empty()
            _lane("http://127.0.0.1:9/")
            first = turn * count

            def record(first: int = first, turns: int = turns) -> None:
                for start in range(first, first + count, turns):
                    with transaction.atomic():
                        for number in range(start, start + turns):
                            outbox.record(_statement(number), tags=TAGS)

            times.append(_timed(record))
        each = median(times) / count * 1000
        rows.append(_row("statement built and recorded", count, each, "ms", f"{label}; bar ≤ 1.5"))
    return rows


# --- sending -----------------------------------------------------------------------------------


def _empty() -> None:
    with connection.cursor() as cursor:
        for model in (Delivery, StatementRecord, LaneFilter, Lane):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


def _lane(endpoint: str) -> Lane:
    return Lane.objects.create(
        name="benchmark", endpoint=endpoint, username="bench", password="bench-secret"
    )


def fill(endpoint: str, size: int) -> Lane:
    """A lane on which *size* statements wait: a few hundred real ones, under as many ids as it
    takes, since building a million would take longer than sending them."""
    _empty()
    lane = _lane(endpoint)
    patterns = [_statement(number) for number in range(min(size, 200))]
    for start in range(0, size, FILL):
        with transaction.atomic():
            outbox.record_many(
                (_under_another_id(patterns[number % len(patterns)], number), TAGS)
                for number in range(start, min(start + FILL, size))
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return lane


def _under_another_id(statement: Statement, number: int) -> Statement:
    identifier = UUID(int=(7 << 76) | (1 << 63) | number)
    body = statement.body.replace(str(statement.id).encode(), str(identifier).encode())
    return replace(statement, id=identifier, body=body)


def _bare(endpoint: str, size: int) -> float:
    """Seconds that bare httpx takes for the same batches; reading them is not counted."""
    headers = {"Content-Type": "application/json", "X-Experience-API-Version": "1.0.3"}
    rows = StatementRecord.objects.order_by("pk").values_list("body", flat=True)
    bodies = rows.iterator(chunk_size=FILL)
    spent = 0.0
    with httpx.Client(auth=("bench", "bench-secret"), headers=headers, timeout=60) as client:

        def send(batches: list[bytes]) -> None:
            for batch in batches:
                client.post(f"{endpoint}/statements", content=batch).raise_for_status()

        while chunk := [body.encode() for body in islice(bodies, FILL)]:
            batches = [
                b"[" + b",".join(chunk[at : at + BATCH]) + b"]"
                for at in range(0, len(chunk), BATCH)
            ]
            spent += _timed(partial(send, batches))
    return spent


def _deliver(lane: Lane, size: int) -> float:
    """Seconds that delivery takes: reading, sending, marking."""

    def send() -> None:
        outcome = delivery.deliver(lane.pk, seconds=3600)
        if outcome is None or outcome.delivered != size:
            raise RuntimeError(f"not all were delivered: {outcome}")

    return _timed(send)


def _sending(endpoint: str, size: int, *, to: str) -> list[Row]:
    turns = TURNS if size <= 10_000 else 1
    lane = fill(endpoint, size)
    ours, bare = [], []
    for _ in range(turns):
        Delivery.objects.update(delivered_at=None)
        bare.append(_bare(endpoint, size))
        ours.append(_deliver(lane, size))
    return _rates(to, size, median(ours), median(bare), bar="bar ≥ 10,000")


def _rates(to: str, size: int, ours: float, bare: float, *, bar: str) -> list[Row]:
    return [
        _row(f"sent to {to}", size, size / ours, "statements/s", f"read and marked; {bar}"),
        _row(f"bare httpx to {to}", size, size / bare, "statements/s", "same batches, same run"),
        _row(f"sent to {to}, share", size, bare / ours * 100, "% of bare httpx"),
    ]


@contextmanager
def _sink() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/xAPI"
    finally:
        process.kill()
        process.wait()


def _memory(sizes: tuple[int, ...]) -> list[Row]:
    """Peak memory of a process that sends so many, each in a process of its own."""
    rows = []
    with _sink() as endpoint:
        for size in sizes:
            lane = fill(endpoint, size)
            code = (
                "import django; django.setup()\n"
                "from benchmarks.delivery import peak_of_delivery\n"
                f"print(peak_of_delivery({lane.pk}))"
            )
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
            )
            peak = float(done.stdout.split()[-1])
            rows.append(_row("peak memory of delivery", size, peak, "MB", "bar: flat"))
    return rows


def peak_of_delivery(lane: int) -> float:
    """Peak memory (MB) of this process after delivering everything on *lane*."""
    delivery.deliver(lane, seconds=3600)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _against_ralph(size: int) -> list[Row]:
    """Each turn has an empty store: bare httpx and delivery meet files of the same length."""
    ours, bare = [], []
    for _ in range(TURNS if size < 10_000 else 1):
        with _ralph() as endpoint:
            fill(endpoint, size)
            bare.append(_bare(endpoint, size))
        with _ralph() as endpoint:
            lane = fill(endpoint, size)
            ours.append(_deliver(lane, size))
    return _rates("Ralph", size, median(ours), median(bare), bar="bar ≥ 90 % of bare httpx")


@contextmanager
def _ralph() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="attune-bench-lrs-") as data:
        process = subprocess.Popen(
            [
                str(ROOT / ".lrs-venv" / "bin" / "python"),
                str(ROOT / "lrs" / "serve.py"),
                *("--port", str(port), "--data-dir", data, "--username", "bench"),
            ],
            env={**os.environ, "LRS_PASSWORD": "bench-secret"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            # The first request pays for reading the credentials.
            httpx.get(
                f"http://127.0.0.1:{port}/xAPI/statements?limit=1",
                auth=("bench", "bench-secret"),
                headers={"X-Experience-API-Version": "1.0.3"},
            ).raise_for_status()
            yield f"http://127.0.0.1:{port}/xAPI"
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/__lbheartbeat__").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("Ralph did not start within a minute")
