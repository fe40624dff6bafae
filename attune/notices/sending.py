"""Sending what waits in the ledger: one sender per way, outside any transaction.

The sender holds the way's lease, hands one message over, and marks it before it turns to the
next, in one short transaction that first checks the fence. Killed at any point it leaves either
the mark or a message that waits, so nothing is lost. **What can happen twice** is one message
per killed sender: the one whose last byte the server had taken when the sender died before it
marked it, or whose answer the network lost. SMTP has no way out of that (RFC 5321, section
4.5.4.1, asks for it to be sent again); the Message-ID, and for webhooks the id, stay the same,
so that the receiver can tell. The same holds for a sender that stands still for longer than the
lease: it may finish the message at hand, and marks nothing any more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Least, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from attune.notices import destinations, routes
from attune.notices.channels.answers import Answer, Connection, Parcel, Verdict
from attune.notices.channels.email import MailServer
from attune.notices.models import Message, Route
from attune.notices.models.ledger import Channel
from attune.safety.encryption import SecretUnreadable

logger = logging.getLogger(__name__)

WINDOW = 100  # rows read at once
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
EXTEND_AFTER = routes.LEASE.total_seconds() / 6


@dataclass(slots=True)
class Outcome:
    """What one run on one way did. ``stopped`` says why it ended before nothing waited."""

    route: int
    sent: int = 0
    refused: int = 0
    later: int = 0
    given_up: int = 0
    stopped: str = ""
    more: bool = False


class _Stop(Exception):
    """The way rests, or is no longer ours."""


def sweep() -> list[int]:
    """What beat does every few seconds: the ways that have something to send."""
    destinations.sync_environment()
    return routes.due()


def send_all(*, seconds: float = 50) -> list[Outcome]:
    """One run on each way that is due."""
    return [made for route in sweep() if (made := send(route, seconds=seconds))]


def send(route: int, *, seconds: float = 50) -> Outcome | None:
    """Send what waits on *route* until nothing does, it rests, or *seconds* have passed.

    ``None`` if another sender has it, or it rests.
    """
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "Messages are sent outside any transaction: a server may take its time."
        )
    lease = routes.take(route)
    if lease is None:
        return None
    run = _Run(lease, deadline=time.monotonic() + seconds)
    try:
        run.go()
    finally:
        routes.give_back(lease)
    return run.outcome


def try_out(parcel: Parcel, route: Route) -> Answer:
    """Send one parcel here and now, for somebody who waits for the answer."""
    try:
        with _connect(route, quick=True) as way:
            return way.send(parcel)
    except (SecretUnreadable, ValueError) as error:
        return Answer(Verdict.CLOSED, str(error))


def parcel_of(message: Message) -> Parcel:
    return Parcel(
        id=str(message.uuid),
        kind=message.kind,
        key=message.key,
        to=message.address,
        subject=message.subject,
        body=message.body,
        language=message.language,
        written_at=message.written_at.isoformat(),
        details=message.details,
    )


def _connect(route: Route, *, quick: bool = False) -> Connection:
    """:raises ValueError: there is no address, or none that can be used."""
    if route.channel == Channel.EMAIL:
        return MailServer(timeout=5) if quick else MailServer()
    return destinations.connect(route.destination, quick=quick)


class _Run:
    """One sender's turn on one way."""

    def __init__(self, lease: routes.Lease, *, deadline: float) -> None:
        self.lease = lease
        self.deadline = deadline
        self.outcome = Outcome(lease.route)
        self.route = Route.objects.select_related("destination").get(pk=lease.route)
        self.extended = time.monotonic()

    def go(self) -> None:
        try:
            if self._leads_nowhere():
                return
            with self._open() as way:
                for message in self._waiting():
                    self._keep_lease()
                    self._judge(message, way.send(parcel_of(message)))
        except _Stop as stop:
            self.outcome.stopped = str(stop)

    def _open(self) -> Connection:
        try:
            return _connect(self.route)
        except (SecretUnreadable, ValueError) as error:
            self._rest(Answer(Verdict.CLOSED, str(error)))
            raise

    def _leads_nowhere(self) -> bool:
        """A webhook that was deleted or switched off: what waits for it is given up."""
        if self.route.channel == Channel.EMAIL:
            return False
        destination = self.route.destination
        if destination is not None and destination.is_enabled:
            return False
        words = _("The recipient was deleted or switched off.")
        while rows := self._window():
            for message in rows:
                self._mark(message, Message.State.GIVEN_UP, words)
        return True

    def _waiting(self) -> Iterator[Message]:
        """In the order in which they are due, a window at a time, so that memory stays flat."""
        while rows := self._window():
            for message in rows:
                if time.monotonic() >= self.deadline:
                    self.outcome.more = True
                    return
                if message.expires_at <= timezone.now():
                    self._mark(message, Message.State.GIVEN_UP, message.answer or _too_late())
                    continue
                yield message

    def _window(self) -> list[Message]:
        waiting = Message.objects.filter(
            route_id=self.lease.route, closed_at=None, due_at__lte=Now()
        )
        return list(waiting.order_by("due_at", "pk")[:WINDOW])

    def _keep_lease(self) -> None:
        if time.monotonic() - self.extended < EXTEND_AFTER:
            return
        if not routes.extend(self.lease):
            raise _Stop(_("Another sender has taken over."))
        self.extended = time.monotonic()

    # --- what came of it ----------------------------------------------------------------------

    def _judge(self, message: Message, answer: Answer) -> None:
        match answer.verdict:
            case Verdict.SENT:
                self._mark(message, Message.State.SENT, answer.words)
            case Verdict.REFUSED:
                logger.warning("Message %s was refused: %s", message.uuid, answer.words)
                self._mark(message, Message.State.FAILED, answer.words)
            case Verdict.LATER:
                self._later(message, answer)
            case Verdict.CLOSED:
                if answer.suspect:  # so that one message cannot stand before all others
                    self._later(message, answer)
                elif message.answer != answer.words:
                    Message.objects.filter(pk=message.pk, closed_at=None).update(
                        answer=answer.words
                    )
                self._rest(answer)

    def _mark(self, message: Message, state: str, words: str) -> None:
        total = {
            Message.State.SENT: "sent_total",
            Message.State.FAILED: "failed_total",
            Message.State.GIVEN_UP: "given_up_total",
        }[Message.State(state)]
        changes: dict[str, Any] = {total: F(total) + 1}
        if state != Message.State.GIVEN_UP:  # the way works
            changes |= {"failures": 0, "retry_at": None, "last_success_at": Now()}
        with transaction.atomic():
            if not routes.extend(self.lease, **changes):
                raise _Stop(_("Another sender has taken over."))
            waiting = Message.objects.filter(pk=message.pk, closed_at=None)
            waiting.update(state=state, answer=words, closed_at=Now())
        self.extended = time.monotonic()
        name = {"sent": "sent", "failed": "refused", "given_up": "given_up"}[str(state)]
        setattr(self.outcome, name, getattr(self.outcome, name) + 1)

    def _later(self, message: Message, answer: Answer) -> None:
        wait = min(FIRST_WAIT * 2 ** min(message.attempts, 12), LONGEST_WAIT)
        with transaction.atomic():
            if not routes.extend(self.lease):
                raise _Stop(_("Another sender has taken over."))
            Message.objects.filter(pk=message.pk, closed_at=None).update(
                attempts=F("attempts") + 1,
                answer=answer.words,
                # Once more at the very end, and then it is given up.
                due_at=Least(routes.from_now(wait), F("expires_at")),
            )
        self.outcome.later += 1

    def _rest(self, answer: Answer) -> None:
        """Nobody answers, or not to us: leave the way alone for a while."""
        failures = self.route.failures + 1
        if self.outcome.sent or self.outcome.refused:
            failures = 1
        rest = routes.rest_after(failures, answer.wait)
        logger.warning("Messages by %s wait: %s", self.route, answer.words)
        routes.give_back(
            self.lease,
            failures=failures,
            retry_at=routes.from_now(rest),
            last_error=answer.words,
            last_error_at=Now(),
        )
        raise _Stop(answer.words)


def _too_late() -> str:
    return _("It could not be sent while it was worth telling.")


def expired(now: datetime) -> int:
    """End what is past its worth on ways that rest; how many. Part of the sweep."""
    late = list(
        Message.objects.filter(closed_at=None, expires_at__lte=now, route__retry_at__gt=now)
        .values_list("pk", "route_id")
        .order_by("pk")[:WINDOW]
    )
    ended = 0
    for pk, route in late:
        with transaction.atomic():
            done = Message.objects.filter(pk=pk, closed_at=None).update(
                state=Message.State.GIVEN_UP, closed_at=now
            )
            if done:
                Route.objects.filter(pk=route).update(given_up_total=F("given_up_total") + 1)
                ended += done
    return ended


def base_url() -> str:
    """Where people find the site; used in links."""
    return str(getattr(settings, "WAGTAILADMIN_BASE_URL", "") or "").rstrip("/")
