"""The administrator's screens: recipients, limits, the ledger."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from attune.notices.models import AlertRule, Destination, Message
from attune.people.models import Person
from tests.factories import as_user
from tests.notices.conftest import write
from tests.notices.sink import Hook, MailSink

pytestmark = pytest.mark.django_db

RECIPIENTS = "/admin/notices/recipients/"
SECRET = "https://hooks.example/services/T0/v3ry-secret"


@pytest.fixture
def admin(client: Client, administrator: Person) -> Client:
    made: Client = as_user(client, administrator)
    return made


def form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Operations",
        "is_enabled": "on",
        "takes_alerts": "on",
        "channel": "email",
        "email": "ops@example.test",
        "url": "",
        "secret": "",
        "language": "de",
        **changes,
    }


def errors(response: Any) -> dict[str, Any]:
    return dict(response.context["form"].errors)


def test_a_webhook_is_entered_and_its_address_never_shown(admin: Client) -> None:
    data = form(channel="webhook", email="", url=SECRET, secret="sh4red")
    assert admin.post(f"{RECIPIENTS}new/", data).status_code == 302
    row = Destination.objects.get()
    assert (row.host, row.url.reveal(), row.secret.reveal()) == ("hooks.example", SECRET, "sh4red")
    assert "v3ry" not in str(Destination.objects.values_list("url").get())
    for page in ("", f"edit/{row.pk}/", f"inspect/{row.pk}/"):
        shown = admin.get(RECIPIENTS + page).content.decode()
        assert "v3ry" not in shown
        assert "sh4red" not in shown
    # Left empty it is kept; changed, it asks for the secret again.
    assert admin.post(f"{RECIPIENTS}edit/{row.pk}/", data | {"url": "", "secret": ""})
    row.refresh_from_db()
    assert (row.url.reveal(), row.secret.reveal()) == (SECRET, "sh4red")
    moved = admin.post(
        f"{RECIPIENTS}edit/{row.pk}/", data | {"url": "https://evil.example/", "secret": ""}
    )
    assert "secret" in errors(moved)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "no address"}, "email"),
        ({"channel": "webhook"}, "url"),
        ({"channel": "webhook", "url": "ftp://example.test"}, "url"),
        ({"channel": "webhook", "url": "https://a:b@example.test"}, "url"),
        ({"language": "tlh"}, "language"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    admin: Client, changes: dict[str, str], field: str
) -> None:
    response = admin.post(f"{RECIPIENTS}new/", form(**changes))
    assert field in errors(response)
    assert not Destination.objects.exists()


def test_what_the_environment_sets_is_changed_there(admin: Client, settings: Any) -> None:
    row = Destination.objects.create(name="E", email="e@example.test", origin="environment")
    assert admin.get(RECIPIENTS).status_code == 200
    for page in ("edit", "delete"):
        assert admin.post(f"{RECIPIENTS}{page}/{row.pk}/", form()).status_code == 302
    row.refresh_from_db()
    assert row.email == "e@example.test"


def test_a_test_says_what_the_mail_server_answered(admin: Client, server: MailSink) -> None:
    row = Destination.objects.create(name="Ops", email="ops@example.test")
    response = admin.post(f"/admin/attune/notices/recipients/{row.pk}/try/", follow=True)
    assert "250 queued as 1" in response.content.decode()
    assert server.mails[0].message["Subject"] == "[Attune] A test"
    server.script.recipients["ops@example.test"] = b"550 who is that\r\n"
    response = admin.post(f"/admin/attune/notices/recipients/{row.pk}/try/", follow=True)
    assert "550 who is that" in response.content.decode()
    states = Message.objects.order_by("pk").values_list("state", "answer")
    assert list(states) == [("sent", "250 queued as 1"), ("failed", "550 who is that")]


def test_a_test_says_what_the_webhook_answered(admin: Client, webhook: Hook) -> None:
    admin.post(f"{RECIPIENTS}new/", form(channel="webhook", email="", url=webhook.url))
    row = Destination.objects.get()
    webhook.status, webhook.body = 403, b"no_team"
    page = admin.post(f"/admin/attune/notices/recipients/{row.pk}/try/", follow=True)
    assert "403 no_team" in page.content.decode()
    assert Message.objects.get().address == "127.0.0.1"
    assert admin.get(f"/admin/attune/notices/recipients/{row.pk}/try/").status_code == 405


def test_limits_are_changed_and_none_is_added(admin: Client) -> None:
    limit = AlertRule.objects.get(trouble="waiting")
    page = f"/admin/notices/limits/edit/{limit.pk}/"
    assert page in admin.get("/admin/notices/limits/").content.decode()
    assert "minutes" in errors(admin.post(page, {"minutes": "-1", "remind_hours": "24"}))
    assert admin.post(page, {"minutes": "45", "remind_hours": "12"}).status_code == 302
    limit.refresh_from_db()
    assert (limit.minutes, limit.remind_hours, limit.is_enabled) == (45, 12, False)
    assert admin.get("/admin/notices/limits/new/").status_code == 302
    assert admin.post(f"/admin/notices/limits/delete/{limit.pk}/").status_code == 302
    assert AlertRule.objects.filter(pk=limit.pk).exists()


def test_the_ledger_is_listed_filtered_and_exported(admin: Client) -> None:
    first, second = write("maria@example.test", "=cmd@example.test")
    Message.objects.filter(pk=first.pk).update(
        state="failed", closed_at=timezone.now(), answer="550 no such user"
    )
    listed = admin.get("/admin/attune/notices/messages/").content.decode()
    assert "maria@example.test" in listed
    assert "550 no such user" in listed
    waiting = admin.get("/admin/attune/notices/messages/?state=waiting").content.decode()
    assert "maria@example.test" not in waiting
    file = admin.get("/admin/attune/notices/messages/?export=csv")
    rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
    assert len(rows) == 3
    assert rows[0][2] == "About"
    assert {row[5] for row in rows[1:]} == {"maria@example.test", "'=cmd@example.test"}
    book = admin.get("/admin/attune/notices/messages/?export=xlsx&state=failed")
    assert book.getvalue().startswith(b"PK")
    assert second.is_waiting


def test_a_message_is_read_and_sent_again(admin: Client) -> None:
    (message,) = write("maria@example.test")
    page = f"/admin/attune/notices/messages/{message.uuid}/"
    assert "Grüß Gott." in admin.get(page).content.decode()
    admin.post(f"{page}give-up/")
    message.refresh_from_db()
    assert message.state == "given_up"
    assert "Given up by" in message.answer
    assert "Send again" in admin.get(page).content.decode()
    admin.post(f"{page}again/")
    message.refresh_from_db()
    assert message.is_waiting
    assert message.expires_at > timezone.now() + timedelta(hours=1)


def test_listing_costs_the_same_however_many(
    admin: Client, django_assert_max_num_queries: Any
) -> None:
    write(*(f"p{n}@example.test" for n in range(60)))
    admin.get("/admin/attune/notices/messages/")
    with django_assert_max_num_queries(14):
        admin.get("/admin/attune/notices/messages/")


@pytest.mark.parametrize("who", ["klaus", "hana", "ines", "maria"])
def test_nobody_else_reads_any_of_it(
    client: Client, who: str, request: pytest.FixtureRequest
) -> None:
    as_user(client, request.getfixturevalue(who))
    (message,) = write("ops@example.test")
    row = Destination.objects.create(name="Ops", email="ops@example.test")
    for page in (
        "/admin/attune/notices/messages/",
        f"/admin/attune/notices/messages/{message.uuid}/",
        RECIPIENTS,
        f"{RECIPIENTS}inspect/{row.pk}/",
        "/admin/notices/limits/",
    ):
        response = client.get(page)
        assert response.status_code in (302, 404), page
        assert b"ops@example.test" not in response.content
    assert client.post(f"/admin/attune/notices/recipients/{row.pk}/try/").status_code == 302
    assert Message.objects.count() == 1
