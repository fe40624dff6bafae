"""Two operators in the same moment: one gives up what the other sends again, or both void it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection

from attune.xapi import quarantine
from attune.xapi.models import Delivery, GivenUp, Lane, StatementRecord
from attune.xapi.quarantine import Choice
from tests.delivery.conftest import committed as committed
from tests.delivery.conftest import record

pytestmark = pytest.mark.database
NOW = datetime(2026, 3, 2, 9, 33, 20, tzinfo=UTC)
ROUNDS = 8


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Each in a thread of its own, let go together; what each gave back."""
    gate = threading.Barrier(len(deeds))
    came: list[object] = [None] * len(deeds)

    def act(place: int, deed: Callable[[], object]) -> None:
        try:
            gate.wait()
            came[place] = deed()
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in came, "a deed failed"
    return came


@pytest.fixture
def lane(committed: None) -> Lane:
    lane = Lane.objects.create(name="one", endpoint="https://one.example/xapi")
    record(60)
    return lane


def refuse(lane: Lane) -> None:
    GivenUp.objects.all().delete()
    Delivery.objects.filter(lane=lane).update(quarantined_at=NOW, answer="no")


def give_up() -> int:
    return quarantine.give_up(Choice(), by="Alex", note="no use", now=NOW)


def take_back() -> int:
    return quarantine.take_back(Choice(given_up=True))


def test_what_is_sent_again_is_never_given_up_as_well(lane: Lane) -> None:
    for _round in range(ROUNDS):
        refuse(lane)
        at_once(give_up, lambda: quarantine.send_again(Choice()), give_up)
        assert not GivenUp.objects.filter(delivery__quarantined_at=None).exists()
        waiting = Delivery.objects.filter(quarantined_at=None).count()
        assert waiting + GivenUp.objects.count() == 60


def test_each_is_counted_by_one_operator_alone(lane: Lane) -> None:
    for _round in range(ROUNDS):
        refuse(lane)
        counts = at_once(give_up, give_up)
        assert sum(counts) == 60  # type: ignore[arg-type]
        assert sum(at_once(take_back, take_back)) == 60  # type: ignore[arg-type]


def test_two_voidings_of_one_statement_are_one(lane: Lane) -> None:
    other = Lane.objects.create(name="two", endpoint="https://two.example/xapi")
    records = StatementRecord.objects.values_list("pk", flat=True)
    Delivery.objects.bulk_create(
        [Delivery(lane=other, record_id=key, delivered_at=NOW) for key in records]
    )
    refuse(lane)

    def void() -> int:
        return quarantine.void(Choice(), by="Alex", now=datetime.now(tz=UTC)).voided

    assert sum(at_once(void, void)) == 60  # type: ignore[arg-type]
    assert StatementRecord.objects.count() == 120
