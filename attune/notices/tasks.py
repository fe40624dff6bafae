"""Celery's side of notices. The broker is a doorbell: losing any message costs seconds."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from attune.notices import sending
from attune.notices.watch import alerts

logger = logging.getLogger(__name__)


@shared_task(name="attune.notices.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Every few seconds, by beat: have every way that is due served."""
    sending.expired(timezone.now())
    for route in sending.sweep():
        _call(route)


@shared_task(name="attune.notices.tasks.send", ignore_result=True)
def send(route: int) -> None:
    """One run on *route*."""
    outcome = sending.send(route)
    if outcome is not None and outcome.more:
        _call(route)


@shared_task(name="attune.notices.tasks.look", ignore_result=True)
def look() -> None:
    """Every minute: whether operators have to be told of something."""
    alerts.look(now=timezone.now())


def _call(route: int) -> None:
    """A task per way, so that a slow webhook holds up no mail; without a broker, here and now."""
    try:
        send.apply_async((route,), expires=30, retry=False)
    except Exception as error:  # noqa: BLE001  (whatever a broker may raise)
        logger.warning("The broker cannot be reached, sending here: %s", error)
        sending.send(route)
