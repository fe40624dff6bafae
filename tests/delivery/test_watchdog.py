"""A worker that lives and does nothing ends itself: the judgement, and real workers."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from attune.notices.models import Heartbeat
from attune.notices.watch import hearts
from config import watchdog
from config.broker import folder_broker
from config.celery import app
from config.watchdog import Signs, Watch, Watchdog, descendants, signs_now
from tests.delivery.conftest import wait_until
from tests.delivery.test_kill import Worker, log

THEN = datetime(2026, 3, 2, 8, tzinfo=UTC)
LIMIT = 30.0


def signs(beat: int = 0, *, begun: int = 0, waiting: int = 0) -> Signs:
    return Signs({hearts.NOTICES: THEN + timedelta(seconds=beat)}, begun, waiting)


def verdicts(*seen: tuple[float, Signs | None]) -> list[str]:
    watch = Watch.starting(LIMIT, at=0)
    return [watch.look(found, at=at) for at, found in seen]


def test_a_heart_that_beats_keeps_the_worker() -> None:
    assert not any(verdicts(*[(at, signs(at)) for at in range(0, 300, 10)]))


def test_a_heart_that_stands_still_ends_it_after_the_limit() -> None:
    *before, last = verdicts((5, signs()), (34, signs()), (35, signs()))
    assert before == ["", ""]
    assert last == "no sweep has run for 30 s"


def test_a_heart_that_never_was_ends_it_too() -> None:
    never = Signs({}, 0, 0)
    assert verdicts((1, never), (31, never)) == ["", "no sweep has run for 30 s"]


def test_messages_that_nobody_begins_end_it_although_another_worker_sweeps() -> None:
    found = verdicts(*[(at, signs(at, begun=7, waiting=2)) for at in (1, 15, 30, 31)])
    assert found == ["", "", "", "2 messages wait and none was begun for 30 s"]


def test_a_long_task_is_no_silence_where_nothing_waits() -> None:
    assert not any(verdicts(*[(at, signs(at, begun=7)) for at in range(0, 300, 10)]))


def test_a_database_that_was_away_gives_everybody_their_full_time() -> None:
    old = signs(begun=7, waiting=1)
    found = verdicts((1, old), (29, None), (500, None), (501, old), (530, old), (531, old))
    assert found[:5] == [""] * 5
    assert found[5]


@given(
    st.lists(
        st.tuples(
            st.floats(0.1, 10),
            st.none() | st.builds(signs, st.integers(0, 3), begun=st.integers(0, 3)),
        )
    )
)
def test_nobody_is_ended_before_the_limit_has_passed(
    looks: list[tuple[float, Signs | None]],
) -> None:
    watch, at, calm = Watch.starting(LIMIT, at=0), 0.0, 0.0
    before: Signs | None = None
    for pause, seen in looks:
        at += pause
        if seen is None or before is None or seen.hearts != before.hearts:
            calm = at
        before = seen
        assert bool(watch.look(seen, at=at)) == (at - calm >= LIMIT)


@pytest.mark.django_db
def test_the_hearts_are_read_and_not_written() -> None:
    Heartbeat.objects.create(name=hearts.NOTICES, at=THEN)
    Heartbeat.objects.create(name="nobody.watches.this", at=THEN)
    assert hearts.last() == {hearts.NOTICES: THEN}
    assert Heartbeat.objects.count() == 2


def test_a_database_that_is_away_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> dict[str, datetime]:
        raise DatabaseError("away")

    monkeypatch.setattr(hearts, "last", away)
    monkeypatch.setattr(watchdog.connection, "close", lambda: None)
    assert signs_now() is None


def test_a_look_that_fails_is_not_the_last() -> None:
    looks: list[str] = []

    def see() -> Signs:
        looks.append("")
        if len(looks) == 1:
            raise RuntimeError("Set changed size during iteration")
        return signs()

    ended: list[str] = []
    Watchdog(0.05, see=see, end=ended.append).run()
    assert len(ended) == 1
    assert len(looks) > 1


# --- real workers -------------------------------------------------------------------------


@pytest.fixture
def worker_with(committed: None, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    running: list[Worker] = []

    def start(*, beat: bool = True, **env: str) -> Worker:
        worker = Worker(tmp_path / "worker", beat=beat, **env)
        worker.home.mkdir()
        running.append(worker)
        Heartbeat.objects.all().delete()
        worker.start()
        if beat:
            wait_until(lambda: len(hearts.last()) == len(hearts.WATCHED), seconds=60)
        return worker

    yield start
    for worker in running:
        worker.kill()
    Heartbeat.objects.all().delete()


def forked_by(worker: Worker) -> list[int]:
    assert worker.process is not None
    return descendants(worker.process.pid)


def send(worker: Worker, *, name: str = hearts.NOTICES) -> None:
    """A message through the worker's own broker, as another machine's beat would send it."""
    options = folder_broker(worker.home / "broker")
    with app.connection_for_write("filesystem://", transport_options=options) as wire:
        app.send_task(name, connection=wire)


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def ends_itself(worker: Worker, *, meanwhile: Callable[[], object] = lambda: None) -> str:
    """Its last words. What it has forked is gone with it."""
    process, forked = worker.process, forked_by(worker)
    assert process is not None

    def has_ended() -> bool:
        meanwhile()
        return process.poll() is not None

    wait_until(has_ended, seconds=60)
    assert process.returncode == os.EX_TEMPFAIL, log(worker)
    wait_until(lambda: not any(alive(pid) for pid in forked))
    return log(worker)


@pytest.mark.filterwarnings("ignore:task_always_eager")  # which is what is meant
@pytest.mark.database
def test_a_worker_whose_pool_hangs_ends_itself_although_others_sweep(
    worker_with: Callable[..., Worker],
) -> None:
    worker = worker_with(beat=False, CELERY_WORKER_POOL="prefork", ATTUNE_WORKER_SILENCE="3")

    def swept() -> bool:
        hearts.note(hearts.NOTICES)  # another worker's sweep: it must not be ended meanwhile
        return len(forked_by(worker)) == 1 and "ready." in log(worker)

    wait_until(swept, seconds=60)
    (pool,) = forked_by(worker)
    os.kill(pool, signal.SIGSTOP)
    for _ in range(2):  # the first it may still take for begun
        send(worker)
    words = ends_itself(worker, meanwhile=lambda: hearts.note(hearts.NOTICES))
    assert re.search(r"ends itself.*: \d messages wait and none was begun for", words)


@pytest.mark.database
def test_a_worker_whose_beat_has_died_ends_itself(worker_with: Callable[..., Worker]) -> None:
    worker = worker_with(ATTUNE_WORKER_SILENCE="8")
    (beat,) = forked_by(worker)  # and no pool: threads, on the broker of files
    os.kill(beat, signal.SIGKILL)
    assert re.search(r"ends itself.*: no sweep has run for", ends_itself(worker))


@pytest.mark.database
def test_at_zero_nobody_watches(worker_with: Callable[..., Worker]) -> None:
    worker = worker_with(ATTUNE_WORKER_SILENCE="0")
    assert worker.process is not None
    before = hearts.last()
    wait_until(lambda: all(hearts.last()[name] > before[name] for name in before), seconds=40)
    assert worker.process.poll() is None
