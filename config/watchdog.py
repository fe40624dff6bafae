"""A worker that lives and does nothing is ended, so that its supervisor starts another.

The worker's main process looks now and then, in a thread of its own, for two signs of life:
the hearts that the sweeps keep in the database, and, where messages wait here to be begun,
that one is begun. A pool whose processes wait for a lock that a killed one held gives
neither; nor does a worker whose own beat has died. Ending is SIGKILL for what it has
forked and an exit at once: a pool that hangs cannot be asked, and everything here is made
to be killed. A database that is away says nothing about the worker, so nothing is done.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings
from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 10.0  # seconds between two looks


@dataclass(frozen=True, slots=True)
class Signs:
    """What one look found. ``hearts`` is each sweep's last beat, by the database's clock."""

    hearts: dict[str, datetime]
    begun: int  # tasks that this worker has begun since its start
    waiting: int  # messages that it holds and has not begun


@dataclass(slots=True)
class Watch:
    """Judges what is seen, by a clock that never jumps. Pure: no database, no process.

    ``limit`` in seconds. Hearts are compared with what they were, never with our clock:
    the database's may differ.
    """

    limit: float
    since_heart: float
    since_begun: float
    last: Signs | None = field(default=None)

    @classmethod
    def starting(cls, limit: float, *, at: float) -> Watch:
        return cls(limit, since_heart=at, since_begun=at)

    def look(self, signs: Signs | None, *, at: float) -> str:
        """Why the worker has to end, or "". ``None``: the database could not be asked."""
        if signs is None:
            # The sweeps cannot have run either: once it is back they have their full time.
            self.since_heart = self.since_begun = at
            self.last = None
            return ""
        if self.last is None or signs.hearts != self.last.hearts:
            self.since_heart = at
        if self.last is None or signs.begun != self.last.begun or not signs.waiting:
            self.since_begun = at
        self.last = signs
        if at - self.since_heart >= self.limit:
            return f"no sweep has run for {at - self.since_heart:.0f} s"
        if at - self.since_begun >= self.limit:
            silence = at - self.since_begun
            return f"{signs.waiting} messages wait and none was begun for {silence:.0f} s"
        return ""


def signs_now() -> Signs | None:
    """What there is to see in this worker and in the database; ``None`` if that is away."""
    # Imported here: this module is read before Django's apps are ready, and by web processes,
    # which have no use for a worker's parts.
    from celery.worker import state  # noqa: PLC0415

    from attune.notices.watch import hearts  # noqa: PLC0415

    try:
        beats = hearts.last()
    except DatabaseError as error:
        logger.debug("The signs of life cannot be read: %s", error)
        return None
    finally:
        # What the pool forks meanwhile must not inherit it.
        with suppress(DatabaseError):
            connection.close()
    return Signs(
        hearts=beats,
        begun=sum(state.total_count.values()),
        waiting=len(set(state.reserved_requests) - set(state.active_requests)),
    )


def descendants(pid: int) -> list[int]:
    """What *pid* and its children have forked, whichever of their threads did it."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in thread.read_text().split()]
    return [*found, *(each for child in found for each in descendants(child))]


def end_worker(why: str) -> None:
    """At once, with all that this process has forked: a beat that goes on alone would be one
    too many beside the next worker's."""
    logger.critical(
        "This worker ends itself, so that it is started again: %s (ATTUNE_WORKER_SILENCE).", why
    )
    for child in descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    os._exit(os.EX_TEMPFAIL)


class Watchdog(threading.Thread):
    """Looks until it is told to stop."""

    def __init__(
        self,
        limit: float,
        *,
        see: Callable[[], Signs | None] = signs_now,
        end: Callable[[str], None] = end_worker,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.limit = limit
        self.see = see
        self.end = end
        self.stopped = threading.Event()

    def run(self) -> None:
        watch = Watch.starting(self.limit, at=time.monotonic())
        while not self.stopped.wait(min(self.limit / 5, LONGEST_PAUSE)):
            try:
                signs = self.see()
            except Exception:  # a set that changes while it is read; the next look is soon
                logger.debug("This look at the worker came to nothing.", exc_info=True)
                continue
            if why := watch.look(signs, at=time.monotonic()):
                return self.end(why)
        return None


_running: list[Watchdog] = []


@worker_ready.connect
def begin(**kwargs: Any) -> None:
    """In the worker's main process, once it takes messages."""
    limit = float(settings.ATTUNE_WORKER_SILENCE)
    if limit > 0:
        watchdog = Watchdog(limit)
        _running.append(watchdog)
        watchdog.start()


@worker_shutting_down.connect
def leave_alone(**kwargs: Any) -> None:
    """Whoever stops the worker properly may wait as long as its tasks take."""
    while _running:
        _running.pop().stopped.set()
