"""What stands behind the IRIs of our records, for machines and for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from attune.people.models import Person
from attune.xapi.statements import ActivityType
from tests.conftest import Content

pytestmark = pytest.mark.django_db
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def lesson_iri(nordlicht_content: Content) -> str:
    return f"/xapi/lesson/{nordlicht_content.lesson.translation_key}"


def test_the_profile_is_json_for_machines_and_a_page_for_people(client: Client) -> None:
    for address in ("/xapi/profile", "/xapi/profile/v1"):
        answer = client.get(address, headers={"accept": "application/ld+json"})
        assert answer["Content-Type"] == "application/ld+json"
        assert answer.json()["type"] == "Profile"
        assert "Accept" in answer["Vary"]
    page = client.get("/xapi/profile", headers={"accept": BROWSER}).content.decode()
    assert "What our learning records say" in page
    assert 'id="cycle"' in page
    assert 'id="passed-quiz"' in page


def test_parts_of_the_profile_lead_to_it(client: Client) -> None:
    for address in ("/xapi/extensions/cycle", "/xapi/profile/v1/templates/passed-quiz"):
        answer = client.get(address)
        assert answer["Location"] == f"/xapi/profile#{address.rsplit('/', 1)[-1]}"
    assert client.get("/xapi/extensions/mood").status_code == 404


def test_a_machine_without_a_name_learns_the_type_and_no_title(
    client: Client, lesson_iri: str
) -> None:
    answer = client.get(lesson_iri, headers={"accept": "application/json"})
    assert answer.json() == {"type": str(ActivityType.LESSON)}


def test_who_may_read_the_page_is_led_there(
    as_user: Callable[..., Any],
    lesson_iri: str,
    nordlicht_content: Content,
    nordlicht_habagat: Any,
    cast: Any,
) -> None:
    trainer = as_user(Client(), nordlicht_habagat.trainer)
    answer = trainer.get(lesson_iri, headers={"accept": BROWSER})
    assert answer["Location"] == nordlicht_content.lesson.url
    known = trainer.get(lesson_iri).json()
    assert known["name"] == {"en": nordlicht_content.lesson.title}
    assert known["moreInfo"] == nordlicht_content.lesson.get_full_url()
    stranger: Person = cast.cedar.trainer
    other = as_user(Client(), stranger)
    assert other.get(lesson_iri, headers={"accept": BROWSER}).status_code == 404
    assert other.get(lesson_iri).json() == {"type": str(ActivityType.LESSON)}


def test_a_person_without_a_name_is_asked_to_sign_in(client: Client, lesson_iri: str) -> None:
    answer = client.get(lesson_iri, headers={"accept": BROWSER})
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"?next={lesson_iri}")


def test_what_is_not_there(client: Client, lesson_iri: str) -> None:
    assert client.get(f"/xapi/lesson/{uuid4()}").status_code == 404
    assert client.get(lesson_iri.replace("lesson", "quiz")).status_code == 404
    assert client.get(lesson_iri.replace("lesson", "teapot")).status_code == 404
    assert client.post(lesson_iri).status_code == 405


def test_a_draft_is_not_there(client: Client, lesson_iri: str, nordlicht_content: Content) -> None:
    nordlicht_content.lesson.unpublish()
    assert client.get(lesson_iri).status_code == 404
