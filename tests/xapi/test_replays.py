"""Replays: what they queue, what they never queue, in what pace, and killed at any point."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import close_old_connections, connection, transaction
from pytest_django import DjangoAssertNumQueries

from attune.xapi import delivery, lanes, outbox, replays, tasks
from attune.xapi.models import Delivery, Lane, Replay, ReplayState, StatementRecord
from attune.xapi.replays import CannotReplay, Wish
from attune.xapi.statements import void
from tests.delivery.conftest import committed as committed
from tests.delivery.conftest import double as double
from tests.delivery.conftest import make_lane, record, statement, tags
from tests.delivery.double import Double, serving

pytestmark = pytest.mark.database  # pieces are claimed and locked

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
FAST = 600_000


def a_lane(name: str = "store", **changes: Any) -> Lane:
    return Lane.objects.create(**{"name": name, "endpoint": "https://lrs.example/", **changes})


def recorded(count: int, *, first: int = 0, client: str = "nordlicht") -> list[str]:
    made = [statement(first + number) for number in range(count)]
    with transaction.atomic():
        outbox.record_many((each, tags(client)) for each in made)
    return [str(each.id) for each in made]


def delivered_all() -> None:
    Delivery.objects.update(delivered_at=NOW, quarantined_at=None)


def waiting_ids(lane: Lane) -> list[str]:
    rows = Delivery.objects.filter(lane=lane, **lanes.WAITING).order_by("record_id")
    return [str(each) for each in rows.values_list("record__statement_id", flat=True)]


def run_to_end(*, now: datetime = NOW) -> None:
    """As many sweeps as it takes, each a burst later, with the store taking all in between."""
    for turn in range(200):
        replays.move_all(now=now + turn * replays.BURST)
        if not Replay.objects.filter(state=ReplayState.RUNNING).exists():
            return
        Delivery.objects.filter(**lanes.WAITING).update(delivered_at=NOW)
    pytest.fail("the replay does not end")


def taking_back(number: int) -> Any:
    target = statement(number)
    return void(
        deed=f"void {number}",
        actor=target.actor,
        target=target.id,
        at=target.occurred_at,
        registration=target.registration,
    )


# --- what is queued ---------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_was_delivered_waits_again_and_in_order() -> None:
    lane = a_lane()
    ids = recorded(5)
    delivered_all()
    wish = Wish(lane=lane.pk, per_minute=FAST)
    seen = replays.preview(wish)
    assert (seen.to_send, seen.again, seen.never_sent) == (5, 5, 0)
    replay = replays.start(wish, by="alex", now=NOW)
    assert waiting_ids(lane) == [], "asking queues nothing by itself"
    assert replays.move_all(now=NOW) == 5
    assert waiting_ids(lane) == ids
    replay.refresh_from_db()
    assert (replay.state, replay.queued, replay.expected) == (ReplayState.DONE, 5, 5)
    assert (replay.ended_at, replay.asked_by) == (NOW, "alex")


@pytest.mark.django_db
def test_only_what_is_missing() -> None:
    lane = a_lane()
    ids = recorded(4)
    delivered_all()
    Delivery.objects.filter(record__statement_id__in=ids[1:3]).delete()
    wish = Wish(lane=lane.pk, only_missing=True)
    seen = replays.preview(wish)
    assert (seen.to_send, seen.delivered, seen.again) == (2, 2, 0)
    replays.start(wish, by="alex", now=NOW)
    replays.move_all(now=NOW)
    assert waiting_ids(lane) == ids[1:3]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"since": statement(0).occurred_at}, 3),
        ({"since": statement(0).occurred_at + timedelta(seconds=1)}, 0),
        ({"until": statement(0).occurred_at}, 0),
        ({"client": "cedar"}, 1),
        ({"engagement": "nordlicht-habagat"}, 3),
        ({"engagement": "another"}, 0),
        ({"actor": statement(0).actor}, 3),
        ({"actor": UUID(int=1)}, 0),
        ({"registration": statement(0).registration}, 3),
        ({"registration": UUID(int=1)}, 0),
    ],
)
def test_each_way_to_narrow_it(narrowed: dict[str, Any], expected: int) -> None:
    lane = a_lane()
    recorded(2)
    recorded(1, first=10, client="cedar")
    delivered_all()
    wish = Wish(lane=lane.pk, **narrowed)
    assert replays.preview(wish).to_send == expected
    replays.start(wish, by="alex", now=NOW)
    assert replays.move_all(now=NOW) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("only_missing", [False, True])
def test_canary_another_clients_statement_is_never_queued(only_missing: bool) -> None:
    lane = a_lane(client="nordlicht")
    recorded(2)
    canary = recorded(3, first=10, client="cedar")
    # Even where it went there once, before the lane was narrowed.
    Delivery.objects.create(
        lane=lane, record=StatementRecord.objects.get(statement_id=canary[0]), delivered_at=NOW
    )
    Delivery.objects.filter(record__client="nordlicht").delete()
    for wish in (
        Wish(lane=lane.pk, only_missing=only_missing),
        Wish(lane=lane.pk, only_missing=only_missing, client="cedar"),
    ):
        assert replays.preview(wish).not_taken == 3
        replays.start(wish, by="alex", now=NOW)
        run_to_end()
    theirs = Delivery.objects.filter(record__client="cedar")
    assert theirs.count() == 1
    assert theirs.get().delivered_at == NOW
    assert Delivery.objects.filter(record__client="nordlicht").count() == 2


@pytest.mark.django_db
def test_what_the_store_refused_stays_with_its_words() -> None:
    lane = a_lane()
    recorded(2)
    Delivery.objects.update(quarantined_at=NOW, answer="400: no")
    assert replays.preview(Wish(lane=lane.pk)).quarantined == 2
    replays.start(Wish(lane=lane.pk), by="alex", now=NOW)
    assert replays.move_all(now=NOW) == 0
    assert set(Delivery.objects.values_list("answer", flat=True)) == {"400: no"}


@pytest.mark.django_db
def test_what_is_archived_is_counted_and_named_and_not_queued() -> None:
    lane = a_lane()
    ids = recorded(3)
    delivered_all()
    StatementRecord.objects.filter(statement_id=ids[1]).update(body="", archive="a.jsonl.gz")
    wish = Wish(lane=lane.pk)
    seen = replays.preview(wish)
    assert (seen.to_send, seen.archived, seen.archives) == (2, 1, ["a.jsonl.gz"])
    replay = replays.start(wish, by="alex", now=NOW)
    replays.move_all(now=NOW)
    replay.refresh_from_db()
    assert (replay.queued, replay.unsendable) == (2, 1)
    assert waiting_ids(lane) == [ids[0], ids[2]]
    # Where it went already, only what is missing is no matter for the archive.
    seen = replays.preview(Wish(lane=lane.pk, only_missing=True))
    assert (seen.archived, seen.delivered) == (0, 1)


@pytest.mark.django_db
def test_what_takes_a_statement_back_goes_with_it_whenever_it_was_said() -> None:
    lane = a_lane()
    recorded(2)
    taken_back = taking_back(0)
    late = statement(0).occurred_at + timedelta(days=9)
    with transaction.atomic():
        outbox.record(taken_back, tags=tags())
    StatementRecord.objects.filter(statement_id=taken_back.id).update(occurred_at=late)
    delivered_all()
    replays.start(Wish(lane=lane.pk, until=late), by="alex", now=NOW)
    replays.move_all(now=NOW)
    assert waiting_ids(lane)[-1] == str(taken_back.id)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"lane": 10**6}, {"per_minute": 0}, {"since": NOW, "until": NOW}]
)
def test_a_wish_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    lane = a_lane()
    with pytest.raises(CannotReplay):
        replays.start(Wish(**{"lane": lane.pk, **wrong}), by="alex", now=NOW)
    assert not Replay.objects.exists()


# --- pace and steering ----------------------------------------------------------------------


@pytest.mark.django_db
def test_no_more_than_the_rate_and_never_a_hoard() -> None:
    lane = a_lane()
    recorded(100)
    delivered_all()
    replays.start(Wish(lane=lane.pk, per_minute=60), by="alex", now=NOW)
    assert replays.move_all(now=NOW) == 10  # ten seconds' worth
    assert replays.move_all(now=NOW) == 0
    assert replays.move_all(now=NOW + timedelta(seconds=3)) == 3
    assert replays.move_all(now=NOW - timedelta(hours=1)) == 0  # a clock that went back
    assert replays.move_all(now=NOW + timedelta(hours=1)) == 10  # idle time is not saved up


@pytest.mark.django_db
def test_what_happens_now_waits_behind_a_few_seconds_worth_at_most() -> None:
    lane = a_lane()
    recorded(1000)
    delivered_all()
    replays.start(Wish(lane=lane.pk, per_minute=1500), by="alex", now=NOW)
    for turn in range(10):  # a store that takes nothing
        replays.move_all(now=NOW + turn * replays.BURST)
    assert len(waiting_ids(lane)) <= 250
    new = recorded(1, first=5000)
    assert waiting_ids(lane).index(new[0]) <= 250


@pytest.mark.django_db
@pytest.mark.parametrize("state", [{"is_enabled": False}, {"pause_reason": "401"}])
def test_while_the_lane_is_off_or_paused_it_waits(state: dict[str, Any]) -> None:
    lane = a_lane()
    recorded(3)
    delivered_all()
    replays.start(Wish(lane=lane.pk), by="alex", now=NOW)
    Lane.objects.update(**state)
    assert replays.move_all(now=NOW) == 0
    Lane.objects.update(is_enabled=True, pause_reason="")
    assert replays.move_all(now=NOW) == 3


@pytest.mark.django_db
def test_held_going_on_and_cancelled() -> None:
    lane = a_lane()
    recorded(30)
    delivered_all()
    replay = replays.start(Wish(lane=lane.pk, per_minute=60), by="alex", now=NOW)
    replays.move_all(now=NOW)
    assert replays.hold(replay.pk)
    assert not replays.hold(replay.pk)
    assert replays.move_all(now=NOW + timedelta(minutes=1)) == 0
    assert replays.go_on(replay.pk)
    assert not replays.go_on(replay.pk)
    assert replays.move_all(now=NOW + timedelta(minutes=1)) == 10
    assert replays.cancel(replay.pk, now=NOW)
    assert not replays.cancel(replay.pk, now=NOW)
    assert replays.move_all(now=NOW + timedelta(minutes=2)) == 0
    assert len(waiting_ids(lane)) == 20, "what is queued is sent all the same"
    assert not replays.go_on(replay.pk)


@pytest.mark.django_db
def test_the_cursor_passes_what_does_not_fit_without_spending_the_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replays, "SPAN", 7)
    lane = a_lane()
    recorded(60, client="cedar")
    last = recorded(1, first=100)
    delivered_all()
    replays.start(Wish(lane=lane.pk, client="nordlicht", per_minute=6), by="alex", now=NOW)
    assert replays.move_all(now=NOW) == 1
    assert waiting_ids(lane) == last


@pytest.mark.django_db
def test_a_piece_costs_the_same_however_much_there_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    lane = a_lane()
    recorded(400)
    delivered_all()
    replay = replays.start(Wish(lane=lane.pk), by="alex", now=NOW)
    for most in (1, 300):
        # look, savepoint (2), claim, [lock], queue, queue what takes back, count
        with django_assert_num_queries(7 + (connection.vendor == "postgresql")):
            assert replays.move_piece(replay, most=most, now=NOW) == most


# --- killed, and twice at once ----------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["_next", "_queue", "ring"])
def test_a_worker_that_dies_leaves_the_piece_whole_or_undone(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = a_lane()
    ids = recorded(20)
    delivered_all()
    replays.start(Wish(lane=lane.pk), by="alex", now=NOW)

    def dies(*args: Any, **kwargs: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        if where == "ring":
            patched.setattr(replays.doorbell, "ring_on_commit", dies)
        else:
            patched.setattr(replays, where, dies)
        with pytest.raises(SystemExit):
            replays.move_all(now=NOW)
    assert waiting_ids(lane) == []
    assert Replay.objects.get().cursor == 0
    assert replays.move_all(now=NOW) == 20
    assert waiting_ids(lane) == ids


def test_two_workers_queue_each_statement_once(committed: None, double: Double) -> None:
    lane = make_lane(double)
    record(600)
    Delivery.objects.update(delivered_at=NOW)
    replays.start(Wish(lane=lane.pk, per_minute=FAST), by="alex", now=NOW)
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        for _ in range(30):
            replay = Replay.objects.get()
            if replay.state == ReplayState.RUNNING:
                replays.move_piece(replay, most=40, now=NOW)
        close_old_connections()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    replay = Replay.objects.get()
    assert (replay.state, replay.queued) == (ReplayState.DONE, 600)
    assert len(waiting_ids(lane)) == 600


def test_the_sweep_replays_and_the_store_holds_nothing_twice(
    committed: None, double: Double
) -> None:
    lane = make_lane(double)
    ids = record(120)
    tasks.sweep()
    assert replays.start(Wish(lane=lane.pk, per_minute=FAST), by="alex", now=NOW).expected == 120
    tasks.sweep()
    assert list(double.stored) == ids
    assert len(double.posts) == 4, "sent again"
    assert set(double.writes.values()) == {1}


# --- the history of a lane ----------------------------------------------------------------------


@pytest.mark.django_db
def test_deeds_are_recorded_where_there_is_no_lane_and_follow_when_there_is_one() -> None:
    ids = recorded(5)
    assert not Delivery.objects.exists()
    lane = a_lane()
    lanes.settings_changed(lane)
    assert waiting_ids(lane) == ids


@pytest.mark.django_db
def test_saving_a_lane_with_a_long_history_makes_a_replay_and_no_rows(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(lanes, "AT_ONCE", 10)
    ids = recorded(50)
    lane = a_lane()
    with django_assert_max_num_queries(10):
        lanes.settings_changed(lane)
    assert not Delivery.objects.exists()
    lanes.settings_changed(lane)
    replay = Replay.objects.get()  # one, however often it is saved
    assert (replay.only_missing, replay.asked_by) == (True, "")
    run_to_end()
    assert Delivery.objects.filter(lane=lane).count() == len(ids)


@pytest.mark.django_db
def test_what_a_lane_missed_while_it_was_off_follows_by_a_replay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "AT_ONCE", 10)
    lane = a_lane()
    recorded(20)
    delivered_all()
    Lane.objects.update(is_enabled=False)
    missed = recorded(20, first=100)
    Lane.objects.update(is_enabled=True)
    lane.refresh_from_db()
    lanes.settings_changed(lane)
    assert replays.move_all(now=NOW) == 20
    assert waiting_ids(lane) == missed


@pytest.mark.django_db
def test_settling_looks_only_at_what_could_have_been_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "KEYS_IN_DOUBT", 0)
    old = datetime.now(UTC) - 2 * lanes.SETTLING
    with transaction.atomic():
        outbox.record(statement(1), tags=tags(), now=old)
    recorded(1, first=2)
    lane = a_lane()
    Lane.objects.update(settling_until=datetime.now(UTC) + lanes.SETTLING)
    assert lanes.settle() == 1
    assert waiting_ids(lane) == [str(statement(2).id)]


# --- taking back ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_was_never_said_is_not_taken_back() -> None:
    a_lane()
    assert outbox.record(taking_back(1), tags=tags()) is False
    assert not StatementRecord.objects.exists()
    assert outbox.record_many([(statement(1), tags()), (taking_back(1), tags())]) == 2
    assert StatementRecord.objects.get(voids=statement(1).id)


@pytest.mark.parametrize("state", ["aside", "quarantined", "choking", "absent"])
def test_a_void_does_not_overtake_what_it_takes_back(
    committed: None, double: Double, state: str
) -> None:
    lane = make_lane(double)
    (said,) = record(1)
    if state == "quarantined":
        double.refused = {said}
    if state == "choking":
        double.choking = {said}
        Lane.objects.update(failures=delivery.ISOLATE_AFTER)
    if state == "aside":
        Delivery.objects.update(aside_until=datetime(2100, 1, 1, tzinfo=UTC))
    if state == "absent":
        Delivery.objects.all().delete()
    delivery.deliver(lane.pk)
    void_of_it = taking_back(0)
    with transaction.atomic():
        outbox.record(void_of_it, tags=tags())
    record(2, first=5)
    Lane.objects.update(retry_at=None)
    delivery.deliver(lane.pk)
    assert len(double.stored) == 2, "the others go on"
    assert str(void_of_it.id) not in {each for post in double.posts for each in post}
    assert lanes.due() == [], "what is held back is nothing to send"
    double.refused = double.choking = set()
    outbox.retry(lane=lane.pk)
    if state == "absent":
        lanes.enqueue_missing(lane)
    delivery.deliver(lane.pk)
    arrived = list(double.stored)
    assert arrived.index(said) < arrived.index(str(void_of_it.id))
    assert not Delivery.objects.filter(delivered_at=None).exists()


def test_a_void_of_what_is_not_ours_any_more_goes(committed: None, double: Double) -> None:
    lane = make_lane(double)
    record(1)
    with transaction.atomic():
        outbox.record(taking_back(0), tags=tags())
    Delivery.objects.filter(record__voids=None).delete()
    StatementRecord.objects.filter(voids=None).delete()
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    assert outcome.delivered == 1


def test_each_lane_has_an_order_of_its_own(committed: None, double: Double) -> None:
    with serving() as other:
        first, second = make_lane(double), make_lane(other, name="other")
        (said,) = record(1)
        delivery.deliver(first.pk)
        other.refused = {said}
        delivery.deliver(second.pk)
        with transaction.atomic():
            outbox.record(taking_back(0), tags=tags())
        delivery.deliver(first.pk)
        delivery.deliver(second.pk)
        assert len(double.stored) == 2
        assert len(other.stored) == 0
