"""Celery's side of delivery. The broker is a doorbell: losing any message costs seconds."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from attune.xapi import archives, delivery, quarantine, replays, retention

logger = logging.getLogger(__name__)


@shared_task(name="attune.xapi.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Every few seconds, by beat: move replays on, have every lane that is due delivered."""
    now = timezone.now()
    replays.move_all(now=now)
    quarantine.withhold_voidings(now=now)  # of what was given up before it was taken back
    for lane in delivery.sweep():
        _call(lane)


@shared_task(name="attune.xapi.tasks.deliver", ignore_result=True)
def deliver(lane: int | None = None) -> None:
    """One run on *lane*, or on every lane that is due."""
    if lane is None:
        sweep()
        return
    outcome = delivery.deliver(lane)
    if outcome is not None and outcome.more:
        _call(lane)


@shared_task(name="attune.xapi.tasks.retain", ignore_result=True)
def retain() -> None:
    """Nightly, by beat: archive what is old, if a setting asks for it."""
    if not archives.days():
        return
    try:
        kept = retention.archive(older_than=timedelta(days=archives.days()), now=timezone.now())
    except archives.ArchiveBusy:
        return  # another worker is at it
    if kept.archived:
        logger.info("%d statements were archived in %s", kept.archived, ", ".join(kept.files))


def _call(lane: int) -> None:
    """A task per lane, so that a slow store holds up no other; without a broker, here and now."""
    try:
        deliver.apply_async((lane,), expires=30, retry=False)
    except Exception as error:  # noqa: BLE001  (whatever a broker may raise)
        logger.warning("The broker cannot be reached, delivering here: %s", error)
        delivery.deliver(lane)
