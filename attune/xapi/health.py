"""How the lanes are doing: what operators and the status command read.

Reads only. A fixed number of queries per lane, each on an index, so that asking is cheap
with a million statements waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from attune.xapi import filters, lanes
from attune.xapi.models import Delivery, FilteredBy, Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneReport:
    """One lane. ``state`` is ``active``, ``backing off``, ``paused`` or ``off``."""

    lane: int
    name: str
    endpoint: str
    client: str
    engagements: tuple[str, ...]  # none: all
    verbs: tuple[str, ...]  # IRIs; none: all
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
            "engagements": list(self.engagements),
            "verbs": list(self.verbs),
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
    return [_report(lane, now) for lane in Lane.objects.prefetch_related("filters")]


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
        engagements=tuple(filters.values_of(lane, FilteredBy.ENGAGEMENT)),
        verbs=tuple(filters.values_of(lane, FilteredBy.VERB)),
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
