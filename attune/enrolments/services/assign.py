"""Assign: give a person a reason to learn a programme for an engagement."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from attune.curriculum.models import ProgrammePage
from attune.enrolments.models import Assignment, Enrolment, ModuleEvidence
from attune.enrolments.records import record_about_page
from attune.enrolments.services.credit import credit, settle_programme
from attune.enrolments.services.locking import lock_person
from attune.enrolments.services.start_unit import state_on_return
from attune.enrolments.states import State
from attune.enrolments.structure import original_modules, places_in
from attune.people.models import Engagement, Person
from attune.xapi import verbs


@transaction.atomic
def assign(
    *,
    person: Person,
    programme: ProgrammePage,
    engagement: Engagement,
    now: datetime,
    due_at: datetime | None = None,
    reason: str = Assignment.Reason.PERSON,
    reference: str = "",
    note: str = "",
    assigned_by: Any = None,
) -> Enrolment:
    """The person's enrolment, with this reason among its reasons.

    The same reason twice changes its due date and note, nothing else. A withdrawn enrolment
    resumes with the progress it had. What the person has already earned elsewhere, and is
    still valid, is counted at once.
    """
    lock_person(person.pk)
    enrolment = (
        Enrolment.objects.select_related(
            "person", "programme", "engagement__client", "engagement__vendor"
        )
        .filter(person=person, programme_key=programme.translation_key, engagement=engagement)
        .order_by("-cycle")
        .first()
    )
    is_new = enrolment is None
    if enrolment is None:
        enrolment = Enrolment.objects.create(
            person=person,
            programme_key=programme.translation_key,
            programme=programme,
            engagement=engagement,
            enrolled_at=now,
        )
    elif enrolment.state == State.WITHDRAWN:
        enrolment.state = state_on_return(enrolment)
        enrolment.resumes_as = ""
        enrolment.programme = programme
        enrolment.save(update_fields=["state", "resumes_as", "programme"])
    Assignment.objects.update_or_create(
        enrolment=enrolment,
        reason=reason,
        reference=reference,
        withdrawn_at=None,
        defaults={"due_at": due_at, "note": note},
        create_defaults={
            "due_at": due_at,
            "note": note,
            "assigned_by": assigned_by,
            "assigned_at": now,
        },
    )
    earliest_due_counts(enrolment=enrolment)
    if is_new:
        record_about_page(
            deed=f"registered:{enrolment.registration}",
            verb=verbs.REGISTERED,
            page=programme,
            within=(),
            enrolment=enrolment,
            at=now,
            kind="registered",
        )
    count_what_is_earned(enrolment=enrolment, now=now)
    return enrolment


def earliest_due_counts(*, enrolment: Enrolment) -> None:
    """Set an enrolment's due date to the earliest of its live reasons.

    Where it was put off, that takes the place of the reasons that stood by then.
    """
    dues = enrolment.assignments.filter(withdrawn_at__isnull=True, due_at__isnull=False)
    extension = enrolment.extensions.order_by("given_at", "pk").last()
    if extension is not None:
        dues = dues.filter(assigned_at__gt=extension.given_at)
    due = dues.order_by("due_at").values_list("due_at", flat=True).first()
    if extension is not None:
        due = min(due or extension.due_at, extension.due_at)
    enrolment.due_at = due
    enrolment.save(update_fields=["due_at"])


def count_what_is_earned(*, enrolment: Enrolment, now: datetime) -> None:
    """Credit valid evidence that the person already has for the programme's modules."""
    if enrolment.programme_id is None:
        return
    places = places_in([enrolment.programme_id])[enrolment.programme_id]
    keys = [place.key for place in places]
    earned = [
        evidence
        for evidence in ModuleEvidence.objects.current().filter(
            person=enrolment.person_id, module_key__in=keys, state=State.COMPLETED
        )
        if evidence.expires_at is None or evidence.expires_at > now
    ]
    if earned:
        modules = original_modules(keys)
        for evidence in earned:
            if evidence.module_key in modules:
                credit(
                    enrolment=enrolment,
                    evidence=evidence,
                    module=modules[evidence.module_key],
                    now=now,
                )
    settle_programme(enrolment=enrolment, now=now)
