"""Ask for a job, ask for its end, forget old ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import translation

from attune.jobs import hint
from attune.jobs.kinds import registry
from attune.jobs.models import Job

AT_ONCE = 200
DEFAULT_KEEPS = timedelta(days=30)


@transaction.atomic
def ask(
    *,
    kind: str,
    title: str,
    asked_by: Any,
    now: datetime,
    subject: str = "",
    scope: str = "",
    payload: dict[str, Any] | None = None,
) -> Job:
    """Write down what is to be done; a worker does it after the commit.

    Asked again while one of the same kind and subject is unfinished, that one is returned: a
    double click is one job.

    :raises LookupError: nobody declared such a kind.
    """
    if registry.get(kind) is None:
        raise LookupError(kind)
    try:
        with transaction.atomic():
            job: Job = Job.objects.create(
                kind=kind,
                title=title[:200],
                asked_by=asked_by if getattr(asked_by, "pk", None) else None,
                language=translation.get_language() or "",
                subject=subject,
                scope=scope,
                payload=payload or {},
                asked_at=now,
            )
    except IntegrityError:
        if not subject:
            raise
        twin: Job | None = Job.objects.unfinished().about(kind, subject).first()
        if twin is None:  # it ended between the two commands
            return ask(
                kind=kind,
                title=title,
                asked_by=asked_by,
                now=now,
                subject=subject,
                scope=scope,
                payload=payload,
            )
        return twin
    hint.ring_on_commit(job.uuid)
    return job


def keeps_of(kind: str) -> timedelta:
    found = registry.get(kind)
    return found.keeps if found is not None else DEFAULT_KEEPS


def cancel(job: Job, *, now: datetime) -> bool:
    """End it: at once while it waits, else as soon as its worker hears of it. Whether it can.

    What finished steps have done stands; the step at work is taken back.
    """
    kind = registry.get(job.kind)
    if kind is not None and not kind.can_cancel:
        return False
    waiting = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED)
    if waiting.update(
        state=Job.State.CANCELLED,
        cancel_asked_at=now,
        finished_at=now,
        keep_until=now + keeps_of(job.kind),
    ):
        return True
    running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING)
    return bool(running.update(cancel_asked_at=now))


def forget_old() -> int:
    """Delete what is past its time, by the database's clock, a few at a time; how many."""
    old = list(Job.objects.filter(keep_until__lt=Now()).values_list("pk", flat=True)[:AT_ONCE])
    if old:
        Job.objects.filter(pk__in=old).delete()
    return len(old)
