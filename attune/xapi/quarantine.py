"""What stores have refused, and what people decide about it: send again, void, give up.

A choice says which refused deliveries are meant, by key or by what they have in common, and
each deed is done to all of them in a few SQL commands. The choice is asked again at the moment
of the deed: what another operator, or delivery, has dealt with meanwhile is no longer in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from attune.xapi import doorbell, outbox, verbs
from attune.xapi.lanes import WAITING
from attune.xapi.models import Delivery, GivenUp, StatementRecord
from attune.xapi.statements import Statement, Tags, statement_id
from attune.xapi.statements import void as voiding

#: Each voided statement is one more statement, built one by one: so many within a request.
MOST_VOIDED = 1000
#: Parameters of one command, far below what either database takes.
CHUNK = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which refused deliveries are meant. Everything that is left out does not narrow.

    ``keys`` are those of deliveries. ``seen_at`` is when the list was looked at: what was
    refused later is not meant. ``given_up`` tells the two shelves apart, what is still to be
    dealt with and what was given up; ``given_up_at`` picks what one deed gave up.
    """

    lane: int | None = None
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    keys: frozenset[int] | None = None
    seen_at: datetime | None = None
    given_up: bool = False
    given_up_at: datetime | None = None


def rows(choice: Choice) -> QuerySet[Delivery]:
    """The deliveries that *choice* means, newest refusal first. Reads only."""
    gone = GivenUp.objects.filter(delivery=OuterRef("pk"))
    if choice.given_up_at is not None:
        gone = gone.filter(at=choice.given_up_at)
    found = Delivery.objects.filter(
        Exists(gone) if choice.given_up else ~Exists(gone), quarantined_at__isnull=False
    )
    narrowings = {
        "lane_id": choice.lane,
        "record__kind": choice.kind or None,
        "quarantined_at__gte": choice.since,
        "quarantined_at__lt": choice.until,
        "quarantined_at__lte": choice.seen_at,
        "pk__in": choice.keys,
    }
    given = {name: value for name, value in narrowings.items() if value is not None}
    return found.filter(**given).order_by("-quarantined_at", "pk")


def kinds() -> list[str]:
    """The kinds of statement on either shelf."""
    refused = Delivery.objects.filter(quarantined_at__isnull=False)
    return list(refused.order_by("record__kind").values_list("record__kind", flat=True).distinct())


def delivery_of(key: int) -> Delivery | None:
    """One delivery with its record, its lane and what was given up; ``None`` once it is gone."""
    found = Delivery.objects.select_related("record", "lane", "given_up")
    return found.filter(pk=key).first()


def standing_elsewhere(delivery: Delivery) -> QuerySet[Delivery]:
    """The same statement on every lane that takes it, this one included."""
    found = Delivery.objects.filter(record=delivery.record_id)
    return found.select_related("lane", "given_up").order_by("lane")


def voided_by(record: StatementRecord) -> StatementRecord | None:
    """The statement by which an operator took *record* back, if there is one."""
    return StatementRecord.objects.filter(
        statement_id=statement_id(_deed(record.statement_id))
    ).first()


# --- Deeds ----------------------------------------------------------------------------------


def send_again(choice: Choice) -> int:
    """Let what is meant wait for delivery again, in its old place; how many.

    What had been given up is taken back by it. Ids and bytes are fixed, so that a store that
    knows one after all takes it for the same.
    """
    with transaction.atomic():
        # Locked in the order in which others lock them: two operators at once wait, one after
        # the other, instead of each for the other.
        keys = list(rows(choice).select_for_update(of=("self",)).values_list("pk", flat=True))
        freed = 0
        for some in _chunks(keys):
            # The second condition is asked again: another operator may have been quicker.
            freed += Delivery.objects.filter(pk__in=some, quarantined_at__isnull=False).update(
                quarantined_at=None, aside_until=None, attempts=0
            )
        if freed:
            _forget_what_was_given_up()
            doorbell.ring_on_commit()
    return freed


def give_up(choice: Choice, *, by: str, note: str, now: datetime) -> int:
    """Write down that what is meant shall not be sent any more, by whom and why; how many.

    :raises ValueError: the note is empty.
    """
    if not note.strip():
        raise ValueError("whoever gives a statement up says why")
    if choice.given_up:
        return 0
    with transaction.atomic():
        # Locked, so that nobody sends again in the same moment what is given up here.
        meant = rows(choice).select_for_update(of=("self",)).values("pk")
        given_up = _write_given_up(meant, by=by, note=note.strip(), now=now)
        if given_up:
            _withhold_voidings(now=now)
        return given_up


@transaction.atomic
def withhold_voidings(*, now: datetime) -> int:
    """Give up with a statement what takes it back on the same lane; how many.

    It is held back behind its target, so it would wait for ever, and look like a lane that is
    stuck. It follows when the target is sent again.
    """
    return _withhold_voidings(now=now)


def _withhold_voidings(*, now: datetime) -> int:
    # Few rows: read from what was given up.
    target = GivenUp.objects.filter(
        delivery__lane=OuterRef("lane"),
        delivery__record__statement_id=OuterRef("record__voids"),
    )
    given_up = GivenUp.objects.values("delivery__record__statement_id")
    stuck = Delivery.objects.filter(Exists(target), record__voids__in=given_up, **WAITING)
    note = _("The statement that it takes back was given up.")
    keys = list(stuck.order_by().values_list("pk", flat=True))
    for some in _chunks(keys):
        Delivery.objects.filter(pk__in=some, **WAITING).update(quarantined_at=now, answer=note)
        refused = Delivery.objects.filter(pk__in=some, quarantined_at=now)
        _write_given_up(refused.values("pk"), by="Attune", note=note, now=now)
    return len(keys)


def take_back(choice: Choice) -> int:
    """Put what was given up back into quarantine; how many."""
    if not choice.given_up:
        return 0
    meant = rows(choice).order_by().values("pk")
    return _delete_given_up(GivenUp.objects.filter(delivery__in=meant))


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """What came of voiding: statements by what was done about each."""

    voided: int = 0
    already: int = 0
    nowhere: int = 0
    """No store holds it, so that there is nothing to take back."""
    unvoidable: int = 0
    """It is itself the voiding of another, which cannot be taken back."""
    withheld: int = 0
    """Deliveries that were refused and are given up with it."""


def too_many_to_void(choice: Choice) -> bool:
    return len(rows(choice).order_by().values("record").distinct()[: MOST_VOIDED + 1]) > MOST_VOIDED


def void(choice: Choice, *, by: str, now: datetime) -> Voided:
    """Take back, where stores hold them, the statements that are meant.

    The voiding statement goes to the lanes that have delivered its target, and behind it to
    those on which it is still on its way; nowhere else. Where the target was refused it is
    given up, so that it does not arrive after all. Nothing is done to a statement that no
    store holds, and nothing twice.

    :raises ValueError: more than ``MOST_VOIDED`` are meant.
    """
    with transaction.atomic():
        meant = {
            row.record_id for row in rows(choice).select_for_update(of=("self",))[: MOST_VOIDED * 8]
        }
        if len(meant) > MOST_VOIDED:
            raise ValueError(f"at most {MOST_VOIDED} at a time")
        records = list(StatementRecord.objects.filter(pk__in=meant).order_by("pk"))
        taken = _lanes_that_take(meant)
        known = _known({each.pk: _void_id(each) for each in records})
        fit = [each for each in records if each.verb != verbs.VOIDED.id]
        held = [each for each in fit if taken.get(each.pk, {}).get("delivered")]
        new = [each for each in held if each.pk not in known]
        outbox.record_many(((_voiding_of(each, now), _tags_of(each)) for each in new), now=now)
        _send_only_where_it_is_held(new, taken, by=by, now=now)
        withheld = _withhold([each.pk for each in held], by=by, now=now)
    return Voided(
        voided=len(new),
        already=len(held) - len(new),
        nowhere=len(fit) - len(held),
        unvoidable=len(records) - len(fit),
        withheld=withheld,
    )


# --- Voiding, step by step --------------------------------------------------------------------


def _deed(statement: UUID) -> str:
    return f"void:{statement}"


def _void_id(record: StatementRecord) -> UUID:
    return statement_id(_deed(record.statement_id))


def _voiding_of(record: StatementRecord, now: datetime) -> Statement:
    return voiding(
        deed=_deed(record.statement_id),
        actor=record.actor,
        target=record.statement_id,
        at=now,
        registration=record.registration,
    )


def _tags_of(record: StatementRecord) -> Tags:
    """Its target's, so that it is seen by, and sent to, whoever the other was."""
    return Tags(
        engagement=record.engagement,
        client=record.client,
        vendor=record.vendor,
        kind="statement_voided",
    )


def _known(ids: dict[int, UUID]) -> set[int]:
    """Keys of the records whose voiding statement is there already."""
    found = set(
        StatementRecord.objects.filter(statement_id__in=list(ids.values())).values_list(
            "statement_id", flat=True
        )
    )
    return {key for key, identifier in ids.items() if identifier in found}


def _lanes_that_take(records: set[int]) -> dict[int, dict[str, list[int]]]:
    """Per record the lanes that delivered it, and those on which it waits."""
    found: dict[int, dict[str, list[int]]] = {}
    arriving = Delivery.objects.filter(record__in=records, quarantined_at__isnull=True)
    for record, lane, at in arriving.values_list("record", "lane", "delivered_at"):
        state = "delivered" if at is not None else "waiting"
        found.setdefault(record, {}).setdefault(state, []).append(lane)
    return found


def _send_only_where_it_is_held(
    targets: Sequence[StatementRecord],
    taken: dict[int, dict[str, list[int]]],
    *,
    by: str,
    now: datetime,
) -> None:
    """Deliveries of the new voiding statements: on the lanes of their targets alone.

    On the other lanes they are kept from being sent by a row that says so: without one they
    would be queued as soon as somebody changed that lane's settings.
    """
    ids = {_void_id(each): taken[each.pk] for each in targets}
    keys = dict(
        StatementRecord.objects.filter(statement_id__in=list(ids)).values_list("pk", "statement_id")
    )
    wanted = {
        (key, lane)
        for key, identifier in keys.items()
        for lanes in ids[identifier].values()
        for lane in lanes
    }
    queued = Delivery.objects.filter(record__in=keys, **WAITING)
    elsewhere = [
        pk
        for pk, record, lane in queued.values_list("pk", "record", "lane")
        if (record, lane) not in wanted
    ]
    Delivery.objects.bulk_create(
        [Delivery(record_id=record, lane_id=lane) for record, lane in sorted(wanted)],
        ignore_conflicts=True,
        batch_size=CHUNK,
    )
    note = _("This store never took the statement that it voids.")
    for some in _chunks(elsewhere):
        stopped = Delivery.objects.filter(pk__in=some)
        stopped.update(quarantined_at=now, answer=note)
        _write_given_up(stopped.values("pk"), by=by, note=note, now=now)


def _withhold(records: Sequence[int], *, by: str, now: datetime) -> int:
    note = _("Voided where a store had taken it.")
    withheld = 0
    for some in _chunks(records):
        meant = rows(Choice()).filter(record__in=some).order_by().values("pk")
        withheld += _write_given_up(meant, by=by, note=note, now=now)
    return withheld


# --- Giving up, and taking that back ------------------------------------------------------------


def _write_given_up(
    deliveries: QuerySet[Delivery, Any], *, by: str, note: str, now: datetime
) -> int:
    """One ``INSERT … SELECT``, raw since the ORM has none. Who was quicker is left as they said."""
    quote = connection.ops.quote_name
    at = GivenUp._meta.get_field("at").get_db_prep_save(now, connection)
    sql, parameters = deliveries.query.sql_with_params()
    command = (
        f"INSERT INTO attune_xapi_givenup (delivery_id, {quote('at')}, {quote('by')}, note) "  # noqa: S608  # nosec B608
        f"SELECT meant.pk, %s, %s, %s FROM ({sql}) meant WHERE true "
        "ON CONFLICT (delivery_id) DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(command, [at, by[:255], note, *parameters])
        return max(int(cursor.rowcount), 0)


def _forget_what_was_given_up() -> None:
    """Drop the word about every delivery that is no longer refused, and let its voiding follow."""
    refused = Delivery.objects.filter(pk=OuterRef("delivery"), quarantined_at__isnull=False)
    if _delete_given_up(GivenUp.objects.filter(~Exists(refused))):
        _send_voidings_after_them()


def _delete_given_up(rows: QuerySet[GivenUp]) -> int:
    """In one command: the ORM's own way reads each row first, for signals that nobody awaits."""
    sql, parameters = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM attune_xapi_givenup WHERE id IN ({sql})", parameters)  # noqa: S608  # nosec B608
        return int(cursor.rowcount)


def _send_voidings_after_them() -> None:
    """What is sent again although it was voided is voided there too, behind it."""
    stopped = GivenUp.objects.filter(delivery__record__verb=verbs.VOIDED.id)
    by_target: dict[tuple[UUID, int], int] = {}
    for key, lane, body in stopped.values_list(
        "delivery", "delivery__lane", "delivery__record__body"
    ).iterator():
        if body:  # an archived one is sent by a replay or not at all
            by_target[UUID(json.loads(body)["object"]["id"]), lane] = key
    targets = sorted({target for target, _lane in by_target})
    for some in _chunks(targets):
        sent = Delivery.objects.filter(record__statement_id__in=some, **WAITING)
        keys = [
            by_target[pair]
            for pair in sent.values_list("record__statement_id", "lane")
            if pair in by_target
        ]
        Delivery.objects.filter(pk__in=keys).update(quarantined_at=None, answer="")
        _delete_given_up(GivenUp.objects.filter(delivery__in=keys))


def _chunks(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
