"""The figures as metrics. Names are an interface: dashboards and alert rules know them."""

from __future__ import annotations

import platform
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version

import django
import wagtail

from attune.notices.models.alerts import Trouble
from attune.notices.watch.figures import Figures
from attune.notices.watch.prometheus import Family, Sample

LANE_STATES = ("active", "backing off", "paused", "off")


def families(figures: Figures) -> list[Family]:
    return [_build(), *_lanes(figures), *_rest(figures)]


def _build() -> Family:
    versions = {
        "version": _version(),
        "django": django.get_version(),
        "wagtail": wagtail.__version__,
        "python": platform.python_version(),
    }
    return Family("attune_build_info", "gauge", "What runs here.", [(versions, 1)])


def _version() -> str:
    try:
        return version("attune-lms")
    except PackageNotFoundError:  # run from its sources
        return "unknown"


def _lanes(figures: Figures) -> list[Family]:
    each = [({"lane": str(lane.lane), "name": lane.name}, lane) for lane in figures.lanes]
    return [
        Family(
            "attune_lane_state",
            "gauge",
            "1 for the state in which a lane is, 0 for the others.",
            [
                ({**labels, "state": state}, float(lane.state == state))
                for labels, lane in each
                for state in LANE_STATES
            ],
        ),
        Family(
            "attune_lane_waiting",
            "gauge",
            "Statements that wait on a lane.",
            [(labels, lane.waiting) for labels, lane in each],
        ),
        Family(
            "attune_lane_oldest_waiting_seconds",
            "gauge",
            "How long the oldest statement has waited; 0 if none waits.",
            [(labels, _seconds(lane.oldest_waiting_age)) for labels, lane in each],
        ),
        Family(
            "attune_lane_delivered_total",
            "counter",
            "Statements that a lane's store has taken.",
            [(labels, lane.delivered) for labels, lane in each],
        ),
        Family(
            "attune_lane_quarantined",
            "gauge",
            "Statements that a lane's store refuses.",
            [(labels, lane.quarantined) for labels, lane in each],
        ),
        Family(
            "attune_lane_failures",
            "gauge",
            "Attempts in a row that came to nothing.",
            [(labels, lane.failures) for labels, lane in each],
        ),
    ]


def _rest(figures: Figures) -> list[Family]:
    ways = [({"channel": way.channel, "name": way.name}, way) for way in figures.ways]
    ended: list[Sample] = [
        ({**labels, "outcome": outcome}, total)
        for labels, way in ways
        for outcome, total in (
            ("sent", way.sent),
            ("refused", way.refused),
            ("given_up", way.given_up),
        )
    ]
    return [
        Family(
            "attune_jobs",
            "gauge",
            "Background jobs by state; finished ones are kept for a while.",
            [({"state": state}, count) for state, count in figures.jobs.items()],
        ),
        Family(
            "attune_messages_waiting",
            "gauge",
            "Messages that wait, by the way they take.",
            [(labels, way.waiting) for labels, way in ways],
        ),
        Family(
            "attune_messages_overdue_seconds",
            "gauge",
            "How long ago the first waiting message should have gone; 0 if none is late.",
            [(labels, _seconds(way.oldest_waiting_age)) for labels, way in ways],
        ),
        Family("attune_messages_total", "counter", "Messages by what came of them.", ended),
        Family(
            "attune_messages_failures",
            "gauge",
            "Times in a row that nobody answered on a way.",
            [(labels, way.failures) for labels, way in ways],
        ),
        Family(
            "attune_sweep_age_seconds",
            "gauge",
            "Since a sweep last ran to its end; +Inf if it never did.",
            [
                ({"sweep": name}, float("inf") if age is None else _seconds(age))
                for name, age in figures.sweeps.items()
            ],
        ),
        Family(
            "attune_incidents_open",
            "gauge",
            "Troubles that have not ended.",
            [
                ({"trouble": trouble}, figures.incidents.get(trouble, 0))
                for trouble in Trouble.values
            ],
        ),
    ]


def _seconds(age: timedelta | None) -> float:
    return 0.0 if age is None else round(age.total_seconds(), 1)
