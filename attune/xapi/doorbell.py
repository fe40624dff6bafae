"""The doorbell: tells a worker, after a commit, that something waits.

A hint and no more: the sweep finds what a lost hint announced. So ringing must never fail
nor delay a request, whatever the broker does. The request only sets a flag; one thread per
process sends the message, at most every ``PAUSE`` seconds, so that a thousand commits make
a handful of messages.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

TASK = "attune.xapi.tasks.deliver"
PAUSE = 0.5  # seconds between two messages of one process
QUIET = 60.0  # seconds between two complaints about an unreachable broker


class Doorbell:
    """One per process. ``publish`` sends the message and may block or fail as it likes."""

    def __init__(self, publish: Any, *, pause: float = PAUSE) -> None:
        self._publish = publish
        self._pause = pause
        self._pressed = threading.Event()
        self._lock = threading.Lock()
        self._owner: tuple[int, threading.Thread] | None = None
        self._complained = -QUIET

    def ring(self) -> None:
        """Ask for a message to be sent soon. Returns at once and never raises."""
        self._pressed.set()
        owner = self._owner
        # A forked child inherits the flag but not the thread.
        if owner is None or owner[0] != os.getpid() or not owner[1].is_alive():
            self._start()

    def _start(self) -> None:
        with self._lock:
            owner = self._owner
            if owner is not None and owner[0] == os.getpid() and owner[1].is_alive():
                return
            thread = threading.Thread(target=self._run, name="attune-doorbell", daemon=True)
            self._owner = (os.getpid(), thread)
            thread.start()

    def _run(self) -> None:
        while True:
            self._pressed.wait()
            self._pressed.clear()
            try:
                self._publish()
            except Exception as error:  # noqa: BLE001  (whatever a broker may raise)
                self._complain(error)
            time.sleep(self._pause)

    def _complain(self, error: Exception) -> None:
        if time.monotonic() - self._complained >= QUIET:
            self._complained = time.monotonic()
            logger.warning("The broker cannot be reached; the sweep delivers instead: %s", error)


class _Broker:
    """Publishes through the Celery application that was in force when Django started.

    Celery's ``current_app`` is a thread's own: in our thread it would be a blank one.
    """

    def __init__(self) -> None:
        self.app: Any = None

    def publish(self) -> None:
        if self.app is not None:
            # A message nobody took within ten seconds says nothing that the sweep does not.
            self.app.send_task(TASK, retry=False, expires=10, ignore_result=True)


_broker = _Broker()
_bell = Doorbell(_broker.publish)


def connect() -> None:
    """Remember the Celery application. Called once, when the app registry is ready."""
    _broker.app = current_app._get_current_object()


def ring_on_commit() -> None:
    """Ring once the running transaction has committed.

    With eager tasks (tests) there is no worker to call, and delivering inside somebody's
    request is what this module exists to avoid: nothing is rung.
    """
    if _broker.app is None or _broker.app.conf.task_always_eager:
        return
    transaction.on_commit(_bell.ring, robust=True)
