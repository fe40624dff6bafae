"""The lane from the environment, what the checks say of it, status, and the tasks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from attune.xapi import checks, delivery, health, lanes, outbox, tasks
from attune.xapi.models import Delivery, Lane, LaneOrigin
from tests.delivery.conftest import committed as committed
from tests.delivery.conftest import double as double
from tests.delivery.conftest import make_lane, record, statement, tags
from tests.delivery.double import Double

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def environment(settings: Any) -> Any:
    settings.ATTUNE_LRS_ENDPOINT = "https://lrs.example/xapi/"
    settings.ATTUNE_LRS_USERNAME = "key"
    settings.ATTUNE_LRS_PASSWORD = "from the environment"
    settings.ATTUNE_LRS_VERSION = "1.0.3"
    return settings


def outbox_command(*arguments: str) -> str:
    out = StringIO()
    call_command("outbox", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_environments_lane_is_made_once_and_marked(environment: Any) -> None:
    lane = lanes.sync_environment_lane()
    assert lane is not None
    Lane.objects.update(retry_at=NOW, failures=3)
    assert lanes.sync_environment_lane() == lane
    assert Lane.objects.count() == 1
    assert Lane.objects.get().failures == 3  # nothing has changed, so the lane goes on resting
    assert lane.origin == LaneOrigin.ENVIRONMENT
    assert lane.endpoint == "https://lrs.example/xapi"
    assert str(lane.password) == ""  # the secret stays in the environment
    assert lanes.secret_of(lane) == "from the environment"


@pytest.mark.django_db
def test_it_follows_the_environment_and_keeps_what_waits(environment: Any) -> None:
    outbox.record(statement(1), tags=tags())
    lane = lanes.sync_environment_lane()
    assert lane is not None
    assert lane.deliveries.count() == 1  # recorded before the lane was there
    Lane.objects.update(pause_reason="401", failures=3, retry_at=NOW)
    environment.ATTUNE_LRS_USERNAME = "other"
    lane = lanes.sync_environment_lane()
    assert lane is not None
    lane.refresh_from_db()
    assert (lane.username, lane.state, lane.retry_at) == ("other", "active", None)
    environment.ATTUNE_LRS_ENDPOINT = ""
    assert lanes.sync_environment_lane() is None
    lane.refresh_from_db()
    assert (lane.state, lane.deliveries.count()) == ("off", 1)
    environment.ATTUNE_LRS_ENDPOINT = "https://lrs.example/xapi"
    outbox.record(statement(2), tags=tags())  # while it was off
    lane = lanes.sync_environment_lane()
    assert lane is not None
    assert (lane.state, lane.deliveries.count()) == ("active", 2)


@pytest.mark.django_db
def test_a_lane_of_that_name_is_no_obstacle(environment: Any) -> None:
    Lane.objects.create(name=lanes.ENVIRONMENT_LANE, endpoint="https://other.example/")
    assert lanes.sync_environment_lane() is not None
    assert Lane.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": LaneOrigin.ENVIRONMENT, "name": "second from the environment"},
        {"batch_size": 0},
        {"batch_size": 101},
        {"endpoint": ""},
    ],
)
def test_the_database_refuses_impossible_lanes(wrong: dict[str, Any]) -> None:
    Lane.objects.create(
        name="first", endpoint="https://lrs.example/", origin=LaneOrigin.ENVIRONMENT
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Lane.objects.create(**{"name": "x", "endpoint": "https://lrs.example/", **wrong})


@pytest.mark.django_db
def test_the_database_refuses_a_second_delivery_and_two_ends() -> None:
    Lane.objects.create(name="x", endpoint="https://lrs.example/")
    outbox.record(statement(1), tags=tags())
    row = Delivery.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(lane=row.lane, record=row.record)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.update(delivered_at=NOW, quarantined_at=NOW)


# --- checks ------------------------------------------------------------------------------


def found() -> list[str]:
    messages = [
        *checks.check_settings(app_configs=None),
        *checks.check_transport(app_configs=None),
        *checks.check_database(app_configs=None, databases=["default"]),
    ]
    return [str(message.id).removeprefix("attune_xapi.") for message in messages]


def test_the_checks_have_nothing_to_say_of_good_settings(environment: Any) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ATTUNE_IRI_BASE": ""}, ["E001"]),
        ({"ATTUNE_IRI_BASE": "attune.example"}, ["E001"]),
        ({"ATTUNE_IRI_BASE": "/attune"}, ["E001"]),
        ({"ATTUNE_IRI_BASE": "https://attune.example/?x=1"}, ["E002"]),
        ({"ATTUNE_ENCRYPTION_KEYS": ["short"]}, ["E003"]),
        ({"ATTUNE_LRS_ENDPOINT": "lrs.example"}, ["E004"]),
        ({"ATTUNE_LRS_ENDPOINT": "https://key:secret@lrs.example/"}, ["E005"]),
        ({"ATTUNE_LRS_PASSWORD": ""}, ["E006"]),
        ({"ATTUNE_LRS_USERNAME": ""}, ["E006"]),
        ({"ATTUNE_LRS_VERSION": "1.0"}, ["E007"]),
        ({"ATTUNE_LRS_ENDPOINT": ""}, ["W001"]),
        ({"ATTUNE_LRS_ENDPOINT": "https://lrs.example/xapi/statements"}, ["W002"]),
        ({"ATTUNE_LRS_ENDPOINT": "http://lrs.example/xapi"}, ["W003"]),
        ({"ATTUNE_LRS_ENDPOINT": "http://127.0.0.1:8100/xAPI"}, []),
        ({"ATTUNE_LRS_TOKEN_ENDPOINT": "tokens.example"}, ["E009"]),
        ({"ATTUNE_LRS_TOKEN_ENDPOINT": "https://k:s@tokens.example/"}, ["E009"]),
        ({"ATTUNE_LRS_TOKEN_ENDPOINT": "http://tokens.example/"}, ["W003"]),
        ({"ATTUNE_LRS_TOKEN_ENDPOINT": "https://tokens.example/"}, []),
        ({"ATTUNE_LRS_VERBS": ["passed", "won"]}, ["W004"]),
    ],
)
def test_each_misconfiguration_is_said(
    environment: Any, changes: dict[str, Any], expected: list[str]
) -> None:
    for name, value in changes.items():
        setattr(environment, name, value)
    assert found() == expected


# --- status, deliver, retry --------------------------------------------------------------


@pytest.mark.django_db
def test_without_a_store_status_says_what_to_do(settings: Any) -> None:
    settings.ATTUNE_LRS_ENDPOINT = ""
    assert "ATTUNE_LRS_ENDPOINT" in outbox_command("status")
    assert json.loads(outbox_command("status", "--json")) == []


@pytest.mark.django_db
def test_a_report_has_every_figure() -> None:
    lane = Lane.objects.create(
        name="theirs",
        endpoint="https://lrs.example/",
        failures=2,
        last_error="503 back soon",
        retry_at=NOW + timedelta(seconds=9),
        delivered_total=40,
    )
    for number in range(4):
        outbox.record(statement(number), tags=tags(), now=NOW - timedelta(minutes=5 - number))
    first, second, _third, _fourth = Delivery.objects.order_by("record_id")
    Delivery.objects.filter(pk=first.pk).update(quarantined_at=NOW, answer="400: no")
    Delivery.objects.filter(pk=second.pk).update(aside_until=NOW + timedelta(minutes=1))
    (report,) = health.lane_reports(NOW)
    assert report.lane == lane.pk
    assert (report.state, report.state_reason) == ("backing off", "503 back soon")
    assert (report.waiting, report.quarantined, report.set_aside) == (3, 1, 1)
    assert report.oldest_waiting_age == timedelta(minutes=4)
    assert report.retry_in == timedelta(seconds=9)
    assert report.delivered == 40
    (as_json,) = json.loads(outbox_command("status", "--json"))
    assert (as_json["waiting"], as_json["last_error"]) == (3, "503 back soon")
    text = outbox_command("status")
    for words in ("theirs", "backing off: 503 back soon", "waiting          3", "quarantined"):
        assert words in text


@pytest.mark.database
def test_one_pass_and_another_try_from_the_command_line(committed: None, double: Double) -> None:
    lane = make_lane(double, name="the store")
    ids = record(5)
    double.refused = {ids[2]}
    assert "the store: 4 delivered, 1 quarantined" in outbox_command("deliver")
    assert "not to my taste" in Delivery.objects.get(quarantined_at__isnull=False).answer
    double.refused = set()
    assert "1 statement will be sent again" in outbox_command("retry", "--lane", "the store")
    assert "1 delivered" in outbox_command("deliver")
    assert "Nothing is due" in outbox_command("deliver")
    Delivery.objects.update(delivered_at=None, quarantined_at=NOW)
    assert "2 statements" in outbox_command("retry", "--lane", str(lane.pk), ids[0], ids[1])
    with pytest.raises(CommandError, match="the store"):
        outbox_command("retry", "--lane", "no such lane")


@pytest.mark.database
def test_the_tasks_deliver(committed: None, double: Double) -> None:
    make_lane(double)
    record(3)
    tasks.sweep.delay()
    assert len(double.stored) == 3
    record(3, first=3)
    tasks.deliver.delay()
    assert len(double.stored) == 6


@pytest.mark.database
def test_a_sweep_without_a_broker_delivers_by_itself(
    committed: None, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("no broker")

    make_lane(double)
    record(3)
    monkeypatch.setattr(tasks.deliver, "apply_async", unreachable)
    tasks.sweep()
    assert len(double.stored) == 3
    assert delivery.sweep() == []
