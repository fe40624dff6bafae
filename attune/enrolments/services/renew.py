"""Renewal: a new cycle beside the old one, because time has passed or the content changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from attune.curriculum.models import ModulePage
from attune.enrolments.models import Assignment, Enrolment, MaterialChange, ModuleEvidence
from attune.enrolments.records import record_about_page
from attune.enrolments.services.assign import count_what_is_earned, earliest_due_counts
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import OPEN_STATES, State
from attune.enrolments.structure import places_in
from attune.xapi import verbs


@transaction.atomic
def renew(
    *,
    enrolment: Enrolment,
    now: datetime,
    due_at: datetime,
    again: Collection[UUID] | None = None,
    reason: str = Assignment.Reason.RENEWAL,
    reference: str = "",
    note: str = "",
) -> Enrolment:
    """The next cycle of a completed enrolment; the old one stays as it is.

    ``again`` names the modules (translation keys) to be taken again; None means those whose
    evidence has expired or will within the expiry window. What is still valid is counted at
    once. An enrolment that was renewed already is returned with its newest cycle.
    """
    lock_person(enrolment.person_id)
    newest = (
        Enrolment.objects.select_related(
            "person", "programme", "engagement__client", "engagement__vendor"
        )
        .filter(
            person=enrolment.person_id,
            programme_key=enrolment.programme_key,
            engagement=enrolment.engagement_id,
        )
        .order_by("-cycle")
        .first()
    )
    if newest is None:
        raise Enrolment.DoesNotExist("The enrolment to renew is gone.")
    if newest.state != State.COMPLETED or newest.programme is None:
        return newest
    renewed = Enrolment.objects.create(
        person=newest.person,
        programme_key=newest.programme_key,
        programme=newest.programme,
        engagement=newest.engagement,
        cycle=newest.cycle + 1,
        enrolled_at=now,
    )
    Assignment.objects.create(
        enrolment=renewed,
        reason=reason,
        reference=reference,
        note=note,
        assigned_at=now,
        due_at=due_at,
    )
    earliest_due_counts(enrolment=renewed)
    open_next_cycles(
        enrolment=renewed,
        keys=again if again is not None else _expiring_keys(newest, now=now),
        now=now,
    )
    record_about_page(
        deed=f"registered:{renewed.registration}",
        verb=verbs.REGISTERED,
        page=newest.programme,
        within=(),
        enrolment=renewed,
        at=now,
        kind="registered",
    )
    count_what_is_earned(enrolment=renewed, now=now)
    return renewed


def open_next_cycles(*, enrolment: Enrolment, keys: Collection[UUID], now: datetime) -> None:
    """Open the next evidence cycle of each completed module named; idempotent."""
    completed = ModuleEvidence.objects.current().filter(
        person=enrolment.person_id, module_key__in=list(keys), state=State.COMPLETED
    )
    for evidence in completed:
        ModuleEvidence.objects.get_or_create(
            person_id=evidence.person_id,
            module_key=evidence.module_key,
            cycle=evidence.cycle + 1,
            defaults={
                "enrolment": enrolment,
                "state": State.NOT_STARTED,
                "started_at": now,
            },
        )


def _expiring_keys(enrolment: Enrolment, *, now: datetime) -> list[UUID]:
    window = [State.EXPIRING, State.EXPIRED]
    return [row.module_key for row in enrolment.modules.all() if row.standing(now).state in window]


def renew_expired(*, now: datetime) -> int:
    """Open the next cycle of every completion that has expired and is still asked for.

    Due after as many days as the programme proposes. Each in a transaction of its own; how
    many were opened. Nobody is asked again for an engagement that has ended, or once the
    last reason was withdrawn.
    """
    expired = (
        Enrolment.objects.latest_cycle()
        .filter(
            state=State.COMPLETED,
            expires_at__lte=now,
            programme__isnull=False,
            assignments__withdrawn_at__isnull=True,
        )
        .filter(Q(engagement__ends_on__isnull=True) | Q(engagement__ends_on__gte=now.date()))
        .distinct()
        .order_by("pk")
    )
    opened = 0
    for pk in list(expired.values_list("pk", flat=True)):
        enrolment = Enrolment.objects.select_related("programme").get(pk=pk)
        if enrolment.programme is not None:
            days = timedelta(days=enrolment.programme.due_after_days)
            renewed = renew(enrolment=enrolment, now=now, due_at=now + days)
            opened += renewed.cycle > enrolment.cycle
    return opened


@transaction.atomic
def publish_material_change(
    *, module: ModulePage, reason: str, due_at: datetime, published_by: Any, now: datetime
) -> MaterialChange:
    """Ask everyone who completed a module to take it again, with a reason and a due date.

    Completed enrolments get a new cycle in which all other modules count as they stand; in
    open enrolments the module's credit is taken back. Earlier records stay untouched.

    :raises ValueError: no reason was given, or the due date is not in the future.
    """
    if not reason.strip():
        raise ValueError("A material change needs a reason that learners will read.")
    if due_at <= now:
        raise ValueError("The new due date has to lie in the future.")
    change = MaterialChange.objects.create(
        module_key=module.translation_key,
        reason=reason,
        due_at=due_at,
        published_by=published_by,
        published_at=now,
    )
    enrolments = (
        Enrolment.objects.latest_cycle()
        .filter(
            state__in=[State.COMPLETED, *OPEN_STATES],
            modules__module_key=module.translation_key,
            modules__state=State.COMPLETED,
        )
        .select_related("person", "programme", "engagement__client", "engagement__vendor")
        .order_by("person_id", "pk")
    )
    for enrolment in enrolments:
        _ask_again(enrolment, change=change, now=now)
    return change


def _ask_again(enrolment: Enrolment, *, change: MaterialChange, now: datetime) -> None:
    lock_person(enrolment.person_id)
    if enrolment.programme_id is None:
        return
    asked_for = {place.key for place in places_in([enrolment.programme_id])[enrolment.programme_id]}
    if change.module_key not in asked_for:
        return
    if enrolment.state == State.COMPLETED:
        renew(
            enrolment=enrolment,
            now=now,
            due_at=change.due_at,
            again=[change.module_key],
            reason=Assignment.Reason.MATERIAL_CHANGE,
            reference=str(change.pk),
            note=change.reason,
        )
        return
    open_next_cycles(enrolment=enrolment, keys=[change.module_key], now=now)
    # The cell of an open enrolment shows what still has to be done; the evidence row of the
    # earlier cycle is the record and stays.
    enrolment.modules.filter(module_key=change.module_key).delete()
    Assignment.objects.get_or_create(
        enrolment=enrolment,
        reason=Assignment.Reason.MATERIAL_CHANGE,
        reference=str(change.pk),
        defaults={"note": change.reason, "assigned_at": now, "due_at": change.due_at},
    )
    earliest_due_counts(enrolment=enrolment)
    count_what_is_earned(enrolment=enrolment, now=now)
