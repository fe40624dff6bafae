"""How the lanes are doing: what operators and the status command read.

Reads only. A fixed number of queries whatever the number of lanes, each on an index, so that
asking is cheap with a million statements waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery

from attune.xapi import filters, lanes
from attune.xapi.counting import counts as counts  # the chart's, for whoever reads by this door
from attune.xapi.models import Delivery, FilteredBy, Lane, Replay, ReplayState, StatementRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneReport:
    """One lane. ``state`` is ``active``, ``backing off``, ``paused`` or ``off``.

    What was given up is no part of ``quarantined``: nobody has to look at it any more.
    """

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
    given_up: int
    set_aside: int
    replaying: bool
    failures: int
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
            "given_up": self.given_up,
            "set_aside": self.set_aside,
            "replaying": self.replaying,
            "failures": self.failures,
            "rate": self.rate,
            "retry_in_seconds": seconds(self.retry_in),
            "last_error": self.last_error,
            "last_error_at": moment(self.last_error_at),
            "last_success_at": moment(self.last_success_at),
        }


def lane_reports(now: datetime) -> list[LaneReport]:
    """Every lane, in the order in which they were made. Six queries."""
    standing = {row["lane"]: row for row in _unsent(now)}
    recorded = dict(
        StatementRecord.objects.filter(
            pk__in=[row["oldest"] for row in standing.values()]
        ).values_list("pk", "recorded_at")
    )
    refused = {row["lane"]: row for row in _refused()}
    running = Replay.objects.filter(state=ReplayState.RUNNING).order_by()
    replaying = set(running.values_list("lane", flat=True))
    return [
        _report(lane, now, standing.get(lane.pk, {}), refused.get(lane.pk, {}), recorded, replaying)
        for lane in Lane.objects.prefetch_related("filters")
    ]


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
    """Every lane, for alerts and metrics. Six queries. What was given up is not counted."""
    return [
        LaneFigures(
            lane=report.lane,
            name=report.name,
            state=report.state,
            state_reason=report.state_reason,
            waiting=report.waiting,
            oldest_waiting_age=report.oldest_waiting_age,
            delivered=report.delivered,
            quarantined=report.quarantined,
            failures=report.failures,
        )
        for report in lane_reports(now)
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
    """How many statements *lane*'s store has refused and nobody has given up."""
    return Delivery.objects.filter(
        lane=lane, quarantined_at__isnull=False, given_up__isnull=True
    ).count()


def _unsent(now: datetime) -> QuerySet[Delivery, Any]:
    # Per lane, from the index of what waits; keys count up in the order of recording.
    return (
        Delivery.objects.filter(**lanes.WAITING)
        .order_by()
        .values("lane")
        .annotate(
            waiting=Count("pk"),
            set_aside=Count("pk", filter=Q(aside_until__gt=now)),
            oldest=Min("record_id"),
        )
    )


def _refused() -> QuerySet[Delivery, Any]:
    return (
        Delivery.objects.filter(quarantined_at__isnull=False)
        .order_by()
        .values("lane")
        .annotate(refused=Count("pk"), abandoned=Count("given_up"))
    )


def _report(
    lane: Lane,
    now: datetime,
    unsent: Mapping[str, int],
    refused: Mapping[str, int],
    recorded: Mapping[int, datetime],
    replaying: Collection[int],
) -> LaneReport:
    oldest = recorded.get(unsent.get("oldest", 0))
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
        waiting=unsent.get("waiting", 0),
        oldest_waiting_age=max(now - oldest, timedelta(0)) if oldest else None,
        delivered=lane.delivered_total,
        quarantined=refused.get("refused", 0) - refused.get("abandoned", 0),
        given_up=refused.get("abandoned", 0),
        set_aside=unsent.get("set_aside", 0),
        replaying=lane.pk in replaying,
        failures=lane.failures,
        rate=lane.rate,
        retry_in=retry_in,
        last_error=lane.last_error,
        last_error_at=lane.last_error_at,
        last_success_at=lane.last_success_at,
    )
