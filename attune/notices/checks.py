"""Settings of notices that cannot be meant: said at the start, not at the first alert."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from attune.notices.channels.addresses import networks
from attune.notices.channels.webhook import Webhook


@register
def settings_can_be_used(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for email in getattr(settings, "ATTUNE_ALERT_EMAILS", None) or []:
        try:
            validate_email(email)
        except ValidationError:
            found.append(
                Error(
                    f"ATTUNE_ALERT_EMAILS: {email!r} is not an e-mail address.",
                    id="attune_notices.E001",
                )
            )
    try:
        networks(getattr(settings, "ATTUNE_WEBHOOK_NETWORKS", None) or [])
    except ValueError as error:
        found.append(Error(f"ATTUNE_WEBHOOK_NETWORKS: {error}", id="attune_notices.E002"))
    url = getattr(settings, "ATTUNE_ALERT_WEBHOOK", "")
    if url:
        try:
            with Webhook(url=url):
                pass
        except ValueError as error:
            found.append(Error(f"ATTUNE_ALERT_WEBHOOK: {error}", id="attune_notices.E003"))
    return found
