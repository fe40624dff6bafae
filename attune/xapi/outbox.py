"""The only writing door for learning records.

A statement commits with the deed that it describes, or not at all: ``record`` refuses to
run outside a transaction. It writes the record and one waiting delivery per matching lane,
in two SQL commands whatever the number of lanes, and rings the doorbell after the commit.
It never speaks to a broker or to a record store.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from attune.xapi import doorbell
from attune.xapi.lanes import enqueue_sql
from attune.xapi.linting import Finding, lint
from attune.xapi.models import Delivery, GivenUp, Lane, StatementRecord
from attune.xapi.profile import problems
from attune.xapi.statements import Statement, Tags, void

if TYPE_CHECKING:
    from django.db.models import Field

logger = logging.getLogger(__name__)

# 14 columns a row: far below what either database takes in one command.
ROWS_PER_INSERT = 200


class OutboxError(Exception):
    """A statement that the outbox does not take."""


class StatementRefused(OutboxError):
    """The linter found faults; ``findings`` names each with its path."""

    def __init__(self, statement: Statement, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        reasons = "; ".join(f"{finding.path}: {finding.message}" for finding in findings)
        super().__init__(f"statement {statement.id} ({statement.verb}): {reasons}")


class StatementConflict(OutboxError):
    """Another statement has this id: two deeds share a key, or one deed has two accounts."""


def record(statement: Statement, *, tags: Tags, now: datetime | None = None) -> bool:
    """Record *statement* in the running transaction; ``False`` if it was there already, or
    takes back what was never recorded.

    :raises transaction.TransactionManagementError: outside ``transaction.atomic``.
    :raises StatementRefused: the linter is on and found faults.
    :raises StatementConflict: a different statement has the same id.
    """
    return record_many([(statement, tags)], now=now) == 1


def record_many(entries: Iterable[tuple[Statement, Tags]], *, now: datetime | None = None) -> int:
    """Record many statements, in their order; how many were new. Errors as in ``record``.

    Takes any iterable and keeps no more than one chunk of it in memory. A statement that
    takes back another is left out where that one was never recorded: no store can hold it.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "A statement commits with the deed it describes: call outbox.record inside "
            "transaction.atomic()."
        )
    recorded_at = now or timezone.now()
    new = 0
    for chunk in _batched(entries, ROWS_PER_INSERT):
        new += _record_chunk(chunk, recorded_at=recorded_at)
    if new:
        doorbell.ring_on_commit()
    return new


def _record_chunk(entries: Sequence[tuple[Statement, Tags]], *, recorded_at: datetime) -> int:
    by_id: dict[UUID, Statement] = {}
    rows = []
    recorded = _recorded(each.voids for each, _tags in entries if each.voids is not None)
    for statement, tags in entries:
        if statement.voids is not None and not (
            statement.voids in recorded or statement.voids in by_id
        ):
            logger.warning("%s takes back %s, which was never said", statement.id, statement.voids)
            continue
        twin = by_id.get(statement.id)
        if twin is not None:
            _check_same(statement, twin.body)
            continue
        if getattr(settings, "ATTUNE_XAPI_LINT", False):
            said = json.loads(statement.body)
            findings = lint(said) or problems(said)
            if findings:
                raise StatementRefused(statement, findings)
        by_id[statement.id] = statement
        rows.append(_row(statement, tags, recorded_at))
    new = _insert(rows) if rows else []
    if len(new) < len(rows):
        _check_known(by_id)
    if new:
        _enqueue(new)
    return len(new)


def _recorded(ids: Iterable[UUID]) -> set[UUID]:
    wanted = set(ids)
    if not wanted:
        return set()
    known = StatementRecord.objects.filter(statement_id__in=wanted)
    return set(known.values_list("statement_id", flat=True))


_COLUMNS = (
    "statement_id",
    "body",
    "occurred_at",
    "recorded_at",
    "actor",
    "registration",
    "verb",
    "activity",
    "engagement",
    "client",
    "vendor",
    "kind",
    "voids",
)


def _fields() -> list[Field[Any, Any]]:
    return [StatementRecord._meta.get_field(name) for name in _COLUMNS]  # type: ignore[misc]


def _row(statement: Statement, tags: Tags, recorded_at: datetime) -> tuple[Any, ...]:
    return (
        statement.id,
        statement.body.decode(),
        statement.occurred_at,
        recorded_at,
        statement.actor,
        statement.registration,
        statement.verb,
        statement.activity,
        tags.engagement,
        tags.client,
        tags.vendor,
        tags.kind,
        statement.voids,
    )


def _insert(rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """Keys of the rows that were new. In raw SQL, since the ORM cannot say which they were."""
    fields = _fields()
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    one = f"({', '.join(['%s'] * len(fields))})"
    sql = (
        f"INSERT INTO {quote(StatementRecord._meta.db_table)} ({names}) "  # noqa: S608  # nosec B608
        f"VALUES {', '.join([one] * len(rows))} "
        f"ON CONFLICT ({quote('statement_id')}) DO NOTHING RETURNING {quote('id')}"
    )
    values = [
        field.get_db_prep_save(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [key for (key,) in cursor.fetchall()]


def _enqueue(keys: Sequence[int]) -> None:
    marks = ", ".join(["%s"] * len(keys))
    sql = enqueue_sql(where=f"record.id IN ({marks})")
    with connection.cursor() as cursor:
        cursor.execute(sql, list(keys))


def _check_known(by_id: dict[UUID, Statement]) -> None:
    known = StatementRecord.objects.filter(statement_id__in=list(by_id))
    for identifier, body in known.values_list("statement_id", "body"):
        _check_same(by_id[identifier], body.encode())


def _check_same(statement: Statement, body: bytes) -> None:
    if statement.body != body:
        raise StatementConflict(
            f"A different statement with the id {statement.id} is already recorded: one deed "
            f"has one statement, built from what does not change."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A recorded statement that stands: what is needed to take it back where it was sent."""

    id: UUID
    actor: UUID
    registration: UUID
    tags: Tags


def said_within(*, actor: UUID, activity: str, since: datetime) -> list[Said]:
    """What *actor* said since then about *activity*, or within it, and nobody took back; the
    oldest first.

    Within it is what names it among its ``parent`` or ``grouping``. Of statements that went
    into an archive only those about the activity itself are found.
    """
    taken_back = StatementRecord.objects.filter(voids=OuterRef("statement_id"))
    rows = StatementRecord.objects.filter(
        Q(activity=activity) | Q(body__contains=f'"{activity}"'),
        ~Exists(taken_back),
        actor=actor,
        occurred_at__gte=since,
        voids=None,
    ).order_by("pk")
    return [
        Said(
            id=row.statement_id,
            actor=row.actor,
            registration=row.registration,
            tags=Tags(
                kind=row.kind, engagement=row.engagement, client=row.client, vendor=row.vendor
            ),
        )
        for row in rows.iterator()
        if row.activity == activity or activity in _around(row.body)
    ]


def _around(body: str) -> set[str]:
    around = json.loads(body).get("context", {}).get("contextActivities", {})
    return {each["id"] for name in ("parent", "grouping") for each in around.get(name, ())}


def take_back(said: Said, *, deed: str, at: datetime, kind: str) -> tuple[Statement, Tags]:
    """The statement that voids *said*, for the same registration and the same stores."""
    statement = void(
        deed=deed, actor=said.actor, target=said.id, at=at, registration=said.registration
    )
    return statement, replace(said.tags, kind=kind)


def _batched(
    entries: Iterable[tuple[Statement, Tags]], size: int
) -> Iterable[Sequence[tuple[Statement, Tags]]]:
    rest = iter(entries)
    while chunk := tuple(islice(rest, size)):
        yield chunk


def retry(*, lane: int | None = None, statements: Sequence[UUID] = ()) -> int:
    """Send quarantined statements again, and at once what stands aside or rests; how many.

    Without *statements* everything that the lane (or every lane) has in quarantine, but not what
    was given up: that is sent again only where it is named. Safe:
    ids and bytes are fixed, so a store that knows one takes it for the same.
    """
    held = Delivery.objects.filter(Q(quarantined_at__isnull=False) | Q(aside_until__isnull=False))
    resting = Lane.objects.filter(is_enabled=True)
    if lane is not None:
        held = held.filter(lane_id=lane)
        resting = resting.filter(pk=lane)
    if statements:
        held = held.filter(record__statement_id__in=statements)
    else:
        held = held.filter(given_up=None)
    with transaction.atomic():
        freed = held.update(quarantined_at=None, aside_until=None, attempts=0)
        GivenUp.objects.filter(delivery__quarantined_at=None).delete()
        resting.update(retry_at=None)
        doorbell.ring_on_commit()
    return freed
