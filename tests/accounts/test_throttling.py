"""From which computer a failed sign-in is counted, with proxies in front and without."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as given
from django.test import Client, RequestFactory

from attune.accounts.throttling import computer_of
from tests import factories

PROXY = "192.0.2.1"


@pytest.mark.parametrize(
    ("proxies", "said", "computer"),
    [
        (0, "203.0.113.7", PROXY),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "10.9.9.9, 203.0.113.7", "203.0.113.7"),  # the visitor wrote the first one
        (2, "10.9.9.9, 203.0.113.7, 192.0.2.2", "203.0.113.7"),
        (2, "203.0.113.7", PROXY),  # came past the outer one
        (1, "", PROXY),
        (1, "unknown", PROXY),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "203.0.113.7:4711", PROXY),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings: Any, proxies: int, said: str, computer: str
) -> None:
    settings.ATTUNE_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=said)
    assert computer_of(request) == computer


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 302)])
def test_behind_a_proxy_a_stranger_locks_nobody_out_who_sits_elsewhere(
    client: Client, maria: Any, settings: Any, proxies: int, status: int
) -> None:
    settings.ATTUNE_PROXIES = proxies

    def attempt(password: str, computer: str) -> int:
        return client.post(
            "/accounts/sign-in/",
            {"username": maria.email, "password": password},
            headers={"x-forwarded-for": computer},
        ).status_code

    for _number in range(given.AXES_FAILURE_LIMIT):
        last = attempt("guessed", "203.0.113.7")
    assert last == 429
    assert attempt(factories.PASSWORD, "203.0.113.8") == status
