"""What stores refused: sent again, voided, given up, by one operator or two."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from attune.xapi import health, outbox, quarantine, verbs
from attune.xapi.lanes import enqueue_missing
from attune.xapi.models import Delivery, GivenUp, Lane, StatementRecord
from attune.xapi.quarantine import Choice
from attune.xapi.statements import void as taking_back
from tests.delivery.conftest import record, tags

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 3, 2, 9, 33, 20, tzinfo=UTC)
EVERYTHING = Choice()
SHELVED = Choice(given_up=True)


@pytest.fixture
def lane() -> Lane:
    return Lane.objects.create(name="one", endpoint="https://one.example/xapi")


@pytest.fixture
def other() -> Lane:
    return Lane.objects.create(name="two", endpoint="https://two.example/xapi")


def refuse(lane: Lane, ids: Sequence[str], *, at: datetime = NOW) -> None:
    Delivery.objects.filter(lane=lane, record__statement_id__in=ids).update(
        quarantined_at=at, answer="no such verb"
    )


def deliver(lane: Lane, ids: Sequence[str]) -> None:
    Delivery.objects.filter(lane=lane, record__statement_id__in=ids).update(delivered_at=NOW)


def states(lane: Lane) -> dict[str, str]:
    rows = Delivery.objects.filter(lane=lane).select_related("record").order_by("record")
    return {str(row.record.statement_id): row.state for row in rows}


def give_up(choice: Choice = EVERYTHING, note: str = "A test statement") -> int:
    return quarantine.give_up(choice, by="Alex", note=note, now=NOW)


# --- Choosing --------------------------------------------------------------------------------


def test_a_choice_narrows_by_all_that_it_names(lane: Lane, other: Lane) -> None:
    ids = record(4)
    refuse(lane, ids[:3])
    refuse(lane, ids[2:3], at=NOW + timedelta(days=1))
    refuse(other, ids[3:])

    def count(**narrowing: Any) -> int:
        return quarantine.rows(Choice(**narrowing)).count()

    assert count() == 4
    assert count(lane=lane.pk) == 3
    assert count(kind="unit_completed") == 4
    assert count(kind="answered") == 0
    assert count(since=NOW + timedelta(hours=1)) == 1
    assert count(until=NOW + timedelta(hours=1)) == 3
    assert count(seen_at=NOW) == 3
    assert count(keys=frozenset()) == 0
    first = Delivery.objects.get(lane=lane, record__statement_id=ids[0])
    assert count(keys=frozenset({first.pk}), lane=other.pk) == 0
    assert quarantine.kinds() == ["unit_completed"]


# --- Giving up ---------------------------------------------------------------------------------


def taken_back(target: str) -> str:
    """Record what takes *target* back, as a regrade does; its id."""
    of = StatementRecord.objects.get(statement_id=target)
    back = taking_back(
        deed=f"test:void:{target}",
        actor=of.actor,
        target=of.statement_id,
        at=NOW,
        registration=of.registration,
    )
    with transaction.atomic():
        outbox.record(back, tags=tags())
    return str(back.id)


@pytest.mark.parametrize("regraded_first", [True, False])
def test_what_takes_it_back_is_given_up_with_it_and_sent_again_with_it(
    lane: Lane, regraded_first: bool
) -> None:
    target, other_one = record(2)
    deliver(lane, [other_one])
    refuse(lane, [target])
    if regraded_first:
        back = taken_back(target)
    give_up()
    if not regraded_first:
        back = taken_back(target)
        assert quarantine.withhold_voidings(now=NOW) == 1
    fine = taken_back(other_one)
    assert quarantine.withhold_voidings(now=NOW) == 0
    assert states(lane)[back] == "quarantined"
    assert states(lane)[fine] == "waiting"
    [report] = health.lane_reports(NOW)
    assert (report.waiting, report.quarantined, report.given_up) == (1, 0, 2)
    assert quarantine.send_again(Choice(given_up=True)) == 2
    assert states(lane)[target] == states(lane)[back] == "waiting"


def test_what_is_given_up_leaves_the_counts_and_says_who_and_why(lane: Lane) -> None:
    ids = record(3)
    refuse(lane, ids[:2])
    assert give_up() == 2
    assert quarantine.rows(EVERYTHING).count() == 0
    assert quarantine.rows(SHELVED).count() == 2
    assert set(GivenUp.objects.values_list("by", "note", "at")) == {
        ("Alex", "A test statement", NOW)
    }
    (report,) = health.lane_reports(NOW)
    assert (report.quarantined, report.given_up, report.waiting) == (0, 2, 1)
    assert health.quarantined(lane) == 0
    assert states(lane)[ids[0]] == "quarantined"  # and so it is not sent


@pytest.mark.parametrize("note", ["", "  \n"])
def test_nothing_is_given_up_without_a_word(lane: Lane, note: str) -> None:
    refuse(lane, record(1))
    with pytest.raises(ValueError, match="says why"):
        give_up(note=note)
    assert not GivenUp.objects.exists()


def test_the_first_operators_word_stands(lane: Lane) -> None:
    refuse(lane, record(1))
    assert give_up(note="first") == 1
    assert give_up(note="second") == 0
    assert GivenUp.objects.get().note == "first"


def test_only_refused_statements_can_be_given_up(lane: Lane) -> None:
    ids = record(2)
    deliver(lane, ids[:1])
    keys = frozenset(Delivery.objects.values_list("pk", flat=True))
    assert give_up(Choice(keys=keys)) == 0


def test_giving_up_is_taken_back(lane: Lane) -> None:
    ids = record(2)
    refuse(lane, ids)
    give_up()
    assert quarantine.take_back(EVERYTHING) == 0
    assert quarantine.take_back(Choice(given_up=True, given_up_at=NOW + timedelta(1))) == 0
    assert quarantine.take_back(Choice(given_up=True, given_up_at=NOW)) == 2
    assert quarantine.rows(EVERYTHING).count() == 2


def test_ten_thousand_are_given_up_and_sent_again_in_a_few_commands(
    lane: Lane, django_assert_max_num_queries: Any
) -> None:
    ids = record(600)
    refuse(lane, ids)
    with django_assert_max_num_queries(4):
        assert give_up() == 600
    with django_assert_max_num_queries(8):
        assert quarantine.send_again(SHELVED) == 600


# --- Sending again -------------------------------------------------------------------------------


def test_what_is_sent_again_waits_in_its_old_place_and_is_given_up_no_more(lane: Lane) -> None:
    ids = record(3)
    refuse(lane, ids[:2])
    give_up(Choice(keys=frozenset({Delivery.objects.earliest("record").pk})))
    assert quarantine.send_again(EVERYTHING) == 1
    assert GivenUp.objects.count() == 1
    assert quarantine.send_again(SHELVED) == 1
    assert set(states(lane).values()) == {"waiting"}
    assert not GivenUp.objects.exists()


def test_what_was_dealt_with_meanwhile_is_left_alone(lane: Lane) -> None:
    ids = record(2)
    refuse(lane, ids)
    chosen = Choice(keys=frozenset(Delivery.objects.values_list("pk", flat=True)))
    first = Delivery.objects.earliest("record")
    assert quarantine.send_again(Choice(keys=frozenset({first.pk}))) == 1
    deliver(lane, ids[:1])
    assert quarantine.send_again(chosen) == 1
    assert states(lane) == {ids[0]: "delivered", ids[1]: "waiting"}


def test_a_lane_that_is_gone_takes_its_quarantine_along(lane: Lane) -> None:
    refuse(lane, record(2))
    give_up()
    key = lane.pk
    lane.delete()
    assert quarantine.rows(Choice(lane=key)).count() == 0
    assert quarantine.send_again(Choice(lane=key)) == 0
    assert not GivenUp.objects.exists()


def test_the_command_retries_what_is_given_up_only_by_name(lane: Lane) -> None:
    ids = record(2)
    refuse(lane, ids)
    give_up(Choice(keys=frozenset({Delivery.objects.earliest("record").pk})))
    assert outbox.retry() == 1
    assert states(lane) == {ids[0]: "quarantined", ids[1]: "waiting"}
    row = StatementRecord.objects.get(statement_id=ids[0])
    assert outbox.retry(statements=[row.statement_id]) == 1
    assert not GivenUp.objects.exists()


# --- Voiding ---------------------------------------------------------------------------------


def void(choice: Choice = EVERYTHING) -> quarantine.Voided:
    return quarantine.void(choice, by="Alex", now=NOW)


def test_voiding_reaches_the_stores_that_hold_it_and_no_other(lane: Lane, other: Lane) -> None:
    (identifier,) = record(1)
    refuse(lane, [identifier])
    deliver(other, [identifier])
    assert void() == quarantine.Voided(voided=1, withheld=1)
    target = StatementRecord.objects.get(statement_id=identifier)
    taken_back = quarantine.voided_by(target)
    assert taken_back is not None
    said = json.loads(taken_back.body)
    assert said["verb"]["id"] == verbs.VOIDED.id
    assert said["object"] == {"objectType": "StatementRef", "id": identifier}
    assert (taken_back.actor, taken_back.client) == (target.actor, target.client)
    assert taken_back.registration == target.registration
    assert states(other) == {identifier: "delivered", str(taken_back.statement_id): "waiting"}
    assert states(lane) == {identifier: "quarantined", str(taken_back.statement_id): "quarantined"}
    assert quarantine.rows(EVERYTHING).count() == 0  # both are given up there
    assert enqueue_missing(lane) == 0  # and stay so when somebody changes the lane


def test_a_store_that_is_still_to_take_it_gets_the_voiding_behind_it(
    lane: Lane, other: Lane
) -> None:
    third = Lane.objects.create(name="three", endpoint="https://three.example/xapi")
    (identifier,) = record(1)
    refuse(lane, [identifier])
    deliver(other, [identifier])
    void()
    assert list(states(third).values()) == ["waiting", "waiting"]
    assert next(iter(states(third))) == identifier


def test_where_no_store_holds_it_there_is_nothing_to_void(lane: Lane, other: Lane) -> None:
    ids = record(2)
    refuse(lane, ids)
    refuse(other, ids[:1])
    assert void() == quarantine.Voided(nowhere=2)
    assert StatementRecord.objects.count() == 2
    assert quarantine.rows(EVERYTHING).count() == 3


def test_voiding_twice_voids_once_and_a_voiding_is_not_voided(lane: Lane, other: Lane) -> None:
    (identifier,) = record(1)
    refuse(lane, [identifier])
    deliver(other, [identifier])
    void()
    assert void(SHELVED) == quarantine.Voided(already=1, unvoidable=1)
    assert StatementRecord.objects.count() == 2


def test_a_lane_that_is_off_gets_the_voiding_when_it_is_on(lane: Lane, other: Lane) -> None:
    (identifier,) = record(1)
    refuse(lane, [identifier])
    deliver(other, [identifier])
    Lane.objects.filter(pk=other.pk).update(is_enabled=False)
    void()
    assert list(states(other).values()) == ["delivered", "waiting"]


def test_what_is_sent_again_after_all_is_voided_there_too(lane: Lane, other: Lane) -> None:
    (identifier,) = record(1)
    refuse(lane, [identifier])
    deliver(other, [identifier])
    void()
    target = Delivery.objects.get(lane=lane, record__statement_id=identifier)
    assert quarantine.send_again(Choice(keys=frozenset({target.pk}), given_up=True)) == 1
    assert list(states(lane).values()) == ["waiting", "waiting"]
    assert not GivenUp.objects.exists()


def test_too_many_at_a_time_are_refused(
    lane: Lane, other: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = record(3)
    refuse(lane, ids)
    deliver(other, ids)
    monkeypatch.setattr(quarantine, "MOST_VOIDED", 2)
    assert quarantine.too_many_to_void(EVERYTHING)
    with pytest.raises(ValueError, match="at most 2"), transaction.atomic():
        void()
    monkeypatch.setattr(quarantine, "MOST_VOIDED", 3)
    assert not quarantine.too_many_to_void(EVERYTHING)
    assert void().voided == 3


def test_voiding_many_costs_no_query_more_than_a_few(
    lane: Lane, other: Lane, django_assert_max_num_queries: Any
) -> None:
    ids = record(150)
    refuse(lane, ids)
    deliver(other, ids)
    with django_assert_max_num_queries(20):
        assert void().voided == 150
