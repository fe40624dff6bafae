"""``/healthz`` and ``/metrics`` over HTTP."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from attune.notices.models import Heartbeat
from attune.notices.watch import alerts, health
from attune.notices.watch.health import Asked, Part
from attune.xapi.models import Lane
from tests.notices.conftest import write
from tests.notices.test_alerts import a_lane, waits
from tests.notices.test_prometheus import parse

TOKEN = "a-token-of-tests"
BEARER = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}


@pytest.fixture
def watched(committed: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Fresh parts, a running sweep, nobody who stands in."""
    settings.ATTUNE_WATCHED_SWEEPS = ["tests.sweep"]
    settings.ATTUNE_METRICS_TOKEN = TOKEN
    Heartbeat.objects.create(name="tests.sweep", at=timezone.now())
    stood_in: list[str] = []
    monkeypatch.setattr(alerts, "stand_in_soon", lambda: stood_in.append("in"))
    monkeypatch.setattr(
        health,
        "PARTS",
        {
            "database": Asked(health.database),
            "broker": Asked(health.broker),
            "sweep": Asked(health.sweep),
            "outbox": Asked(health.records),
        },
    )
    return stood_in


def test_all_is_well(watched: list[str], client: Client) -> None:
    response = client.get("/healthz")
    assert response.json() == {
        "ok": True,
        "parts": {"web": True, "database": True, "broker": True, "sweep": True, "outbox": True},
    }
    assert response.status_code == 200
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]
    assert watched == []


def test_a_sweep_that_is_missing_is_said_and_told_from_here(
    watched: list[str], client: Client
) -> None:
    Heartbeat.objects.update(at=timezone.now() - timedelta(seconds=121))
    response = client.get("/healthz")
    assert (response.status_code, response.json()["parts"]["sweep"]) == (503, False)
    assert set(response.json()) == {"ok", "parts"}
    assert watched == ["in"]
    told = client.get("/healthz", **BEARER).json()["details"]["sweep"]
    assert told["seconds"] >= 121
    # Whoever balances the load asks for what concerns it.
    assert client.get("/healthz?only=web,database").status_code == 200
    assert client.get("/healthz?only=web,nonsense").status_code == 400
    assert client.post("/healthz").status_code == 405


def test_a_sweep_that_never_ran_is_missing(watched: list[str], client: Client) -> None:
    Heartbeat.objects.all().delete()
    assert not client.get("/healthz").json()["parts"]["sweep"]


def test_records_that_wait_too_long_are_said(
    watched: list[str], client: Client, settings: Any
) -> None:
    settings.ATTUNE_OUTBOX_LIMIT = 60
    waits(a_lane(), since=timezone.now() - timedelta(minutes=2))
    assert client.get("/healthz").json()["parts"]["outbox"] is False


def test_a_broker_that_is_away_is_said_without_its_address(
    watched: list[str], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.celery import app  # noqa: PLC0415

    def away(*args: Any, **kwargs: Any) -> Any:
        from kombu import Connection  # noqa: PLC0415

        return Connection("redis://:password@127.0.0.1:1/0", transport_options={"max_retries": 0})

    monkeypatch.setattr(app, "connection_for_write", away)
    response = client.get("/healthz")
    assert (response.status_code, response.json()["parts"]["broker"]) == (503, False)
    assert response.json()["parts"]["database"] is True
    assert "password" not in client.get("/healthz", **BEARER).content.decode()


def test_what_hangs_is_given_up_on_and_asked_by_one_thread_at_a_time() -> None:
    released = threading.Event()
    asked = []

    def hangs() -> Part:
        asked.append(1)
        released.wait()
        return Part(True, "answers")

    part = Asked(hangs, limit=0.02, good_for=60)
    try:
        assert [part().ok for _ in range(5)] == [False] * 5
        assert len(asked) == 1
    finally:
        released.set()
    deadline = time.monotonic() + 5
    while not part().ok:
        assert time.monotonic() < deadline
    assert len(asked) == 1, "the late answer counts"


def test_an_answer_stands_for_a_moment() -> None:
    now = [0.0]
    asked = []

    def ask() -> Part:
        asked.append(1)
        if len(asked) == 2:
            raise RuntimeError("gone")
        return Part(True, "answers")

    part = Asked(ask, good_for=2, clock=lambda: now[0])
    assert [part().ok, part().ok] == [True, True]
    assert len(asked) == 1
    now[0] = 2.5
    assert part() == Part(False, "RuntimeError: gone")


# --- metrics ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("", 401),
        ("Bearer", 401),
        ("Bearer wrong", 401),
        (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer \xfc", 401),
        (f"bearer {TOKEN}", 200),
    ],
)
def test_metrics_ask_for_the_token(watched: Any, client: Client, header: str, status: int) -> None:
    assert client.get("/metrics", HTTP_AUTHORIZATION=header).status_code == status


@pytest.mark.django_db
def test_without_a_token_there_are_no_metrics(client: Client, settings: Any) -> None:
    settings.ATTUNE_METRICS_TOKEN = ""
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 404
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("lanes", [1, 20])
def test_metrics_are_read_back_and_cost_the_same_however_many_lanes(
    watched: Any, client: Client, lanes: int, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    for number in range(lanes):
        waits(a_lane(f'Lane "{number}"\\'), since=now - timedelta(seconds=90))
    Lane.objects.filter(name__startswith='Lane "0').update(
        pause_reason="401", failures=4, delivered_total=17
    )
    write("maria@example.test", "klaus@example.test")
    with django_assert_num_queries(11):
        response = client.get("/metrics", **BEARER)
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {
        (name, frozenset(labels.items())): value
        for name, _kind, _help, samples in parse(response.content.decode())
        for labels, value in samples
    }

    def value(of: str, /, **labels: str) -> float:
        (only,) = [
            each
            for (family, found_labels), each in found.items()
            if family == of and labels.items() <= dict(found_labels).items()
        ]
        return only

    first = {"name": 'Lane "0"\\'}
    assert value("attune_lane_waiting", **first) == 1
    assert 90 <= value("attune_lane_oldest_waiting_seconds", **first) < 200
    assert value("attune_lane_delivered_total", **first) == 17
    assert value("attune_lane_failures", **first) == 4
    assert value("attune_lane_state", state="paused", **first) == 1
    assert value("attune_lane_state", state="active", **first) == 0
    assert value("attune_messages_waiting", channel="email") == 2
    assert value("attune_messages_total", channel="email", outcome="sent") == 0
    assert value("attune_jobs", state="queued") == 0
    assert value("attune_incidents_open", trouble="paused") == 0
    assert 0 <= value("attune_sweep_age_seconds", sweep="tests.sweep") < 100
    assert value("attune_build_info") == 1


def test_a_database_that_is_away_is_said_and_breaks_nothing_else(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the mark a test's every query fails: those of the request itself, too."""
    monkeypatch.setattr(alerts, "stand_in_soon", lambda: None)
    parts = {
        "database": Asked(health.database),
        "broker": Asked(health.broker),
        "sweep": Asked(health.sweep),
    }
    monkeypatch.setattr(health, "PARTS", parts)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["parts"] == {
        "web": True,
        "database": False,
        "broker": True,
        "sweep": False,
    }
