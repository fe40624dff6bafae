"""The sweeps' signs of life: when each last ran to its end."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models.functions import Now

from attune.notices.models import Heartbeat

logger = logging.getLogger(__name__)

NOTICES = "attune.notices.tasks.sweep"
WATCHED = ("attune.xapi.tasks.sweep", "attune.jobs.tasks.sweep", NOTICES)


def watched() -> list[str]:
    """Names of the tasks that must run every few seconds (``ATTUNE_WATCHED_SWEEPS``)."""
    return list(getattr(settings, "ATTUNE_WATCHED_SWEEPS", None) or WATCHED)


def limit() -> timedelta:
    """After so long without a sign of life a sweep is missing, for ``/healthz``."""
    return timedelta(seconds=float(getattr(settings, "ATTUNE_SWEEP_LIMIT", 120)))


def note(name: str) -> None:
    """Write a sweep's sign of life; never fails the sweep itself."""
    if name not in watched():
        return
    try:
        with transaction.atomic():
            Heartbeat.objects.bulk_create(
                [Heartbeat(name=name, at=Now())],
                update_conflicts=True,
                unique_fields=["name"],
                update_fields=["at"],
            )
    except DatabaseError as error:
        logger.warning("The sign of life of %s could not be written: %s", name, error)


def last() -> dict[str, datetime]:
    """Each watched sweep's last sign of life, by the database's clock; without those that
    never gave one."""
    return dict(Heartbeat.objects.filter(name__in=watched()).values_list("name", "at"))


def ages(now: datetime) -> dict[str, timedelta | None]:
    """Age of each watched sweep's last sign of life; ``None`` if it never gave one."""
    rows = last()
    return {
        name: max(now - rows[name], timedelta(0)) if name in rows else None for name in watched()
    }


def missing(now: datetime) -> list[str]:
    """Sweeps that have not run within the limit."""
    return [name for name, age in ages(now).items() if age is None or age > limit()]
