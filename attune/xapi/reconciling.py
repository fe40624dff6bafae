"""Reconciling: does a store hold what we say it took? Reads there, writes nothing by itself.

A store is asked for its pages of the period first, and by id for what was in none: the period
of a page may be that of storing or that of the deed, statements that were taken back are in no
page, and a store may know no periods at all. Memory stays flat: one bit per record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet

from attune.xapi import doorbell
from attune.xapi.answers import Verdict
from attune.xapi.comparison import same_statement
from attune.xapi.extensions import iri_base
from attune.xapi.lrs import RecordStore
from attune.xapi.models import Delivery, Lane, StatementRecord

ROWS = 500
NAMED = 1000  # ids of each sort that a report names; it counts all
MARGIN = timedelta(hours=1)  # by which the store's clock may differ from ours
#: With so few left after the first pages, asking by id is quicker than other pages.
FEW = 50


@dataclass(slots=True)
class Sort:
    """How many, and the ids of the first ``NAMED`` of them."""

    count: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, identifier: str) -> None:
        self.count += 1
        if len(self.ids) < NAMED:
            self.ids.append(identifier)


@dataclass(slots=True)
class Report:
    """What a store holds of what it took in a period.

    ``same`` counts those that say what ours say; ``held`` those of which only the id could be
    compared, since the body is archived. ``unknown`` are in the store under our installation's
    name and not in this outbox; ``foreign`` are other systems'. ``trouble`` is why it ended
    early, in the store's words: then ``unasked`` were not compared.
    """

    lane: str
    since: datetime
    until: datetime
    taken: int = 0
    same: int = 0
    held: int = 0
    missing: Sort = field(default_factory=Sort)
    different: Sort = field(default_factory=Sort)
    unknown: Sort = field(default_factory=Sort)
    foreign: int = 0
    unasked: int = 0
    trouble: str = ""
    queued: int = 0

    @property
    def is_clean(self) -> bool:
        found = self.missing.count + self.different.count + self.unknown.count
        return not found and not self.unasked

    def as_json(self) -> dict[str, Any]:
        """Plain values, moments in ISO 8601."""
        sorts = {
            name: {"count": sort.count, "ids": sort.ids}
            for name in ("missing", "different", "unknown")
            for sort in [getattr(self, name)]
        }
        return {
            "lane": self.lane,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            **{name: getattr(self, name) for name in ("taken", "same", "held")},
            **sorts,
            **{name: getattr(self, name) for name in ("foreign", "unasked", "trouble", "queued")},
            "clean": self.is_clean,
        }


def reconcile(
    lane: Lane,
    store: RecordStore,
    *,
    since: datetime,
    until: datetime,
    queue_missing: bool = False,
) -> Report:
    """Compare what *lane* delivered from *since* on and before *until* with what *store* holds.

    With *queue_missing* what the store has not got waits again, as far as its body is here.
    """
    report = Report(lane.name, since, until)
    delivered = Delivery.objects.filter(
        lane=lane, delivered_at__gte=since, delivered_at__lt=until
    ).order_by()
    found = delivered.aggregate(
        taken=Count("pk"),
        first=Min("record_id"),
        last=Max("record_id"),
        began=Min("record__occurred_at"),
        ended=Max("record__occurred_at"),
    )
    report.taken = found["taken"]
    turn = _Turn(report, store, delivered, found["first"] or 0, found["last"] or 0, queue_missing)
    turn.read_pages(since - MARGIN, until + MARGIN)
    if turn.unseen > FEW and not report.trouble:
        turn.read_pages(found["began"] - timedelta(milliseconds=1), found["ended"])
    turn.look_up()
    return report


class _Turn:
    """One comparison under way."""

    def __init__(
        self,
        report: Report,
        store: RecordStore,
        delivered: QuerySet[Delivery],
        first: int,
        last: int,
        queue_missing: bool,
    ) -> None:
        self.report = report
        self.store = store
        self.delivered = delivered
        self.first = first
        self.last = last
        self.queue_missing = queue_missing
        self._seen = bytearray((last - first) // 8 + 1)
        self.unseen = report.taken
        self._others: set[str] = set()

    # --- the store's pages ------------------------------------------------------------------

    def read_pages(self, since: datetime, until: datetime) -> None:
        """Compare what the store says of the period, as far as it says something."""
        more, passed = "", set[str]()
        while True:
            page = self.store.page(since=since, until=until, more=more)
            if page.answer.verdict is not Verdict.DELIVERED:
                # The period, or the store? A wrong address answers 404 to every id as well.
                greeting = self.store.greet()
                if greeting.verdict is not Verdict.DELIVERED:
                    self.report.trouble = greeting.message
                return
            self._compare(page.statements)
            if not page.more or page.more in passed or not page.statements:
                return
            more = page.more
            passed.add(more)

    def _compare(self, statements: list[Mapping[str, Any]]) -> None:
        by_id = {
            identifier: each
            for each in statements
            if (identifier := _uuid(each.get("id"))) is not None
        }
        known = set()
        records = StatementRecord.objects.filter(statement_id__in=list(by_id)).order_by()
        rows = list(records.values_list("pk", "statement_id", "body"))
        taken = set(
            self.delivered.filter(record__in=[key for key, _sid, _body in rows]).values_list(
                "record_id", flat=True
            )
        )
        for key, identifier, body in rows:
            known.add(identifier)
            if key in taken and self._is_unseen(key):
                self._judge(key, str(identifier), body, by_id[identifier])
        for identifier, statement in by_id.items():
            if identifier not in known and str(identifier) not in self._others:
                self._others.add(str(identifier))
                if _is_ours(statement):
                    self.report.unknown.add(str(identifier))
                else:
                    self.report.foreign += 1

    def _judge(self, key: int, identifier: str, body: str, held: Mapping[str, Any]) -> None:
        self._mark(key)
        if not body:
            self.report.held += 1
        elif same_statement(json.loads(body), held):
            self.report.same += 1
        else:
            self.report.different.add(identifier)

    # --- one by one -------------------------------------------------------------------------

    def look_up(self) -> None:
        """Ask by id for each that was in no page."""
        for chunk in self._chunks():
            missing = []
            for key, identifier, body in chunk:
                if self.report.trouble:
                    self.report.unasked += 1
                    continue
                found = self.store.find(identifier)
                if found.statement is not None:
                    self._judge(key, identifier, body, found.statement)
                elif found.answer.status == 404:
                    self.report.missing.add(identifier)
                    missing.append(key)
                else:
                    self.report.trouble = found.answer.message
                    self.report.unasked += 1
            if missing and self.queue_missing:
                self._queue(missing)

    def _queue(self, records: list[int]) -> None:
        with transaction.atomic():
            # Locked first: one that is being archived at this moment has no body afterwards.
            rows = StatementRecord.objects.select_for_update(no_key=True).filter(pk__in=records)
            here = [key for key, body in rows.order_by("pk").values_list("pk", "body") if body]
            again = self.delivered.filter(record__in=here).update(delivered_at=None)
            self.report.queued += again
            if again:
                doorbell.ring_on_commit()

    def _chunks(self) -> Iterator[list[tuple[int, str, str]]]:
        cursor = self.first - 1
        while True:
            rows = list(
                self.delivered.filter(record_id__gt=cursor)
                .order_by("record_id")
                .values_list("record_id", "record__statement_id", "record__body")[:ROWS]
            )
            if not rows:
                return
            cursor = rows[-1][0]
            unseen = [(key, str(sid), body) for key, sid, body in rows if self._is_unseen(key)]
            if unseen:
                yield unseen

    # --- what was seen ------------------------------------------------------------------------

    def _is_unseen(self, key: int) -> bool:
        if not self.first <= key <= self.last:
            return False
        place = key - self.first
        return not self._seen[place // 8] & (1 << place % 8)

    def _mark(self, key: int) -> None:
        place = key - self.first
        self._seen[place // 8] |= 1 << place % 8
        self.unseen -= 1


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _is_ours(statement: Mapping[str, Any]) -> bool:
    """Whether its actor is one of this installation's pseudonyms."""
    actor = statement.get("actor")
    account = actor.get("account") if isinstance(actor, Mapping) else None
    return isinstance(account, Mapping) and account.get("homePage") == iri_base()
