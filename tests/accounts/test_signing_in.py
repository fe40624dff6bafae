"""Signing in and out, passwords by link, throttling: what strangers learn is nothing."""

import re

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.urls import reverse

from attune.accounts import tasks
from tests.factories import PASSWORD, user

SIGN_IN = "/accounts/sign-in/"
ADMIN = "/admin/login/"
BOTH = pytest.mark.parametrize("page", [SIGN_IN, ADMIN])


def attempt(client, page, email, password="wrong", **more):
    return client.post(page, {"username": email, "password": password, **more}, secure=False)


@pytest.mark.parametrize("typed", ["maria.santos@example.test", "Maria.SANTOS@Example.Test"])
def test_an_address_is_one_address_however_it_is_typed(client, maria, typed):
    attempt(client, SIGN_IN, typed, PASSWORD)
    assert client.session["_auth_user_id"] == str(maria.user.pk)


@BOTH
def test_too_many_wrong_passwords_lock_the_address_on_that_computer(client, maria, hana, page):
    spellings = [
        "maria.santos@example.test",
        "MARIA.santos@example.test",
        " maria.santos@example.test",
    ]
    for number in range(settings.AXES_FAILURE_LIMIT):
        answer = attempt(client, page, spellings[number % 3])
    assert answer.status_code == 429
    assert attempt(client, page, maria.email, PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session
    # The colleague at the same computer is not locked out with her.
    attempt(client, page, hana.email, PASSWORD)
    assert client.session["_auth_user_id"] == str(hana.user.pk)


def test_the_two_pages_share_one_count(client, maria):
    for number in range(settings.AXES_FAILURE_LIMIT):
        answer = attempt(client, [SIGN_IN, ADMIN][number % 2], maria.email)
    assert answer.status_code == 429
    assert "15" in answer.content.decode() or "fifteen" in answer.content.decode()


def test_an_unknown_address_locks_like_a_known_one(client, db):
    for _number in range(settings.AXES_FAILURE_LIMIT):
        answer = attempt(client, SIGN_IN, "nobody@example.test")
    assert answer.status_code == 429


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    runs = 0

    def encode(self, password, salt):
        type(self).runs += 1
        return super().encode(password, salt)


def _words(answer) -> str:
    text = re.sub(
        r'name="csrfmiddlewaretoken" value="[^"]*"|value="[^"]*@[^"]*"', "", answer.content.decode()
    )
    return re.sub(r'nonce="[^"]*"', "", text)


def test_a_stranger_learns_nothing_from_a_failed_sign_in(client, maria, hana, klaus, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    for person in (maria, hana, klaus):
        person.user.set_password(PASSWORD)
        person.user.save()
    hana.user.is_active = False
    hana.user.save()
    klaus.user.set_unusable_password()
    klaus.user.save()
    answers, work = [], []
    for email in (maria.email, hana.email, klaus.email, "nobody@example.test"):
        CountingHasher.runs = 0
        answers.append(attempt(client, SIGN_IN, email))
        work.append(CountingHasher.runs)
    CountingHasher.runs = 0
    answers.append(attempt(client, SIGN_IN, hana.email, PASSWORD))
    work.append(CountingHasher.runs)
    assert len({_words(answer) for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert set(work) == {1}


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/accounts/password/saved/", "/accounts/password/saved/"),
        ("https://evil.test/", None),
        ("//evil.test/", None),
        ("/\\evil.test", None),
        ("javascript:alert(1)", None),
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(client, maria, wanted, goes):
    answer = attempt(client, SIGN_IN, maria.email, PASSWORD, next=wanted)
    assert answer.status_code == 302
    assert answer.url == (goes or reverse(settings.LOGIN_REDIRECT_URL))


def test_signing_out_needs_a_post(client, as_user, maria):
    as_user(client, maria)
    assert client.get("/accounts/sign-out/").status_code == 405
    assert client.session["_auth_user_id"] == str(maria.user.pk)
    answer = client.post("/accounts/sign-out/", follow=True)
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


# --- Passwords ----------------------------------------------------------------------------


def _link() -> str:
    (message,) = mail.outbox
    (link,) = re.findall(r"^https?://\S+$", message.body, re.MULTILINE)
    assert link.startswith(settings.WAGTAILADMIN_BASE_URL)
    return link.removeprefix(settings.WAGTAILADMIN_BASE_URL)


def _set_password(client, link, password):
    form = client.get(link, follow=True)
    return client.post(
        form.request["PATH_INFO"],
        {"new_password1": password, "new_password2": password},
        follow=True,
    )


def test_a_forgotten_password_is_replaced_through_the_mail(client, maria):
    for _number in range(settings.AXES_FAILURE_LIMIT):
        attempt(client, SIGN_IN, maria.email)
    answer = client.post("/accounts/password/", {"email": "MARIA.santos@example.test"}, follow=True)
    assert answer.redirect_chain == [("/accounts/password/sent/", 302)]
    assert mail.outbox[0].to == [maria.email]
    link = _link()
    answer = _set_password(client, link, "Ein-neues-Wort-2026")
    assert answer.redirect_chain[-1][0] == "/accounts/password/saved/"
    # She is let in at once, although her address was locked; the link is spent.
    attempt(client, SIGN_IN, maria.email, "Ein-neues-Wort-2026")
    assert client.session["_auth_user_id"] == str(maria.user.pk)
    assert client.get(link, follow=True).context["validlink"] is False


def test_the_link_names_the_site_and_not_the_host_of_the_request(client, maria):
    client.post("/accounts/password/", {"email": maria.email}, headers={"host": "evil.test"})
    assert "evil.test" not in mail.outbox[0].body


def test_asking_for_a_link_tells_nobody_who_has_an_account(client, maria, hana, monkeypatch):
    hana.user.is_active = False
    hana.user.save()
    asked = []
    monkeypatch.setattr(tasks.send_password_link, "delay", lambda *given: asked.append(given))
    answers = [
        client.post("/accounts/password/", {"email": email})
        for email in (maria.email, hana.email, "nobody@example.test")
    ]
    # The request does the same for each: it hands the address over and knows no more.
    assert len({(answer.status_code, answer.url) for answer in answers}) == 1
    assert [email for email, _language in asked] == [
        maria.email,
        hana.email,
        "nobody@example.test",
    ]


def test_only_an_active_account_gets_the_mail(client, hana):
    hana.user.is_active = False
    hana.user.save()
    for email in (hana.email, "nobody@example.test"):
        client.post("/accounts/password/", {"email": email})
    assert mail.outbox == []


def test_an_account_without_a_password_gets_its_first_one_so(client, db):
    new = user("new@example.test")
    new.set_unusable_password()
    new.save()
    client.post("/accounts/password/", {"email": "new@example.test"})
    _set_password(client, _link(), "Ein-neues-Wort-2026")
    assert get_user_model().objects.get(pk=new.pk).check_password("Ein-neues-Wort-2026")


def test_a_bad_password_is_refused_with_reasons(client, maria):
    client.post("/accounts/password/", {"email": maria.email})
    answer = _set_password(client, _link(), "password")
    assert answer.context["form"].errors["new_password2"]
    maria.user.refresh_from_db()
    assert maria.user.check_password(PASSWORD)


@pytest.mark.parametrize(
    "link", ["/accounts/password/set/MQ/abc-def/", "/accounts/password/set/x/y/"]
)
def test_a_forged_link_opens_nothing(client, db, link):
    answer = client.get(link, follow=True)
    assert answer.status_code == 200
    assert answer.context["validlink"] is False


def test_a_link_to_an_account_that_was_closed_meanwhile_opens_nothing(client, maria):
    client.post("/accounts/password/", {"email": maria.email})
    maria.user.is_active = False
    maria.user.save()
    assert client.get(_link(), follow=True).context["validlink"] is False


def test_a_new_password_ends_the_other_sessions(client, as_user, maria):
    from django.test import Client  # noqa: PLC0415

    elsewhere = as_user(Client(), maria)
    as_user(client, maria)
    new = "Ein-neues-Wort-2026"
    answer = client.post(
        "/accounts/password/change/",
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )
    assert answer.url == "/accounts/password/saved/"
    assert elsewhere.get("/accounts/password/change/").status_code == 302
    assert client.get("/accounts/password/change/").status_code == 200


def test_wagtail_offers_no_second_way_to_reset_or_to_change_an_address(client, as_user, hana):
    assert client.post("/admin/password_reset/", {"email": hana.email}).status_code == 404
    assert mail.outbox == []
    page = as_user(client, hana).get("/admin/account/").content.decode()
    assert 'name="name_email-email"' not in page
    assert 'name="email-email"' not in page


@pytest.mark.parametrize(
    "page", ["sign-in", "password", "password/sent", "password/saved", "signed-out"]
)
def test_each_page_opens(client, db, page):
    assert client.get(f"/accounts/{page}/").status_code == 200
