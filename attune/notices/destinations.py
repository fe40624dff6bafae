"""Recipients that are no persons: those from the environment, and how to reach a webhook.

What the environment names stands as a row beside those entered in the admin, so that one list
says who is told. The address of its webhook and its secret stay in the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from attune.notices.channels.addresses import networks
from attune.notices.channels.webhook import CONNECT_TIMEOUT, READ_TIMEOUT, Webhook
from attune.notices.models import Destination
from attune.notices.models.ledger import Channel
from attune.safety.encryption import Secret

WEBHOOK = "Environment: webhook"


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    channel: str
    email: str = ""
    host: str = ""


def alerted() -> QuerySet[Destination]:
    """Whoever is told of trouble."""
    found: QuerySet[Destination] = Destination.objects.filter(is_enabled=True, takes_alerts=True)
    return found


def sync_environment() -> None:
    """Bring the rows in line with ``ATTUNE_ALERT_EMAILS`` and ``ATTUNE_ALERT_WEBHOOK``.

    One query when nothing has changed. A row whose setting has gone is switched off: the
    ledger still names it.
    """
    wanted = {each.name: each for each in _wanted()}
    rows = {row.name: row for row in Destination.objects.filter(origin="environment")}
    language = str(settings.LANGUAGE_CODE)
    missing = [each for name, each in wanted.items() if name not in rows]
    changed = []
    for name, row in rows.items():
        want = wanted.get(name)
        now = (row.channel, row.email, row.host, row.is_enabled)
        then = (want.channel, want.email, want.host, True) if want else (*now[:3], False)
        if now != then:
            row.channel, row.email, row.host, row.is_enabled = then
            changed.append(row)
    if not missing and not changed:
        return
    with transaction.atomic():
        Destination.objects.bulk_create(
            [
                Destination(
                    origin=Destination.Origin.ENVIRONMENT,
                    name=each.name,
                    channel=each.channel,
                    email=each.email,
                    host=each.host,
                    language=language,
                )
                for each in missing
            ],
            ignore_conflicts=True,
        )
        Destination.objects.bulk_update(changed, ["channel", "email", "host", "is_enabled"])


def _wanted() -> list[_Wanted]:
    wanted = []
    for email in getattr(settings, "ATTUNE_ALERT_EMAILS", None) or []:
        try:
            validate_email(email)
        except ValidationError:
            continue  # the system check says so
        wanted.append(_Wanted(f"Environment: {email}"[:80], Channel.EMAIL, email=email))
    url = environment_url()
    if url:
        wanted.append(_Wanted(WEBHOOK, Channel.WEBHOOK, host=host_of(url)))
    return wanted


def environment_url() -> str:
    return str(getattr(settings, "ATTUNE_ALERT_WEBHOOK", "") or "")


def host_of(url: str) -> str:
    """What may be shown of a webhook's address; the rest of it is often a secret."""
    try:
        return (urlsplit(url).hostname or "")[:255]
    except ValueError:
        return ""


def connect(destination: Destination | None, *, quick: bool = False) -> Webhook:
    """:raises ValueError: there is no address, or none that can be used.
    :raises SecretUnreadable: it was encrypted with a key that we no longer have.
    """
    if destination is None:
        raise ValueError("The recipient was deleted.")
    if destination.from_environment:
        url = environment_url()
        secret = str(getattr(settings, "ATTUNE_ALERT_WEBHOOK_SECRET", "") or "")
    else:
        url, secret = _revealed(destination.url), _revealed(destination.secret)
    return Webhook(
        url=url,
        secret=secret,
        allowed=networks(getattr(settings, "ATTUNE_WEBHOOK_NETWORKS", None) or []),
        connect_timeout=min(CONNECT_TIMEOUT, 4) if quick else CONNECT_TIMEOUT,
        read_timeout=min(READ_TIMEOUT, 6) if quick else READ_TIMEOUT,
    )


def _revealed(value: object) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value or "")
