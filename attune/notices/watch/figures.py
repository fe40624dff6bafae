"""What alerts, ``/metrics`` and ``/healthz`` know of the installation. Reads only.

A fixed number of queries, however many lanes, ways and kinds of job there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min

from attune.jobs.models import Job
from attune.notices.models import Incident, Message, Route
from attune.notices.watch import hearts
from attune.xapi import health


@dataclass(frozen=True, slots=True, kw_only=True)
class WayFigures:
    """One way of messages. Its name is that of the channel, or of the webhook's row."""

    channel: str
    name: str
    waiting: int
    oldest_waiting_age: timedelta | None
    sent: int
    refused: int
    given_up: int
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    lanes: list[health.LaneFigures]
    jobs: dict[str, int]
    ways: list[WayFigures]
    sweeps: dict[str, timedelta | None]
    incidents: dict[str, int]


def gather(now: datetime) -> Figures:
    return Figures(
        lanes=health.figures(now),
        jobs=_jobs(),
        ways=_ways(now),
        sweeps=hearts.ages(now),
        incidents=dict(
            Incident.objects.filter(closed_at=None)
            .order_by()
            .values_list("trouble")
            .annotate(count=Count("pk"))
        ),
    )


def _jobs() -> dict[str, int]:
    counted = dict(Job.objects.order_by().values_list("state").annotate(count=Count("pk")))
    return {str(state): counted.get(state, 0) for state in Job.State.values}


def _ways(now: datetime) -> list[WayFigures]:
    unsent = (
        Message.objects.filter(closed_at=None)
        .order_by()
        .values("route")
        .annotate(count=Count("pk"), first=Min("due_at"))
    )
    waiting = {row["route"]: row for row in unsent}

    def age(route: Route) -> timedelta | None:
        row = waiting.get(route.pk)
        return max(now - row["first"], timedelta(0)) if row else None

    return [
        WayFigures(
            channel=route.channel,
            name=route.destination.name if route.destination else str(route.channel),
            waiting=waiting[route.pk]["count"] if route.pk in waiting else 0,
            oldest_waiting_age=age(route),
            sent=route.sent_total,
            refused=route.failed_total,
            given_up=route.given_up_total,
            failures=route.failures,
        )
        for route in Route.objects.select_related("destination")
    ]
