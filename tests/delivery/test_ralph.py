"""Delivery to a real record store, asked over its own API afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attune.xapi import connecting, delivery, lanes
from attune.xapi.models import Delivery, Lane
from tests.delivery.conftest import Ralph, record
from tests.delivery.conftest import statement as make_statement


def lane_to(ralph: Ralph, **changes: Any) -> Lane:
    return Lane.objects.create(
        **{
            "name": "ralph",
            "endpoint": ralph.endpoint,
            "username": ralph.username,
            "password": ralph.password,
            **changes,
        }
    )


def test_statements_arrive_and_can_be_asked_for(committed: None, shared_ralph: Ralph) -> None:
    lane = lane_to(shared_ralph)
    ids = record(120, seed="arrive")
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    assert outcome.delivered == 120
    (held,) = shared_ralph.get(statementId=ids[7])
    sent = json.loads(make_statement(7, seed="arrive").body)
    assert {name: held[name] for name in sent} == sent


def test_a_redelivery_stores_nothing_twice(committed: None, shared_ralph: Ralph) -> None:
    lane = lane_to(shared_ralph)
    ids = record(30, seed="again")
    delivery.deliver(lane.pk)
    before = len(shared_ralph.lines())
    Delivery.objects.update(delivered_at=None)
    record(1, first=30, seed="again")  # one new among thirty known
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    assert (outcome.delivered, outcome.quarantined) == (31, 0)
    assert len(shared_ralph.lines()) == before + 1
    assert shared_ralph.get(statementId=ids[0])


def test_another_statement_of_a_known_id_is_quarantined(
    committed: None, shared_ralph: Ralph
) -> None:
    lane = lane_to(shared_ralph)
    other = json.loads(make_statement(3, seed="conflict").body)
    other["timestamp"] = "2020-01-01T00:00:00.000Z"
    with shared_ralph.client() as client:
        client.post(f"{shared_ralph.endpoint}/statements", json=[other]).raise_for_status()
    ids = record(10, seed="conflict")
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    assert (outcome.delivered, outcome.quarantined) == (9, 1)
    refused = Delivery.objects.get(quarantined_at__isnull=False)
    assert str(refused.record.statement_id) == ids[3]


def test_a_wrong_password_pauses(committed: None, shared_ralph: Ralph) -> None:
    lane = lane_to(shared_ralph, password="wrong")
    record(1, seed="password")
    delivery.deliver(lane.pk)
    lane.refresh_from_db()
    assert lane.state == "paused"
    assert "401" in lane.pause_reason
    lane.password = shared_ralph.password
    lane.save()
    lanes.settings_changed(lane)
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    assert outcome.delivered == 1


def test_trying_out_a_real_store(committed: None, shared_ralph: Ralph) -> None:
    assert connecting.try_out(lane_to(shared_ralph)).message == ""


def test_killed_at_any_moment_it_starts_again(committed: None, own_ralph: Ralph) -> None:
    """A line that a killed store left half-written is cut off, and its batch sent again."""
    lane = lane_to(own_ralph)
    record(20, seed="torn")
    delivery.deliver(lane.pk)
    own_ralph.kill()
    path = own_ralph.data / "statements.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: -len(whole.splitlines()[-1]) // 2])
    own_ralph.start()
    assert len(own_ralph.lines()) == 19
    Delivery.objects.update(delivered_at=None)
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    assert outcome.delivered == 20
    assert len(own_ralph.lines()) == 20


@pytest.mark.parametrize("number", [0, 5])
def test_the_same_bytes_come_back(committed: None, shared_ralph: Ralph, number: int) -> None:
    """What is built twice is the same, letter by letter: redelivery depends on it."""
    first, second = (make_statement(number, seed="bytes") for _ in range(2))
    assert first.body == second.body
    assert first.id == second.id


def test_it_is_tried_with_compressed_batches_and_gets_what_it_takes(
    committed: None, own_ralph: Ralph
) -> None:
    """Ralph 5 stumbles over a compressed body (500): it gets them plain, in the same run."""
    lane = Lane.objects.create(
        name="compressed",
        endpoint=own_ralph.endpoint,
        username=own_ralph.username,
        password=own_ralph.password,
        compresses=True,
    )
    ids = record(150, seed="gzip")
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    assert (outcome.delivered, outcome.quarantined) == (150, 0)
    lane.refresh_from_db()
    assert "does not take compressed batches" in lane.last_error
    assert sorted(json.loads(line)["id"] for line in own_ralph.lines()) == sorted(ids)
