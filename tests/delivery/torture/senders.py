"""Four senders that are known to be bad. The harness must find each of them out.

Each is a fault of somebody's real software. ``install`` puts one in place of ours, in the
site's and the worker's processes of a run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db.models.functions import Now

from attune.xapi import connecting, delivery, lanes, outbox
from attune.xapi.answers import Answer, Verdict
from attune.xapi.lrs import RecordStore
from attune.xapi.models import Delivery, Lane
from attune.xapi.statements import Statement, Tags

_post = RecordStore.post
_record = outbox.record


def _swallow_409() -> None:
    """“It knows that already”, for a whole batch, without looking which."""

    def post(self: RecordStore, bodies: Sequence[bytes], *, ids: Sequence[str]) -> Answer:
        answer = _post(self, bodies, ids=ids)
        return Answer(Verdict.DELIVERED, "") if answer.status == 409 else answer

    RecordStore.post = post  # type: ignore[method-assign]


def _pop_then_send() -> None:
    """Off the queue first, then to the store; what fails on the way is gone."""

    def send(self: Any, batch: Sequence[Any]) -> None:
        keys = [item.key for item in batch]
        Delivery.objects.filter(pk__in=keys).update(delivered_at=Now())
        self._keep_lease()
        self.store.post([item.body for item in batch], ids=[item.statement for item in batch])

    delivery._Run._send = send  # type: ignore[method-assign]


def _random_ids() -> None:
    """A new id at each attempt, so that no store can know what it has already."""

    def post(self: RecordStore, bodies: Sequence[bytes], *, ids: Sequence[str]) -> Answer:
        fresh = [str(uuid4()) for _ in bodies]
        changed = [
            json.dumps(json.loads(body) | {"id": new}).encode()
            for body, new in zip(bodies, fresh, strict=True)
        ]
        return _post(self, changed, ids=fresh)

    RecordStore.post = post  # type: ignore[method-assign]


def _send_inside_the_transaction() -> None:
    """The request itself speaks to the store before it commits."""

    def record(statement: Statement, *, tags: Tags, now: datetime | None = None) -> bool:
        new = _record(statement, tags=tags, now=now)
        for lane in Lane.objects.filter(is_enabled=True):
            with connecting.connect(lane, lanes.secret_of(lane)) as store:
                answer = store.post([statement.body], ids=[str(statement.id)])
            if answer.verdict is not Verdict.DELIVERED:
                raise OSError(f"the record store does not work: {answer.message}")
            Delivery.objects.filter(lane=lane, record__statement_id=statement.id).update(
                delivered_at=Now()
            )
        return new

    outbox.record = record


BAD: Mapping[str, Callable[[], None]] = {
    "swallow 409": _swallow_409,
    "pop then send": _pop_then_send,
    "random ids": _random_ids,
    "HTTP inside the transaction": _send_inside_the_transaction,
}


def install(name: str) -> None:
    """Put the bad sender *name* in place.

    :raises KeyError: there is none of this name.
    """
    BAD[name]()
