"""My account, and what the person's own zone and language do to the pages."""

from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from django.utils import timezone, translation

from attune.people.middleware import PersonSettings
from tests import factories

ACCOUNT = "/learn/people/account/"


def test_people_change_their_own_name_zone_and_language(client, as_user, maria):
    as_user(client, maria)
    values = {"full_name": "Maria S. Santos", "time_zone": "Asia/Tokyo", "language": "de"}
    answer = client.post(ACCOUNT, values)
    assert answer.url == ACCOUNT
    maria.refresh_from_db()
    assert (maria.full_name, maria.time_zone, maria.language) == tuple(values.values())
    page = client.get(ACCOUNT)
    assert page.headers["Content-Language"] == "de"
    assert '<html lang="de"' in page.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Base"}, {"language": "xx"}, {"full_name": "  "}]
)
def test_what_does_not_exist_cannot_be_chosen(client, as_user, maria, wrong):
    as_user(client, maria)
    values = {"full_name": "M", "time_zone": "Asia/Tokyo", "language": "de", **wrong}
    assert client.post(ACCOUNT, values).context["form"].errors
    maria.refresh_from_db()
    assert maria.full_name == "Maria Santos"


def test_the_page_says_where_one_works_and_nothing_of_others(client, as_user, cast):
    page = as_user(client, cast.nordlicht.agent).get(ACCOUNT).content.decode()
    assert "Habagat Support" in page
    assert "/accounts/password/change/" in page
    assert "Deccan" not in page


def test_an_account_behind_which_nobody_is_known_has_no_page(client, as_user, db):
    assert as_user(client, factories.user("host@example.test")).get(ACCOUNT).status_code == 404


def test_a_stranger_signs_in_first(client, db):
    assert client.get(ACCOUNT).url == f"/accounts/sign-in/?next={ACCOUNT}"


def seen(user, path, **cookies):
    """(Language, hour) inside a view for a moment at 12:00 UTC, through the middleware."""
    request = RequestFactory().get(path)
    request.user = user
    request.COOKIES.update(cookies)
    found = []

    def view(request):
        noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
        found.append((translation.get_language(), timezone.localtime(noon).hour))
        return HttpResponse()

    def get_response(request):
        request.resolver_match = resolve(path)
        middleware.process_view(request, view, (), {})
        return view(request)

    middleware = PersonSettings(get_response)
    with translation.override("en"):
        middleware(request)
        assert translation.get_language() == "en", "the next reader gets their own"
    return found[0]


def test_own_zone_everywhere_and_own_language_on_our_pages(maria):
    maria.language = "de"
    assert seen(maria.user, ACCOUNT) == ("de", 20)
    assert seen(maria.user, ACCOUNT, django_language="en") == ("en", 20)
    assert seen(maria.user, "/admin/") == ("en", 20)
    assert seen(maria.user, "/admin/attune/people/") == ("en", 20)
    assert timezone.get_current_timezone_name() == "UTC"


def test_who_is_nobody_gets_the_site_s_settings(db):
    assert seen(factories.user("host@example.test"), ACCOUNT) == ("en", 12)
