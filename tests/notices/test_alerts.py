"""Trouble on lanes and sweeps, from the rows to the message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from attune.notices import destinations, kinds
from attune.notices.models import AlertRule, Destination, Heartbeat, Incident, Message
from attune.notices.models.alerts import Trouble
from attune.notices.watch import alerts, findings, hearts, wording
from attune.notices.watch.incidents import CALM
from attune.xapi import health
from attune.xapi.models import Delivery, GivenUp, Lane, StatementRecord

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def beating(settings: Any) -> None:
    """The sweeps run, unless a test says otherwise."""
    settings.ATTUNE_WATCHED_SWEEPS = ["tests.sweep"]
    Heartbeat.objects.create(name="tests.sweep", at=NOW + timedelta(days=30))


@pytest.fixture
def operators(beating: None) -> Destination:
    return Destination.objects.create(name="Operations", email="ops@example.test")


def a_lane(name: str = "Ralph", **fields: Any) -> Lane:
    return Lane.objects.create(name=name, endpoint="https://lrs.example/xapi", **fields)


def waits(lane: Lane, *, since: datetime, **fields: Any) -> Delivery:
    record = StatementRecord.objects.create(
        statement_id=uuid4(),
        body='{"secret": "canary-of-a-statement"}',
        occurred_at=since,
        recorded_at=since,
        actor=uuid4(),
        registration=uuid4(),
        verb="http://adlnet.gov/expapi/verbs/completed",
        kind="unit_completed",
    )
    return Delivery.objects.create(lane=lane, record=record, **fields)


def look(minute: float) -> list[Message]:
    """The new messages."""
    before = set(Message.objects.values_list("pk", flat=True))
    alerts.look(now=NOW + minute * MINUTE)
    return list(Message.objects.exclude(pk__in=before).order_by("pk"))


def looks(*minutes: float) -> list[Message]:
    return [message for minute in minutes for message in look(minute)]


# --- one trouble after the other -----------------------------------------------------------


def test_a_paused_lane_is_told_once_and_so_is_its_recovery(operators: Destination) -> None:
    lane = a_lane(pause_reason="401 Unauthorized for maria@example.test")
    waits(lane, since=NOW - 125 * MINUTE)
    assert looks(0, 1) == []
    (told,) = look(2)
    assert told.subject == "[Attune] The lane “Ralph” is paused"
    for words in (
        "401 Unauthorized for …",
        "1 record waits, the oldest for 2 h 7 min.",
        "Since 2026-03-02 09:30 UTC, for 2 min.",
        "What to do: check address",
        "/admin/attune/reports/records/",
    ):
        assert words in told.body
    assert "maria" not in told.body
    assert "canary" not in f"{told.body}{told.details}"
    assert looks(*range(3, 200)) == []
    Lane.objects.update(pause_reason="")
    Delivery.objects.all().delete()
    (over,) = looks(*range(200, 260))
    assert over.subject == "[Attune] Over: the lane “Ralph” sends again"
    assert "It lasted from 2026-03-02 09:30 UTC, for 3 h 19 min." in over.body
    assert looks(*range(260, 280)) == []
    assert Incident.objects.get().closed_at is not None
    # A second time is a second incident.
    Lane.objects.update(pause_reason="403")
    assert len(looks(*range(300, 310))) == 1
    assert Incident.objects.count() == 2


def test_it_is_told_again_after_a_day(operators: Destination) -> None:
    a_lane(pause_reason="401")
    told = looks(*range(0, 60 * 50, 5))
    assert [each.subject.split("] ")[1][:6] for each in told] == ["The la", "Still:", "Still:"]


def test_records_that_wait_too_long_are_told_of(operators: Destination) -> None:
    lane = a_lane(failures=3, last_error="503 Service Unavailable")
    waits(lane, since=NOW)
    assert looks(*range(20)) == []
    (told,) = looks(20, 21)
    assert told.subject == "[Attune] Learning records wait too long on “Ralph”"
    assert "503 Service Unavailable" in told.body


def test_new_statements_in_quarantine_are_told_of_and_nothing_they_hold(
    operators: Destination,
) -> None:
    lane = a_lane()
    one = waits(lane, since=NOW, quarantined_at=NOW, answer="400 canary-of-an-answer")
    (told,) = look(0)
    assert told.subject == "[Attune] “Ralph” refuses statements"
    assert "1 is in quarantine" in told.body
    assert "canary" not in f"{told.body}{told.details}"
    waits(lane, since=NOW, quarantined_at=NOW)
    assert looks(1, 30) == []
    (worse,) = look(61)
    assert worse.subject == "[Attune] Worse: “Ralph” refuses statements"
    # What a person has given up is not there any more.
    for row in Delivery.objects.all():
        GivenUp.objects.create(delivery=row, at=NOW, by="Alex", note="Old")
    assert one.quarantined_at is not None
    (over,) = looks(62, 66, 68)
    assert "nothing is in quarantine" in over.subject


def test_a_sweep_that_does_not_run_is_told_of(operators: Destination) -> None:
    Heartbeat.objects.filter(name="tests.sweep").update(at=NOW - 6 * MINUTE)
    (told,) = look(0)
    assert told.subject == "[Attune] The sweep tests.sweep has not run"
    Heartbeat.objects.filter(name="tests.sweep").update(at=NOW + 10 * MINUTE)
    (over,) = looks(1, 2, 7)
    assert over.subject == "[Attune] Over: the sweep tests.sweep runs again"


def test_a_sweep_that_never_ran_gets_a_moment(operators: Destination) -> None:
    Heartbeat.objects.filter(name="tests.sweep").delete()
    assert looks(0, 2, 4) == []
    assert len(looks(5)) == 1


def test_several_at_once_are_one_message_to_each(operators: Destination) -> None:
    Destination.objects.create(name="Deutsch", email="de@example.test", language="de")
    Destination.objects.create(name="Off", email="off@example.test", is_enabled=False)
    Destination.objects.create(name="Other", email="other@example.test", takes_alerts=False)
    for number in range(3):
        a_lane(f"Lane {number}", pause_reason="401")
    told = looks(0, 2)
    assert [each.address for each in told] == ["de@example.test", "ops@example.test"]
    assert [each.language for each in told] == ["de", "en"]
    assert told[1].subject == "[Attune] 3 troubles"
    assert [event["about"] for event in told[1].details["events"]] == [
        "Lane 0",
        "Lane 1",
        "Lane 2",
    ]


def test_a_lane_that_is_switched_off_is_nobodys_trouble(operators: Destination) -> None:
    lane = a_lane(pause_reason="401")
    assert len(looks(0, 2)) == 1
    Lane.objects.filter(pk=lane.pk).update(is_enabled=False)
    (over,) = looks(3, 8)
    assert "The lane was switched off or deleted meanwhile." in over.body


def test_with_nobody_to_tell_it_is_told_to_the_first_who_comes() -> None:
    a_lane(pause_reason="401")
    assert looks(0, 2, 30) == []
    Destination.objects.create(name="Operations", email="ops@example.test")
    assert len(looks(31, 32)) == 1


def test_limits_are_rows(operators: Destination) -> None:
    AlertRule.objects.filter(trouble=Trouble.PAUSED).update(minutes=30, remind_hours=2)
    a_lane(pause_reason="401")
    assert looks(*range(30)) == []
    assert len(looks(30)) == 1
    assert len(looks(100, 151)) == 1
    AlertRule.objects.filter(trouble=Trouble.PAUSED).update(is_enabled=False)
    assert looks(152, 153, 160, 300) == []
    assert Incident.objects.get().closed_at is not None


def test_without_rows_the_defaults_hold() -> None:
    AlertRule.objects.all().delete()
    limits = findings.limits()
    assert {name: limit.after for name, limit in limits.items()} == {
        "paused": 2 * MINUTE,
        "waiting": 15 * MINUTE,
        "quarantine": timedelta(0),
        "sweep": 5 * MINUTE,
    }


def test_the_migrated_rows_say_what_the_defaults_say() -> None:
    rows = {row.trouble: row.minutes for row in AlertRule.objects.all()}
    assert rows == {str(key): value for key, value in findings.DEFAULT_MINUTES.items()}


@pytest.mark.parametrize("lanes", [1, 20])
def test_a_look_costs_the_same_however_many_lanes(
    operators: Destination, lanes: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(lanes):
        waits(a_lane(f"Lane {number}"), since=NOW)
    alerts.look(now=NOW)
    with django_assert_max_num_queries(17):
        alerts.look(now=NOW + MINUTE)


def test_a_look_that_is_taken_back_tells_nothing_and_forgets_nothing(
    operators: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_lane(pause_reason="401")
    look(0)

    def fails(*args: Any, **kwargs: Any) -> tuple[str, str]:
        raise RuntimeError("no words")

    with monkeypatch.context() as patched:
        patched.setattr(wording, "in_words", fails)
        with pytest.raises(RuntimeError):
            look(2)
    assert Incident.objects.get().told == 0
    assert len(look(3)) == 1


# --- figures -----------------------------------------------------------------------------------


def test_the_figures_of_all_lanes_are_those_of_each(django_assert_num_queries: Any) -> None:
    first, second = a_lane("First"), a_lane("Second", pause_reason="401", failures=2)
    for minutes in (5, 9, 3):
        waits(first, since=NOW - minutes * MINUTE)
    waits(first, since=NOW - 99 * MINUTE, delivered_at=NOW)
    waits(second, since=NOW, quarantined_at=NOW)
    with django_assert_num_queries(6):
        found = {each.name: each for each in health.figures(NOW)}
    for report in health.lane_reports(NOW):
        each = found[report.name]
        assert (each.waiting, each.oldest_waiting_age) == (
            report.waiting,
            report.oldest_waiting_age,
        )
        assert (each.state, each.quarantined) == (report.state, report.quarantined)
    assert health.oldest_waiting_age(NOW) == 5 * MINUTE  # the first that was recorded
    first.is_enabled = False
    first.save()
    assert health.oldest_waiting_age(NOW) is None


# --- recipients from the environment ------------------------------------------------------------


def test_recipients_from_the_environment_are_rows(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.ATTUNE_ALERT_EMAILS = ["ops@example.test", "no address"]
    settings.ATTUNE_ALERT_WEBHOOK = "https://hooks.example/T0/s3cret"
    destinations.sync_environment()
    rows = {row.name: row for row in Destination.objects.all()}
    assert set(rows) == {"Environment: ops@example.test", destinations.WEBHOOK}
    assert rows[destinations.WEBHOOK].host == "hooks.example"
    assert not rows[destinations.WEBHOOK].url
    with django_assert_num_queries(1):
        destinations.sync_environment()
    settings.ATTUNE_ALERT_EMAILS = []
    destinations.sync_environment()
    assert [row.name for row in destinations.alerted()] == [destinations.WEBHOOK]


def test_the_webhook_of_the_environment_is_reached_by_its_settings(settings: Any) -> None:
    settings.ATTUNE_ALERT_WEBHOOK = "https://hooks.example/T0/s3cret"
    destinations.sync_environment()
    with destinations.connect(Destination.objects.get()):
        pass
    settings.ATTUNE_ALERT_WEBHOOK = ""
    with pytest.raises(ValueError, match="address"):
        destinations.connect(Destination.objects.get())


# --- signs of life -------------------------------------------------------------------------------


def test_only_a_watched_sweep_leaves_a_sign_of_life() -> None:
    hearts.note("tests.other")
    assert not Heartbeat.objects.filter(name="tests.other").exists()
    hearts.note("tests.sweep")
    at = Heartbeat.objects.get(name="tests.sweep").at
    assert at < NOW + timedelta(days=3650)
    assert Heartbeat.objects.count() == 1


def test_a_task_that_ends_well_is_a_sign_of_life(settings: Any) -> None:
    from attune.notices.tasks import sweep  # noqa: PLC0415

    settings.ATTUNE_WATCHED_SWEEPS = [hearts.NOTICES]
    sweep.delay()
    assert hearts.missing(Heartbeat.objects.get(name=hearts.NOTICES).at) == []


def test_whoever_looks_in_the_workers_place_does_so_once_a_minute(
    operators: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts.sending, "send_all", lambda **options: [])
    Heartbeat.objects.filter(name="tests.sweep").update(at=NOW)
    assert alerts.stand_in() == []
    assert alerts.stand_in() is None
    assert Message.objects.filter(kind=kinds.ALERT.name).count() == 1


# --- any sequence ----------------------------------------------------------------------------


class Lanes(RuleBasedStateMachine):
    """Three lanes that pause, refuse and resume as they like, looked at every minute or day."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.lanes = [a_lane(f"Lane {number}") for number in range(3)]
        self.open: set[str] = set()

    @rule(number=st.integers(0, 2), reason=st.sampled_from(["", "401", "403"]))
    def pauses_or_resumes(self, number: int, reason: str) -> None:
        Lane.objects.filter(pk=self.lanes[number].pk).update(pause_reason=reason)

    @rule(number=st.integers(0, 2))
    def refuses(self, number: int) -> None:
        waits(self.lanes[number], since=self.now, quarantined_at=self.now)

    @rule(number=st.integers(0, 2))
    def takes_back(self, number: int) -> None:
        Delivery.objects.filter(lane=self.lanes[number]).delete()

    @rule(minutes=st.sampled_from([1, 1, 2, 6, 70, 1500]))
    def looks(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        before = Message.objects.count()
        written = alerts.look(now=self.now)
        assert Message.objects.count() == before + written
        assert written <= 1, "one message, however much there is to tell"
        if not written:
            return
        for event in Message.objects.order_by("-pk")[0].details["events"]:
            key = f"lane {event['lane']} {event['trouble']}"
            if event["event"] == "began":
                assert key not in self.open, "told twice"
                self.open.add(key)
            else:
                assert key in self.open, f"{event['event']} without a beginning"
                if event["event"] == "over":
                    self.open.remove(key)

    @rule()
    def all_is_well_for_long(self) -> None:
        Lane.objects.update(pause_reason="")
        Delivery.objects.all().delete()
        for _ in range(2):
            self.now += CALM
            alerts.look(now=self.now)
        said = [event for message in Message.objects.all() for event in message.details["events"]]
        began = sum(event["event"] == "began" for event in said)
        assert began == sum(event["event"] == "over" for event in said)
        assert not Incident.objects.filter(closed_at=None).exists()
        self.open.clear()


class TestSequences(TestCase):
    def test_any_sequence(self) -> None:
        Heartbeat.objects.update(at=NOW + timedelta(days=3000))
        Destination.objects.create(name="Operations", email="ops@example.test")

        def fresh() -> Lanes:
            for model in (Message, Incident, Delivery, StatementRecord, Lane):
                model.objects.all().delete()
            return Lanes()

        run_state_machine_as_test(
            fresh, settings=hypothesis_settings(stateful_step_count=25, max_examples=15)
        )


def test_the_alert_is_the_operators_alone(client: Client, klaus: Any) -> None:
    client.force_login(klaus.user, backend="config.backends.WithPerson")
    response = client.get("/admin/attune/notices/messages/")
    assert response.status_code == 302
