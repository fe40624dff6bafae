"""How the lanes are doing: what operators and the status command read.

Reads only. A fixed number of queries per lane, each on an index, so that asking is cheap
with a million statements waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, OuterRef, Subquery

from attune.xapi import lanes
from attune.xapi.models import Delivery, Lane, StatementRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneReport:
    """One lane. ``state`` is ``active``, ``backing off``, ``paused`` or ``off``."""

    lane: int
    name: str
    endpoint: str
    client: str
    from_environment: bool
    state: str
    state_reason: str
    waiting: int
    oldest_waiting_age: timedelta | None
    delivered: int
    quarantined: int
    set_aside: int
    rate: float | None
    retry_in: timedelta | None
    last_error: str
    last_error_at: datetime | None
    last_success_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Plain values: ages in seconds, moments in ISO 8601."""

        def seconds(value: timedelta | None) -> float | None:
            return None if value is None else round(value.total_seconds(), 1)

        def moment(value: datetime | None) -> str | None:
            return None if value is None else value.isoformat()

        return {
            "lane": self.lane,
            "name": self.name,
            "endpoint": self.endpoint,
            "client": self.client,
            "from_environment": self.from_environment,
            "state": self.state,
            "state_reason": self.state_reason,
            "waiting": self.waiting,
            "oldest_waiting_seconds": seconds(self.oldest_waiting_age),
            "delivered": self.delivered,
            "quarantined": self.quarantined,
            "set_aside": self.set_aside,
            "rate": self.rate,
            "retry_in_seconds": seconds(self.retry_in),
            "last_error": self.last_error,
            "last_error_at": moment(self.last_error_at),
            "last_success_at": moment(self.last_success_at),
        }


def lane_reports(now: datetime) -> list[LaneReport]:
    """Every lane, in the order in which they were made."""
    return [_report(lane, now) for lane in Lane.objects.all()]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneFigures:
    """One lane in figures. ``failures`` is how many attempts in a row came to nothing."""

    lane: int
    name: str
    state: str
    state_reason: str
    waiting: int
    oldest_waiting_age: timedelta | None
    delivered: int
    quarantined: int
    failures: int


def figures(now: datetime) -> list[LaneFigures]:
    """Every lane in four queries, however many there are. What was given up is not counted."""
    unsent = (
        Delivery.objects.filter(**lanes.WAITING)
        .order_by()
        .values("lane")
        .annotate(count=Count("pk"), first=Min("record_id"))
    )
    waiting_on = {row["lane"]: row for row in unsent}
    first = {row["first"] for row in waiting_on.values()}
    recorded = dict(StatementRecord.objects.filter(pk__in=first).values_list("pk", "recorded_at"))
    refused = dict(
        Delivery.objects.filter(quarantined_at__isnull=False, given_up=None)
        .order_by()
        .values_list("lane")
        .annotate(count=Count("pk"))
    )

    def age(lane: Lane) -> timedelta | None:
        row = waiting_on.get(lane.pk)
        oldest = recorded.get(row["first"]) if row else None
        return max(now - oldest, timedelta(0)) if oldest else None

    return [
        LaneFigures(
            lane=lane.pk,
            name=lane.name,
            state=lane.state,
            state_reason=lane.pause_reason or (lane.last_error if lane.failures else ""),
            waiting=waiting_on[lane.pk]["count"] if lane.pk in waiting_on else 0,
            oldest_waiting_age=age(lane),
            delivered=lane.delivered_total,
            quarantined=refused.get(lane.pk, 0),
            failures=lane.failures,
        )
        for lane in Lane.objects.all()
    ]


def oldest_waiting_age(now: datetime) -> timedelta | None:
    """Of the record that has waited longest on a lane that is switched on; one quick query
    on an index, whatever waits. ``None`` if nothing does."""
    # One look at the beginning of the index per lane, instead of one at all that waits.
    first = (
        Delivery.objects.filter(lane=OuterRef("pk"), **lanes.WAITING)
        .order_by("record_id")
        .values("record__recorded_at")[:1]
    )
    oldest = (
        Lane.objects.filter(is_enabled=True)
        .annotate(first_recorded=Subquery(first))
        .aggregate(oldest=Min("first_recorded"))["oldest"]
    )
    return max(now - oldest, timedelta(0)) if oldest else None


def waiting(lane: Lane) -> int:
    """How many statements wait on *lane*."""
    return Delivery.objects.filter(lane=lane, **lanes.WAITING).count()


def quarantined(lane: Lane) -> int:
    """How many statements *lane*'s store has refused."""
    return Delivery.objects.filter(lane=lane, quarantined_at__isnull=False).count()


def _report(lane: Lane, now: datetime) -> LaneReport:
    unsent = Delivery.objects.filter(lane=lane, **lanes.WAITING)
    oldest = unsent.order_by("record_id").values_list("record__recorded_at", flat=True).first()
    retry_in = lane.retry_at - now if lane.retry_at and lane.retry_at > now else None
    return LaneReport(
        lane=lane.pk,
        name=lane.name,
        endpoint=lane.endpoint,
        client=lane.client,
        from_environment=lane.from_environment,
        state=lane.state,
        state_reason=lane.pause_reason or (lane.last_error if lane.failures else ""),
        waiting=waiting(lane),
        oldest_waiting_age=max(now - oldest, timedelta(0)) if oldest else None,
        delivered=lane.delivered_total,
        quarantined=quarantined(lane),
        set_aside=unsent.filter(aside_until__gt=now).count(),
        rate=lane.rate,
        retry_in=retry_in,
        last_error=lane.last_error,
        last_error_at=lane.last_error_at,
        last_success_at=lane.last_success_at,
    )
