"""The table of answers, as values."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.xapi.answers import (
    LONGEST_RETRY_AFTER,
    LONGEST_WAIT,
    Verdict,
    classify,
    parse_retry_after,
    wait_after,
    wait_while_paused,
    words,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SENT = ("a1", "b2")


def verdict(status: int, body: bytes = b"") -> Verdict:
    return classify(status, body, sent=SENT, now=NOW).verdict


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'["a1", "b2"]', Verdict.DELIVERED),
        (200, b'["B2", "A1"]', Verdict.DELIVERED),
        (204, b"", Verdict.DELIVERED),
        (204, b"whatever", Verdict.DELIVERED),
        (200, b'["a1"]', Verdict.PARTLY),
        (200, b"[]", Verdict.PARTLY),
        (200, b'["a1", "c3"]', Verdict.UNKNOWN),
        (200, b"<html>", Verdict.UNKNOWN),
        (200, b"", Verdict.UNKNOWN),
        (200, b"\xff\xfe", Verdict.UNKNOWN),
        (200, b'{"ok": true}', Verdict.UNKNOWN),
        (202, b"", Verdict.UNKNOWN),
        (400, b"", Verdict.REFUSED),
        (413, b"", Verdict.REFUSED),
        (422, b"", Verdict.REFUSED),
        (409, b"", Verdict.CONFLICT),
        *[(status, b"", Verdict.CLOSED) for status in (301, 302, 401, 402, 403, 404, 405, 415)],
        *[(status, b"", Verdict.UNKNOWN) for status in (408, 425, 429, 500, 502, 503, 504, 599)],
    ],
)
def test_every_status_has_its_verdict(status: int, body: bytes, expected: Verdict) -> None:
    assert verdict(status, body) is expected


@given(st.integers(100, 999), st.binary(max_size=200))
def test_no_answer_whatever_makes_it_fail(status: int, body: bytes) -> None:
    answer = classify(status, body, sent=SENT, retry_after="x", now=NOW)
    assert len(answer.message) < 1200


def test_words_are_one_line_without_tags() -> None:
    page = b"<html><script>alert(1)</script>\n <p>No &lt;room&gt;</p> left\x00</html>"
    assert words(page) == "No <room> left"
    assert len(words(b"x" * 100_000)) == 1000


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 3 ", 3),
        ("999999", LONGEST_RETRY_AFTER),
        ("-1", None),
        ("soon", None),
        ("Mon, 02 Mar 2026 10:00:00 +99999999999999999", None),
        ("", None),
        (None, None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), LONGEST_RETRY_AFTER),
    ],
)
def test_retry_after_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == seconds


@given(st.integers(1, 10_000), st.none() | st.floats(0, LONGEST_RETRY_AFTER))
def test_a_wait_is_never_nothing_and_never_for_ever(
    failures: int, retry_after: float | None
) -> None:
    wait = wait_after(failures, retry_after=retry_after, dice=random.Random(failures))
    assert timedelta(seconds=0.4) <= wait <= timedelta(seconds=LONGEST_RETRY_AFTER * 1.1)
    if retry_after is None:
        assert wait <= timedelta(seconds=LONGEST_WAIT)
    else:
        assert wait >= timedelta(seconds=retry_after)


def test_waits_are_spread() -> None:
    dice = random.Random(1)
    assert len({wait_after(9, retry_after=None, dice=dice) for _ in range(50)}) == 50
    assert len({wait_while_paused(dice=dice) for _ in range(50)}) == 50
