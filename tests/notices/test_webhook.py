"""What a webhook's answer means, and what is no webhook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.notices.channels.addresses import networks
from attune.notices.channels.answers import Parcel, Verdict
from attune.notices.channels.webhook import LONGEST_WAIT, Webhook, judge
from tests.notices.sink import hook

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PARCEL = Parcel(
    id="1", kind="k", key="x", to="t", subject="s", body="b", language="en", written_at="now"
)


@pytest.mark.parametrize(
    "url", ["", "ftp://example.test/x", "example.test", "https://", "https://a:b@example.test/"]
)
def test_what_is_no_address_of_a_webhook(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Webhook(url=url)


@pytest.mark.parametrize(
    ("given_", "wait"),
    [
        ("90", timedelta(seconds=90)),
        ("0", timedelta(0)),
        ("99999999999", LONGEST_WAIT),
        ("Mon, 02 Mar 2026 09:31:00 GMT", timedelta(minutes=1)),
        ("Mon, 02 Mar 2026 09:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_both_forms_of_retry_after(given_: str | None, wait: timedelta | None) -> None:
    assert judge(503, given_, b"", now=NOW).wait == wait


@given(st.integers(100, 599), st.text(max_size=40), st.binary(max_size=40))
def test_every_answer_means_something_and_only_success_is_success(
    status: int, retry_after: str, said: bytes
) -> None:
    answer = judge(status, retry_after, said, now=NOW)
    assert (answer.verdict is Verdict.SENT) is (200 <= status < 300)
    assert str(status) in answer.words
    assert "\n" not in answer.words


def test_what_drips_is_cut_off_in_time() -> None:
    with hook() as made:
        made.drips = True
        with Webhook(
            url=made.url,
            allowed=networks(["127.0.0.0/8"]),
            connect_timeout=0.1,
            read_timeout=0.2,
        ) as way:
            answer = way.send(PARCEL)
    assert answer.verdict is Verdict.CLOSED
    assert answer.suspect
    assert "took longer" in answer.words


def test_a_name_nobody_knows_is_no_crash() -> None:
    with Webhook(url="https://nobody.invalid/") as way:
        answer = way.send(PARCEL)
    assert answer.verdict is Verdict.CLOSED


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1/")
    with hook() as made, Webhook(url=made.url, allowed=networks(["127.0.0.0/8"])) as way:
        assert way.send(PARCEL).verdict is Verdict.SENT
