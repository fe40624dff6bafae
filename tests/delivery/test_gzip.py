"""Compressed batches, and stores that do not take them."""

from __future__ import annotations

import pytest

from attune.xapi import delivery
from attune.xapi.models import Delivery, Lane
from tests.delivery.conftest import make_lane, record
from tests.delivery.double import Double, answer

pytestmark = pytest.mark.database


@pytest.fixture
def lane(committed: None, double: Double) -> Lane:
    return make_lane(double, compresses=True)


def run(lane: Lane) -> delivery.Outcome:
    Lane.objects.filter(pk=lane.pk).update(retry_at=None)
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    lane.refresh_from_db()
    return outcome


def test_batches_are_compressed_where_the_lane_says_so(lane: Lane, double: Double) -> None:
    ids = record(250)
    assert run(lane).delivered == 250
    assert double.compressed == [True] * 3
    assert list(double.stored) == ids
    assert lane.last_error == ""
    Lane.objects.update(compresses=False)
    record(1, first=300)
    run(lane)
    assert double.compressed[-1] is False


@pytest.mark.parametrize("status", [415, 400, 422, 500])
def test_a_store_that_takes_none_gets_them_plain_for_the_run_and_it_is_said(
    lane: Lane, double: Double, status: int
) -> None:
    double.gzip = status
    record(250)
    outcome = run(lane)
    assert (outcome.delivered, outcome.quarantined) == (250, 0)
    assert double.compressed == [True, False, False, False]
    assert "does not take compressed batches" in lane.last_error
    assert f"{status}" in lane.last_error
    assert lane.last_error_at is not None
    assert lane.state == "active"


def test_one_bad_statement_is_still_found_and_nothing_is_said_of_compression(
    lane: Lane, double: Double
) -> None:
    ids = record(40)
    double.refused = {ids[17]}
    outcome = run(lane)
    assert (outcome.delivered, outcome.quarantined) == (39, 1)
    assert lane.last_error == ""
    # Compression was in doubt once: the bisection does not ask everything twice.
    assert len(double.posts) <= 14


def test_once_a_compressed_batch_was_taken_a_400_is_about_a_statement(
    lane: Lane, double: Double
) -> None:
    ids = record(150)
    double.refused = {ids[120]}
    outcome = run(lane)
    assert (outcome.delivered, outcome.quarantined) == (149, 1)
    assert set(double.compressed) == {True}


def test_a_store_that_takes_neither_quarantines_in_the_words_about_the_statement(
    lane: Lane, double: Double
) -> None:
    double.gzip = 415
    (only,) = record(1)
    double.refused = {only}
    assert run(lane).quarantined == 1
    assert "not to my taste" in Delivery.objects.get().answer


def test_a_store_that_chokes_on_compression_gets_plain_batches_in_the_end(
    lane: Lane, double: Double
) -> None:
    double.gzip = 502
    record(3)
    for _ in range(delivery.ISOLATE_AFTER):
        assert run(lane).delivered == 0
    assert run(lane).delivered == 3


def test_too_large_a_batch_is_halved_compressed_as_it_is(lane: Lane, double: Double) -> None:
    double.plan(answer(413, b"too large"))
    record(100)
    assert run(lane).delivered == 100
    assert double.compressed == [True] * 3
