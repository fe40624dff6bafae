"""Take back a unit's completion, where what it rested on fell away."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from attune.enrolments.models import ModuleEvidence, UnitProgress
from attune.enrolments.records import taking_back
from attune.enrolments.services.locking import lock_person
from attune.enrolments.services.start_unit import set_unit_state
from attune.enrolments.states import State
from attune.xapi import outbox


@transaction.atomic
def reopen_unit(*, progress: UnitProgress, now: datetime) -> bool:
    """Whether the unit is to be done again. Twice is once.

    A module that is complete stays so, with everything that was credited for it: then the
    unit's completion stands as well. What was said of it is taken back by a statement.
    """
    lock_person(progress.person_id)
    locked = UnitProgress.objects.select_related(
        "enrolment__person", "enrolment__engagement__client", "enrolment__engagement__vendor"
    ).get(pk=progress.pk)
    if locked.state != State.COMPLETED:
        return False
    if ModuleEvidence.objects.filter(
        person=locked.person_id,
        module_key=locked.module_key,
        cycle=locked.cycle,
        state__in=[State.COMPLETED, State.EXEMPT],
    ).exists():
        return False
    said = f"completed:{locked.deed}"
    statement, tags = taking_back(
        deed=f"voided:{said}",
        taken_back=said,
        enrolment=locked.enrolment,
        at=now,
        kind="unit_reopened",
    )
    outbox.record(statement, tags=tags)
    # Another completion is another deed, with a statement of its own.
    locked.deed = uuid.uuid4()
    locked.state = State.IN_PROGRESS
    locked.completed_at = None
    locked.seen = None
    locked.save(update_fields=["deed", "state", "completed_at", "seen"])
    set_unit_state(progress=locked, state=State.IN_PROGRESS, now=now)
    return True
