"""Replays in the admin: for administrators alone, counted first, followed and steered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from attune.xapi import replays
from attune.xapi.models import Delivery, Lane, Replay, ReplayState, StatementRecord
from tests.reports.conftest import Sides

pytestmark = pytest.mark.django_db

LIST = reverse("attune_reports:replays")
NEW = reverse("attune_reports:new_replay")


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def lane() -> Lane:
    return Lane.objects.create(name="Their store", endpoint="https://lrs.example/")


@pytest.fixture
def admin(administrator: Any, client: Client) -> Client:
    client.force_login(administrator.user)
    return client


@pytest.fixture
def said(lane: Lane, sides: Sides) -> Lane:
    """Both tenants' agents are enrolled: two statements at least, delivered."""
    assert StatementRecord.objects.values("client").distinct().count() == 2
    Delivery.objects.update(delivered_at=timezone.now())
    return lane


def asked(lane: Lane, **values: Any) -> dict[str, Any]:
    return {"lane": lane.pk, "what": "again", "per_minute": 6000, **values}


@pytest.mark.parametrize("who", ["agent", "trainer", "vendor_hr", "client_hr", None])
def test_only_administrators(who: str | None, cast: Any, client: Client, lane: Lane) -> None:
    replay = replays.start(replays.Wish(lane=lane.pk), by="alex", now=timezone.now())
    if who:
        client.force_login(getattr(cast.nordlicht, who).user)
    for url in (LIST, NEW, reverse("attune_reports:replay", args=[replay.pk])):
        for response in (client.get(url), client.post(url, asked(lane) | {"do": "cancel"})):
            assert response.status_code == 302
            assert url not in response.url.split("?")[0]
    assert Replay.objects.get().state == ReplayState.RUNNING


def test_without_a_store_or_a_replay_the_list_says_what_to_do(admin: Client) -> None:
    assert "Settings › Learning record stores" in text_of(admin.get(LIST))
    assert "Settings › Learning record stores" in text_of(admin.get(NEW))
    Lane.objects.create(name="Their store", endpoint="https://lrs.example/")
    assert "There was no replay yet" in text_of(admin.get(LIST))


def test_counted_first_and_only_the_last_button_starts(admin: Client, said: Lane) -> None:
    count = StatementRecord.objects.count()
    page = text_of(admin.get(NEW, asked(said)))
    assert f"Send {count} statements" in page
    assert not Replay.objects.exists()
    response = admin.post(NEW, asked(said))
    replay = Replay.objects.get()
    assert response.url == reverse("attune_reports:replay", args=[replay.pk])
    assert (replay.expected, replay.per_minute) == (count, 6000)
    assert replay.asked_by
    assert "Running" in text_of(admin.get(response.url))
    assert "Their store" in text_of(admin.get(LIST))


def test_narrowed_to_a_client_and_an_engagement(admin: Client, said: Lane, sides: Sides) -> None:
    pair = sides.cedar.pair
    values = asked(said, client=pair.engagement.client_id, engagement=pair.engagement.pk)
    assert escape(pair.engagement.name) in text_of(admin.get(NEW, values))
    admin.post(NEW, values)
    replay = Replay.objects.get()
    assert replay.client == pair.engagement.client.code
    assert replay.engagement == pair.engagement.code
    assert replay.expected == StatementRecord.objects.filter(client=replay.client).count()


def test_a_person_is_found_by_name_and_an_enrolment_chosen(
    admin: Client, said: Lane, sides: Sides
) -> None:
    person, enrolment = sides.nordlicht.enrolment.person, sides.nordlicht.enrolment
    page = admin.get(NEW, asked(said, find=person.full_name[:5]))
    (found,) = [each for each in page.context["candidates"] if each["name"] == person.full_name]
    assert "seen" not in page.context, "nothing is counted before it is clear who is meant"
    page = admin.get(found["url"])
    assert page.context["person"] == person
    assert list(page.context["form"].fields["enrolment"].queryset) == [enrolment]
    values = asked(said, person=person.pk, enrolment=enrolment.pk)
    admin.post(NEW, values)
    replay = Replay.objects.get()
    assert (replay.actor, replay.registration) == (person.pseudonym, enrolment.registration)
    shown = text_of(admin.get(reverse("attune_reports:replay", args=[replay.pk])))
    assert person.full_name in shown
    assert str(person.pseudonym) not in shown
    assert "Nobody of this name" in text_of(admin.get(NEW, asked(said, find="Nemo Nobody")))


def test_another_persons_enrolment_is_no_choice(admin: Client, said: Lane, sides: Sides) -> None:
    person = sides.nordlicht.enrolment.person
    values = asked(said, person=person.pk, enrolment=sides.cedar.enrolment.pk)
    assert "seen" not in admin.get(NEW, values).context
    admin.post(NEW, values)
    assert not Replay.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"lane": 0},
        {"lane": "x"},
        {"since": "2026-13-01"},
        {"since": "2026-03-02", "until": "2026-03-01"},
        {"per_minute": 0},
        {"per_minute": 10**9},
        {"person": "1 OR 1=1"},
        {"person": 10**30},
        {"person": "²"},
        {"client": 10**30},
        {"what": "all"},
        {"find": "x\x00y"},
    ],
)
def test_a_form_that_makes_no_sense_starts_nothing(
    admin: Client, said: Lane, wrong: dict[str, Any]
) -> None:
    assert admin.get(NEW, asked(said) | wrong).status_code == 200
    assert admin.post(NEW, asked(said) | wrong).status_code == 200
    assert not Replay.objects.exists()


def test_days_are_the_readers_and_both_are_included(admin: Client, said: Lane) -> None:
    admin.post(NEW, asked(said, since="2026-03-01", until="2026-03-02"))
    replay = Replay.objects.get()
    assert replay.until is not None
    assert replay.since is not None
    assert replay.until - replay.since == timedelta(days=2)
    assert "1 Mar 2026 to 2 Mar 2026" in text_of(admin.get(LIST))


def test_held_gone_on_with_and_cancelled(admin: Client, said: Lane) -> None:
    admin.post(NEW, asked(said))
    replay = Replay.objects.get()
    url = reverse("attune_reports:replay", args=[replay.pk])
    for deed, state in (("hold", "held"), ("go_on", "running"), ("cancel", "cancelled")):
        admin.post(url, {"do": deed})
        replay.refresh_from_db()
        assert replay.state == state
    assert "another state" in text_of(admin.post(url, {"do": "go_on"}, follow=True))
    assert "another state" in text_of(admin.post(url, {"do": "anything"}, follow=True))
    assert admin.get(reverse("attune_reports:replay", args=[10**6])).status_code == 404


def test_it_says_why_it_waits_and_what_it_could_not_send(admin: Client, said: Lane) -> None:
    admin.post(NEW, asked(said))
    replay = Replay.objects.get()
    url = reverse("attune_reports:replay", args=[replay.pk])
    Lane.objects.update(is_enabled=False)
    assert "until the record store is switched on" in text_of(admin.get(url))
    Lane.objects.update(is_enabled=True, pause_reason="401 <b>no</b>")
    assert "401 &lt;b&gt;no&lt;/b&gt;" in text_of(admin.get(LIST))
    Replay.objects.update(unsendable=4, state=ReplayState.DONE)
    assert "4 statements are archived" in text_of(admin.get(url))


def test_archives_are_named_before_anything_is_asked_for(admin: Client, said: Lane) -> None:
    StatementRecord.objects.update(body="", archive="statements-x.jsonl.gz")
    page = text_of(admin.get(NEW, asked(said)))
    assert "Restore first: statements-x.jsonl.gz" in page
    assert "nothing for a replay to do" in page


def test_whoever_was_erased_has_no_name_left(admin: Client, lane: Lane) -> None:
    gone = "00000000-0000-4000-8000-000000000001"
    Replay.objects.create(lane=lane, actor=gone, asked_by="alex", asked_at=timezone.now())
    assert "somebody who was erased" in text_of(admin.get(LIST))


def test_a_long_list_costs_no_more_queries(
    admin: Client, said: Lane, sides: Sides, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for side in (sides.nordlicht, sides.cedar) * 10:
        Replay.objects.create(
            lane=said,
            actor=side.enrolment.person.pseudonym,
            registration=side.enrolment.registration,
            engagement=side.pair.engagement.code,
            client=side.pair.engagement.client.code,
            asked_by="alex",
            asked_at=timezone.now(),
        )
    admin.get(LIST)
    with django_assert_max_num_queries(20):
        page = text_of(admin.get(LIST))
    assert page.count(sides.cedar.enrolment.person.full_name) == 10
