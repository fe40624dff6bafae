"""A programme as one learner sees it: modules and units in order, with their state in words.

Read in a constant number of queries, whatever the size of the programme; rows are plain
values that templates print. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from attune.curriculum import structure
from attune.curriculum.models import ProgrammePage
from attune.curriculum.structure import ModuleFact, PageFact, PlaceFact, UnitFact
from attune.enrolments import explain
from attune.enrolments.models import Enrolment, EnrolmentModule, ModuleEvidence, UnitProgress
from attune.enrolments.readers import closed_in_words
from attune.enrolments.states import Standing, State
from attune.people.models import Person


@dataclass(frozen=True, slots=True)
class UnitRow:
    page: PageFact
    key: UUID
    kind: str
    required: bool
    state: State
    url: str
    start_url: str
    rule: str = ""
    in_other_language: str = ""

    @property
    def label(self) -> str:
        return str(self.state.label)

    @property
    def is_done(self) -> bool:
        return self.state is State.COMPLETED


@dataclass(frozen=True, slots=True)
class ModuleRow:
    page: PageFact
    key: UUID
    required: bool
    standing: Standing
    url: str
    credit: str = ""
    credit_reason: str = ""
    closed_because: str = ""
    units: list[UnitRow] = field(default_factory=list)
    completed_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_done(self) -> bool:
        return self.standing.state in (State.COMPLETED, State.EXPIRING, State.EXEMPT)

    @property
    def units_required(self) -> int:
        return sum(unit.required for unit in self.units)

    @property
    def units_done(self) -> int:
        return sum(unit.required and unit.is_done for unit in self.units)

    @property
    def why(self) -> list[str]:
        return explain.why_module_is_open(self)


@dataclass(frozen=True, slots=True)
class ProgrammeOutline:
    enrolment: Enrolment
    page: PageFact
    url: str
    standing: Standing
    modules: list[ModuleRow]
    reasons: list[Any]

    @property
    def modules_required(self) -> int:
        return sum(row.required for row in self.modules)

    @property
    def modules_done(self) -> int:
        return sum(row.required and row.is_done for row in self.modules)

    @property
    def minutes_left(self) -> int:
        return sum(
            unit.page.minutes
            for row in self.modules
            if row.required and not row.is_done
            for unit in row.units
            if unit.required and not unit.is_done
        )

    @property
    def next_unit(self) -> UnitRow | None:
        """The first open unit of the first open module, required ones before optional ones."""
        open_units = [
            (not (row.required and unit.required), position, unit)
            for position, (row, unit) in enumerate(
                (row, unit) for row in self.modules for unit in row.units
            )
            if not row.is_done and not row.closed_because and not unit.is_done
        ]
        return min(open_units, key=lambda item: item[:2])[2] if open_units else None

    @property
    def why(self) -> list[str]:
        return explain.why_programme_is_open(self)

    def row_of(self, module_key: UUID) -> ModuleRow | None:
        return next((row for row in self.modules if row.key == module_key), None)


def outlines_for(
    person: Person, enrolments: Sequence[Enrolment], *, now: datetime, with_reasons: bool = False
) -> list[ProgrammeOutline]:
    """One outline per enrolment whose programme page still exists.

    Three queries beside the structure, which is kept; one more with the reasons, unless
    the caller has prefetched ``assignments``.
    """
    programmes = structure.programme_facts(
        each.programme_id for each in enrolments if each.programme_id is not None
    )
    keys = {place.key for fact in programmes.values() for place in fact.places}
    modules = structure.module_facts(keys)
    cells = {
        (cell.enrolment_id, cell.module_key): cell
        for cell in EnrolmentModule.objects.filter(enrolment__in=enrolments)
    }
    evidence = _newest_evidence(person, keys)
    progress = _progress_of(person, keys) if evidence else {}
    return [
        ProgrammeOutline(
            enrolment=enrolment,
            page=structure.in_active_language(programme),
            url=structure.in_active_language(programme).url,
            standing=enrolment.standing(now),
            modules=_with_doors(
                [
                    _module_row(
                        place,
                        module=modules[place.key],
                        cell=cells.get((enrolment.pk, place.key)),
                        evidence=evidence.get(place.key),
                        progress=progress,
                        now=now,
                    )
                    for place in programme.places
                    if place.key in modules
                ],
                programme.places,
            ),
            reasons=_live_reasons(enrolment) if with_reasons else [],
        )
        for enrolment in enrolments
        if (programme := programmes.get(enrolment.programme_id or 0)) is not None
    ]


def module_row_for(
    module_key: UUID, *, states: Mapping[UUID, str] | None = None
) -> ModuleRow | None:
    """One module, for a page of that module. No query when the structure is kept.

    ``states`` maps unit key to the stored state in the current cycle; without it nobody's
    state is shown.
    """
    module = structure.module_facts([module_key]).get(module_key)
    if module is None:
        return None
    return _module_row(
        PlaceFact(module_key, True, None),
        module=module,
        cell=None,
        evidence=None,
        progress={(key, 1): state for key, state in (states or {}).items()},
        now=None,
    )


def rows_without_reader(programme: ProgrammePage) -> list[ModuleRow]:
    """The modules of a programme for somebody who only looks: nobody's state."""
    fact = structure.programme_facts([programme.pk]).get(programme.pk)
    places = fact.places if fact else ()
    modules = structure.module_facts(place.key for place in places)
    return [
        _module_row(
            place, module=modules[place.key], cell=None, evidence=None, progress={}, now=None
        )
        for place in places
        if place.key in modules
    ]


def _module_row(
    place: PlaceFact,
    *,
    module: ModuleFact,
    cell: EnrolmentModule | None,
    evidence: ModuleEvidence | None,
    progress: Mapping[tuple[UUID, int], str],
    now: datetime | None,
) -> ModuleRow:
    cycle = evidence.cycle if evidence is not None else 1
    if cell is not None and now is not None:
        standing = cell.standing(now)
    elif evidence is not None and evidence.state != State.COMPLETED:
        standing = Standing(State(evidence.state))
    else:
        standing = Standing(State.NOT_STARTED)
    page = structure.in_active_language(module)
    return ModuleRow(
        page=page,
        key=place.key,
        required=place.required,
        standing=standing,
        url=page.url,
        credit=cell.credit if cell else "",
        credit_reason=cell.credit_reason if cell else "",
        units=[
            _unit_row(unit, state=State(progress.get((unit.key, cycle), State.NOT_STARTED)))
            for unit in module.units
        ],
        completed_at=cell.completed_at if cell else None,
        expires_at=cell.expires_at if cell else None,
    )


def _unit_row(unit: UnitFact, *, state: State) -> UnitRow:
    page = structure.in_active_language(unit)
    elsewhere = page.language != structure.active_language()
    return UnitRow(
        page=page,
        key=unit.key,
        kind=unit.kind,
        required=unit.required,
        state=state,
        url=page.url,
        start_url=reverse("attune_enrolments:start_unit", args=[page.pk]),
        in_other_language=_language_name(page.language) if elsewhere else "",
    )


def _with_doors(rows: list[ModuleRow], places: Sequence[PlaceFact]) -> list[ModuleRow]:
    by_key = {row.key: row for row in rows}
    doors = {place.key: place.opens_after for place in places}
    closed = []
    for row in rows:
        opens_after = doors[row.key]
        before = by_key.get(opens_after) if opens_after else None
        is_closed = before is not None and not before.is_done and not row.is_done
        reason = closed_in_words(before.page.title) if before is not None and is_closed else ""
        closed.append(replace(row, closed_because=reason))
    return closed


def _newest_evidence(person: Person, keys: Iterable[UUID]) -> dict[UUID, ModuleEvidence]:
    rows = ModuleEvidence.objects.filter(person=person, module_key__in=list(keys))
    return {row.module_key: row for row in rows.order_by("cycle")}


def _progress_of(person: Person, keys: Iterable[UUID]) -> dict[tuple[UUID, int], str]:
    rows = UnitProgress.objects.filter(person=person, module_key__in=list(keys)).values_list(
        "unit_key", "cycle", "state"
    )
    return {(key, cycle): state for key, cycle, state in rows}


def _live_reasons(enrolment: Enrolment) -> list[Any]:
    return [reason for reason in enrolment.assignments.all() if reason.withdrawn_at is None]


def _language_name(code: str) -> str:
    return str(dict(settings.WAGTAIL_CONTENT_LANGUAGES).get(code, code))
