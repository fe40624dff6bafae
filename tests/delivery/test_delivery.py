"""Every line of the table of answers, against a store that misbehaves on demand."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from cryptography.fernet import Fernet
from django.db import connection, transaction
from django.utils import timezone

from attune.xapi import connecting, delivery, lanes, operating, outbox
from attune.xapi.models import Delivery, Lane, StatementRecord
from tests.delivery.conftest import make_lane, record, tags, wait_until
from tests.delivery.conftest import statement as make_statement
from tests.delivery.double import (
    Double,
    Fault,
    answer,
    drip,
    flood,
    hang,
    reset,
    serving,
    truncate,
)

pytestmark = pytest.mark.database


def run(lane: Lane) -> delivery.Outcome:
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    return outcome


def wake(lane: Lane) -> None:
    """The rest is over (instead of waiting for it)."""
    Lane.objects.filter(pk=lane.pk).update(retry_at=None)


def counts(lane: Lane) -> tuple[int, int, int]:
    rows = Delivery.objects.filter(lane=lane)
    return (
        rows.filter(**lanes.WAITING).count(),
        rows.exclude(delivered_at=None).count(),
        rows.exclude(quarantined_at=None).count(),
    )


def test_all_arrives_once_in_order_and_in_batches_of_at_most_a_hundred(
    lane: Lane, double: Double
) -> None:
    ids = record(250)
    outcome = run(lane)
    assert (outcome.delivered, outcome.quarantined, outcome.stopped) == (250, 0, "")
    assert [len(post) for post in double.posts] == [100, 100, 50]
    assert [identifier for post in double.posts for identifier in post] == ids
    assert counts(lane) == (0, 250, 0)
    lane.refresh_from_db()
    assert lane.delivered_total == 250
    assert lane.state == "active"
    assert lane.lease_token is None
    assert lane.last_success_at is not None


def test_the_bytes_sent_are_the_bytes_recorded(lane: Lane, double: Double) -> None:
    (identifier,) = record(1)
    run(lane)
    body = StatementRecord.objects.get(statement_id=identifier).body
    assert body.encode() == make_statement(0).body
    assert double.stored[identifier]["id"] == identifier


def test_a_batch_stays_within_a_megabyte_and_a_larger_statement_goes_alone(
    lane: Lane, double: Double
) -> None:
    record(5, pad=300_000)
    record(1, first=10, pad=1_200_000)
    record(1, first=20)
    run(lane)
    assert [len(post) for post in double.posts] == [3, 2, 1, 1]
    assert counts(lane) == (0, 7, 0)


@pytest.mark.parametrize("repeat", [200, 201, 204, 409])
def test_a_redelivery_is_harmless_whatever_the_store_answers(
    lane: Lane, double: Double, repeat: int
) -> None:
    ids = record(7)
    double.repeat = repeat
    double.plan(hang(store=True))
    assert run(lane).delivered == 0
    wake(lane)
    assert run(lane).delivered == 7
    assert set(double.stored) == set(ids)
    assert counts(lane) == (0, 7, 0)


def test_a_store_that_names_only_what_is_new_to_it(lane: Lane, double: Double) -> None:
    """Ralph's habit, where a batch holds known statements beside new ones."""
    double.repeat = 201
    record(5)
    run(lane)
    Delivery.objects.update(delivered_at=None)
    record(5, first=5)
    assert run(lane).delivered == 10
    assert set(double.writes.values()) == {1}


def test_a_store_that_names_nothing_and_has_nothing_is_asked_again(
    lane: Lane, double: Double
) -> None:
    record(2)
    double.plan(*[answer(200, b"[]")] * 2)
    assert run(lane).delivered == 0
    assert counts(lane) == (2, 0, 0)
    wake(lane)
    assert run(lane).delivered == 2


def test_an_empty_204_is_a_delivery(lane: Lane, double: Double) -> None:
    record(3)
    double.plan(answer(204, store=True))
    assert run(lane).delivered == 3
    assert len(double.posts) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_bad_statement_is_quarantined_with_the_stores_words_and_the_rest_go_on(
    lane: Lane, double: Double, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    ids = record(40)
    bad = ids[17]
    double.refused = {bad}
    with caplog.at_level(logging.ERROR, "attune.xapi"):
        outcome = run(lane)
    assert (outcome.delivered, outcome.quarantined) == (39, 1)
    assert set(double.stored) == set(ids) - {bad}
    refused = Delivery.objects.get(quarantined_at__isnull=False)
    assert str(refused.record.statement_id) == bad
    assert f"statement {bad} is not to my taste" in refused.answer
    assert bad in caplog.text
    # Order is kept through the bisection.
    arrived = list(double.stored)
    assert arrived == [identifier for identifier in ids if identifier != bad]
    assert len(double.posts) <= 13
    assert status


def test_each_refusing_status_quarantines(lane: Lane, double: Double) -> None:
    record(3)
    for status in (400, 413, 422):
        # One statement at a time, so that the plan meets single statements.
        Lane.objects.filter(pk=lane.pk).update(batch_size=1)
        double.plan(answer(status, b"no"))
    run(lane)
    said = Delivery.objects.filter(quarantined_at__isnull=False).order_by("record_id")
    assert [row.answer for row in said] == [
        "400 Bad Request: no",
        "413 Request Entity Too Large: no",
        "422 Unprocessable Entity: no",
    ]


def test_a_store_that_takes_fewer_per_batch_gets_fewer(lane: Lane, double: Double) -> None:
    ids = record(200)
    double.limit = 30
    assert run(lane).delivered == 200
    assert list(double.stored) == ids
    too_long = [post for post in double.posts if len(post) > 30]
    # Learnt once per run, not per batch.
    assert len(too_long) <= 4


def test_a_conflict_with_another_statement_is_quarantined_and_alarms(
    lane: Lane, double: Double, caplog: pytest.LogCaptureFixture
) -> None:
    ids = record(10)
    other = dict(double.stored)
    other["id"] = ids[4]
    double.stored[ids[4]] = {"id": ids[4], "timestamp": "2020-01-01T00:00:00.000Z"}
    with caplog.at_level(logging.ERROR, "attune.xapi"):
        outcome = run(lane)
    assert (outcome.delivered, outcome.quarantined) == (9, 1)
    assert (
        "another statement of this id" in Delivery.objects.get(quarantined_at__isnull=False).answer
    )
    assert ids[4] in caplog.text


def test_a_conflict_that_nobody_may_look_at_is_quarantined(lane: Lane, double: Double) -> None:
    record(1)
    double.repeat = 409
    double.plan(answer(500, store=True))
    run(lane)
    wake(lane)
    double.readable = False
    assert run(lane).quarantined == 1
    assert "does not show the statement" in Delivery.objects.get().answer


@pytest.mark.parametrize("status", [401, 403, 404, 301, 405])
def test_wrong_settings_pause_the_lane_and_it_resumes_by_itself(
    lane: Lane, double: Double, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    record(120)
    double.plan(answer(status, b"go away"))
    with caplog.at_level(logging.ERROR, "attune.xapi"):
        outcome = run(lane)
    assert "go away" in outcome.stopped
    lane.refresh_from_db()
    assert lane.state == "paused"
    assert f"{status}" in lane.pause_reason
    assert counts(lane) == (120, 0, 0)
    assert "is paused" in caplog.text
    # It rests, and then asks again: nobody has to do anything.
    assert delivery.deliver(lane.pk) is None
    assert timedelta(0) < lane.retry_at - timezone.now() <= timedelta(seconds=21)
    wake(lane)
    assert run(lane).delivered == 120
    lane.refresh_from_db()
    assert (lane.state, lane.pause_reason) == ("active", "")


def test_a_wrong_password_pauses_until_it_is_right(lane: Lane, double: Double) -> None:
    record(2)
    Lane.objects.filter(pk=lane.pk).update(password="wrong")
    run(lane)
    lane.refresh_from_db()
    assert lane.state == "paused"
    lane.password = double.password
    lane.save()
    lanes.settings_changed(lane)
    assert run(lane).delivered == 2


def test_a_store_of_another_version_pauses_instead_of_filling_the_quarantine(
    lane: Lane, double: Double
) -> None:
    record(20)
    double.versions = ("2.0.0",)
    run(lane)
    lane.refresh_from_db()
    assert lane.state == "paused"
    assert "2.0.0" in lane.pause_reason
    assert counts(lane) == (20, 0, 0)
    Lane.objects.filter(pk=lane.pk).update(version="2.0.0", retry_at=None)
    assert run(lane).delivered == 20


UNKNOWN: dict[str, Fault] = {
    "503": answer(503, b"back soon"),
    "500 in HTML": answer(500, b"<html><style>x{}</style><b>Server &amp; error</b></html>"),
    "408": answer(408),
    "429": answer(429),
    "502 after storing": answer(502, store=True),
    "200 that is a login page": answer(200, b"<html>Please sign in</html>"),
    "200 with other ids": answer(200, b'["0e9d63b5-6f4f-4c28-8f3b-000000000000"]', store=True),
    "200 with nothing": answer(200, b"", store=True),
    "hang before storing": hang(store=False),
    "hang after storing": hang(store=True),
    "reset before storing": reset(store=False),
    "reset after storing": reset(store=True),
    "truncated": truncate(store=False),
    "truncated after storing": truncate(store=True),
    "an answer without end": flood,
}


@pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_unknown_outcome_backs_off_and_sends_the_same_again(
    lane: Lane, double: Double, fault: Fault
) -> None:
    ids = record(5)
    double.plan(fault)
    outcome = run(lane)
    assert outcome.delivered == 0
    assert outcome.stopped
    lane.refresh_from_db()
    assert lane.state == "backing off"
    assert lane.last_error
    assert lane.lease_token is None
    assert counts(lane) == (5, 0, 0)
    assert delivery.deliver(lane.pk) is None  # it rests
    wake(lane)
    assert run(lane).delivered == 5
    assert double.posts == [ids, ids]
    assert set(double.writes.values()) == {1}
    lane.refresh_from_db()
    assert (lane.state, lane.failures) == ("active", 0)


@pytest.mark.parametrize(("fault", "why"), [(flood, "longer than"), (drip, "took longer")])
def test_an_answer_is_read_only_so_far_and_so_long(
    lane: Lane, double: Double, fault: Fault, why: str
) -> None:
    record(1)
    double.plan(fault)
    assert why in run(lane).stopped


def test_a_store_that_is_not_there_backs_off(committed: None) -> None:
    with serving() as double:
        lane = make_lane(double)
    record(3)
    assert "Connect" in run(lane).stopped
    lane.refresh_from_db()
    assert lane.state == "backing off"


def test_what_the_store_says_is_kept_as_words(lane: Lane, double: Double) -> None:
    record(1)
    double.plan(UNKNOWN["500 in HTML"])
    run(lane)
    lane.refresh_from_db()
    assert lane.last_error == "500 Internal Server Error: Server & error"


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 6, 8),
        ("86400", 290, 331),
        (format_datetime(datetime.now(UTC) + timedelta(days=2), usegmt=True), 290, 331),
        ("nonsense", 0, 1.1),
        ("0", 0, 1.1),
    ],
    # Named: two processes that collect a second apart would name the date differently.
    ids=lambda value: "date" if isinstance(value, str) and value.endswith("GMT") else None,
)
def test_retry_after_is_honoured_in_both_forms_and_capped(
    lane: Lane, double: Double, header: str, least: float, most: float
) -> None:
    record(1)
    double.plan(answer(429, Retry_After=header))
    run(lane)
    lane.refresh_from_db()
    seconds = (lane.retry_at - timezone.now()).total_seconds()
    assert least - 1 <= seconds <= most


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=-1), timedelta(hours=3)])
def test_a_moment_in_retry_after_is_meant_by_the_stores_own_clock(
    lane: Lane, double: Double, ahead: timedelta
) -> None:
    record(1)
    double.clock_ahead = ahead.total_seconds()
    then = format_datetime(datetime.now(UTC) + ahead + timedelta(seconds=20), usegmt=True)
    double.plan(answer(429, Retry_After=then))
    run(lane)
    lane.refresh_from_db()
    assert 15 <= (lane.retry_at - timezone.now()).total_seconds() <= 23


def test_failures_in_a_row_wait_longer_up_to_half_a_minute(lane: Lane, double: Double) -> None:
    record(1)
    waits = []
    for _ in range(8):
        double.plan(answer(503))
        run(lane)
        lane.refresh_from_db()
        waits.append((lane.retry_at - timezone.now()).total_seconds())
        wake(lane)
    assert lane.failures == 8
    assert waits[0] <= 1
    assert waits[3] > waits[0]
    assert 14 < waits[-1] <= 30
    assert run(lane).delivered == 1  # for ever, and in the end it arrives


def test_one_statement_that_the_store_chokes_on_stands_aside_for_the_others(
    lane: Lane, double: Double, caplog: pytest.LogCaptureFixture
) -> None:
    ids = record(30)
    double.choking = {ids[11]}
    for _ in range(delivery.ISOLATE_AFTER):
        assert run(lane).delivered == 0
        wake(lane)
    with caplog.at_level(logging.ERROR, "attune.xapi"):
        outcome = run(lane)
    assert (outcome.delivered, outcome.set_aside) == (29, 1)
    assert counts(lane) == (1, 29, 0)
    assert ids[11] in caplog.text
    double.choking = set()
    Delivery.objects.update(aside_until=None)
    assert run(lane).delivered == 1


def test_a_store_that_is_down_altogether_sets_nothing_aside(lane: Lane, double: Double) -> None:
    ids = record(30)
    double.choking = set(ids)
    for _ in range(delivery.ISOLATE_AFTER + 2):
        run(lane)
        wake(lane)
    assert not Delivery.objects.exclude(aside_until=None).exists()
    before = len(double.posts)
    run(lane)
    # A store in trouble is asked a handful of times per try, not once per statement.
    assert len(double.posts) - before <= 16


def test_a_lost_key_pauses_the_lane_in_words(
    committed: None, double: Double, settings: object
) -> None:
    settings.ATTUNE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]  # type: ignore[attr-defined]
    lane = make_lane(double)
    record(2)
    settings.ATTUNE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]  # type: ignore[attr-defined]
    assert "encryption key" in run(lane).stopped
    lane.refresh_from_db()
    assert lane.state == "paused"
    assert double.posts == []


def test_a_lane_that_is_off_sends_nothing(lane: Lane, double: Double) -> None:
    record(2)
    Lane.objects.update(is_enabled=False)
    assert delivery.deliver(lane.pk) is None
    assert double.posts == []


def test_delivery_refuses_to_run_inside_a_transaction(lane: Lane) -> None:
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError):
        delivery.deliver(lane.pk)


def test_sending_happens_outside_any_transaction(lane: Lane, double: Double) -> None:
    """While the store takes its time, others write: nothing of ours is locked."""
    record(3)
    written = []

    def write_meanwhile() -> None:
        try:
            with transaction.atomic():
                outbox.record(make_statement(1000), tags=tags())
                Lane.objects.filter(pk=lane.pk).update(last_error="seen")
            written.append(True)
        finally:
            connection.close()

    def in_between() -> None:
        if not written:
            thread = threading.Thread(target=write_meanwhile)
            thread.start()
            thread.join(timeout=5)

    double.before_answer = in_between
    outcome = run(lane)
    assert written == [True]
    assert outcome.delivered == 4  # and what was recorded meanwhile went along


def test_a_record_that_commits_late_is_not_passed_over(lane: Lane, double: Double) -> None:
    """Keys are given when a row is written, and seen when it commits: a lower one may come
    after a higher one was sent."""
    ids = record(4)
    late = Delivery.objects.order_by("record_id").first()
    assert late is not None
    key, row = late.pk, late.record_id
    late.delete()
    done = []

    def commit_late() -> None:
        if not done:
            done.append(True)
            thread = threading.Thread(target=insert)
            thread.start()
            thread.join(timeout=5)

    def insert() -> None:
        try:
            Delivery.objects.create(pk=key, lane=lane, record_id=row)
        finally:
            connection.close()

    double.before_answer = commit_late
    assert run(lane).delivered == 4
    assert sorted(double.stored) == sorted(ids)


def test_an_expired_lease_cannot_mark(lane: Lane, double: Double) -> None:
    """The first sender stalls, a second takes the lane over and delivers; the first wakes and
    finds its fence gone."""
    record(5)
    overtaken = []

    def overtake() -> None:
        try:
            Lane.objects.filter(pk=lane.pk).update(lease_until=timezone.now() - timedelta(hours=1))
            overtaken.append(lanes.take_lease(lane.pk, for_=timedelta(minutes=1)))
        finally:
            connection.close()

    def once() -> None:
        if not overtaken:
            thread = threading.Thread(target=overtake)
            thread.start()
            thread.join(timeout=5)

    double.before_answer = once
    outcome = run(lane)
    assert "taken the lane over" in outcome.stopped
    assert outcome.delivered == 0
    assert counts(lane) == (5, 0, 0)
    lane.refresh_from_db()
    assert lane.delivered_total == 0
    assert lane.lease_token == overtaken[0].token  # the second sender's lease is untouched
    lanes.give_back(overtaken[0])
    assert run(lane).delivered == 5


def test_a_lease_is_one_senders_until_it_expires_on_the_databases_clock(lane: Lane) -> None:
    first = lanes.take_lease(lane.pk, for_=timedelta(seconds=30))
    assert first is not None
    assert lanes.take_lease(lane.pk, for_=timedelta(seconds=30)) is None
    lanes.give_back(first)
    second = lanes.take_lease(lane.pk, for_=timedelta(seconds=0))
    assert second is not None
    third = wait_until(lambda: lanes.take_lease(lane.pk, for_=timedelta(seconds=30)))
    assert not lanes.extend_lease(second, for_=timedelta(seconds=30))
    assert lanes.extend_lease(third, for_=timedelta(seconds=30))


def test_many_senders_never_post_to_one_lane_at_once(lane: Lane, double: Double) -> None:
    ids = record(600)
    gate = threading.Barrier(6)
    outcomes = []

    def send() -> None:
        try:
            gate.wait(timeout=10)
            for _ in range(4):
                if outcome := delivery.deliver(lane.pk):
                    outcomes.append(outcome)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    run_after = delivery.deliver(lane.pk)
    assert double.most_at_once == 1
    assert list(double.stored) == ids
    assert sum(len(post) for post in double.posts) == 600  # and none was sent twice
    assert counts(lane) == (0, 600, 0)
    assert run_after is not None


def test_two_lanes_each_with_its_client(committed: None) -> None:
    with serving() as theirs, serving() as everybodys:
        own = make_lane(theirs, name="nordlicht only", client="nordlicht")
        every = make_lane(everybodys, name="all")
        nordlicht = record(3, client="nordlicht")
        cedar = record(3, first=10, client="cedar")
        delivery.deliver(own.pk)
        delivery.deliver(every.pk)
        assert sorted(theirs.stored) == sorted(nordlicht)
        assert sorted(everybodys.stored) == sorted(nordlicht + cedar)


def test_a_lane_that_is_narrowed_drops_what_waits_for_others(committed: None) -> None:
    with serving() as double:
        lane = make_lane(double)
        nordlicht = record(2, client="nordlicht")
        record(2, first=10, client="cedar")
        lane.client = "nordlicht"
        lane.save()
        lanes.settings_changed(lane)
        run(lane)
        assert sorted(double.stored) == sorted(nordlicht)
        assert counts(lane) == (0, 2, 0)


def test_another_clients_record_does_not_leave_whatever_is_in_the_queue(
    lane: Lane, double: Double
) -> None:
    record(2, client="nordlicht")
    Lane.objects.filter(pk=lane.pk).update(client="cedar")  # past every door of ours
    assert lanes.due() == []
    assert not run(lane).more, "a lane with nothing of its own is not turned to for a minute"
    assert double.posts == []


def test_a_new_lane_receives_what_was_recorded_before_it(committed: None, double: Double) -> None:
    ids = record(300)
    lane = make_lane(double)
    assert lanes.enqueue_missing(lane) == 300
    assert lanes.enqueue_missing(lane) == 0
    assert run(lane).delivered == 300
    assert list(double.stored) == ids


def test_sweep_finds_what_fell_between_a_new_lane_and_a_running_transaction(
    committed: None, double: Double
) -> None:
    lane = make_lane(double)
    lanes.settings_changed(lane)
    record(2)
    Delivery.objects.all().delete()  # as if the recording side had not seen the lane yet
    assert delivery.sweep() == [lane.pk]
    assert run(lane).delivered == 2


def test_a_run_ends_in_time_and_says_that_there_is_more(lane: Lane, double: Double) -> None:
    record(3)
    outcome = delivery.deliver(lane.pk, seconds=0)
    assert outcome is not None
    assert outcome.more
    assert outcome.delivered == 0


def test_trying_out_a_lane_sends_nothing(lane: Lane, double: Double) -> None:
    record(1)
    assert connecting.try_out(lane).message == ""
    lane.password = "wrong"
    lane.save()
    lane.refresh_from_db()
    assert "401" in connecting.try_out(lane).message
    assert double.posts == []


def test_what_commits_late_is_not_overtaken_by_what_follows_it(lane: Lane, double: Double) -> None:
    """A transaction took its first key, another committed a later one, and then the first
    committed two: the second of the two must not go before the first."""
    ids = record(3)
    late = Delivery.objects.get(record__statement_id=ids[0])
    Delivery.objects.filter(pk=late.pk).delete()  # not committed, as far as anybody can see

    def commit() -> None:
        double.before_answer = None
        late.save(force_insert=True)
        ids.extend(record(1, first=3))
        connection.close()

    double.before_answer = commit
    run(lane)
    assert list(double.stored) == [ids[1], ids[2], ids[0], ids[3]]
    assert sum(len(post) for post in double.posts) == 4
    assert counts(lane) == (0, 4, 0)


def test_memory_stays_flat(lane: Lane, double: Double) -> None:
    """The window bounds what is held, whatever waits."""
    record(1200)
    held = []
    cut = delivery._Run._window

    def watched(self: delivery._Run, cursor: int) -> list[delivery._Waiting]:
        window = cut(self, cursor)
        held.append(len(window))
        return window

    delivery._Run._window = watched  # type: ignore[method-assign]
    try:
        run(lane)
    finally:
        delivery._Run._window = cut  # type: ignore[method-assign]
    assert max(held) <= delivery.WINDOW
    assert counts(lane) == (0, 1200, 0)


# --- pausing ------------------------------------------------------------------------------


def _pausing(lane: Lane) -> Callable[[], None]:
    def pause() -> None:
        operating.pause(lane.pk)
        connection.close()  # the store's thread has one of its own

    return pause


def test_a_pause_takes_effect_before_the_next_batch(
    committed: None, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ASK_SECONDS", 0)
    lane = make_lane(double, batch_size=10)
    record(100)
    double.before_answer = _pausing(lane)
    outcome = run(lane)
    assert [len(post) for post in double.posts] == [10]
    assert (outcome.delivered, outcome.stopped) == (
        10,
        "The lane was paused, or its settings changed.",
    )
    assert counts(lane) == (90, 10, 0)  # what was taken is marked
    lane.refresh_from_db()
    assert lane.lease_token is None
    double.before_answer = None
    operating.resume(lane.pk)
    run(lane)
    assert counts(lane) == (0, 100, 0)
    assert set(double.writes.values()) == {1}


def test_a_pause_ends_the_run_of_a_quick_store_at_the_next_window(
    committed: None, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ASK_SECONDS", 3600)
    lane = make_lane(double)
    record(delivery.WINDOW + 50)
    double.before_answer = _pausing(lane)
    outcome = run(lane)
    assert (outcome.delivered, outcome.stopped) == (delivery.WINDOW, "")
    assert counts(lane) == (50, delivery.WINDOW, 0)
