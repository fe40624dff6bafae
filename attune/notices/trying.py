"""Trying a recipient out: one test message, sent while somebody waits, and kept in the ledger."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from attune.notices import kinds, routes, sending
from attune.notices.channels.answers import Answer, Verdict
from attune.notices.models import Destination, Message


def send_a_test(destination: Destination, *, now: datetime) -> Answer:
    """Never in a transaction: it asks a server."""
    route = routes.route_for(destination.channel, destination)
    identifier = uuid.uuid4()
    with translation.override(destination.language):
        message = Message(
            uuid=identifier,
            kind=kinds.TEST.name,
            key=str(identifier),
            channel=destination.channel,
            to=f"destination {destination.pk}",
            route=route,
            address=destination.address,
            language=destination.language,
            subject=_("[Attune] A test"),
            body=_(
                "This is a test. Whoever reads it is told when learning records do not arrive, "
                "and when they do again.\n\n%(address)s\n"
            )
            % {"address": sending.base_url()},
            written_at=now,
            due_at=now,
            expires_at=now + kinds.TEST.worth,
            closed_at=now,
        )
    answer = sending.try_out(sending.parcel_of(message), route)
    is_sent = answer.verdict is Verdict.SENT
    message.state = Message.State.SENT if is_sent else Message.State.FAILED
    message.answer = answer.words
    message.save()
    if is_sent and route.retry_at is not None:
        # Whoever mended the settings should not have to wait for the next try.
        type(route).objects.filter(pk=route.pk).update(retry_at=None)
    return answer
