"""Who works on a job: one worker at a time, measured by the database's clock.

The clocks of two workers may differ by more than a lease. Each deed is one command, on both
databases; the token is the fence by which a worker that was taken for dead finds out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Now

from attune.jobs.models import UNFINISHED, Job

LEASE = timedelta(minutes=1)
"""After so long without a sign of life a worker is taken for dead, and another goes on."""


@dataclass(frozen=True, slots=True)
class Lease:
    job: int
    token: UUID


def from_now(interval: timedelta) -> Combinable:
    return ExpressionWrapper(Now() + Value(interval), output_field=DateTimeField())


def due() -> QuerySet[Job]:
    """Jobs that may be worked on and have nobody who does, the oldest first."""
    found: QuerySet[Job] = Job.objects.filter(_free(), state__in=UNFINISHED).order_by(
        "asked_at", "pk"
    )
    return found


def _free() -> Q:
    return (Q(lease_until=None) | Q(lease_until__lte=Now())) & (
        Q(retry_at=None) | Q(retry_at__lte=Now())
    )


def take(job: int) -> Lease | None:
    """Become the one worker on *job*; ``None`` while another is, or if there is nothing to do."""
    token = uuid4()
    taken = Job.objects.filter(_free(), pk=job, state__in=UNFINISHED).update(
        lease_token=token,
        lease_until=from_now(LEASE),
        retry_at=None,
        state=Job.State.RUNNING,
        started_at=Coalesce("started_at", Now()),
        tries=F("tries") + 1,
    )
    return Lease(job, token) if taken else None


def held(lease: Lease) -> QuerySet[Job]:
    found: QuerySet[Job] = Job.objects.filter(
        pk=lease.job, lease_token=lease.token, state=Job.State.RUNNING
    )
    return found


def extend(lease: Lease, **changes: object) -> bool:
    """Keep the lease, and write something with it; ``False`` once it has passed to another."""
    return bool(held(lease).update(lease_until=from_now(LEASE), **changes))


def give_back(lease: Lease, *, rest: timedelta | None = None, **changes: object) -> bool:
    return bool(
        held(lease).update(
            lease_token=None,
            lease_until=None,
            retry_at=None if rest is None else from_now(rest),
            **changes,
        )
    )
