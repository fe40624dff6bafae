"""Counting evidence: from units to the module, from the module to every enrolment that asks for it.

Called by the services beside it, inside their transaction and after the person was locked.
"""

from __future__ import annotations

import calendar
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from attune.curriculum.models import ModulePage
from attune.enrolments import hooks
from attune.enrolments.models import Enrolment, EnrolmentModule, ModuleEvidence, UnitProgress
from attune.enrolments.records import record_about_page
from attune.enrolments.states import LEARNABLE_STATES, OPEN_STATES, State
from attune.enrolments.structure import original_modules, places_in, required_units_of
from attune.xapi import extensions as ext
from attune.xapi import verbs
from attune.xapi.statements import Result

COUNTED = frozenset({State.COMPLETED, State.EXEMPT})


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later; the last of the month where it is shorter."""
    month_index = moment.month - 1 + months
    year, month = moment.year + month_index // 12, month_index % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def settle_module(*, evidence: ModuleEvidence, reader_enrolment: Enrolment, now: datetime) -> None:
    """Complete a module's evidence once all its required units are, and credit it everywhere."""
    if evidence.state == State.COMPLETED:
        return
    needed = required_units_of(evidence.module_key)
    done = set(
        UnitProgress.objects.filter(
            person=evidence.person_id,
            module_key=evidence.module_key,
            cycle=evidence.cycle,
            state=State.COMPLETED,
        ).values_list("unit_key", flat=True)
    )
    # A module without a single unit proves nothing, so it never completes by itself.
    if not needed or not needed <= done:
        return
    module = original_modules([evidence.module_key])[evidence.module_key]
    if evidence.enrolment.state not in LEARNABLE_STATES:
        # Begun for a programme that was withdrawn since: it is earned where they learn now.
        evidence.enrolment = reader_enrolment
    evidence.state = State.COMPLETED
    evidence.completed_at = now
    evidence.expires_at = (
        add_months(now, module.validity_months) if module.validity_months else None
    )
    evidence.save(update_fields=["enrolment", "state", "completed_at", "expires_at"])
    record_about_page(
        deed=f"completed:{evidence.deed}",
        verb=verbs.COMPLETED,
        page=module,
        within=_programme_of(evidence.enrolment),
        enrolment=evidence.enrolment,
        at=now,
        kind="module_completed",
        result=Result(completion=True),
    )
    credit_everywhere(evidence=evidence, module=module, now=now)


def credit_everywhere(*, evidence: ModuleEvidence, module: ModulePage, now: datetime) -> None:
    """Count completed evidence for each of the person's enrolments that asks for the module."""
    enrolments = (
        Enrolment.objects.learnable()
        .filter(
            person=evidence.person_id,
            programme__programme_modules__module__translation_key=evidence.module_key,
        )
        .select_related("person", "programme", "engagement__client", "engagement__vendor")
        .distinct()
    )
    for enrolment in enrolments:
        credit(enrolment=enrolment, evidence=evidence, module=module, now=now)
        settle_programme(enrolment=enrolment, now=now)


def credit(
    *, enrolment: Enrolment, evidence: ModuleEvidence, module: ModulePage, now: datetime
) -> None:
    """Count completed evidence for one enrolment; with a statement if it was earned elsewhere."""
    row, _created = EnrolmentModule.objects.get_or_create(
        enrolment=enrolment,
        module_key=evidence.module_key,
        defaults={"started_at": evidence.started_at},
    )
    if row.state == State.COMPLETED:
        return
    earned_here = evidence.enrolment_id == enrolment.pk
    row.evidence = evidence
    row.state = State.COMPLETED
    row.credit = EnrolmentModule.Credit.EARNED if earned_here else EnrolmentModule.Credit.SATISFIED
    row.credit_reason = "" if earned_here else _("Completed in another programme.")
    row.completed_at = evidence.completed_at
    row.expires_at = evidence.expires_at
    row.save()
    if not earned_here:
        record_about_page(
            deed=f"satisfied:{enrolment.registration}:{evidence.deed}",
            verb=verbs.SATISFIED,
            page=module,
            within=_programme_of(enrolment),
            enrolment=enrolment,
            at=now,
            kind="module_satisfied",
            # cmi5's word (section 9.5.5.2): something equivalent was completed.
            result=Result(extensions={ext.REASON: "Equivalent AU"}),
        )
    for handler in hooks.module_credited:
        handler(row, now)


def settle_programme(*, enrolment: Enrolment, now: datetime) -> None:
    """Bring an enrolment's stored counts and state in line with its credited modules."""
    if enrolment.programme_id is None:
        return
    places = places_in([enrolment.programme_id])[enrolment.programme_id]
    required = {place.key for place in places if place.required}
    counted: dict[UUID, datetime | None] = {}
    for key, state, expires_at in EnrolmentModule.objects.filter(enrolment=enrolment).values_list(
        "module_key", "state", "expires_at"
    ):
        if state in COUNTED:
            counted[key] = expires_at
    done = required & counted.keys()
    enrolment.modules_required = len(required)
    enrolment.modules_done = len(done)
    fields = ["modules_required", "modules_done"]
    if enrolment.state == State.NOT_STARTED and counted:
        enrolment.state = State.IN_PROGRESS
        enrolment.started_at = enrolment.started_at or now
        fields += ["state", "started_at"]
    completes = bool(required) and done == required and enrolment.state in OPEN_STATES
    if completes:
        enrolment.state = State.COMPLETED
        enrolment.completed_at = now
        enrolment.expires_at = min(
            (expiry for key in required if (expiry := counted[key]) is not None), default=None
        )
        fields += ["state", "completed_at", "expires_at"]
    enrolment.save(update_fields=[*dict.fromkeys(fields)])
    if completes and enrolment.programme is not None:
        record_about_page(
            deed=f"completed:{enrolment.registration}",
            verb=verbs.COMPLETED,
            page=enrolment.programme,
            within=(),
            enrolment=enrolment,
            at=now,
            kind="programme_completed",
            result=Result(completion=True),
        )
        for handler in hooks.programme_completed:
            handler(enrolment, now)


def _programme_of(enrolment: Enrolment) -> list[ModulePage]:
    return [enrolment.programme] if enrolment.programme is not None else []
