"""Tell a worker, after a commit, that a job waits. A hint and no more: the sweep finds it too.

The message is sent from a thread of its own, so that a broker that hangs or is down neither
fails nor delays the request that asked.
"""

from __future__ import annotations

import logging
import threading
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

TASK = "attune.jobs.tasks.run"


class _Broker:
    app: Any = None


_broker = _Broker()


def connect() -> None:
    """Remember the Celery application. Called once, when the app registry is ready."""
    _broker.app = current_app._get_current_object()


def ring_on_commit(job: UUID) -> None:
    """With eager tasks (tests) there is no worker to call: nothing is rung."""
    if _broker.app is None or _broker.app.conf.task_always_eager:
        return
    transaction.on_commit(lambda: ring(job), robust=True)


def ring(job: UUID) -> None:
    """Returns at once and never raises."""
    threading.Thread(target=send, args=(job,), name="attune-job-hint", daemon=True).start()


def send(job: UUID) -> bool:
    """Whether the broker took the message."""
    if _broker.app is None or _broker.app.conf.task_always_eager:
        return False
    try:
        # A message nobody took within ten seconds says nothing that the sweep does not.
        _broker.app.send_task(TASK, (str(job),), retry=False, expires=10, ignore_result=True)
    except Exception as error:  # noqa: BLE001  (whatever a broker may raise)
        logger.warning("The broker cannot be reached; the sweep runs job %s: %s", job, error)
        return False
    return True
