"""Replays: statements of a period, client, engagement, person or registration go to a lane
again, or for the first time.

A replay queues; delivery sends. It is worked off by the sweep in the order of recording, a
piece per transaction in which the cursor moves with what it passes: a killed worker goes on
where it was. Nothing is queued that the lane does not take, and never more at once than a few
seconds' worth, so that what happens now does not wait behind a million old statements.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, QuerySet

from attune.xapi import doorbell, filters, lanes
from attune.xapi.models import Lane, Replay, ReplayState, StatementRecord

PIECE = 1000  # statements queued in one transaction
SPAN = 20_000  # keys looked through at once, whatever fits of them
#: So much of a minute's allowance may be spent at once, and wait on the lane at once.
BURST = timedelta(seconds=10)
LEAST_BURST = 200
LONGEST_MOVE = 3.0  # seconds in one sweep, for all replays together
NAMED_ARCHIVES = 50


class CannotReplay(Exception):
    """The wish makes no sense; the message says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be sent where. Moments are those of the deeds; ``until`` is left out."""

    lane: int
    since: datetime | None = None
    until: datetime | None = None
    client: str = ""
    engagement: str = ""
    actor: UUID | None = None
    registration: UUID | None = None
    only_missing: bool = False
    per_minute: int = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a wish would do now. Counts of statements; nothing is changed by asking.

    ``to_send`` = ``again`` + ``never_sent``. ``archives`` names (at most 50) files that hold
    what cannot be sent; ``takes`` is how long queueing takes at the wish's rate.
    """

    matching: int
    to_send: int
    again: int
    never_sent: int
    delivered: int
    waiting: int
    quarantined: int
    archived: int
    not_taken: int
    archives: list[str] = field(default_factory=list)
    takes: timedelta = timedelta(0)


# --- what fits --------------------------------------------------------------------------------


def _matching(wish: Wish | Replay, alias: str) -> tuple[str, list[Any]]:
    """The wish's own conditions on *alias*, a recorded statement, as SQL and its values."""
    conditions = ["1 = 1"]
    values: list[Any] = []
    for column, sign, value in (
        ("occurred_at", ">=", wish.since),
        ("occurred_at", "<", wish.until),
        ("client", "=", wish.client),
        ("engagement", "=", wish.engagement),
        ("actor", "=", wish.actor),
        ("registration", "=", wish.registration),
    ):
        if value:
            kind: Any = StatementRecord._meta.get_field(column)
            conditions.append(f"{alias}.{column} {sign} %s")
            values.append(kind.get_db_prep_value(value, connection))
    return " AND ".join(conditions), values


def _table() -> str:
    """Records and the lane, and what became of each there."""
    return (
        "attune_xapi_statementrecord record JOIN attune_xapi_lane lane ON lane.id = %s "
        "LEFT JOIN attune_xapi_delivery had "
        "ON had.record_id = record.id AND had.lane_id = lane.id"
    )


def preview(wish: Wish) -> Preview:
    """Count what *wish* would send, what is there already, and what cannot be sent.

    One query that reads what matches; with a person or a registration only theirs.
    """
    fits, values = _matching(wish, "record")
    delivered = "WHEN had.delivered_at IS NOT NULL THEN 'delivered'"
    archived = f"WHEN NOT ({lanes.SENDABLE}) THEN 'archived'"
    order = f"{delivered} {archived}" if wish.only_missing else f"{archived} {delivered}"
    what = (
        f"CASE WHEN NOT {filters.takes_sql()} THEN 'not taken' "
        "WHEN had.quarantined_at IS NOT NULL THEN 'quarantined' "
        f"WHEN had.id IS NOT NULL AND had.delivered_at IS NULL THEN 'waiting' {order} "
        "ELSE 'new' END"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what}, COUNT(*) FROM {_table()} WHERE {fits} GROUP BY 1",  # noqa: S608  # nosec B608
            [wish.lane, *values],
        )
        counts: dict[str, int] = dict(cursor.fetchall())
        archives: list[str] = []
        if counts.get("archived"):
            cursor.execute(
                "SELECT DISTINCT record.archive FROM attune_xapi_statementrecord record "  # noqa: S608  # nosec B608
                f"WHERE record.body = '' AND {fits} ORDER BY 1 LIMIT {NAMED_ARCHIVES}",
                values,
            )
            archives = [name for (name,) in cursor.fetchall()]
    again = 0 if wish.only_missing else counts.get("delivered", 0)
    never_sent = counts.get("new", 0)
    return Preview(
        matching=sum(counts.values()),
        to_send=again + never_sent,
        again=again,
        never_sent=never_sent,
        delivered=counts.get("delivered", 0),
        waiting=counts.get("waiting", 0),
        quarantined=counts.get("quarantined", 0),
        archived=counts.get("archived", 0),
        not_taken=counts.get("not taken", 0),
        archives=archives,
        takes=timedelta(minutes=(again + never_sent) / wish.per_minute),
    )


# --- asking and steering --------------------------------------------------------------------


def known_lanes() -> QuerySet[Lane]:
    """The lanes that a replay can go to."""
    return Lane.objects.order_by("name")


def replays() -> QuerySet[Replay]:
    """All replays, the newest first, each with its lane."""
    return Replay.objects.select_related("lane")


def start(wish: Wish, *, by: str, now: datetime) -> Replay:
    """Have *wish* done by the sweep. What is recorded from now on goes its usual way.

    :raises CannotReplay: no such lane, a period that ends before it begins, or no rate.
    """
    lane = Lane.objects.filter(pk=wish.lane).first()
    if lane is None:
        raise CannotReplay("There is no such record store.")
    if wish.since and wish.until and wish.since >= wish.until:
        raise CannotReplay("The period ends before it begins.")
    if wish.per_minute < 1:
        raise CannotReplay("At least one statement a minute.")
    last = StatementRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        replay = Replay.objects.create(
            lane=lane,
            since=wish.since,
            until=wish.until,
            client=wish.client,
            engagement=wish.engagement,
            actor=wish.actor,
            registration=wish.registration,
            only_missing=wish.only_missing,
            per_minute=wish.per_minute,
            last_record=last,
            expected=preview(wish).to_send,
            asked_by=by,
            asked_at=now,
        )
        doorbell.ring_on_commit()
    return replay


def hold(replay: int) -> bool:
    """Queue no more for now; what is queued goes on. ``False`` if it was not running."""
    return _turn(replay, ReplayState.RUNNING, state=ReplayState.HELD)


def go_on(replay: int) -> bool:
    """Queue on, from where it was held."""
    return _turn(replay, ReplayState.HELD, state=ReplayState.RUNNING, moved_at=None)


def cancel(replay: int, *, now: datetime) -> bool:
    """End it. What is queued already is sent all the same."""
    ended = {"state": ReplayState.CANCELLED, "ended_at": now}
    return _turn(replay, ReplayState.RUNNING, ReplayState.HELD, **ended)


def percent(replay: Replay) -> int:
    """How much of what was recorded it has passed, 0 to 100."""
    if replay.state == ReplayState.DONE or not replay.last_record:
        return 100
    return min(99, 100 * replay.cursor // replay.last_record)


def _turn(replay: int, *states: ReplayState, **changes: Any) -> bool:
    return bool(Replay.objects.filter(pk=replay, state__in=states).update(**changes))


# --- the sweep's part -------------------------------------------------------------------------


def move_all(*, now: datetime, seconds: float = LONGEST_MOVE) -> int:
    """Queue what is due of every replay that runs on a lane that sends; how many statements.

    A replay whose lane is off or paused waits.
    """
    deadline = time.monotonic() + seconds
    queued = 0
    running = Replay.objects.filter(
        state=ReplayState.RUNNING, lane__is_enabled=True, lane__pause_reason=""
    )
    for replay in running.order_by("moved_at", "pk"):
        queued += _move(replay, now=now, deadline=deadline)
        if time.monotonic() > deadline:
            break
    return queued


def _move(replay: Replay, *, now: datetime, deadline: float) -> int:
    """Queue as much as the rate and the lane's queue allow; stop when another worker is at it."""
    room = _room(replay, now=now)
    queued = 0
    while room > 0:
        done = move_piece(replay, most=min(room, PIECE), now=now)
        if done is None:
            break
        queued += done
        room -= done
        if replay.state != ReplayState.RUNNING or time.monotonic() > deadline:
            break
    return queued


def _room(replay: Replay, *, now: datetime) -> int:
    """How many may be queued now: by the rate, and by what still waits on the lane."""
    burst = max(1, int(replay.per_minute * (BURST / timedelta(minutes=1))))
    allowed = burst
    if replay.moved_at is not None:
        elapsed = max(now - replay.moved_at, timedelta(0))
        allowed = min(burst, int(replay.per_minute * (elapsed / timedelta(minutes=1))))
    longest = max(burst, LEAST_BURST)
    wait_already = lanes.waiting().filter(lane=replay.lane_id)[:longest].count()
    return min(allowed, longest - wait_already)


def move_piece(replay: Replay, *, most: int, now: datetime) -> int | None:
    """Queue the next *most* statements, at most, and move the cursor past them, in one
    transaction; how many. ``None`` if the replay was moved, held or ended by another.

    The row of the replay is its lease: whoever changes the cursor first holds it until the
    commit, and death lets it go.
    """
    fits, values = _matching(replay, "record")
    upto, unsendable = _next(replay, most, fits, values)
    changes: dict[str, Any] = {"cursor": upto}
    if upto >= replay.last_record:
        changes |= {"state": ReplayState.DONE, "ended_at": now}
    with transaction.atomic():
        mine = Replay.objects.filter(
            pk=replay.pk, state=ReplayState.RUNNING, cursor=replay.cursor, lane__is_enabled=True
        )
        if not mine.update(unsendable=F("unsendable") + unsendable, **changes):
            return None
        queued = _queue(replay, upto, fits, values)
        if queued:
            Replay.objects.filter(pk=replay.pk).update(queued=F("queued") + queued, moved_at=now)
            doorbell.ring_on_commit()
    for name, value in changes.items():
        setattr(replay, name, value)
    return queued


def _next(replay: Replay, most: int, fits: str, values: list[Any]) -> tuple[int, int]:
    """Where the piece ends, and how many on the way cannot be sent since they are archived."""
    end = min(replay.cursor + SPAN, replay.last_record)
    open_there = "had.id IS NULL"
    if not replay.only_missing:
        open_there = "(had.id IS NULL OR had.delivered_at IS NOT NULL)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT record.id, CASE WHEN {lanes.SENDABLE} THEN 1 ELSE 0 END "  # noqa: S608  # nosec B608
            f"FROM {_table()} WHERE record.id > %s AND record.id <= %s AND {filters.takes_sql()} "
            f"AND {open_there} AND {fits} ORDER BY record.id LIMIT {int(most)}",
            [replay.lane_id, replay.cursor, end, *values],
        )
        found = cursor.fetchall()
    unsendable = sum(not sendable for _key, sendable in found)
    return (found[-1][0] if len(found) == most else end), unsendable


def _queue(replay: Replay, upto: int, fits: str, values: list[Any]) -> int:
    """Queue what fits up to the key *upto*, and what takes any of it back."""
    between = [replay.cursor, upto]
    again = not replay.only_missing
    its_own = lanes.enqueue_sql(
        where=f"lane.id = %s AND record.id > %s AND record.id <= %s AND {fits}", again=again
    )
    # A void recorded after the period would be missing at a store that gets what it voids.
    theirs, their_values = _matching(replay, "target")
    voids = lanes.enqueue_sql(
        where="lane.id = %s AND record.voids IN (SELECT target.statement_id "  # noqa: S608  # nosec B608
        "FROM attune_xapi_statementrecord target "
        f"WHERE target.id > %s AND target.id <= %s AND {theirs})",
        again=again,
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # So that none of them is put into an archive between our look and our commit.
            cursor.execute(
                "SELECT record.id FROM attune_xapi_statementrecord record "  # noqa: S608  # nosec B608
                f"WHERE record.id > %s AND record.id <= %s AND {fits} "
                "ORDER BY record.id FOR NO KEY UPDATE",
                [*between, *values],
            )
        cursor.execute(its_own, [replay.lane_id, *between, *values])
        queued = int(cursor.rowcount)
        cursor.execute(voids, [replay.lane_id, *between, *their_values])
        return queued + int(cursor.rowcount)
