"""Recorded statements in the order of what happened, with how each stands on every lane.

Who may see which is decided above, where persons and enrolments are known: here statements
are picked by pseudonym, registration and codes. What a statement says is told in few words,
without results and responses: those belong to whoever may read them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import get_language

from attune.xapi import verbs
from attune.xapi.models import Delivery, StatementRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """How a statement stands on one lane: ``waiting``, ``set aside``, ``delivered``,
    ``quarantined`` or ``given up``, since ``at`` where that is known. ``answer`` is the
    store's words, or the note of whoever gave it up."""

    delivery: int
    lane: str
    state: str
    at: datetime | None
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A recorded statement: verb and thing in words of the reader's language."""

    id: UUID
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    verb: str
    about: str
    engagement: str
    archive: str
    copies: tuple[Copy, ...]


def statements_of(
    *, actor: UUID, registrations: Iterable[UUID] | None = None, engagements: Iterable[str] | None
) -> QuerySet[StatementRecord]:
    """What *actor* did, oldest first; only under these registrations, and for these engagements.

    ``None`` does not narrow. A sub-select will do for either.
    """
    found = StatementRecord.objects.filter(actor=actor)
    if registrations is not None:
        found = found.filter(registration__in=registrations)
    if engagements is not None:
        found = found.filter(engagement__in=engagements)
    return found.order_by("occurred_at", "pk")


def told(records: Sequence[StatementRecord]) -> list[Told]:
    """These records in words, with their deliveries. One query."""
    copies: dict[int, list[Copy]] = {}
    deliveries = Delivery.objects.filter(record__in=records).select_related("lane", "given_up")
    for delivery in deliveries.order_by("lane"):
        copies.setdefault(delivery.record_id, []).append(copy_of(delivery))
    return [
        Told(
            id=record.statement_id,
            kind=record.kind,
            occurred_at=record.occurred_at,
            recorded_at=record.recorded_at,
            verb=verb_in_words(record.verb),
            about=about(record.body),
            engagement=record.engagement,
            archive=record.archive,
            copies=tuple(copies.get(record.pk, ())),
        )
        for record in records
    ]


def copy_of(delivery: Delivery) -> Copy:
    """One delivery, its lane and what was given up being loaded."""
    given_up = getattr(delivery, "given_up", None)
    state, at, answer = delivery.state, delivery.delivered_at, delivery.answer
    if state == "quarantined":
        at = delivery.quarantined_at
    elif state == "waiting" and delivery.aside_until is not None:
        state = "set aside"
    if given_up is not None:
        state, at, answer = "given up", given_up.at, given_up.note
    return Copy(delivery=delivery.pk, lane=delivery.lane.name, state=state, at=at, answer=answer)


def verb_in_words(iri: str) -> str:
    verb = verbs.ALL.get(iri)
    return _in_language(verb.display) if verb else iri.rsplit("/", 1)[-1]


def about(body: str) -> str:
    """The name of what the statement is about; empty where it says none, or was archived."""
    if not body:
        return ""
    thing = json.loads(body).get("object", {})
    return _in_language(thing.get("definition", {}).get("name", {}))


def _in_language(names: Any) -> str:
    language = (get_language() or "en").split("-")[0]
    for wanted in (language, "en", *names):
        for tag, name in names.items():
            if tag.split("-")[0] == wanted.split("-")[0]:
                return str(name)
    return ""
