"""Complete a unit; its module, the programme and other enrolments follow."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from attune.curriculum.models import FrozenContent, LearningUnitPage
from attune.enrolments.models import ModuleEvidence, UnitProgress
from attune.enrolments.readers import Reader
from attune.enrolments.records import record_about_page
from attune.enrolments.services.credit import settle_module
from attune.enrolments.services.start_unit import set_unit_state, start_unit
from attune.enrolments.states import LEARNABLE_STATES, State
from attune.xapi import verbs
from attune.xapi.statements import Result


@transaction.atomic
def complete_unit(
    *,
    reader: Reader,
    unit: LearningUnitPage,
    now: datetime,
    seen: FrozenContent | None = None,
    score: float | None = None,
) -> UnitProgress:
    """The reader has done what the unit's rule asks. Twice is once.

    ``score`` runs from 0 to 1; the best one stays. ``seen`` is the version that was
    completed. The caller has checked the rule; this counts what follows from it.
    """
    progress = start_unit(reader=reader, unit=unit, now=now)
    if score is not None and (progress.score is None or score > progress.score):
        progress.score = score
        progress.save(update_fields=["score"])
    if progress.state == State.COMPLETED:
        return progress
    was_held_up = progress.state != State.IN_PROGRESS
    if progress.enrolment.state not in LEARNABLE_STATES:
        progress.enrolment = reader.enrolment
    progress.state = State.COMPLETED
    progress.completed_at = now
    progress.seen = seen
    progress.save(update_fields=["enrolment", "state", "completed_at", "seen"])
    around = [page for page in (reader.module, reader.enrolment.programme) if page is not None]
    record_about_page(
        deed=f"completed:{progress.deed}",
        verb=verbs.COMPLETED,
        page=unit,
        within=around,
        enrolment=reader.enrolment,
        at=now,
        kind="unit_completed",
        language=unit.locale.language_code,
        result=Result(completion=True, duration=now - progress.started_at),
    )
    if was_held_up:
        set_unit_state_of_module(progress, now=now)
    evidence = ModuleEvidence.objects.select_related(
        "person",
        "enrolment__programme",
        "enrolment__person",
        "enrolment__engagement__client",
        "enrolment__engagement__vendor",
    ).get(person=reader.person, module_key=progress.module_key, cycle=reader.cycle)
    settle_module(evidence=evidence, reader_enrolment=reader.enrolment, now=now)
    return progress


def set_unit_state_of_module(progress: UnitProgress, *, now: datetime) -> None:
    """After a unit that was held up completes, the module may be free to go on."""
    set_unit_state(progress=progress, state=State.IN_PROGRESS, now=now)
