"""Write messages into the ledger, end them, have them sent again.

``write`` belongs into the transaction of the deed that a message tells of: then both are
there, or neither. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from attune.notices import routes
from attune.notices.kinds import registry
from attune.notices.models import Destination, Message
from attune.notices.models.ledger import Channel

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message before it is in the ledger, already in its reader's language.

    Give ``user`` and ``address`` for mail to a person, or ``destination``. What shall be told
    once has the same ``kind`` and ``key`` each time. ``not_before`` is for working hours.
    """

    kind: str
    key: str
    subject: str
    body: str
    user: Any = None
    address: str = ""
    destination: Destination | None = None
    language: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None

    @property
    def to(self) -> str:
        if self.destination is not None:
            return f"destination {self.destination.pk}"
        return f"user {self.user.pk}" if self.user is not None else f"mailto:{self.address.lower()}"

    @property
    def channel(self) -> str:
        return self.destination.channel if self.destination is not None else Channel.EMAIL


def write(draft: Draft, *, now: datetime) -> bool:
    """Put one message into the ledger; ``False`` if it stands there already."""
    return bool(write_many([draft], now=now))


@transaction.atomic
def write_many(drafts: Iterable[Draft], *, now: datetime) -> int:
    """Put messages into the ledger, each at most once; how many are new.

    :raises LookupError: nobody declared a draft's kind.
    :raises ValueError: a draft says neither who nor where.
    """
    written = 0
    pending: list[Message] = []
    ways: dict[tuple[str, int | None], int] = {}
    for draft in drafts:
        pending.append(_row(draft, now, ways))
        if len(pending) >= AT_ONCE:
            written += _insert(pending)
            pending = []
    return written + _insert(pending)


def _row(draft: Draft, now: datetime, ways: dict[tuple[str, int | None], int]) -> Message:
    kind = registry.get(draft.kind)
    destination = draft.destination
    address = destination.address if destination is not None else draft.address
    if not address:
        raise ValueError(f"the message {draft.kind} {draft.key!r} goes nowhere")
    due_at = max(now, draft.not_before) if draft.not_before else now
    way = (draft.channel, destination.pk if destination and draft.channel != "email" else None)
    if way not in ways:
        ways[way] = routes.route_for(draft.channel, destination).pk
    return Message(
        kind=draft.kind,
        key=draft.key[:200],
        channel=draft.channel,
        to=draft.to,
        route_id=ways[way],
        user=draft.user if destination is None else None,
        address=address,
        language=draft.language,
        # A title may hold a line break, which a subject may not.
        subject=" ".join(draft.subject.split())[:300],
        body=draft.body,
        details=dict(draft.details),
        written_at=now,
        due_at=due_at,
        expires_at=due_at + kind.worth,
    )


def _insert(rows: list[Message]) -> int:
    if not rows:
        return 0
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    ours = [row.uuid for row in rows]
    count: int = Message.objects.filter(uuid__in=ours).count()
    return count


def send_again(message: Message, *, now: datetime) -> bool:
    """Let a message that was refused or given up wait anew; whether it could."""
    kind = registry.kinds.get(message.kind)
    ended = Message.objects.filter(
        pk=message.pk, state__in=[Message.State.FAILED, Message.State.GIVEN_UP]
    )
    changes: dict[str, Any] = {
        "state": Message.State.WAITING,
        "closed_at": None,
        "attempts": 0,
        "due_at": now,
    }
    if kind is not None:
        changes["expires_at"] = now + kind.worth
    return bool(ended.update(**changes))


@transaction.atomic
def give_up(message: Message, *, words: str, now: datetime) -> bool:
    """A person decides that a waiting message is not sent; whether it still waited."""
    waiting = Message.objects.filter(pk=message.pk, closed_at=None)
    if not waiting.update(state=Message.State.GIVEN_UP, closed_at=now, answer=words[:500]):
        return False
    message.route.__class__.objects.filter(pk=message.route_id).update(
        given_up_total=F("given_up_total") + 1
    )
    return True
