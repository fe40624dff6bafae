"""OAuth 2.0: a token for client id and secret, against a server that issues them for real."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from attune.xapi import connecting, credentials, delivery
from attune.xapi.answers import Verdict
from attune.xapi.models import Authentication, Delivery, Lane
from tests.delivery.conftest import make_lane, record
from tests.delivery.double import Double, answer
from tests.delivery.token_double import TokenDouble, issuing

pytestmark = pytest.mark.database


@pytest.fixture
def tokens(double: Double) -> Iterator[TokenDouble]:
    credentials._tokens.clear()
    double.tokens = set()
    with issuing(TokenDouble(store=double.tokens)) as running:
        yield running


@pytest.fixture
def lane(committed: None, double: Double, tokens: TokenDouble) -> Lane:
    return make_lane(
        double,
        authentication=Authentication.OAUTH2,
        token_endpoint=tokens.endpoint,
        username=tokens.client_id,
        password=tokens.secret,
    )


def run(lane: Lane) -> delivery.Outcome:
    Lane.objects.filter(pk=lane.pk).update(retry_at=None)
    outcome = delivery.deliver(lane.pk)
    assert outcome is not None
    lane.refresh_from_db()
    return outcome


def test_one_token_serves_many_batches_and_runs(
    lane: Lane, double: Double, tokens: TokenDouble
) -> None:
    record(250)
    assert run(lane).delivered == 250
    record(10, first=300)
    assert run(lane).delivered == 10
    assert len(double.stored) == 260
    assert tokens.requests == 1


def test_the_scope_is_asked_for_where_there_is_one(lane: Lane, tokens: TokenDouble) -> None:
    tokens.scope = "statements/write all"
    record(1)
    assert "invalid_scope" in run(lane).stopped
    assert lane.state == "paused"
    Lane.objects.update(scope=tokens.scope)
    assert run(lane).delivered == 1


def test_a_token_is_given_up_before_it_runs_out(
    lane: Lane, tokens: TokenDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(credentials.time, "monotonic", lambda: now[0])
    record(1)
    run(lane)
    for after, requests in ((3539, 1), (2, 2), (3539, 2)):
        now[0] += after
        record(1, first=int(now[0]))
        assert run(lane).delivered == 1
        assert tokens.requests == requests


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (3600, 3540),
        ("3600", 3540),
        (10, 8),
        (None, 240),
        (0, 240),
        (-5, 240),
        ("soon", 240),
        ([1], 240),
        (1e308, 86340),
        (float("inf"), 240),
        (float("nan"), 240),
    ],
)
def test_how_long_a_token_is_kept(lane: Lane, tokens: TokenDouble, said: Any, kept: float) -> None:
    tokens.lifetime = said
    record(1)
    began = time.monotonic()
    assert run(lane).delivered == 1
    (held,) = credentials._tokens.values()
    assert kept <= held.until - began <= kept + 10


def test_a_token_that_the_store_no_longer_takes_is_replaced_once(
    lane: Lane, double: Double, tokens: TokenDouble
) -> None:
    record(1)
    run(lane)
    assert double.tokens is not None
    double.tokens.clear()  # the store has forgotten it, or its clock is ahead
    ids = record(5, first=5)
    assert run(lane).delivered == 5
    assert tokens.requests == 2
    assert set(ids) <= set(double.stored)


def test_a_store_that_takes_no_token_at_all_pauses_the_lane(
    lane: Lane, double: Double, tokens: TokenDouble, caplog: pytest.LogCaptureFixture
) -> None:
    tokens.store = None
    record(3)
    with caplog.at_level(logging.DEBUG):
        run(lane)
    assert lane.state == "paused"
    assert "401" in lane.pause_reason
    assert tokens.requests == 2  # once on 401, and not for ever
    assert len(double.posts) == 2
    assert not Delivery.objects.exclude(quarantined_at=None).exists()
    # The store repeats the token that it was sent; we do not.
    for token in tokens.issued:
        assert token not in lane.pause_reason + lane.last_error + caplog.text
    assert "•••" in lane.pause_reason


def test_a_wrong_secret_pauses_in_the_servers_words_and_is_not_repeated(
    lane: Lane, double: Double, tokens: TokenDouble, caplog: pytest.LogCaptureFixture
) -> None:
    sent = connecting.connect(lane, "a wrong secret")._tokens
    assert sent is not None
    header = sent._headers["Authorization"].removeprefix("Basic ")
    Lane.objects.update(password="a wrong secret")
    record(3)
    with caplog.at_level(logging.DEBUG):
        outcome = run(lane)
    assert "The token server: 401" in outcome.stopped
    assert "invalid_client" in lane.pause_reason
    assert lane.state == "paused"
    said = lane.pause_reason + lane.last_error + caplog.text
    for secret in ("a wrong secret", "a+wrong+secret", header):
        assert secret not in said
    assert double.posts == []
    lane.password = tokens.secret
    lane.save()
    assert run(lane).delivered == 3
    assert lane.state == "active"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 301, 422])
def test_what_speaks_of_the_settings_pauses(lane: Lane, tokens: TokenDouble, status: int) -> None:
    record(1)
    tokens.plan(status, b'{"error": "invalid_client"}')
    run(lane)
    assert lane.state == "paused"
    assert run(lane).delivered == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"oops"),
        (503, b""),
        (429, b""),
        (408, b""),
        (201, b'{"access_token": "not-ours-to-tell", "token_type": "bearer"}'),
        (200, b"<html>Please sign in</html>"),
        (200, b'["not-ours-to-tell"]'),
        (200, b'{"access_token": 5, "token_type": "bearer"}'),
        (200, b'{"access_token": "two\\nlines", "token_type": "bearer"}'),
        (200, b'{"access_token": "not-ours-to-tell", "token_type": "mac"}'),
        (200, b"\xff\xfe"),
    ],
)
def test_what_leaves_the_outcome_open_backs_off(
    lane: Lane, double: Double, tokens: TokenDouble, status: int, body: bytes
) -> None:
    record(1)
    tokens.plan(status, body)
    run(lane)
    assert lane.state == "backing off"
    assert "token server" in lane.last_error
    if status == 200:
        assert "not-ours-to-tell" not in lane.last_error
    assert double.posts == []
    assert run(lane).delivered == 1


def test_a_token_server_that_is_not_there_backs_off_and_blames_no_statement(
    committed: None, double: Double
) -> None:
    credentials._tokens.clear()
    with issuing() as gone:
        endpoint = gone.endpoint
    lane = make_lane(double, authentication=Authentication.OAUTH2, token_endpoint=endpoint)
    record(30)
    for _ in range(delivery.ISOLATE_AFTER + 2):
        run(lane)
    assert lane.state == "backing off"
    assert "Connect" in lane.last_error
    assert not Delivery.objects.exclude(aside_until=None).exists()


def test_a_token_server_in_trouble_is_asked_once_per_run(lane: Lane, tokens: TokenDouble) -> None:
    """And not once per statement, however long it lasts: no statement can be to blame."""
    record(30)
    for _ in range(delivery.ISOLATE_AFTER + 2):
        tokens.plan(500)
        before = tokens.requests
        run(lane)
        assert tokens.requests == before + 1
    assert run(lane).delivered == 30


def test_its_retry_after_is_honoured(lane: Lane, tokens: TokenDouble) -> None:
    record(1)
    tokens.plan(429, Retry_After="120")
    run(lane)
    assert lane.retry_at is not None
    assert lane.last_error_at is not None
    assert 115 < (lane.retry_at - lane.last_error_at).total_seconds() < 135


def test_an_address_that_is_none_pauses_in_words(lane: Lane) -> None:
    Lane.objects.update(token_endpoint="")
    record(1)
    run(lane)
    assert lane.state == "paused"
    assert "not the address of a token server" in lane.pause_reason


def test_another_secret_does_not_get_the_old_ones_token(
    lane: Lane, double: Double, tokens: TokenDouble
) -> None:
    record(1)
    run(lane)
    Lane.objects.update(password="another")
    record(1, first=5)
    assert run(lane).delivered == 0
    assert lane.state == "paused"


def test_trying_out_asks_for_a_token_too(lane: Lane, double: Double, tokens: TokenDouble) -> None:
    assert connecting.try_out(lane).verdict is Verdict.DELIVERED
    lane.password = "wrong"
    lane.save()
    lane.refresh_from_db()
    assert "The token server: 401" in connecting.try_out(lane).message
    assert double.posts == []


def test_the_environments_lane_takes_tokens(
    committed: None, double: Double, tokens: TokenDouble, settings: Any
) -> None:
    settings.ATTUNE_LRS_ENDPOINT = double.endpoint
    settings.ATTUNE_LRS_USERNAME = tokens.client_id
    settings.ATTUNE_LRS_PASSWORD = tokens.secret
    settings.ATTUNE_LRS_TOKEN_ENDPOINT = tokens.endpoint
    record(2)
    (due,) = delivery.sweep()
    assert delivery.deliver(due).delivered == 2  # type: ignore[union-attr]


def test_basic_credentials_are_not_repeated_either(
    committed: None, double: Double, caplog: pytest.LogCaptureFixture
) -> None:
    lane = make_lane(double, password="Correct Horse")
    header = credentials.basic("key", "Correct Horse").removeprefix("Basic ")
    double.plan(answer(401, f"{header}, that is Correct Horse".encode()))
    double.password = "Correct Horse"
    record(1)
    with caplog.at_level(logging.DEBUG):
        run(lane)
    assert lane.state == "paused"
    for secret in ("Correct Horse", header):
        assert secret not in lane.pause_reason + caplog.text
