"""A trainer's way with files: tried first, taken over as a draft, written out again."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.models import Locale

from attune.case_studies import checks
from attune.case_studies.models import CaseImport, CaseStudyPage
from attune.cultures.models import ClientCard, SlaTarget
from attune.people.groups import ensure_groups, put_into_groups
from attune.reports.case_values import missing_values
from tests.case_studies.exchange.test_formats import HARLOWE


@pytest.fixture
def trainer(client: Any, klaus: Any, nordlicht_content: Any, as_user: Any) -> Any:
    ensure_groups(organisation=nordlicht_content.home.organisation)
    today = klaus.memberships.get().hired_on
    put_into_groups(people=[klaus], on=today)
    return as_user(client, klaus)


def test_a_file_is_tried_and_taken_over_once(
    trainer: Any,
    nordlicht_content: Any,
    cedar_content: Any,
    engagement: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def upload(body: str, form: str) -> Any:
        url = reverse("attune_case_exchange:import", args=[nordlicht_content.module.pk])
        file = SimpleUploadedFile("case.txt", body.encode())
        return trainer.post(url, {"format": form, "file": file}, follow=True)

    refused = upload(":: A\n[[B]]\n:: A\n", "twee")
    assert "a passage “A” in line 1 already" in refused.content.decode()
    told = upload(HARLOWE.replace("Bye.", "Bye, {{ client.contct }} {{ sla.resolution }}"), "twee")
    html = told.content.decode()
    assert "Did you mean “client.contact”?" in html
    assert "(print: $name) is not taken over." in html
    assert not CaseStudyPage.objects.exists()

    here = told.redirect_chain[-1][0]
    for _click in range(2):
        trainer.post(here, {"do": "apply"})
    page = CaseStudyPage.objects.get()
    assert not page.live
    assert page.revisions.count() == 1
    assert "Imported on" in trainer.get(here).content.decode()

    export = reverse("attune_case_exchange:export", args=[page.pk])
    assert "What Twee does not carry" in trainer.get(export).content.decode()
    written = trainer.get(export, {"download": "json"})
    assert written["Content-Disposition"] == 'attachment; filename="the-missed-deadline.json"'
    again = upload(written.content.decode(), "json")
    assert "nothing is new and nothing has changed" in again.content.decode()
    trainer.post(again.redirect_chain[-1][0], {"do": "discard"})
    assert CaseImport.objects.waiting().count() == 1  # the refused one

    monkeypatch.setattr(checks, "errors_of", lambda case: [])  # the file leads nowhere
    page.get_latest_revision().publish()
    (missing,) = missing_values(nordlicht_content.programme, engagement)
    assert [name for name, _label in missing.names] == ["client.contct", "sla.resolution"]

    foreign = reverse("attune_case_exchange:import", args=[cedar_content.module.pk])
    assert trainer.get(foreign).status_code == 404


def test_a_trainer_keeps_the_own_clients_card(trainer: Any, cast: Any) -> None:
    nordlicht, cedar = cast.nordlicht, cast.cedar
    add = reverse("attune_client_cards:add")
    form = trainer.get(add).content.decode()
    assert "Nordlicht Maschinenbau" in form
    assert "Cedar" not in form
    values = {"client": cedar.client.pk, "engagement": "", "greeting": "Hi,"}
    assert "Select a valid choice" in trainer.post(add, values).content.decode()
    values |= {"client": nordlicht.client.pk, "greeting": "{{ x }}"}
    assert "A value cannot hold braces" in trainer.post(add, values).content.decode()
    assert trainer.post(add, values | {"greeting": "Guten Tag,"}).status_code == 302
    assert "Change that one" in trainer.post(add, values | {"greeting": "Hallo"}).content.decode()
    card = ClientCard.objects.get()
    theirs = ClientCard.objects.create(client=cedar.client, locale=Locale.get_default())
    assert trainer.get(reverse("attune_client_cards:edit", args=[theirs.pk])).status_code == 404
    assert trainer.get(reverse("attune_client_cards:edit", args=[card.pk])).status_code == 200
    target = {"client": nordlicht.client.pk, "priority": "normal", "first_response": 0}
    url = reverse("attune_sla_targets:add")
    assert "greater than or equal to 1" in trainer.post(url, target).content.decode()
    target |= {"first_response": 60, "resolution": 30}
    assert "Nothing is solved before" in trainer.post(url, target).content.decode()
    assert trainer.post(url, target | {"resolution": 90}).status_code == 302
    assert SlaTarget.objects.get().resolution == 90
    listed = trainer.get(reverse("attune_variables")).content.decode()
    assert "Guten Tag," in listed
    assert "1 hour 30 minutes" in listed
