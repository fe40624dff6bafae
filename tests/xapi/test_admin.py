"""Record stores in the admin: for administrators alone, and the secret never comes out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from attune.xapi import verbs
from attune.xapi.models import Lane, LaneFilter, LaneOrigin
from tests.delivery.conftest import double as double
from tests.delivery.double import Double
from tests.delivery.token_double import TokenDouble, issuing
from tests.xapi.test_filters import keep, say

pytestmark = pytest.mark.django_db
SECRET = "never to be seen again"


def url(name: str, *args: Any) -> str:
    return reverse(f"attune_xapi_lane:{name}", args=args)


@pytest.fixture
def administrator(client: Client) -> Client:
    user = get_user_model().objects.create_superuser(email="root@attune.example", password="x")
    client.force_login(user)
    return client


@pytest.fixture
def editor(client: Client) -> Client:
    """Has every permission on lanes that a group can give, and is no administrator."""
    user = get_user_model().objects.create_user(email="klaus@attune.example", password="x")
    group = Group.objects.create(name="everything")
    group.permissions.set(
        Permission.objects.filter(content_type__app_label="attune_xapi")
        | Permission.objects.filter(codename="access_admin")
    )
    user.groups.add(group)
    client.force_login(user)
    return client


def form(double: Double, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Their store",
        "is_enabled": "on",
        "endpoint": double.endpoint,
        "authentication": "basic",
        "username": double.username,
        "password": double.password,
        "version": "1.0.3",
        "client": "",
        "connect_timeout": "2",
        "read_timeout": "2",
        "batch_size": "100",
        **changes,
    }


def lane(double: Double, **changes: Any) -> Lane:
    return Lane.objects.create(
        **{"name": "x", "endpoint": double.endpoint, "password": SECRET, **changes}
    )


def test_a_store_is_added_and_tried_out(administrator: Client, double: Double) -> None:
    response = administrator.post(url("add"), form(double), follow=True)
    assert "The record store answers." in response.text
    assert Lane.objects.get().password.reveal() == double.password  # type: ignore[union-attr]
    assert double.posts == []


def test_what_a_store_answers_to_wrong_settings_is_shown(
    administrator: Client, double: Double
) -> None:
    response = administrator.post(url("add"), form(double, password="wrong"), follow=True)
    assert "401" in response.text
    assert Lane.objects.count() == 1


def test_the_secret_is_on_no_page(administrator: Client, double: Double) -> None:
    row = lane(double)
    token = row.password.token  # type: ignore[union-attr]
    for page in ("index", "edit", "inspect", "history", "usage", "delete"):
        response = administrator.get(url(page, *(() if page == "index" else (row.pk,))))
        assert response.status_code == 200, page
        assert SECRET not in response.text
        assert token not in response.text


def test_an_empty_secret_keeps_the_present_one(administrator: Client, double: Double) -> None:
    row = lane(double)
    administrator.post(url("edit", row.pk), form(double, name="renamed", password=""))
    row.refresh_from_db()
    assert row.name == "renamed"
    assert row.password.reveal() == SECRET  # type: ignore[union-attr]


def test_the_secret_does_not_follow_to_another_address(
    administrator: Client, double: Double
) -> None:
    row = lane(double)
    changed = form(double, endpoint="https://elsewhere.example/xapi", password="")
    response = administrator.post(url("edit", row.pk), changed)
    assert "Enter the secret again" in response.text
    row.refresh_from_db()
    assert row.endpoint == double.endpoint


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "not an address"},
        {"endpoint": "http://127.0.0.1/xapi/statements"},
        {"endpoint": "http://key:secret@127.0.0.1/xapi"},
        {"authentication": "oauth2"},
        {"authentication": "oauth2", "token_endpoint": "no address"},
        {"authentication": "oauth2", "token_endpoint": "http://k:s@127.0.0.1/t"},
        {"authentication": "oauth2", "token_endpoint": "http://127.0.0.1/t", "username": ""},
        {"authentication": "oauth2", "token_endpoint": "http://127.0.0.1/t", "password": ""},
        {"verbs": "https://a.example/no-such-box"},
        {"other_verbs": "won"},
        {"other_verbs": "https://a.example/" + "x" * 255},
        {"other_engagements": "x" * 65},
        {"batch_size": "101"},
        {"batch_size": "0"},
    ],
)
def test_wrong_settings_are_refused(
    administrator: Client, double: Double, wrong: dict[str, str]
) -> None:
    assert administrator.post(url("add"), form(double, **wrong)).status_code == 200
    assert not Lane.objects.exists()


def store_of_tokens(tokens: TokenDouble, **changes: str) -> dict[str, str]:
    return {
        "authentication": "oauth2",
        "token_endpoint": tokens.endpoint,
        "username": tokens.client_id,
        "password": tokens.secret,
        **changes,
    }


def test_a_store_that_asks_for_tokens_is_added_and_tried_out(
    administrator: Client, double: Double
) -> None:
    double.tokens = set()
    with issuing(TokenDouble(store=double.tokens)) as tokens:
        sent = form(double, **store_of_tokens(tokens))
        response = administrator.post(url("add"), sent, follow=True)
        assert "The record store answers." in response.text
        row = Lane.objects.get()
        sent["password"] = ""
        administrator.post(url("edit", row.pk), {**sent, "name": "renamed"})
        row.refresh_from_db()
        assert row.name == "renamed"
        assert row.password.reveal() == tokens.secret  # type: ignore[union-attr]
        assert tokens.secret not in administrator.get(url("edit", row.pk)).text


@pytest.mark.parametrize(
    "changes",
    [
        {"token_endpoint": "https://elsewhere.example/token"},
        {"endpoint": "https://elsewhere.example/xapi"},
        {"authentication": "basic"},
    ],
)
def test_the_secret_follows_to_no_other_place_where_tokens_are_given(
    administrator: Client, double: Double, changes: dict[str, str]
) -> None:
    kept = {"authentication": "oauth2", "token_endpoint": "https://tokens.example/token"}
    row = lane(double, username="id", **kept)
    sent = form(double, **{**kept, "username": "id", "password": "", **changes})
    response = administrator.post(url("edit", row.pk), sent)
    assert "Enter the secret again" in response.text
    row.refresh_from_db()
    assert row.token_endpoint == kept["token_endpoint"]
    assert row.authentication == "oauth2"


def test_nor_from_a_name_and_password_to_a_token_server(
    administrator: Client, double: Double
) -> None:
    row = lane(double)
    sent = form(double, authentication="oauth2", token_endpoint="https://t.example/", password="")
    assert "Enter the secret again" in administrator.post(url("edit", row.pk), sent).text


def test_what_stands_in_hidden_fields_is_not_kept(administrator: Client, double: Double) -> None:
    administrator.post(url("add"), form(double, token_endpoint="left over", scope="x"))
    row = Lane.objects.get()
    assert (row.authentication, row.token_endpoint, row.scope) == ("basic", "", "")


def filters_of(row: Lane) -> set[tuple[str, str]]:
    return set(LaneFilter.objects.filter(lane=row).values_list("field", "value"))


def test_engagements_and_verbs_are_offered_and_chosen(
    administrator: Client, double: Double
) -> None:
    keep(say("known", verbs.PASSED))
    page = administrator.get(url("add")).text
    assert 'value="nordlicht-habagat"' in page
    assert verbs.PASSED.id in page
    assert verbs.VOIDED.id not in page
    assert "Recorded so far: nordlicht" in page
    sent = form(
        double,
        engagements=["nordlicht-habagat"],
        verbs=[verbs.PASSED.id, verbs.FAILED.id],
        other_verbs="completed\n",
    )
    response = administrator.post(url("add"), sent, follow=True)
    assert "spelt" not in response.text
    row = Lane.objects.get()
    assert filters_of(row) == {
        ("engagement", "nordlicht-habagat"),
        ("verb", verbs.PASSED.id),
        ("verb", verbs.FAILED.id),
        ("verb", verbs.COMPLETED.id),
    }
    assert row.deliveries.count() == 1
    page = administrator.get(url("edit", row.pk)).text
    assert page.count("checked") >= 4
    inspected = administrator.get(url("inspect", row.pk)).text
    assert "nordlicht-habagat" in inspected
    assert verbs.FAILED.id in inspected
    administrator.post(url("edit", row.pk), form(double, verbs=[verbs.FAILED.id]))
    assert filters_of(row) == {("verb", verbs.FAILED.id)}
    assert row.deliveries.count() == 0  # what waited does not fit any more


def test_what_nobody_knows_is_kept_and_warned_of(administrator: Client, double: Double) -> None:
    keep(say("known", verbs.PASSED))
    sent = form(
        double,
        client="nordlcht",
        other_engagements="nordlicht-habagat, nordlicht-hagabat",
        other_verbs="https://a.example/verbs/won",
    )
    text = administrator.post(url("add"), sent, follow=True).text
    for code in ("nordlcht", "nordlicht-hagabat", "https://a.example/verbs/won"):
        assert code in text
    assert text.count("Is it spelt like this?") == 2
    row = Lane.objects.get()
    assert row.client == "nordlcht"
    assert len(filters_of(row)) == 3
    page = administrator.get(url("edit", row.pk)).text
    assert "nordlicht-hagabat" in page


def test_what_is_typed_is_no_markup(administrator: Client, double: Double) -> None:
    sent = form(double, other_engagements="<script>alert(1)</script>")
    assert "<script>alert(1)" not in administrator.post(url("add"), sent, follow=True).text
    row = Lane.objects.get()
    for page in ("edit", "inspect", "index"):
        text = administrator.get(url(page, *(() if page == "index" else (row.pk,)))).text
        assert "<script>alert(1)" not in text


def test_a_changed_lane_is_tried_at_once(administrator: Client, double: Double) -> None:
    row = lane(double, pause_reason="401 Unauthorized", failures=4)
    administrator.post(url("edit", row.pk), form(double))
    row.refresh_from_db()
    assert (row.state, row.retry_at) == ("active", None)


def test_the_environments_lane_is_shown_and_not_changed(
    administrator: Client, double: Double
) -> None:
    row = lane(double, origin=LaneOrigin.ENVIRONMENT)
    index = administrator.get(url("index"))
    assert "Set by the environment" in index.text
    assert url("edit", row.pk) not in index.text
    for page in ("edit", "delete"):
        administrator.post(url(page, row.pk), form(double, name="changed"))
    row.refresh_from_db()
    assert row.name == "x"


@pytest.mark.parametrize("page", ["index", "add", "edit", "inspect", "history", "usage", "delete"])
def test_nobody_else_gets_in_by_way_of_a_group(editor: Client, double: Double, page: str) -> None:
    row = lane(double)
    target = url(page, *(() if page in ("index", "add") else (row.pk,)))
    assert editor.get(target).status_code in (302, 403)
    editor.post(target, form(double, name="taken over"))
    row.refresh_from_db()
    assert row.name == "x"
    assert Lane.objects.count() == 1


def test_nobody_else_sees_the_menu(editor: Client) -> None:
    home = editor.get(reverse("wagtailadmin_home"))
    assert home.status_code == 200
    assert "learning-record-stores" not in home.text
