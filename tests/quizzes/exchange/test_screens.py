"""The trainer's screens for files of questions, and who is kept out of them."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Locale

from attune.jobs import runner
from attune.jobs.models import Job
from attune.quizzes import import_jobs
from attune.quizzes.exchange import format_named
from attune.quizzes.import_models import QuestionImport
from attune.quizzes.questions import Question, question_types
from attune.quizzes.services import apply_import
from attune.quizzes.services.take_over import prepare_import
from tests.conftest import Cast
from tests.factories import as_user
from tests.quizzes.support import choice, true_false

pytestmark = pytest.mark.django_db

GIFT = b"""::Late::Five past nine is late. {T#no#yes}

::Reply::Which? {=Today by 15\\:00. ~Soon.}

A text only

Broken {=a
"""


def url(name: str, **kwargs: Any) -> str:
    return reverse(f"attune_question_exchange:{name}", kwargs=kwargs)


def upload(client: Client, bank: Any, body: bytes = GIFT, **fields: Any) -> Any:
    return client.post(
        url("import"),
        {
            "bank": bank if isinstance(bank, str) else str(bank.pk),
            "locale": Locale.get_default().pk,
            "topic": "etiquette",
            "format": "gift",
            "publish": "on",
            "file": SimpleUploadedFile("questions.gift.txt", body),
            **fields,
        },
    )


def test_a_trainer_tries_a_file_then_takes_it_over(client: Client, cast: Cast) -> None:
    as_user(client, cast.nordlicht.trainer)
    page = client.get(url("import")).content.decode()
    assert "Nordlicht Maschinenbau" in page
    assert "Cedar" not in page
    assert "Shared bank" not in page
    answer = upload(client, cast.nordlicht.client)
    kept = QuestionImport.objects.get()
    assert answer["Location"] == url("tried", deed=kept.deed)
    assert Question.objects.count() == 0
    report = client.get(answer["Location"]).content.decode()
    for words in ("Late", "Reply", "line 5", "not a question", "line 7", "UTF-8"):
        assert words in report, words
    assert Question.objects.count() == 0
    answer = client.post(answer["Location"], {"do": "apply"}, follow=True)
    assert "Imported on" in answer.content.decode()
    assert {q.owner for q in Question.objects.all()} == {cast.nordlicht.client}
    assert Question.objects.count() == 2
    # What became of each line can still be read, and each question is a click away.
    page = client.get(answer.redirect_chain[-1][0]).content.decode()
    for words in ("line 5", "not a question", "line 7"):
        assert words in page, words
    for question in Question.objects.all():
        edit = reverse(type(question).snippet_viewset.get_url_name("edit"), args=[question.pk])
        assert f'href="{edit}"' in page
        assert client.get(edit).status_code == 200
    assert "Discard the file" not in page
    answer = client.post(url("tried", deed=kept.deed), {"do": "apply"}, follow=True)
    assert "Nothing was done twice" in answer.content.decode()
    assert Question.objects.count() == 2


def test_an_import_from_before_reports_were_kept_shows_its_counts(
    client: Client, cast: Cast
) -> None:
    as_user(client, cast.nordlicht.trainer)
    address = upload(client, cast.nordlicht.client)["Location"]
    client.post(address, {"do": "apply"})
    QuestionImport.objects.update(report=None)
    page = client.get(address).content.decode()
    assert "Imported on" in page
    assert "<dd>2</dd>" in page


def test_a_file_can_be_discarded(client: Client, cast: Cast) -> None:
    as_user(client, cast.nordlicht.trainer)
    address = upload(client, cast.nordlicht.client)["Location"]
    client.post(address, {"do": "discard"})
    assert QuestionImport.objects.count() == 0
    assert Question.objects.count() == 0
    assert client.get(address).status_code == 404


def test_a_file_that_cannot_be_read_says_why(client: Client, cast: Cast) -> None:
    as_user(client, cast.nordlicht.trainer)
    address = upload(client, cast.nordlicht.client, b"<quiz", format="moodle")["Location"]
    assert "The XML is damaged in line 1" in client.get(address).content.decode()
    answer = client.post(address, {"do": "apply"}, follow=True)
    assert "The XML is damaged" in answer.content.decode()


@pytest.mark.parametrize("bank", ["cedar", "shared"])
def test_a_trainer_writes_into_no_other_bank(client: Client, cast: Cast, bank: str) -> None:
    as_user(client, cast.nordlicht.trainer)
    target = cast.cedar.client if bank == "cedar" else "shared"
    answer = upload(client, target)
    assert answer.status_code == 200
    assert QuestionImport.objects.count() == 0


def test_the_administrator_writes_into_the_shared_bank(client: Client, cast: Cast) -> None:
    as_user(client, cast.administrator)
    address = upload(client, "shared")["Location"]
    client.post(address, {"do": "apply"})
    assert {q.owner for q in Question.objects.all()} == {None}


@pytest.mark.parametrize("method", ["get", "post"])
def test_anothers_import_is_not_found(client: Client, cast: Cast, method: str) -> None:
    as_user(client, cast.nordlicht.trainer)
    address = upload(client, cast.nordlicht.client)["Location"]
    as_user(client, cast.cedar.trainer)
    assert getattr(client, method)(address, {"do": "apply"}).status_code == 404
    assert getattr(client, method)(url("tried", deed=uuid4())).status_code == 404
    assert Question.objects.count() == 0


@pytest.mark.parametrize("role", ["agent", "vendor_hr", "client_hr"])
def test_who_does_not_write_is_kept_out(client: Client, cast: Cast, role: str) -> None:
    as_user(client, cast.nordlicht.trainer)
    address = upload(client, cast.nordlicht.client)["Location"]
    as_user(client, getattr(cast.nordlicht, role))
    for each in (url("import"), url("export"), url("template", slug="csv"), address):
        answer = client.get(each)
        assert answer.status_code in (302, 403, 404), each


@pytest.mark.parametrize("slug", ["csv", "xlsx"])
def test_the_template_is_a_file_that_can_be_imported(client: Client, cast: Cast, slug: str) -> None:
    as_user(client, cast.nordlicht.trainer)
    answer = client.get(url("template", slug=slug))
    parsed = format_named(slug).read(answer.content)
    assert not parsed.findings
    assert {draft.kind for draft in parsed.drafts} == {model.kind for model in question_types()}
    assert client.get(url("template", slug="gift")).status_code == 404


def query(bank: Any, **more: str) -> dict[str, str]:
    return {
        "bank": bank if isinstance(bank, str) else str(bank.pk),
        "locale": str(Locale.get_default().pk),
        "format": "gift",
        **more,
    }


def test_an_export_says_what_it_does_not_carry(client: Client, cast: Cast) -> None:
    as_user(client, cast.nordlicht.trainer)
    choice(cast.nordlicht.client, "A choice")
    true_false(cast.nordlicht.client, "A statement")
    true_false(cast.cedar.client, "Cedar's own")
    page = client.get(url("export"), query(cast.nordlicht.client, format="aiken"))
    words = page.content.decode()
    assert "1 question is in the file." in words
    assert "The whole question." in words
    assert "A statement" in words
    assert "options: feedback" in words
    answer = client.get(url("export"), query(cast.nordlicht.client, download="1"))
    assert answer["Content-Disposition"].startswith('attachment; filename="questions-')
    assert b"A statement" in answer.content
    assert b"Cedar" not in answer.content


@pytest.mark.parametrize(("field", "value", "titles"), [
    ("type", "choice", {"A choice"}),
    ("tag", "punctuality", {"A statement"}),
])  # fmt: skip
def test_an_export_of_a_type_or_a_tag(
    client: Client, cast: Cast, field: str, value: str, titles: set[str]
) -> None:
    as_user(client, cast.nordlicht.trainer)
    choice(cast.nordlicht.client, "A choice")
    true_false(cast.nordlicht.client, "A statement")
    asked = query(cast.nordlicht.client, download="1", format="csv", **{field: value})
    body = client.get(url("export"), asked).content
    assert {draft.title for draft in format_named("csv").read(body).drafts} == titles


def test_nobody_exports_another_clients_bank(client: Client, cast: Cast) -> None:
    true_false(cast.cedar.client, "Cedar's own")
    true_false(None, "Everybody's own", tags=["for-all"])
    as_user(client, cast.nordlicht.trainer)
    answer = client.get(url("export"), query(cast.cedar.client, download="1"))
    assert b"Cedar" not in answer.content
    answer = client.get(url("export"), query("shared", download="1"))
    assert b"Everybody" in answer.content


def test_the_menu_leads_there(client: Client, cast: Cast) -> None:
    as_user(client, cast.nordlicht.trainer)
    page = client.get(reverse("wagtailadmin_home")).content.decode()
    assert url("import") in page
    assert url("export") in page


def test_a_workbook_that_is_none(client: Client, cast: Cast) -> None:
    as_user(client, cast.nordlicht.trainer)
    body = io.BytesIO(b"PK\x03\x04 nonsense").getvalue()
    address = upload(client, cast.nordlicht.client, body, format="xlsx")["Location"]
    assert "damaged" in client.get(address).content.decode()


# --- A large file ----------------------------------------------------------------------------


@pytest.mark.database
def test_a_large_file_is_tried_and_taken_over_by_jobs(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "IN_THE_REQUEST", 1)
    as_user(client, cast.nordlicht.trainer)
    address = upload(client, cast.nordlicht.client)["Location"]
    page = client.get(address).content.decode()
    assert "nothing is written yet" in page
    assert "It waits for a worker" in page
    assert 'value="apply"' not in page
    assert runner.run_due() == 1
    page = client.get(address).content.decode()
    for words in ("Late", "Reply", "line 5", "not a question", "Tried on", 'value="apply"'):
        assert words in page, words
    assert Question.objects.count() == 0
    # While it was read something came into the bank: that is not taken for new.
    client.post(address, {"do": "apply"})
    client.post(address, {"do": "apply"})
    assert "The file is being imported" in client.get(address).content.decode()
    assert client.post(address, {"do": "discard"}, follow=True).status_code == 200
    assert QuestionImport.objects.count() == 1
    assert runner.run_due() == 1
    assert "Imported on" in client.get(address).content.decode()
    assert {q.owner for q in Question.objects.all()} == {cast.nordlicht.client}
    job = Job.objects.get(kind=import_jobs.APPLY)
    page = client.get(reverse("attune_jobs:job", args=[job.uuid])).content.decode()
    assert "2 new, 0 changed" in page
    assert "line 7" in page
    assert address in page
    # Twice is once.
    answer = client.post(address, {"do": "apply"}, follow=True)
    assert "Nothing was done twice" in answer.content.decode()
    again = upload(client, cast.nordlicht.client)["Location"]
    runner.run_due()
    client.post(again, {"do": "apply"})
    runner.run_due()
    assert Question.objects.count() == 2
    assert Job.objects.filter(kind=import_jobs.APPLY).latest("pk").result["unchanged"] == 2


def test_a_large_file_that_fails_or_is_cancelled_leaves_nothing(
    client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs, "BYTES_IN_THE_REQUEST", 1)
    as_user(client, cast.nordlicht.trainer)
    address = upload(client, cast.nordlicht.client, b"<quiz", format="moodle")["Location"]
    runner.run_due()
    page = client.get(address).content.decode()
    assert "The XML is damaged in line 1" in page
    assert 'value="again"' in page
    assert 'value="apply"' not in page
    client.post(address, {"do": "discard"})

    address = upload(client, cast.nordlicht.client)["Location"]
    runner.run_due()
    client.post(address, {"do": "apply"})

    def fall(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("attune.quizzes.services.take_over.remember", fall)
        runner.run_due()
    page = client.get(address).content.decode()
    assert "Failed:" in page
    assert "Nothing was written" in page
    assert Question.objects.count() == 0
    client.post(address, {"do": "apply"})
    job = Job.objects.get(kind=import_jobs.APPLY, state="queued")
    client.post(reverse("attune_jobs:cancel", args=[job.uuid]))
    assert "Cancelled:" in client.get(address).content.decode()
    client.post(address, {"do": "apply"})
    # Who may not write there any more is not obeyed.
    cast.nordlicht.trainer.memberships.all().delete()
    runner.run_due()
    assert Job.objects.latest("pk").state == "failed"
    assert Question.objects.count() == 0


def test_a_plan_is_made_anew_where_the_bank_moved_on(cast: Cast) -> None:
    bank, user = cast.nordlicht.client, cast.nordlicht.trainer.user
    kept, twin = (
        QuestionImport.objects.create(
            owner=bank,
            locale=Locale.get_default(),
            topic="etiquette",
            format="gift",
            file_name="questions.gift.txt",
            body=GIFT,
            uploaded_by=user,
            uploaded_at=timezone.now(),
        )
        for _twice in range(2)
    )
    prepared = prepare_import(deed=kept.deed)
    assert prepared.plan.counts["new"] == 2
    apply_import(deed=twin.deed, user=user, now=timezone.now())
    counts = apply_import(deed=kept.deed, user=user, now=timezone.now(), prepared=prepared)
    assert (counts["new"], counts["unchanged"]) == (0, 2)
    assert Question.objects.count() == 2
