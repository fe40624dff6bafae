"""Ways of messages: which there are, which may be tried, and who may send on one.

One sender per way, by a lease on the database's clock, fenced by a token, as on the lanes of
the outbox. Every deed is one command.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from attune.notices.models import Destination, Message, Route
from attune.notices.models.ledger import Channel

LEASE = timedelta(minutes=2)
"""Longer than an exchange lasts: a mail’s dialogue at its time-outs, or a webhook."""
FIRST_REST = timedelta(seconds=10)
LONGEST_REST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Lease:
    route: int
    token: UUID


def route_for(channel: str, destination: Destination | None) -> Route:
    if channel == Channel.EMAIL:
        return Route.objects.get_or_create(channel=channel)[0]
    return Route.objects.get_or_create(channel=channel, destination=destination)[0]


def from_now(interval: timedelta) -> Combinable:
    return ExpressionWrapper(Now() + Value(interval), output_field=DateTimeField())


def _free() -> Q:
    return (Q(retry_at=None) | Q(retry_at__lte=Now())) & (
        Q(lease_until=None) | Q(lease_until__lte=Now())
    )


def due() -> list[int]:
    """Keys of the ways on which something waits, that do not rest and have no sender."""
    waiting = Message.objects.filter(route=OuterRef("pk"), closed_at=None, due_at__lte=Now())
    return list(Route.objects.filter(_free(), Exists(waiting)).values_list("pk", flat=True))


def take(route: int) -> Lease | None:
    """Become the one sender on *route*; ``None`` while another is, or while it rests."""
    token = uuid4()
    taken = Route.objects.filter(_free(), pk=route).update(
        lease_token=token, lease_until=from_now(LEASE)
    )
    return Lease(route, token) if taken else None


def held(lease: Lease) -> QuerySet[Route]:
    found: QuerySet[Route] = Route.objects.filter(pk=lease.route, lease_token=lease.token)
    return found


def extend(lease: Lease, **changes: object) -> bool:
    """Keep the lease and write something with it; ``False`` once it has passed to another."""
    return bool(held(lease).update(lease_until=from_now(LEASE), **changes))


def give_back(lease: Lease, **changes: object) -> bool:
    return bool(held(lease).update(lease_token=None, lease_until=None, **changes))


def rest_after(failures: int, asked: timedelta | None = None) -> timedelta:
    """How long a way rests after so many failures in a row; longer if the server asks for it."""
    usual = min(FIRST_REST * 2 ** min(failures - 1, 10), LONGEST_REST)
    return max(usual, asked) if asked is not None else usual
