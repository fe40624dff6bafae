"""Real servers, committed rows, and a kind of message that tests write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from attune.notices import services
from attune.notices.kinds import Kind, registry
from attune.notices.models import Destination, Message, Route
from tests.notices.sink import Hook, MailSink, hook, mail_sink

HERE = Path(__file__).parent
#: Whose tables are emptied after a test that commits; all of the site's would take a second.
#: Not those of content types: they are made again while a later test loads the site's rows.
APPS = ["attune.notices", "attune.xapi", "attune.jobs", "attune.accounts"]
KIND = Kind("tests.told", "Told", worth=timedelta(hours=2))


@pytest.fixture(autouse=True)
def a_kind() -> Iterator[None]:
    registry.add(KIND)
    yield
    del registry.kinds[KIND.name]


@pytest.fixture
def committed() -> None:
    """Real commits: sending refuses to run in a transaction. See ``mark_committed``."""
    assert not connection.in_atomic_block


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark = pytest.mark.django_db(transaction=True, available_apps=APPS)
    for item in items:
        if HERE in item.path.parents and "committed" in getattr(item, "fixturenames", ()):
            # Before a mark that another folder gives to a fixture of the same name.
            item.add_marker(mark, append=False)


@pytest.fixture
def server(settings: Any) -> Iterator[MailSink]:
    """A mail server, and the site's settings lead to it."""
    with mail_sink() as sink:
        lead_to(sink, settings)
        yield sink


def lead_to(sink: MailSink, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = sink.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 5


@pytest.fixture
def webhook(settings: Any) -> Iterator[Hook]:
    settings.ATTUNE_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    with hook() as made:
        yield made


def write(*addresses: str, key: str = "first", **fields: Any) -> list[Message]:
    """One message to each address, in the ledger."""
    now = fields.pop("now", None) or timezone.now()
    services.write_many(
        (
            services.Draft(
                kind=KIND.name,
                key=key,
                address=address,
                subject=fields.get("subject", "It is there"),
                body=fields.get("body", "Grüß Gott.\n.\nA dot on its own line is above.\n"),
                language="de",
            )
            for address in addresses
        ),
        now=now,
    )
    return list(Message.objects.filter(key=key).order_by("pk"))


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def awake(**changes: Any) -> None:
    """As if the rest were over."""
    Route.objects.update(retry_at=None, **changes)


def destination(made: Hook, **fields: Any) -> Destination:
    return Destination.objects.create(
        **{
            "name": "Operations",
            "channel": "webhook",
            "url": made.url,
            "secret": "shared",
            "host": "127.0.0.1",
            **fields,
        }
    )
