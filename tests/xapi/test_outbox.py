"""The writing door: with the deed or not at all, once, to every lane that takes it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from attune.xapi import doorbell, outbox
from attune.xapi.models import Delivery, Lane, StatementRecord
from tests.delivery.conftest import committed as committed
from tests.delivery.conftest import statement, tags

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def lane(name: str, **changes: Any) -> Lane:
    return Lane.objects.create(name=name, endpoint="https://lrs.example/xapi", **changes)


@pytest.mark.django_db
def test_a_statement_is_recorded_as_it_was_frozen_with_its_tags() -> None:
    made = statement(1)
    assert outbox.record(made, tags=tags(), now=NOW) is True
    row = StatementRecord.objects.get()
    assert row.statement_id == made.id
    assert row.body.encode() == made.body
    assert (row.actor, row.registration) == (made.actor, made.registration)
    assert (row.verb, row.activity, row.kind) == (made.verb, made.activity, "unit_completed")
    assert (row.engagement, row.client, row.vendor) == ("nordlicht-habagat", "nordlicht", "habagat")
    assert (row.occurred_at, row.recorded_at) == (made.occurred_at, NOW)


@pytest.mark.django_db
def test_the_same_again_changes_nothing() -> None:
    lane("all")
    assert outbox.record(statement(1), tags=tags()) is True
    assert outbox.record(statement(1), tags=tags()) is False
    assert StatementRecord.objects.count() == Delivery.objects.count() == 1
    assert outbox.record_many([(statement(1), tags()), (statement(2), tags())]) == 1
    assert outbox.record_many([(statement(3), tags()), (statement(3), tags())]) == 1


@pytest.mark.django_db
def test_another_statement_of_the_same_id_is_refused() -> None:
    made = statement(1)
    outbox.record(made, tags=tags())
    other = replace(made, body=made.body.replace(b"Lesson 1", b"Lesson 9"))
    with pytest.raises(outbox.StatementConflict, match=str(made.id)):
        outbox.record(other, tags=tags())
    with pytest.raises(outbox.StatementConflict):
        outbox.record_many([(statement(2), tags()), (replace(statement(2), body=b"{}"), tags())])


@pytest.mark.database
def test_outside_a_transaction_it_refuses(committed: None) -> None:
    with pytest.raises(transaction.TransactionManagementError, match="commits with the deed"):
        outbox.record(statement(1), tags=tags())
    assert not StatementRecord.objects.exists()


@pytest.mark.database
def test_a_deed_that_is_rolled_back_leaves_no_statement(committed: None) -> None:
    lane("all")

    def deed() -> None:
        with transaction.atomic():
            outbox.record(statement(1), tags=tags())
            raise RuntimeError("the deed failed")

    with pytest.raises(RuntimeError, match="the deed failed"):
        deed()
    assert not StatementRecord.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_what_the_linter_finds_is_refused_with_its_path(settings: Any) -> None:
    made = statement(1)
    said = json.loads(made.body)
    del said["result"]
    spoilt = replace(made, body=json.dumps(said).encode())
    with pytest.raises(outbox.StatementRefused, match=r"result\.completion"):
        outbox.record(spoilt, tags=tags())
    settings.ATTUNE_XAPI_LINT = False
    assert outbox.record(spoilt, tags=tags()) is True


@pytest.mark.django_db
def test_each_lane_gets_its_own_clients_statements_and_one_that_is_off_none() -> None:
    everybodys, nordlichts = lane("all"), lane("nordlicht", client="nordlicht")
    lane("cedar", client="cedar")
    lane("off", is_enabled=False)
    outbox.record(statement(1), tags=tags("nordlicht"))
    assert set(Delivery.objects.values_list("lane", flat=True)) == {everybodys.pk, nordlichts.pk}


@pytest.mark.django_db
def test_recording_takes_two_commands_whatever_the_number_of_lanes() -> None:
    for number in range(7):
        lane(f"lane {number}")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        outbox.record(statement(1), tags=tags())
    assert len(queries) == 2
    with CaptureQueriesContext(connection) as queries:
        outbox.record_many((statement(number), tags()) for number in range(2, 152))
    assert len(queries) == 2
    assert Delivery.objects.count() == 151 * 7


@pytest.mark.django_db
def test_order_is_the_order_of_recording_across_chunks() -> None:
    made = [statement(number) for number in range(450)]
    outbox.record_many((item, tags()) for item in made)
    recorded = StatementRecord.objects.order_by("pk").values_list("statement_id", flat=True)
    assert list(recorded) == [item.id for item in made]


@pytest.mark.database
def test_two_that_record_the_same_deed_at_once_record_it_once(committed: None) -> None:
    lane("all")
    gate = threading.Barrier(4)
    said: list[bool | str] = []

    def do() -> None:
        try:
            gate.wait(timeout=10)
            with transaction.atomic():
                said.append(outbox.record(statement(1), tags=tags()))
        except Exception as error:  # noqa: BLE001  (told to the test)
            said.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=do) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(said, key=str) == [False, False, False, True]
    assert StatementRecord.objects.count() == Delivery.objects.count() == 1


@pytest.mark.database
def test_the_doorbell_rings_after_the_commit_and_not_for_nothing(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    bell = doorbell.Doorbell(lambda: None)
    monkeypatch.setattr(bell, "ring", lambda: rung.append(StatementRecord.objects.count()))
    monkeypatch.setattr(doorbell, "_bell", bell)
    # Tests run tasks eagerly, where nothing is rung: here the site has a worker.
    site = SimpleNamespace(conf=SimpleNamespace(task_always_eager=False))
    monkeypatch.setattr(doorbell._broker, "app", site)
    with transaction.atomic():
        outbox.record(statement(1), tags=tags())
        assert rung == []
    assert rung == [1]
    with transaction.atomic():
        outbox.record(statement(1), tags=tags())
    assert rung == [1]


@pytest.mark.database
def test_retry_frees_quarantine_by_lane_and_by_id(committed: None) -> None:
    first, second = lane("first"), lane("second")
    with transaction.atomic():
        outbox.record_many((statement(number), tags()) for number in range(3))
    Delivery.objects.update(quarantined_at=NOW)
    assert outbox.retry(lane=first.pk, statements=[statement(1).id]) == 1
    assert outbox.retry(lane=first.pk) == 2
    assert outbox.retry() == 3
    assert not Delivery.objects.filter(quarantined_at__isnull=False).exists()
    assert second.deliveries.count() == 3
