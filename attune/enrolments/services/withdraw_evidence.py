"""Withdraw a module's result: somebody else took it, or it was earned by mistake.

What was said of it is taken back at the record stores, what followed from it falls with it,
and the module opens once more, in a round of its own: the attempts and answers of the round
that was withdrawn stay where they are and count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from attune.enrolments.models import (
    Assignment,
    Enrolment,
    EnrolmentModule,
    ModuleEvidence,
    UnitProgress,
)
from attune.enrolments.records import taking_back
from attune.enrolments.services.credit import settle_programme
from attune.enrolments.services.locking import lock_person
from attune.enrolments.services.renew import renew
from attune.enrolments.states import State
from attune.enrolments.structure import places_in
from attune.xapi import outbox
from attune.xapi.statements import activity_id

KIND = "evidence_withdrawn"
REASON_CHARACTERS = 300
STATEMENTS_ROUND = timedelta(milliseconds=1)


@dataclass(slots=True)
class Withdrawn:
    """What a withdrawal did. Twice is once: then ``done`` is false and nothing happened."""

    done: bool = False
    statements: int = 0
    reopened: list[Enrolment] = field(default_factory=list)


@transaction.atomic
def withdraw_evidence(
    *,
    evidence: ModuleEvidence,
    reason: str,
    withdrawn_by: Any,
    now: datetime,
    due_at: datetime | None = None,
) -> Withdrawn:
    """A completed module, in its newest round, counts no more, for any enrolment.

    A programme that was complete through it is asked for anew under a registration of its
    own, due at ``due_at`` (or when its own days have passed), in which everything else
    counts as it stands. Earlier rounds that rested on it are withdrawn and not asked again.

    :raises ValueError: no reason was given, or one longer than is kept.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError("A withdrawal needs a reason.")
    if len(reason) > REASON_CHARACTERS:
        raise ValueError(f"A reason has at most {REASON_CHARACTERS} characters.")
    lock_person(evidence.person_id)
    held = (
        ModuleEvidence.objects.current()
        .select_related(
            "person",
            "enrolment__person",
            "enrolment__engagement__client",
            "enrolment__engagement__vendor",
        )
        .filter(pk=evidence.pk, state=State.COMPLETED)
        .first()
    )
    outcome = Withdrawn()
    if held is None:
        return outcome
    cells = list(
        EnrolmentModule.objects.filter(evidence=held, state=State.COMPLETED)
        .select_related(
            "enrolment__person",
            "enrolment__programme",
            "enrolment__engagement__client",
            "enrolment__engagement__vendor",
        )
        .order_by("enrolment__cycle", "pk")
    )
    fallen = [cell.enrolment for cell in cells if _rested_on(cell)]
    outcome.done = True
    outcome.statements = _take_back_what_was_said(held, fallen, now=now)
    _close_round(held, now=now)
    for cell in cells:
        _uncount(cell, reason=reason)
        settle_programme(enrolment=cell.enrolment, now=now)
    for enrolment in fallen:
        again = _ask_again(
            enrolment, reason=reason, withdrawn_by=withdrawn_by, due_at=due_at, now=now
        )
        if again is not None:
            outcome.reopened.append(again)
    return outcome


def _rested_on(cell: EnrolmentModule) -> bool:
    """Whether the programme is complete, and would not be without this module."""
    enrolment = cell.enrolment
    if enrolment.state != State.COMPLETED or enrolment.programme_id is None:
        return False
    places = places_in([enrolment.programme_id])[enrolment.programme_id]
    return any(place.key == cell.module_key and place.required for place in places)


def _take_back_what_was_said(
    evidence: ModuleEvidence, fallen: list[Enrolment], *, now: datetime
) -> int:
    """Void, the newest first, what the person's statements say within the module in this round,
    wherever it was credited; and the completions of programmes that fell with it."""
    person = evidence.person
    entries = [
        taking_back(
            deed=f"withdrawn:completed:{enrolment.registration}",
            taken_back=f"completed:{enrolment.registration}",
            enrolment=enrolment,
            at=now,
            kind=KIND,
        )
        for enrolment in fallen
    ]
    said = outbox.said_within(
        actor=person.pseudonym,
        activity=activity_id("module", evidence.module_key),
        since=evidence.started_at - STATEMENTS_ROUND,
    )
    entries += [
        outbox.take_back(each, deed=f"withdrawn:{each.id}", at=now, kind=KIND)
        for each in reversed(said)
    ]
    return outbox.record_many(entries)


def _close_round(evidence: ModuleEvidence, *, now: datetime) -> None:
    UnitProgress.objects.filter(
        person=evidence.person_id, module_key=evidence.module_key, cycle=evidence.cycle
    ).update(state=State.WITHDRAWN, completed_at=None)
    evidence.state = State.WITHDRAWN
    evidence.completed_at = evidence.expires_at = None
    evidence.save(update_fields=["state", "completed_at", "expires_at"])
    ModuleEvidence.objects.create(
        person_id=evidence.person_id,
        module_key=evidence.module_key,
        cycle=evidence.cycle + 1,
        enrolment=evidence.enrolment,
        state=State.NOT_STARTED,
        started_at=now,
    )


def _uncount(cell: EnrolmentModule, *, reason: str) -> None:
    cell.state = State.IN_PROGRESS
    cell.credit = EnrolmentModule.Credit.NONE
    words = _("Withdrawn: %(reason)s") % {"reason": reason}
    cell.credit_reason = words[:REASON_CHARACTERS]
    cell.evidence = None
    cell.completed_at = cell.expires_at = None
    cell.save()


def _ask_again(
    enrolment: Enrolment, *, reason: str, withdrawn_by: Any, due_at: datetime | None, now: datetime
) -> Enrolment | None:
    """The next round of a programme whose completion fell; ``None`` if nobody asks for one."""
    renewed = None
    if enrolment.programme is not None and _is_still_asked_for(enrolment, now=now):
        renewed = renew(
            enrolment=enrolment,
            now=now,
            due_at=due_at or now + timedelta(days=enrolment.programme.due_after_days),
            again=[],
            reason=Assignment.Reason.PERSON,
            reference=f"withdrawn:{enrolment.pk}",
            note=reason,
        )
        renewed.assignments.update(assigned_by=withdrawn_by)
    enrolment.state = State.WITHDRAWN
    enrolment.resumes_as = ""
    enrolment.state_reason = reason
    enrolment.completed_at = enrolment.expires_at = None
    enrolment.due_at = None
    enrolment.save(
        update_fields=[
            "state",
            "resumes_as",
            "state_reason",
            "completed_at",
            "expires_at",
            "due_at",
        ]
    )
    return renewed


def _is_still_asked_for(enrolment: Enrolment, *, now: datetime) -> bool:
    """It is the newest round, of an engagement that goes on, and has a reason left."""
    ends_on = enrolment.engagement.ends_on
    return (
        (ends_on is None or ends_on >= now.date())
        and enrolment.assignments.filter(withdrawn_at__isnull=True).exists()
        and Enrolment.objects.latest_cycle().filter(pk=enrolment.pk).exists()
    )
