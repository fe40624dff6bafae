"""A worker's sign of life while a step lasts: keeps the lease, tells how far it is.

It beats in a thread with a database connection of its own, since what the step's transaction
writes is seen by nobody before it commits. Where one writer locks the whole database (SQLite)
it falls silent during a transaction: then nobody else can take the job either, and the words
that were written before it began stand.
"""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError, connection

from attune.jobs.leases import LEASE, Lease, extend
from attune.jobs.models import Job

logger = logging.getLogger(__name__)

BEAT = 1.0
"""Seconds between two looks at what was told."""
KEEP = LEASE.total_seconds() / 3


class Heart:
    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.cancel_asked = False
        self.lost = False
        self._told: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        # Within somebody's transaction (a test's) another connection sees nothing of the job.
        if not connection.in_atomic_block:
            self._thread = threading.Thread(target=self._run, name="attune-job-heart", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    def tell(self, done: int, total: int, words: str) -> None:
        with self._lock:
            self._told = {"done": done, "total": total, "words": words[:200]}

    def forget(self) -> None:
        """What was told is overtaken by what the step writes itself."""
        with self._lock:
            self._told = {}

    def _run(self) -> None:
        kept = time.monotonic()
        try:
            if connection.vendor == "sqlite":
                with connection.cursor() as cursor:
                    cursor.execute("PRAGMA busy_timeout = 50")
            while not self._stop.wait(BEAT):
                with self._lock:
                    told, self._told = self._told, {}
                if told or time.monotonic() - kept >= KEEP:
                    self._beat(told)
                    kept = time.monotonic()
        except DatabaseError:
            logger.exception("The heart of job %s stopped; its lease may run out.", self.lease.job)
        finally:
            connection.close()

    def _beat(self, told: dict[str, Any]) -> None:
        try:
            if not extend(self.lease, **told):
                self.lost = True
                return
            self.cancel_asked = Job.objects.filter(
                pk=self.lease.job, cancel_asked_at__isnull=False
            ).exists()
        except DatabaseError as error:  # the step holds the database; the next beat tells
            logger.debug("Job %s could not say how far it is: %s", self.lease.job, error)
            if connection.vendor != "sqlite":
                connection.close()
