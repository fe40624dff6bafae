"""Exempt and waive: somebody need not take it, and it is on record why."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from attune.curriculum.models import ModulePage
from attune.enrolments.models import Enrolment, EnrolmentModule
from attune.enrolments.records import record_about_page
from attune.enrolments.services.credit import settle_programme
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import OPEN_STATES, State
from attune.xapi import extensions as ext
from attune.xapi import verbs
from attune.xapi.statements import Result

# cmi5's word for it (section 9.5.5.2). The reason that a person wrote stays in the house:
# it may well speak of somebody's health or family.
ADMINISTRATIVE = "Administrative"
OUTSIDE = "Equivalent Outside Activity"
"""Learnt before, elsewhere: also cmi5's word."""


@transaction.atomic
def exempt(*, enrolment: Enrolment, reason: str, now: datetime) -> Enrolment:
    """The person need not take the programme.

    :raises ValueError: no reason was given.
    """
    if not reason.strip():
        raise ValueError("An exemption needs a reason.")
    lock_person(enrolment.person_id)
    enrolment = _fresh(enrolment)
    if enrolment.state in OPEN_STATES and enrolment.programme is not None:
        enrolment.resumes_as = enrolment.state
        enrolment.state = State.EXEMPT
        enrolment.state_reason = reason
        enrolment.save(update_fields=["state", "resumes_as", "state_reason"])
        record_about_page(
            deed=f"waived:{enrolment.registration}",
            verb=verbs.WAIVED,
            page=enrolment.programme,
            within=(),
            enrolment=enrolment,
            at=now,
            kind="programme_waived",
            result=Result(extensions={ext.REASON: ADMINISTRATIVE}),
        )
    return enrolment


@transaction.atomic
def waive_module(
    *,
    enrolment: Enrolment,
    module: ModulePage,
    reason: str,
    now: datetime,
    waived_as: str = ADMINISTRATIVE,
) -> EnrolmentModule:
    """One module of the programme counts without having been taken, for a reason.

    ``waived_as`` is the word for it that leaves the house: ``ADMINISTRATIVE`` or ``OUTSIDE``.

    :raises ValueError: no reason was given.
    """
    if not reason.strip():
        raise ValueError("A waiver needs a reason.")
    lock_person(enrolment.person_id)
    enrolment = _fresh(enrolment)
    row, _created = EnrolmentModule.objects.get_or_create(
        enrolment=enrolment, module_key=module.translation_key
    )
    if row.state not in (State.COMPLETED, State.EXEMPT):
        row.state = State.EXEMPT
        row.credit = EnrolmentModule.Credit.WAIVED
        row.credit_reason = reason
        row.save(update_fields=["state", "credit", "credit_reason"])
        record_about_page(
            deed=f"waived:{enrolment.registration}:{module.translation_key}",
            verb=verbs.WAIVED,
            page=module,
            within=[enrolment.programme] if enrolment.programme is not None else [],
            enrolment=enrolment,
            at=now,
            kind="module_waived",
            result=Result(extensions={ext.REASON: waived_as}),
        )
        settle_programme(enrolment=enrolment, now=now)
    return row


def _fresh(enrolment: Enrolment) -> Enrolment:
    return Enrolment.objects.select_related(
        "person", "programme", "engagement__client", "engagement__vendor"
    ).get(pk=enrolment.pk)
