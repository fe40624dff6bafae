"""Work on jobs: take one, step after step, to its end or to the death of the worker.

Nothing here knows what a job does. What a step did and where the next begins commit
together, under the fence of the lease: a worker that was taken for dead, and is not, writes
nothing any more.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _

from attune.jobs import leases
from attune.jobs.heart import Heart
from attune.jobs.kinds import Cancelled, JobFailed, Kind, Progress, registry
from attune.jobs.leases import Lease
from attune.jobs.models import Job, JobPart
from attune.jobs.services import forget_old, keeps_of

logger = logging.getLogger(__name__)

MOST_TRIES = 5
"""So many workers may begin, and die or be refused by the database, before one gives up."""
REST = timedelta(seconds=15)
SWEPT = 20
ROWS = 1000


class LeaseLost(Exception):
    """Another worker has the job by now."""


@dataclass
class Working:
    """What a handler is given: see ``kinds.Work``."""

    job: Job
    heart: Heart
    prepared: Any = None
    said: str = ""

    def tell(self, done: int, total: int, words: str = "") -> None:
        if self.heart.cancel_asked:
            raise Cancelled
        if self.heart.lost:
            raise LeaseLost
        if words and words != self.said and not connection.in_atomic_block:
            # Another thing begins: said at once, also where the transaction that follows
            # leaves the heart no way to say it.
            self.said = words
            self.heart.forget()
            leases.extend(self.heart.lease, done=done, total=total, words=words[:200])
            return
        self.heart.tell(done, total, words)


def sweep() -> list[UUID]:
    """Jobs that wait for a worker or were left by one that died; forgets old ones."""
    forget_old()
    return list(leases.due().values_list("uuid", flat=True)[:SWEPT])


def run_due() -> int:
    """Here and now, one after the other, whatever waits; how many were worked on."""
    worked = 0
    seen: set[UUID] = set()
    while found := [each for each in sweep() if each not in seen]:
        for each in found:
            seen.add(each)
            worked += run(each)
    return worked


def run(job: UUID) -> bool:
    """Work on it until it ends. ``False`` if somebody else does, or there is nothing to do."""
    pk = Job.objects.filter(uuid=job).values_list("pk", flat=True).first()
    lease = leases.take(pk) if pk is not None else None
    if lease is None:
        return False
    row = Job.objects.select_related("asked_by").get(pk=lease.job)
    with (
        translation.override(row.language or settings.LANGUAGE_CODE),
        Heart(lease) as heart,
    ):
        _guarded(row, lease, heart)
    return True


def _guarded(job: Job, lease: Lease, heart: Heart) -> None:
    """Every way in which work can end has its words on the job's page."""
    try:
        _work(job, lease, heart)
    except Cancelled:
        _end(lease, job, Job.State.CANCELLED)
    except JobFailed as error:
        _end(lease, job, Job.State.FAILED, error=str(error))
    except LeaseLost:
        logger.warning("Job %s went on without this worker; its step was taken back.", job.uuid)
    except OperationalError as error:
        # Locked, deadlocked or gone for a moment: the same step again, a little later.
        logger.warning("Job %s is tried again: %s", job.uuid, error)
        _let_go(lease, rest=REST)
    except Exception:
        logger.exception("Job %s failed.", job.uuid)
        _end(lease, job, Job.State.FAILED, error=unforeseen(job))
    except BaseException:  # the worker is being shut down: the next one goes on at once
        _let_go(lease)
        raise


def unforeseen(job: Job) -> str:
    return _(
        "Something failed that nobody foresaw. What was being done was taken back. The "
        "administrator finds the reason in the log, under %(number)s."
    ) % {"number": job.uuid}


def _work(job: Job, lease: Lease, heart: Heart) -> None:
    kind = registry.get(job.kind)
    if job.cancel_asked_at is not None:
        raise Cancelled
    if job.tries > MOST_TRIES:
        raise JobFailed(
            _("%(count)d workers began and none came to an end. Nothing of it was kept.")
            % {"count": MOST_TRIES}
        )
    if kind is None:  # a deploy is under way, and this worker is the old one
        raise OperationalError(f"no worker here knows {job.kind!r}")
    work = Working(job, heart)
    if kind.prepare is not None:
        work.prepared = kind.prepare(work)
    while not _step(kind, work, lease):
        if Job.objects.filter(pk=job.pk, cancel_asked_at__isnull=False).exists():
            raise Cancelled


def _step(kind: Kind, work: Working, lease: Lease) -> bool:
    """One step and its mark, in one transaction; whether it was the last."""
    job = work.job
    with transaction.atomic():
        made = kind.step(work, job.cursor)
        work.heart.forget()
        _keep(job, JobPart.What.RESULT, made.rows)
        _keep(job, JobPart.What.ERRORS, made.errors)
        if not leases.held(lease).update(**_changes(kind, made)):
            raise LeaseLost
    job.cursor, job.done, job.total = made.cursor, made.done, made.total
    return made.finished


def _changes(kind: Kind, made: Progress) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "cursor": made.cursor,
        "done": made.done,
        "total": made.total,
        "words": made.words[:200],
        "tries": 0,
    }
    if made.result is not None:
        changes["result"] = made.result
    if made.finished:
        return changes | {
            "state": Job.State.DONE,
            "cursor": None,
            "finished_at": Now(),
            "keep_until": leases.from_now(kind.keeps),
            "lease_token": None,
            "lease_until": None,
        }
    return changes | {"lease_until": leases.from_now(leases.LEASE)}


def _keep(job: Job, what: str, rows: Sequence[Any]) -> None:
    JobPart.objects.bulk_create(
        JobPart(job=job, what=what, rows=list(rows[begin : begin + ROWS]))
        for begin in range(0, len(rows), ROWS)
    )


def _end(lease: Lease, job: Job, state: str, *, error: str = "") -> None:
    try:
        leases.give_back(
            lease,
            state=state,
            error=error,
            finished_at=Now(),
            keep_until=leases.from_now(keeps_of(job.kind)),
        )
    except DatabaseError:
        logger.exception("The end of job %s could not be written; it is tried again.", job.uuid)


def _let_go(lease: Lease, *, rest: timedelta | None = None) -> None:
    try:
        leases.give_back(lease, rest=rest)
    except DatabaseError as error:
        logger.warning("The lease on job %s has to run out: %s", lease.job, error)
