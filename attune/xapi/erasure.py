"""Erasing a person: what becomes of statements about a pseudonym. Who it was is not known here.

What no store has is dropped, not rewritten: the same id with other bytes would be refused by a
store that got it in the moment before. What a store has stays on record here as there, under a
pseudonym that leads to nobody once the map is gone; it and the archives are named, so that
whoever erases can turn to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Now
from django.db.models.lookups import IsNull

from attune.xapi.models import Delivery, Lane, Replay, ReplayState, StatementRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was done, and what is left to do elsewhere.

    :param dropped: statements that are gone, since no store had them.
    :param withdrawn: deliveries that were waiting or refused and will not be tried again.
    :param held_by: statements that stores hold, by the name of the lane.
    :param sending: lanes whose sender was at work: what waited there may have arrived.
    :param archives: files that hold statements of this actor.
    """

    dropped: int
    withdrawn: int
    held_by: dict[str, int]
    sending: list[str]
    archives: list[str]


@transaction.atomic
def erase(actor: UUID) -> Erased:
    """Drop what is unsent about *actor*, in the caller's transaction. Twice is once.

    What takes back a statement that a store holds still goes there: it says less, not more.
    Replays that were for this actor alone are ended.
    """
    own = Delivery.objects.filter(record__actor=actor)
    unsent = own.filter(delivered_at=None)
    held = Delivery.objects.filter(
        lane=OuterRef("lane"),
        record__statement_id=OuterRef("record__voids"),
        delivered_at__isnull=False,
    )
    to_go = unsent.filter(IsNull(Subquery(held.order_by().values("pk")[:1]), True)).order_by()
    sending = Lane.objects.filter(lease_until__gt=Now(), deliveries__in=to_go.values("pk"))
    names = sorted(set(sending.values_list("name", flat=True)))
    keys = list(to_go.values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=keys).delete()
    nowhere = StatementRecord.objects.filter(actor=actor, deliveries=None, archive="")
    dropped, _rows = nowhere.delete()
    held_by = dict(
        own.filter(delivered_at__isnull=False)
        .order_by("lane__name")
        .values_list("lane__name")
        .annotate(Count("pk"))
    )
    archives = StatementRecord.objects.filter(actor=actor).exclude(archive="").order_by()
    files = sorted(set(archives.values_list("archive", flat=True).distinct()))
    Replay.objects.filter(actor=actor, state__in=(ReplayState.RUNNING, ReplayState.HELD)).update(
        state=ReplayState.CANCELLED, ended_at=Now()
    )
    return Erased(
        dropped=dropped,
        withdrawn=len(keys),
        held_by=held_by,
        sending=names,
        archives=files,
    )
