"""Start a unit, remember where the learner is in it, note what holds it up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from attune.curriculum.models import LearningUnitPage
from attune.enrolments.models import Enrolment, EnrolmentModule, ModuleEvidence, UnitProgress
from attune.enrolments.readers import Reader
from attune.enrolments.records import record_about_page
from attune.enrolments.services.locking import lock_person
from attune.enrolments.states import State
from attune.xapi import verbs

MAX_POSITION_CHARACTERS = 2_000
WAITING = (State.ATTEMPTS_EXHAUSTED, State.AWAITING_MARKING)
"""What holds an enrolment up, the more serious one first."""


@transaction.atomic
def start_unit(*, reader: Reader, unit: LearningUnitPage, now: datetime) -> UnitProgress:
    """The reader's progress with a unit, begun if it was not. Idempotent.

    The first unit of a module begins the module, the first of a programme the programme;
    each is recorded as *initialized* once per cycle.
    """
    lock_person(reader.person.pk)
    language = unit.locale.language_code
    standing = _begun(reader=reader, unit=unit, language=language)
    if standing is not None:
        return standing
    evidence, module_is_new = ModuleEvidence.objects.get_or_create(
        person=reader.person,
        module_key=reader.module.translation_key,
        cycle=reader.cycle,
        defaults={"enrolment": reader.enrolment, "started_at": now},
    )
    if evidence.state == State.NOT_STARTED:
        evidence.state = State.IN_PROGRESS
        evidence.save(update_fields=["state"])
        module_is_new = True
    progress, unit_is_new = UnitProgress.objects.select_related("enrolment").get_or_create(
        person=reader.person,
        unit_key=unit.translation_key,
        cycle=reader.cycle,
        defaults={
            "module_key": reader.module.translation_key,
            "unit": unit,
            "enrolment": reader.enrolment,
            "started_at": now,
            "language": language,
        },
    )
    if not unit_is_new and progress.language != language:
        progress.language = language
        progress.unit_id = unit.pk
        progress.save(update_fields=["language", "unit"])
    EnrolmentModule.objects.get_or_create(
        enrolment=reader.enrolment,
        module_key=reader.module.translation_key,
        defaults={"started_at": now, "evidence": evidence},
    )
    programme_is_new = _start_programme(reader.enrolment, now=now)
    programme = reader.enrolment.programme
    around = [page for page in (reader.module, programme) if page is not None]
    enrolment = reader.enrolment
    if programme_is_new and programme is not None:
        record_about_page(
            deed=f"initialized:{enrolment.registration}",
            verb=verbs.INITIALIZED,
            page=programme,
            within=(),
            enrolment=enrolment,
            at=now,
            kind="programme_initialized",
            language=language,
        )
    if module_is_new:
        record_about_page(
            deed=f"initialized:{evidence.deed}",
            verb=verbs.INITIALIZED,
            page=reader.module,
            within=around[1:],
            enrolment=enrolment,
            at=now,
            kind="module_initialized",
            language=language,
        )
    if unit_is_new:
        record_about_page(
            deed=f"initialized:{progress.deed}",
            verb=verbs.INITIALIZED,
            page=unit,
            within=around,
            enrolment=enrolment,
            at=now,
            kind="unit_initialized",
            language=language,
        )
    return progress


def _begun(*, reader: Reader, unit: LearningUnitPage, language: str) -> UnitProgress | None:
    """Progress begun through this enrolment and in this language: nothing is left to begin.

    Its module and programme were begun with it, so one query takes the place of five; each
    answer and each save asks this.
    """
    if reader.enrolment.state == State.NOT_STARTED:
        return None
    return (
        UnitProgress.objects.select_related("enrolment")
        .filter(
            person=reader.person,
            unit_key=unit.translation_key,
            cycle=reader.cycle,
            enrolment=reader.enrolment,
            language=language,
        )
        .first()
    )


def _start_programme(enrolment: Enrolment, *, now: datetime) -> bool:
    started = Enrolment.objects.filter(pk=enrolment.pk, state=State.NOT_STARTED).update(
        state=State.IN_PROGRESS, started_at=now
    )
    if not started:
        return False
    enrolment.state, enrolment.started_at = State.IN_PROGRESS, now
    return True


@transaction.atomic
def remember_position(
    *, reader: Reader, unit: LearningUnitPage, position: dict[str, Any], now: datetime
) -> None:
    """Keep where the reader is in the unit, so that another device opens it there.

    :raises ValueError: the position is larger than any unit type needs.
    """
    if len(str(position)) > MAX_POSITION_CHARACTERS:
        raise ValueError("This position is too long to be one.")
    start_unit(reader=reader, unit=unit, now=now)
    UnitProgress.objects.filter(
        person=reader.person, unit_key=unit.translation_key, cycle=reader.cycle
    ).update(position=position)


@transaction.atomic
def set_unit_state(*, progress: UnitProgress, state: State, now: datetime) -> None:
    """Note that a unit waits for somebody (marking, more attempts) or goes on again.

    The module and the enrolment show it too, so that HR sees who has to act.
    """
    lock_person(progress.person_id)
    open_or_waiting = [State.IN_PROGRESS, *WAITING]
    if state not in open_or_waiting:
        raise ValueError(f"{state} is not for a unit that is still open.")
    UnitProgress.objects.filter(pk=progress.pk).exclude(state=State.COMPLETED).update(state=state)
    module_state = _most_held_up(
        UnitProgress.objects.filter(
            person=progress.person_id, module_key=progress.module_key, cycle=progress.cycle
        ).values_list("state", flat=True)
    )
    ModuleEvidence.objects.filter(
        person=progress.person_id,
        module_key=progress.module_key,
        cycle=progress.cycle,
        state__in=open_or_waiting,
    ).update(state=module_state)
    cells = EnrolmentModule.objects.filter(
        enrolment__person=progress.person_id,
        module_key=progress.module_key,
        state__in=open_or_waiting,
    )
    cells.update(state=module_state)
    for enrolment in Enrolment.objects.filter(
        pk__in=cells.values("enrolment"), state__in=open_or_waiting
    ):
        enrolment.state = _state_by_modules(enrolment)
        enrolment.save(update_fields=["state"])


def state_on_return(enrolment: Enrolment) -> str:
    """What an enrolment is once its pause or withdrawal ends.

    Where it was begun its modules say it as it is now: a trainer may have marked an answer
    meanwhile, or HR granted an attempt.
    """
    before = enrolment.resumes_as or State.NOT_STARTED
    if before in (State.IN_PROGRESS, *WAITING):
        return _state_by_modules(enrolment)
    return before


def _state_by_modules(enrolment: Enrolment) -> State:
    return _most_held_up(enrolment.modules.values_list("state", flat=True))


def _most_held_up(states: Iterable[str]) -> State:
    found = set(states)
    return next((each for each in WAITING if each in found), State.IN_PROGRESS)
