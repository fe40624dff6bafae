"""Lanes: the one that the environment sets, what a lane still has to receive, who may send.

Everything here is one SQL command per deed, on both databases, and measures leases by the
database's clock: the clocks of two workers may differ by more than a lease.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.db.models.lookups import IsNull
from django.utils import timezone

from attune.safety.encryption import Secret
from attune.xapi import filters
from attune.xapi.models import (
    Authentication,
    Delivery,
    FilteredBy,
    Lane,
    LaneOrigin,
    Replay,
    ReplayState,
    StatementRecord,
)

ENVIRONMENT_LANE = "Environment"
#: Longer than any transaction that could have been recording while a lane was made.
SETTLING = timedelta(hours=1)
#: Records that saving a lane puts in its queue itself; above it a replay does.
AT_ONCE = 500
BACKFILL_PER_MINUTE = 60_000
#: And so many keys more: whoever records passes the time, and may have passed an earlier one.
KEYS_IN_DOUBT = 10_000
#: What the partial index of waiting rows says, word for word.
WAITING = {"delivered_at": None, "quarantined_at": None}


# --- what a lane receives -----------------------------------------------------------------

#: What can be sent at all: its body is here and not in an archive.
SENDABLE = "record.body <> ''"


def enqueue_sql(*, where: str, again: bool = False) -> str:
    """One ``INSERT … SELECT``: a waiting delivery per record that *where* picks and each lane
    that takes it. What has a delivery already is left alone; with *again* it waits once more
    if it was delivered, and what the store refused stays in quarantine.

    *where* is SQL over ``record`` and ``lane``, written by us, with ``%s`` for values. Raw,
    since the ORM has no ``INSERT … SELECT``; the tables' names are fixed by the app's label.
    """
    known = (
        "UPDATE SET delivered_at = NULL, aside_until = NULL, attempts = 0, answer = '' "
        "WHERE attune_xapi_delivery.delivered_at IS NOT NULL"
        if again
        else "NOTHING"
    )
    return (
        "INSERT INTO attune_xapi_delivery "  # noqa: S608  # nosec B608
        "(lane_id, record_id, attempts, answer) "
        "SELECT lane.id, record.id, 0, '' "
        "FROM attune_xapi_statementrecord record "
        f"JOIN attune_xapi_lane lane ON lane.is_enabled AND {filters.takes_sql()} "
        f"WHERE {SENDABLE} AND {where} "
        "ORDER BY record.id "
        f"ON CONFLICT (record_id, lane_id) DO {known}"
    )


def enqueue_missing(lane: Lane, *, after: int = 0) -> int:
    """Give *lane* a waiting delivery for every record with a key above *after* that it should
    have and has not; how many. Ids are fixed, so a store that knows a statement already takes
    it for the same.

    The caller sees to it that those are not many: it is one command.
    """
    where = (
        "lane.id = %s AND record.id > %s AND NOT EXISTS (SELECT 1 FROM attune_xapi_delivery had "
        "WHERE had.lane_id = lane.id AND had.record_id = record.id)"
    )
    with connection.cursor() as cursor:
        cursor.execute(enqueue_sql(where=where), [lane.pk, after])
        return int(cursor.rowcount)


def backfill(lane: Lane) -> None:
    """Have *lane* receive what was recorded before it existed, or while it was off.

    A short history at once; a long one by a replay, which the sweep works off in pieces: a
    million rows are no work for the request that saves a lane.
    """
    if StatementRecord.objects.all()[: AT_ONCE + 1].count() <= AT_ONCE:
        enqueue_missing(lane)
        return
    last = StatementRecord.objects.order_by("-pk").values_list("pk", flat=True)[:1].get()
    open_already = lane.replays.filter(
        state__in=(ReplayState.RUNNING, ReplayState.HELD), only_missing=True, asked_by=""
    )
    # One that is under way begins again: what it has passed may be asked for now.
    if not open_already.update(cursor=0, last_record=last):
        Replay.objects.create(
            lane=lane,
            only_missing=True,
            last_record=last,
            per_minute=BACKFILL_PER_MINUTE,
            asked_at=timezone.now(),
        )


def withdraw_foreign(lane: Lane) -> int:
    """Drop what waits on *lane*, or is in its quarantine, and is not the lane's any more; how many.

    In the database: a lane may be narrowed with a million statements waiting.
    """
    foreign = (
        "SELECT unsent.id FROM attune_xapi_delivery unsent "  # noqa: S608  # nosec B608
        "JOIN attune_xapi_lane lane ON lane.id = unsent.lane_id "
        "JOIN attune_xapi_statementrecord record ON record.id = unsent.record_id "
        "WHERE unsent.lane_id = %s AND unsent.delivered_at IS NULL "
        f"AND NOT ({filters.takes_sql()})"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM attune_xapi_givenup WHERE delivery_id IN ({foreign})",  # noqa: S608  # nosec B608
            [lane.pk],
        )
        cursor.execute(
            f"DELETE FROM attune_xapi_delivery WHERE id IN ({foreign})",  # noqa: S608  # nosec B608
            [lane.pk],
        )
        return int(cursor.rowcount)


def settings_changed(lane: Lane) -> None:
    """Bring the deliveries in line with a lane that was created or changed, and try it at once.

    Records that another transaction is writing at this moment are not seen yet; the sweep
    looks again until ``settling_until``. Who is sending at this moment by the old settings loses
    the lane at its next mark, and nobody sends beside it: the lease itself runs out.
    """
    with transaction.atomic():
        Lane.objects.filter(pk=lane.pk).update(
            retry_at=None,
            failures=0,
            pause_reason="",
            settling_until=from_now(SETTLING),
            lease_token=None,
        )
        withdraw_foreign(lane)
        if lane.is_enabled:
            backfill(lane)


def settle() -> int:
    """Look again at lanes that changed a short while ago; how many deliveries were missing.

    Only at what could have been on its way at that time: the sweep does this every few seconds.
    """
    missing = 0
    for lane in Lane.objects.filter(is_enabled=True, settling_until__gt=Now()):
        missing += enqueue_missing(lane, after=_settled(lane))
    return missing


def _settled(lane: Lane) -> int:
    """A key below which every record had committed when *lane* changed.

    Keys count up as records are written, and none was being written for longer than
    ``SETTLING``. Read from the newest backwards, which is as long as two hours' records.
    """
    if lane.settling_until is None:
        return 0
    old = StatementRecord.objects.filter(recorded_at__lt=lane.settling_until - 2 * SETTLING)
    newest = old.order_by("-pk").values_list("pk", flat=True).first()
    return max(0, newest - KEYS_IN_DOUBT) if newest else 0


# --- the lane from the environment ----------------------------------------------------------


def sync_environment_lane() -> Lane | None:
    """Make the lane that ``ATTUNE_LRS_*`` asks for, or bring it up to date; ``None`` if none.

    The secret stays in the environment: it is read when it is needed and never stored. A lane
    whose setting has gone is switched off, not deleted, and keeps what waits on it.
    """
    endpoint = str(getattr(settings, "ATTUNE_LRS_ENDPOINT", "") or "").rstrip("/")
    mine = Lane.objects.filter(origin=LaneOrigin.ENVIRONMENT).prefetch_related("filters")
    lane = mine.first()
    if not endpoint:
        if lane is not None and lane.is_enabled:
            Lane.objects.filter(pk=lane.pk).update(is_enabled=False)
        return None
    token_endpoint = str(getattr(settings, "ATTUNE_LRS_TOKEN_ENDPOINT", "") or "")
    wanted = {
        "endpoint": endpoint,
        "authentication": Authentication.OAUTH2 if token_endpoint else Authentication.BASIC,
        "token_endpoint": token_endpoint,
        "scope": str(getattr(settings, "ATTUNE_LRS_SCOPE", "") or ""),
        "compresses": bool(getattr(settings, "ATTUNE_LRS_COMPRESS", False)),
        "username": str(getattr(settings, "ATTUNE_LRS_USERNAME", "") or ""),
        "version": str(getattr(settings, "ATTUNE_LRS_VERSION", "1.0.3")),
        "client": str(getattr(settings, "ATTUNE_LRS_CLIENT", "") or ""),
        "is_enabled": True,
    }
    chosen = _environment_filters()
    if (
        lane is not None
        and all(getattr(lane, name) == value for name, value in wanted.items())
        and all(filters.values_of(lane, field) == chosen[field] for field in chosen)
    ):
        return lane
    with transaction.atomic():
        lane, _ = Lane.objects.update_or_create(
            origin=LaneOrigin.ENVIRONMENT,
            defaults=wanted,
            create_defaults={"name": _free_name(), **wanted},
        )
        filters.set_values(lane, chosen)
        settings_changed(lane)
    return lane


def _environment_filters() -> dict[FilteredBy, list[str]]:
    engagements = {code.strip() for code in getattr(settings, "ATTUNE_LRS_ENGAGEMENTS", ())}
    return {
        FilteredBy.ENGAGEMENT: sorted(engagements - {""}),
        FilteredBy.VERB: sorted({*filters.verb_ids(getattr(settings, "ATTUNE_LRS_VERBS", ()))}),
    }


def _free_name() -> str:
    if Lane.objects.filter(name=ENVIRONMENT_LANE).exists():
        return f"{ENVIRONMENT_LANE} ({uuid4().hex[:6]})"
    return ENVIRONMENT_LANE


def secret_of(lane: Lane) -> str:
    """The password that opens *lane*'s record store.

    :raises SecretUnreadable: it was encrypted with a key that we no longer have.
    """
    if lane.from_environment:
        return str(getattr(settings, "ATTUNE_LRS_PASSWORD", "") or "")
    password = lane.password
    return password.reveal() if isinstance(password, Secret) else str(password or "")


# --- the lease --------------------------------------------------------------------------------


def from_now(interval: timedelta) -> Combinable:
    return ExpressionWrapper(Now() + Value(interval), output_field=DateTimeField())


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send on one lane. ``token`` is its fence."""

    lane: int
    token: UUID


def due() -> list[int]:
    """Keys of the lanes that have something to send, may be tried, and have no sender."""
    # What a lane would refuse to send is nothing to send: it must not be turned to for ever.
    sendable = waiting().filter(filters.Taken(), lane_id=OuterRef("pk"))
    ready = Lane.objects.filter(
        Q(retry_at=None) | Q(retry_at__lte=Now()),
        Q(lease_until=None) | Q(lease_until__lte=Now()),
        Exists(sendable),
        is_enabled=True,
    )
    return list(ready.values_list("pk", flat=True))


def waiting() -> QuerySet[Delivery]:
    """What can be sent now, on any lane: it waits, does not stand aside, is not held back, and
    its body is here and not in an archive."""
    free = Q(aside_until=None) | Q(aside_until__lte=Now())
    return Delivery.objects.filter(free, ~held_back(), ~Q(record__body=""), **WAITING)


def held_back() -> Q:
    """Takes back a statement that this lane's store has not got: it never goes before that one,
    nor at all where that one was refused, given up, or never sent.

    Scalar subqueries, since PostgreSQL may answer ``EXISTS`` by reading every delivery once.
    """
    delivered = Delivery.objects.filter(
        lane=OuterRef("lane"),
        record__statement_id=OuterRef("record__voids"),
        delivered_at__isnull=False,
    )
    known = StatementRecord.objects.filter(statement_id=OuterRef("record__voids"))
    return (
        Q(record__voids__isnull=False)
        & Q(IsNull(Subquery(delivered.order_by().values("pk")[:1]), True))
        & Q(IsNull(Subquery(known.order_by().values("pk")[:1]), False))
    )


def rest(lease: Lease, *, for_: timedelta, **changes: object) -> bool:
    """Leave the lane alone for a while and write down why; ``False`` if the lease has passed."""
    return bool(_held(lease).update(retry_at=from_now(for_), last_error_at=Now(), **changes))


def note(lease: Lease, words: str) -> None:
    """Keep what an operator should know of the store, although the lane goes on."""
    _held(lease).update(last_error=words, last_error_at=Now())


def take_lease(lane: int, *, for_: timedelta) -> Lease | None:
    """Become the one sender of *lane*, or ``None`` while another is.

    One ``UPDATE … WHERE``: of any number of workers that try at once the database lets one
    change the row. The token is ours alone, so that nothing needs to be returned.
    """
    token = uuid4()
    taken = (
        Lane.objects.filter(pk=lane, is_enabled=True)
        .filter(Q(lease_until=None) | Q(lease_until__lte=Now()))
        .filter(Q(retry_at=None) | Q(retry_at__lte=Now()))
        .update(lease_token=token, lease_until=from_now(for_))
    )
    return Lease(lane, token) if taken else None


def extend_lease(lease: Lease, *, for_: timedelta, delivered: int = 0, ok: bool = False) -> bool:
    """Keep *lease* and count what was delivered; ``False`` once it has passed to another.

    A lane that was paused meanwhile keeps it: what its store has taken is still marked, and
    ``may_send`` is asked before the next batch.

    *ok* says that the store answers well: the lane is active again.

    The row stays locked until the end of the transaction: nobody takes the lane between
    this and the marks that follow.
    """
    changes: dict[str, object] = {"lease_until": from_now(for_)}
    if delivered:
        changes["delivered_total"] = F("delivered_total") + delivered
    if ok:
        changes |= {"failures": 0, "retry_at": None, "pause_reason": "", "last_success_at": Now()}
    return bool(_held(lease).update(**changes))


def may_send(lease: Lease) -> bool:
    """Whether the lane is still ours and nobody has paused it."""
    return _held(lease).filter(is_enabled=True).exists()


def give_back(lease: Lease, **changes: object) -> None:
    """Let the next sender have the lane at once."""
    _held(lease).update(lease_token=None, lease_until=None, **changes)


def _held(lease: Lease) -> QuerySet[Lane]:
    return Lane.objects.filter(pk=lease.lane, lease_token=lease.token)
