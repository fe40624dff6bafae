"""Somebody's learning records and where they have got to: by result, and words for HR alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import ModelLogEntry

from attune.xapi.lanes import enqueue_missing
from attune.xapi.models import Delivery, Lane, StatementRecord
from tests import factories
from tests.reports.conftest import Sides

REPORTS = "/admin/attune/reports/"


def of_person(person: Any) -> str:
    return f"{REPORTS}learners/{person.pk}/statements/"


def of_enrolment(enrolment: Any) -> str:
    return f"{REPORTS}enrolments/{enrolment.pk}/statements/"


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def lane(sides: Sides, learn: Callable[..., None], maria: Any) -> Lane:
    """Maria has learned for Nordlicht; one statement arrived, one was refused, the rest wait."""
    learn(sides.nordlicht.enrolment, sides.nordlicht.content.module)
    lane = Lane.objects.create(name="Secret lane", endpoint="https://lrs.example/xapi")
    enqueue_missing(lane)
    first, second = Delivery.objects.filter(record__actor=maria.pseudonym).order_by("record")[:2]
    Delivery.objects.filter(pk=first.pk).update(delivered_at=timezone.now())
    Delivery.objects.filter(pk=second.pk).update(
        quarantined_at=timezone.now(), answer="400 secret words"
    )
    return lane


@pytest.mark.parametrize("who", ["hana", "ines"])
def test_hr_reads_states_in_words_and_no_more(
    client: Client,
    as_user: Any,
    sides: Sides,
    lane: Lane,
    maria: Any,
    request: pytest.FixtureRequest,
    who: str,
) -> None:
    as_user(client, request.getfixturevalue(who))
    for address in (of_person(maria), of_enrolment(sides.nordlicht.enrolment)):
        page = text_of(client.get(address))
        for words in ("Delivered", "Refused", "On its way", "German etiquette", "completed"):
            assert words in page, words
        for words in ("Secret lane", "secret words", "correctResponses", str(maria.pseudonym)):
            assert words not in page, words


def test_the_administrator_sees_lanes_and_answers(
    client: Client, as_user: Any, lane: Lane, maria: Any, administrator: Any
) -> None:
    page = text_of(as_user(client, administrator).get(of_person(maria)))
    assert "Secret lane" in page
    assert "400 secret words" in page
    refused = Delivery.objects.get(quarantined_at__isnull=False)
    assert f"/records/quarantine/{refused.pk}/" in page


def test_statements_stand_in_the_order_of_what_happened(
    client: Client, as_user: Any, lane: Lane, maria: Any, hana: Any
) -> None:
    as_user(client, hana)
    page = text_of(client.get(of_person(maria)))
    assert page.index("initialized:") < page.index("completed:")
    page = text_of(client.get(of_person(maria) + "?order=newest"))
    assert page.rindex("initialized:") > page.rindex("completed:")


def test_what_was_earned_for_another_client_stays_there(
    client: Client,
    as_user: Any,
    sides: Sides,
    lane: Lane,
    maria: Any,
    ines: Any,
    administrator: Any,
    learn: Callable[..., None],
) -> None:
    """Maria also learns for Cedar. Nordlicht's HR sees nothing of it, by person or enrolment."""
    cedar = sides.cedar
    for_cedar = factories.enrol(maria, cedar.content.programme, cedar.pair.engagement)
    learn(for_cedar, cedar.content.module)
    as_user(client, ines)
    page = text_of(client.get(of_person(maria)))
    assert cedar.content.lesson.title not in page
    assert cedar.content.programme.title not in page
    assert client.get(of_enrolment(for_cedar)).status_code == 404
    assert client.get(of_enrolment(sides.cedar.enrolment)).status_code == 404
    page = text_of(as_user(client, administrator).get(of_person(maria)))
    assert cedar.content.lesson.title in page


def test_foreign_and_missing_people_are_the_same_nobody(
    client: Client, as_user: Any, sides: Sides, lane: Lane, hana: Any
) -> None:
    as_user(client, hana)
    assert client.get(of_person(sides.cedar.pair.agent)).status_code == 404
    assert client.get(f"{REPORTS}learners/987654321/statements/").status_code == 404


@pytest.mark.parametrize("who", ["klaus", "maria"])
def test_trainers_and_agents_read_none(
    client: Client, as_user: Any, lane: Lane, maria: Any, request: pytest.FixtureRequest, who: str
) -> None:
    assert as_user(client, request.getfixturevalue(who)).get(of_person(maria)).status_code == 302


def test_reading_is_logged(client: Client, as_user: Any, lane: Lane, maria: Any, hana: Any) -> None:
    as_user(client, hana).get(of_person(maria))
    entry = ModelLogEntry.objects.latest("timestamp")
    assert (entry.action, entry.object_id) == ("attune_reports.read_statements", str(maria.pk))
    assert entry.user == hana.user


def test_a_person_without_records_is_said(
    client: Client, as_user: Any, sides: Sides, hana: Any, maria: Any
) -> None:
    StatementRecord.objects.all().delete()
    assert "Nothing was recorded yet" in text_of(as_user(client, hana).get(of_person(maria)))


def test_what_was_archived_and_what_no_store_takes(
    client: Client, as_user: Any, sides: Sides, maria: Any, hana: Any
) -> None:
    StatementRecord.objects.update(body="", archive="2026.jsonl.gz")
    assert "Kept here" in text_of(as_user(client, hana).get(of_person(maria)))


def test_the_page_costs_the_same_for_few_and_many(
    client: Client,
    as_user: Any,
    sides: Sides,
    maria: Any,
    hana: Any,
    learn: Callable[..., None],
) -> None:
    Lane.objects.create(name="one", endpoint="https://lrs.example/xapi")

    def queries() -> int:
        client.get(of_person(maria))
        with CaptureQueriesContext(connection) as context:
            client.get(of_person(maria))
        return len(context)

    as_user(client, hana)
    before = queries()
    Lane.objects.create(name="two", endpoint="https://lrs.example/xapi")
    learn(sides.nordlicht.enrolment, sides.nordlicht.content.module)
    assert queries() == before <= 22


def test_the_record_leads_there(
    client: Client, as_user: Any, sides: Sides, maria: Any, hana: Any
) -> None:
    page = text_of(as_user(client, hana).get(f"{REPORTS}learners/{maria.pk}/"))
    assert of_person(maria) in page
    assert of_enrolment(sides.nordlicht.enrolment) in page
