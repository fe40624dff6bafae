"""kill -9 of the worker in the middle of a delivery, and of the store, with real processes.

A real Celery worker with beat on the filesystem broker, a real record store, the database
that the test run uses. Nothing may be lost, nothing stored twice, no lease left stuck.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection

from attune.xapi.models import Delivery, Lane
from tests.delivery.conftest import ROOT, Ralph, make_lane, record, wait_until
from tests.delivery.double import Double, serving

pytestmark = pytest.mark.database


class Worker:
    """A Celery worker with beat, in a process group of its own."""

    def __init__(self, home: Path, *, beat: bool = True, **env: str) -> None:
        self.home = home
        self.beat = beat
        self.env = env
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.home / "worker.log").open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "config.celery", "worker"),
                *("--concurrency", "1", "--loglevel", "INFO"),
                *("--without-gossip", "--without-mingle"),
                *(("--beat", "--schedule", str(self.home / "beat")) if self.beat else ()),
            ],
            cwd=ROOT,
            env={**_environment(self.home), **self.env},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    def kill(self) -> None:
        """SIGKILL to the worker and its children at once, as a machine that loses power."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def _environment(home: Path) -> dict[str, str]:
    """The worker sees the test run's database, and has a broker folder of its own."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        user = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
        url = f"postgres://{user}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("ATTUNE_LRS")}
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "ATTUNE_ENV_FILE": os.devnull,
        "ATTUNE_DATA_DIR": str(home),
        "DATABASE_URL": url,
        "CELERY_BROKER_URL": "filesystem://",
        "CELERY_TASK_ALWAYS_EAGER": "false",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def worker(committed: None, tmp_path: Path) -> Iterator[Worker]:
    running = Worker(tmp_path / "worker")
    running.home.mkdir()
    try:
        yield running
    finally:
        running.kill()


def settled() -> int:
    return Delivery.objects.exclude(delivered_at=None).count()


def wait_for(count: int, worker: Worker, *, seconds: float) -> None:
    def enough() -> bool:
        assert worker.process is None or worker.process.poll() is None, log(worker)
        return settled() >= count

    try:
        wait_until(enough, seconds=seconds)
    except AssertionError:
        pytest.fail(f"{settled()} of {count} after {seconds} s\n{log(worker)}")


def log(worker: Worker) -> str:
    return (worker.home / "worker.log").read_text()[-3000:]


def slowly(double: Double, *, batches_per_second: int) -> Callable[[], None]:
    """Enough time in each batch for a kill to fall into one."""
    pause = 1 / batches_per_second

    def wait() -> None:
        double.closing.wait(pause)

    return wait


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(worker: Worker) -> None:
    with serving() as double:
        lane = make_lane(double, connect_timeout=1, read_timeout=2)
        ids = record(3000)
        double.before_answer = slowly(double, batches_per_second=20)
        worker.start()
        wait_until(lambda: len(double.posts) >= 6, seconds=60)
        worker.kill()
        sent, marked = len(double.stored), settled()
        assert sent < 3000
        assert marked <= sent
        lane.refresh_from_db()
        assert lane.lease_token is not None  # the dead worker's lease, which must run out
        double.before_answer = None
        worker.start()
        wait_for(3000, worker, seconds=60)
        assert list(double.stored) == ids
        assert set(double.writes.values()) == {1}
        assert double.most_at_once == 1
        lane.refresh_from_db()
        wait_until(lambda: not Lane.objects.filter(lease_token__isnull=False).exists())
        assert Delivery.objects.exclude(quarantined_at=None).count() == 0
        assert lane.delivered_total == 3000


def _both_killed(worker: Worker, ralph: Ralph, *, count: int, away: float) -> None:
    Lane.objects.create(
        name="ralph",
        endpoint=ralph.endpoint,
        username=ralph.username,
        password=ralph.password,
        connect_timeout=1,
        read_timeout=5,
    )
    ids = record(count, seed="kill")
    worker.start()
    wait_for(200, worker, seconds=60)
    ralph.kill()
    worker.kill()
    worker.start()
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began >= away, seconds=away + 5)
    more = record(50, first=count, seed="kill")  # people go on working meanwhile
    ralph.start()
    healed = time.monotonic()
    wait_for(count + 50, worker, seconds=60)
    assert time.monotonic() - healed < 60
    stored = [line.split(b'"id":"', 1) for line in ralph.lines()]
    assert len(stored) == count + 50
    for identifier in (ids[0], ids[count // 2], ids[-1], more[-1]):
        assert len(ralph.get(statementId=identifier)) == 1
    held = b"\n".join(ralph.lines()).decode()
    assert all(held.count(f'"{identifier}"') == 1 for identifier in [*ids, *more])
    assert Delivery.objects.exclude(quarantined_at=None).count() == 0
    wait_until(lambda: not Lane.objects.filter(lease_token__isnull=False).exists())


def test_worker_and_store_killed_together(worker: Worker, own_ralph: Ralph) -> None:
    _both_killed(worker, own_ralph, count=1000, away=3)


@pytest.mark.slow
def test_worker_killed_and_the_store_away_for_twenty_seconds(
    worker: Worker, own_ralph: Ralph
) -> None:
    _both_killed(worker, own_ralph, count=3000, away=20)
