"""The style guide: for developers and staff, and a page for everybody else that is not there."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from attune.people.models import Person

pytestmark = pytest.mark.django_db
URL = "attune_design:style_guide"


def test_a_learner_and_a_stranger_find_no_style_guide(
    client: Client, as_user: Any, maria: Person
) -> None:
    assert client.get(reverse(URL)).status_code == 404
    assert as_user(client, maria).get(reverse(URL)).status_code == 404


def test_staff_see_every_part(client: Client, as_user: Any, administrator: Person) -> None:
    answer = as_user(client, administrator).get(reverse(URL))
    assert answer.status_code == 200
    page = answer.content.decode()
    for word in ("What they heard", "Rather not", "Overdue", "Check yourself", "Saved"):
        assert word in page


def test_development_shows_it_to_everybody(client: Client, settings: Any) -> None:
    settings.DEBUG = True
    assert client.get(reverse(URL)).status_code == 200


def test_a_missing_page_says_what_was_kept(client: Client, as_user: Any, maria: Person) -> None:
    answer = as_user(client, maria).get("/en/no-such-page/")
    assert answer.status_code == 404
    assert "Nothing that you did is lost" in answer.content.decode()
    assert "attune.css" in answer.content.decode()
