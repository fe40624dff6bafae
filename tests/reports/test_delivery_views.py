"""Delivery of records as operators see it: lanes, their switches, the quarantine and its deeds."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import ModelLogEntry

from attune.reports.delivery_chart import HEAD, HEIGHT, WIDTH, chart_of
from attune.xapi import counting, outbox
from attune.xapi.models import Delivery, GivenUp, Lane, LaneOrigin, Replay, StatementRecord
from tests.delivery.conftest import statement, tags

RECORDS = "/admin/attune/reports/records/"
QUARANTINE = f"{RECORDS}quarantine/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client, as_user: Any, administrator: Any) -> Client:
    return as_user(client, administrator)  # type: ignore[no-any-return]


def make_lane(name: str = "Nordlicht’s store", **more: Any) -> Lane:
    return Lane.objects.create(
        **{"name": name, "endpoint": "https://lrs.nordlicht.example/xAPI", **more}
    )


@pytest.fixture
def lane() -> Lane:
    return make_lane()


def record(count: int, *, first: int = 0) -> list[str]:
    made = [statement(first + number) for number in range(count)]
    with transaction.atomic():
        outbox.record_many((each, tags()) for each in made)
    return [str(each.id) for each in made]


def refuse(lane: Lane, ids: list[str], *, words: str = "400: no such verb", at: Any = None) -> None:
    Delivery.objects.filter(lane=lane, record__statement_id__in=ids).update(
        quarantined_at=at or timezone.now(), answer=words
    )


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def deed(name: str) -> str:
    return f"{QUARANTINE}{name}/"


def keys(lane: Lane) -> list[int]:
    rows = Delivery.objects.filter(lane=lane, quarantined_at__isnull=False).order_by("record")
    return list(rows.values_list("pk", flat=True))


# --- Who may ---------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["hana", "ines", "klaus", "maria"])
def test_nobody_but_operators(
    client: Client, as_user: Any, lane: Lane, request: pytest.FixtureRequest, who: str
) -> None:
    refuse(lane, record(1))
    (key,) = keys(lane)
    as_user(client, request.getfixturevalue(who))
    for address in (RECORDS, QUARANTINE, f"{QUARANTINE}{key}/", f"{deed('give-up')}?key={key}"):
        assert client.get(address).status_code == 302, address
    assert client.post(f"{RECORDS}lanes/{lane.pk}/pause/").status_code == 302
    client.post(deed("give-up"), {"key": key, "note": "no"})
    lane.refresh_from_db()
    assert lane.is_enabled
    assert not GivenUp.objects.exists()
    assert "Delivery of records" not in text_of(client.get("/admin/"))


# --- The lanes -------------------------------------------------------------------------------


def test_without_a_lane_it_says_what_to_do(operator: Client) -> None:
    page = text_of(operator.get(RECORDS))
    assert "No record store is set up" in page
    assert "/learning-record-stores/new/" in page


def test_a_lane_tells_its_state_its_figures_and_the_stores_words(
    operator: Client, lane: Lane
) -> None:
    ids = record(5)
    refuse(lane, ids[:2])
    StatementRecord.objects.update(recorded_at=timezone.now() - timedelta(hours=5))
    now = timezone.now()
    Lane.objects.filter(pk=lane.pk).update(
        pause_reason="401 Unauthorized",
        last_error="401 Unauthorized <b>",
        last_error_at=now,
        retry_at=now + timedelta(minutes=4, seconds=30),
        failures=2,
        delivered_total=12345,
    )
    counting.count(lane.pk, now=now, delivered=1200, quarantined=2)
    page = text_of(operator.get(RECORDS))
    for words in (
        "Stopped: needs somebody",
        "Next try in 4 minutes.",
        "401 Unauthorized &lt;b&gt;",
        "12,345",
        "oldest for 5 hours",
        "1,200 delivered, at most 240 a minute; 2 refused",
        f"/lanes/{lane.pk}/try/",
        f"/lanes/{lane.pk}/pause/",
    ):
        assert words in page, words
    assert page.count('height="46.0"></rect>') == 2
    assert page.count('class="trouble"') == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_enabled": False}, "Paused by an operator"),
        ({"failures": 3}, "Waiting to try again"),
        ({}, "All sent"),
        ({"is_enabled": False, "origin": LaneOrigin.ENVIRONMENT}, "is no longer set"),
    ],
)
def test_states_in_words(operator: Client, fields: dict[str, Any], words: str) -> None:
    make_lane(**fields)
    assert words in text_of(operator.get(RECORDS))


def test_what_a_replay_is_still_to_bring_is_not_said_to_have_arrived(operator: Client) -> None:
    lane = make_lane()
    replay = Replay.objects.create(lane=lane, asked_at=timezone.now())
    page = text_of(operator.get(RECORDS))
    assert "A replay is bringing it" in page
    assert "has arrived" not in page
    Replay.objects.filter(pk=replay.pk).update(state="done")
    assert "has arrived" in text_of(operator.get(RECORDS))


def test_a_lane_is_paused_resumed_and_gets_what_was_recorded_meanwhile(
    operator: Client, lane: Lane
) -> None:
    page = operator.post(f"{RECORDS}lanes/{lane.pk}/pause/", follow=True)
    assert "is paused" in text_of(page)
    record(3)
    assert Delivery.objects.count() == 0
    again = operator.post(f"{RECORDS}lanes/{lane.pk}/pause/", follow=True)
    assert "had been switched meanwhile" in text_of(again)
    page = operator.post(f"{RECORDS}lanes/{lane.pk}/resume/", follow=True)
    assert "is resumed" in text_of(page)
    assert Delivery.objects.count() == 3
    assert [entry.action for entry in ModelLogEntry.objects.order_by("timestamp")][-2:] == [
        "attune_xapi.pause",
        "attune_xapi.resume",
    ]


def test_a_resting_lane_is_tried_now(operator: Client, lane: Lane) -> None:
    Lane.objects.update(retry_at=timezone.now() + timedelta(hours=1), failures=3)
    assert "is tried again now" in text_of(
        operator.post(f"{RECORDS}lanes/{lane.pk}/try/", follow=True)
    )
    lane.refresh_from_db()
    assert lane.retry_at is None


def test_what_the_environment_sets_is_not_switched_here(operator: Client) -> None:
    lane = make_lane(origin=LaneOrigin.ENVIRONMENT)
    page = text_of(operator.post(f"{RECORDS}lanes/{lane.pk}/pause/", follow=True))
    assert "is set by the environment" in page
    assert "it is switched there" in page
    lane.refresh_from_db()
    assert lane.is_enabled


def test_a_deleted_lane_and_a_deed_that_is_none(operator: Client, lane: Lane) -> None:
    page = operator.post(f"{RECORDS}lanes/{lane.pk + 1}/pause/", follow=True)
    assert "somebody has deleted it" in text_of(page)
    assert operator.post(f"{RECORDS}lanes/{lane.pk}/explode/").status_code == 404
    assert operator.get(f"{RECORDS}lanes/{lane.pk}/pause/").status_code == 405


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as context:
        assert client.get(address).status_code == 200
    return len(context)


def test_the_pages_cost_the_same_whatever_there_is(operator: Client, lane: Lane) -> None:
    ids = record(10)
    refuse(lane, ids[:3])
    before = [queries(operator, each) for each in (RECORDS, QUARANTINE)]
    for number in range(3):
        other = make_lane(f"store {number}")
        ids = record(40, first=100 * (number + 1))
        refuse(other, ids[:10])
        refuse(lane, ids)
        counting.count(other.pk, now=timezone.now(), delivered=5)
    assert [queries(operator, each) for each in (RECORDS, QUARANTINE)] == before
    assert before[0] <= 21
    assert before[1] <= 20


# --- The list --------------------------------------------------------------------------------


def test_an_empty_quarantine_says_so(operator: Client, lane: Lane) -> None:
    record(2)
    assert "The quarantine is empty" in text_of(operator.get(QUARANTINE))
    assert "Nothing was given up" in text_of(operator.get(f"{QUARANTINE}?shelf=given-up"))


def test_the_list_is_narrowed_by_store_kind_and_day(operator: Client, lane: Lane) -> None:
    other = make_lane("Cedar’s store")
    ids = record(3)
    refuse(lane, ids[:2], words="words of one")
    refuse(other, ids[2:], words="words of another")
    zone = ZoneInfo("Europe/Berlin")

    def page(**query: Any) -> str:
        return text_of(operator.get(QUARANTINE, query))

    assert "words of one" in page()
    assert "words of another" in page()
    assert "words of one" not in page(lane=other.pk)
    assert "Nothing matches these filters" in page(kind="unit_completed", until="2020-01-01")
    today = timezone.now().astimezone(zone).date().isoformat()
    assert "3 statements" in page(since="2020-01-01", until=today, kind="unit_completed")


@pytest.mark.parametrize(
    "query",
    [
        {"lane": "987654"},
        {"lane": "x"},
        {"kind": "there is none"},
        {"since": "yesterday"},
        {"since": "2026-03-02", "until": "2026-03-01"},
    ],
)
def test_a_filter_that_is_none_shows_nothing_and_says_so(
    operator: Client, lane: Lane, query: dict[str, str]
) -> None:
    refuse(lane, record(1), words="words of the store")
    page = text_of(operator.get(QUARANTINE, query))
    assert "One of the filters cannot be used" in page
    assert "words of the store" not in page
    assert operator.get(QUARANTINE, {**query, "export": "csv"}).status_code == 200


@pytest.mark.parametrize("query", [{"until": "9999-12-31"}, {"since": "0001-01-01"}, {"p": "x"}])
def test_the_ends_of_the_calendar_are_no_fault(
    operator: Client, lane: Lane, query: dict[str, str]
) -> None:
    refuse(lane, record(1))
    assert "1 statement" in text_of(operator.get(QUARANTINE, query))


def test_the_list_as_files(operator: Client, lane: Lane) -> None:
    refuse(lane, record(2), words='=HYPERLINK("http://evil.example")')
    response = operator.get(f"{QUARANTINE}?export=csv")
    body = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(body)))
    assert len(rows) == 3
    assert rows[1][:2] == ["Nordlicht’s store", "Unit completed"]
    assert rows[1][-1] == '\'=HYPERLINK("http://evil.example")'
    workbook = operator.get(f"{QUARANTINE}?export=xlsx")
    assert b"".join(workbook.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]
    operator.post(deed("give-up"), {"all": "1", "note": "x"})
    response = operator.get(f"{QUARANTINE}?shelf=given-up&export=csv")
    body = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert list(csv.reader(io.StringIO(body)))[1][-1] == "x"


# --- One statement ---------------------------------------------------------------------------


def test_a_statement_shows_its_json_the_words_and_its_history(
    operator: Client, lane: Lane, administrator: Any
) -> None:
    ids = record(1)
    refuse(lane, ids, words="<script>alert(1)</script>")
    (key,) = keys(lane)
    page = text_of(operator.get(f"{QUARANTINE}{key}/"))
    assert ids[0] in page
    assert "&quot;verb&quot;" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Refused by the store" in page
    assert "there is nothing to void" in page
    operator.post(deed("give-up"), {"key": key, "note": "A trial of the set-up"})
    page = text_of(operator.get(f"{QUARANTINE}{key}/"))
    assert "A trial of the set-up" in page
    assert page.count("A trial of the set-up") == 2  # in the notice, and once in the history
    operator.post(deed("send-again"), {"key": key, "shelf": "given-up"})
    page = text_of(operator.get(f"{QUARANTINE}{key}/"))
    assert "no longer in quarantine" in page
    assert "A trial of the set-up" in page  # the history remembers
    assert "Sent again" in page


def test_an_archived_statement_says_where_it_is(operator: Client, lane: Lane) -> None:
    refuse(lane, record(1))
    StatementRecord.objects.update(body="", archive="2026-03.jsonl.gz")
    (key,) = keys(lane)
    assert "archived in 2026-03.jsonl.gz" in text_of(operator.get(f"{QUARANTINE}{key}/"))
    assert operator.get(QUARANTINE).status_code == 200


def test_a_statement_whose_lane_is_gone(operator: Client, lane: Lane) -> None:
    refuse(lane, record(1))
    (key,) = keys(lane)
    lane.delete()
    page = text_of(operator.get(f"{QUARANTINE}{key}/", follow=True))
    assert "its record store was deleted" in page


# --- Deeds -----------------------------------------------------------------------------------


def test_what_is_ticked_is_given_up_undone_and_sent_again(
    operator: Client, lane: Lane, administrator: Any
) -> None:
    refuse(lane, record(3))
    first, second, third = keys(lane)
    ask = operator.get(deed("give-up"), {"key": [first, second]})
    assert "Give up 2 statements?" in text_of(ask)
    assert not GivenUp.objects.exists()
    without = operator.post(deed("give-up"), {"key": [first, second], "note": " "})
    assert "This field is required" in text_of(without)
    done = operator.post(
        deed("give-up"), {"key": [first, second], "note": "Not needed"}, follow=True
    )
    assert "2 statements are given up." in text_of(done)
    assert set(GivenUp.objects.values_list("delivery", "note")) == {
        (first, "Not needed"),
        (second, "Not needed"),
    }
    at = f"{GivenUp.objects.earliest('pk').at:%Y-%m-%dT%H:%M:%S.%fZ}"
    undo = f"{deed('take-back')}?shelf=given-up&deed={at}"
    assert undo.replace("&", "&amp;") in done.content.decode()
    assert "Put 2 statements back into quarantine?" in text_of(operator.get(undo))
    form = {"shelf": "given-up", "deed": at}
    back = operator.post(deed("take-back"), form, follow=True)
    assert "2 statements are back in quarantine." in text_of(back)
    assert keys(lane) == [first, second, third]
    sent = operator.post(deed("send-again"), {"key": [first]}, follow=True)
    assert "1 statement waits to be sent again." in text_of(sent)
    assert keys(lane) == [second, third]


def test_nothing_ticked_is_said(operator: Client, lane: Lane) -> None:
    refuse(lane, record(1))
    for query in ({}, {"key": "x"}, {"key": "9" * 40}, {"key": "-1"}, {"deed": "tomorrow"}):
        page = operator.get(deed("send-again"), query, follow=True)
        assert "Nothing was chosen" in text_of(page), query
        page = operator.post(deed("send-again"), query, follow=True)
        assert "Nothing was chosen" in text_of(page), query
    assert operator.get(deed("explode"), {"all": "1"}).status_code == 404


def test_two_operators_at_once(operator: Client, lane: Lane) -> None:
    refuse(lane, record(2))
    first, second = keys(lane)
    Delivery.objects.filter(pk=first).update(quarantined_at=None, delivered_at=timezone.now())
    page = operator.post(deed("give-up"), {"key": [first, second], "note": "x"}, follow=True)
    assert "1 statement is given up." in text_of(page)
    page = operator.post(deed("give-up"), {"key": [first, second], "note": "x"}, follow=True)
    assert "was dealt with meanwhile" in text_of(page)
    lane.delete()
    page = operator.post(deed("send-again"), {"key": [first, second]}, follow=True)
    assert "was dealt with meanwhile" in text_of(page)


def test_all_that_match_are_those_that_were_shown(operator: Client, lane: Lane) -> None:
    other = make_lane("Cedar’s store")
    refuse(lane, record(60), at=timezone.now() - timedelta(hours=1))
    page = operator.get(QUARANTINE, {"lane": lane.pk})
    assert "All 60 that match, on every page" in text_of(page)
    seen = page.context["seen"]
    late = record(3, first=100)
    refuse(lane, late)
    refuse(other, late)
    ask = operator.get(deed("send-again"), {"all": "1", "lane": lane.pk, "seen": seen})
    assert "Send 60 statements again?" in text_of(ask)
    hidden = dict(ask.context["hidden"])
    with CaptureQueriesContext(connection) as context:
        operator.post(deed("send-again"), hidden)
    assert len(context) <= 30
    assert len(keys(lane)) == 3
    assert len(keys(other)) == 3


def test_many_are_done_in_one_go_and_logged_once(
    operator: Client, lane: Lane, django_assert_max_num_queries: Any
) -> None:
    refuse(lane, record(450))
    with django_assert_max_num_queries(30):
        operator.post(deed("give-up"), {"all": "1", "note": "A wrong set-up"})
    assert GivenUp.objects.count() == 450
    entry = ModelLogEntry.objects.latest("timestamp")
    assert entry.object_id == str(lane.pk)
    assert entry.data == {"note": "A wrong set-up", "statements": 450}


def test_voiding_says_what_was_voided_and_what_could_not_be(operator: Client, lane: Lane) -> None:
    other = make_lane("Cedar’s store")
    ids = record(2)
    refuse(lane, ids)
    Delivery.objects.filter(lane=other, record__statement_id=ids[0]).update(
        delivered_at=timezone.now()
    )
    held, unheld = keys(lane)
    assert "there is nothing to void" not in text_of(operator.get(f"{QUARANTINE}{held}/"))
    assert "Void 2 statements?" in text_of(operator.get(deed("void"), {"all": "1"}))
    page = text_of(operator.post(deed("void"), {"all": "1"}, follow=True))
    assert "1 statement is voided where a store holds it." in page
    assert "1 left as before: no store holds it" in page
    page = text_of(operator.get(f"{QUARANTINE}{held}/"))
    assert "Voided by a statement of its own" in page
    page = text_of(operator.post(deed("void"), {"key": unheld}, follow=True))
    assert "no store holds it" in page
    page = text_of(operator.post(deed("void"), {"key": held, "shelf": "given-up"}, follow=True))
    assert "1 had been voided before." in page


def test_too_many_to_void_at_a_time(
    operator: Client, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attune.xapi.quarantine.MOST_VOIDED", 2)
    refuse(lane, record(3))
    page = operator.post(deed("void"), {"all": "1"}, follow=True)
    assert "at most 2 statements are voided at a time" in text_of(page)
    assert StatementRecord.objects.count() == 3


def test_the_chart_is_drawn_from_plain_values() -> None:
    begin = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("UTC"))
    length = timedelta(minutes=5)
    counts = [(begin, 0, 0, 0), (begin + length, 10_000, 0, 0), (begin + 2 * length, 1, 0, 3)]
    chart = chart_of(counts, title="x", length=length, zone=ZoneInfo("Asia/Manila"))
    assert [bar.height for bar in chart.bars] == [0, HEIGHT - HEAD, 1.5]
    assert [bar.troubled for bar in chart.bars] == [False, False, True]
    assert chart.bars[-1].x + chart.bars[-1].width <= WIDTH
    assert (chart.begin, chart.end) == ("17:00", "17:15")
    assert chart.summary == "10,001 delivered, at most 2,000 a minute; 3 failed attempts"
    empty = chart_of([], title="x", length=length, zone=ZoneInfo("UTC"))
    assert empty.is_empty
    assert empty.summary == "nothing was sent"
