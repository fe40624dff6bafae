"""One person's record as HR reads it: what is owed, why, how far, and what is missing.

Built on the outline that the learner sees. Results are visible by result: what the person
did for somebody else's engagement is taken out before it is shown, unless it counts here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from attune.enrolments.models import Assignment, Enrolment, ModuleEvidence
from attune.enrolments.outline import ModuleRow, ProgrammeOutline, outlines_for
from attune.enrolments.states import OPEN_STATES, Standing, State
from attune.people.models import Person
from attune.reports.access import may_act_on, reported_enrolments
from attune.reports.matrix import Cell, stored_cells


@dataclass(frozen=True, slots=True)
class Entry:
    """One enrolment: its newest round, with earlier ones beneath it.

    ``outline`` is None where the programme's page was deleted.
    """

    enrolment: Enrolment
    standing: Standing
    reasons: list[Assignment]
    outline: ProgrammeOutline | None
    cells: dict[UUID, Cell]
    earlier: list[Enrolment]
    may_act: bool
    withdrawable: dict[UUID, int]
    """Module key to the evidence that was earned here, stands, and may be withdrawn."""

    @property
    def why(self) -> list[str]:
        return self.outline.why if self.outline is not None else []

    @property
    def may_pause(self) -> bool:
        return self.may_act and self.enrolment.state in OPEN_STATES

    @property
    def may_resume(self) -> bool:
        return self.may_act and self.enrolment.state == State.PAUSED

    @property
    def may_extend(self) -> bool:
        return self.may_pause

    @property
    def may_credit(self) -> bool:
        return self.may_exempt and self.outline is not None

    @property
    def may_exempt(self) -> bool:
        return self.may_pause and self.enrolment.programme_id is not None


def record_of(person: Person, *, user: Any, now: datetime) -> list[Entry]:
    """The person's enrolments that ``user`` reports on, what is open first."""
    enrolments = list(
        reported_enrolments(user)
        .filter(person=person)
        .select_related("programme__locale", "engagement__client", "engagement__vendor", "person")
        .prefetch_related(
            "assignments__assigned_by__attune_person", "extensions__given_by__attune_person"
        )
        .order_by("-cycle", "due_at", "pk")
    )
    rounds: dict[tuple[UUID, int], list[Enrolment]] = {}
    for enrolment in enrolments:
        rounds.setdefault((enrolment.programme_key, enrolment.engagement_id), []).append(enrolment)
    newest = [each[0] for each in rounds.values()]
    outlines = _outlines(person, newest, user=user, now=now)
    cells = stored_cells(newest, now=now)
    earned = _earned_in(enrolments)
    acts = {each.pk: may_act_on(user, each) for each in newest}
    entries = [
        Entry(
            enrolment=enrolment,
            standing=enrolment.standing(now),
            reasons=[each for each in enrolment.assignments.all() if each.withdrawn_at is None],
            outline=outlines.get(enrolment.pk),
            cells=cells.get(enrolment.pk, {}),
            earlier=earlier,
            may_act=acts[enrolment.pk],
            withdrawable={
                key: pk
                for each in (*earlier, enrolment)
                if acts[enrolment.pk]
                for key, pk in earned.get(each.pk, {}).items()
            },
        )
        for enrolment, *earlier in rounds.values()
    ]
    return sorted(entries, key=lambda each: each.enrolment.state not in OPEN_STATES)


def _earned_in(enrolments: Sequence[Enrolment]) -> dict[int, dict[UUID, int]]:
    """Completed evidence of the newest round, by the enrolment through which it was earned."""
    found: dict[int, dict[UUID, int]] = {}
    rows = ModuleEvidence.objects.current().filter(enrolment__in=enrolments, state=State.COMPLETED)
    for pk, enrolment, key in rows.values_list("pk", "enrolment", "module_key"):
        found.setdefault(enrolment, {})[key] = pk
    return found


def _outlines(
    person: Person, enrolments: Sequence[Enrolment], *, user: Any, now: datetime
) -> dict[int, ProgrammeOutline]:
    hidden = _done_elsewhere(person, user=user)
    cells = stored_cells(enrolments, now=now)
    return {
        outline.enrolment.pk: replace(
            outline,
            modules=[
                _as_counted(row, cells.get(outline.enrolment.pk, {}), is_hidden=row.key in hidden)
                for row in outline.modules
            ],
        )
        for outline in outlines_for(person, enrolments, now=now)
    }


def _done_elsewhere(person: Person, *, user: Any) -> set[UUID]:
    """Modules whose newest evidence was earned, and counts, only where ``user`` cannot see."""
    newest = ModuleEvidence.objects.current().filter(person=person)
    seen = set(ModuleEvidence.objects.visible_to(user).filter(pk__in=newest).values_list("pk"))
    return {key for pk, key in newest.values_list("pk", "module_key") if (pk,) not in seen}


def _as_counted(row: ModuleRow, cells: dict[UUID, Cell], *, is_hidden: bool) -> ModuleRow:
    """The module as it stands for this enrolment, not as the person stands with it anywhere."""
    cell = cells.get(row.key)
    units = row.units
    if is_hidden:
        units = [replace(unit, state=State.NOT_STARTED) for unit in units]
    return replace(
        row, standing=cell.standing if cell else Standing(State.NOT_STARTED), units=units
    )
