"""A programme as one learner sees it: modules and units in order, with their state in words.

Read in a constant number of queries, whatever the size of the programme; rows are plain
values that templates print. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from wagtail.models import Page

from attune.curriculum.models import LearningUnitPage, ModulePage, ProgrammePage
from attune.enrolments import explain
from attune.enrolments.models import Enrolment, EnrolmentModule, ModuleEvidence, UnitProgress
from attune.enrolments.readers import closed_in_words
from attune.enrolments.states import Standing, State, standing_at
from attune.enrolments.structure import ModulePlace, original_modules, places_in
from attune.people.models import Person


@dataclass(frozen=True, slots=True)
class UnitRow:
    page: LearningUnitPage
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
    page: ModulePage
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
    page: ProgrammePage
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
    person: Person, enrolments: Sequence[Enrolment], *, now: datetime
) -> list[ProgrammeOutline]:
    """One outline per enrolment whose programme page still exists. Ten queries at most."""
    places = places_in({each.programme_id for each in enrolments if each.programme_id})
    keys = {place.key for rows in places.values() for place in rows}
    modules = original_modules(keys)
    cells = {
        (cell.enrolment_id, cell.module_key): cell
        for cell in EnrolmentModule.objects.filter(enrolment__in=enrolments)
    }
    evidence: dict[UUID, ModuleEvidence] = {}
    for each in ModuleEvidence.objects.filter(person=person, module_key__in=keys).order_by("cycle"):
        evidence[each.module_key] = each
    units = _units_of(modules.values())
    progress = _progress_of(person, keys)
    shown = _in_readers_language([*modules.values(), *(u for us in units.values() for u in us)])
    programmes = _in_readers_language([each.programme for each in enrolments if each.programme])
    outlines = []
    for enrolment in enrolments:
        if enrolment.programme is None or enrolment.programme_id is None:
            continue
        rows = [
            _module_row(
                place,
                page=shown.get(place.key, modules[place.key]),
                cell=cells.get((enrolment.pk, place.key)),
                evidence=evidence.get(place.key),
                units=units.get(place.key, []),
                progress=progress,
                shown=shown,
                now=now,
            )
            for place in places[enrolment.programme_id]
            if place.key in modules
        ]
        page = programmes.get(enrolment.programme_key, enrolment.programme)
        outlines.append(
            ProgrammeOutline(
                enrolment=enrolment,
                page=page,
                url=page.url or "",
                standing=enrolment.standing(now),
                modules=_with_doors(rows, places[enrolment.programme_id]),
                reasons=[
                    reason for reason in enrolment.assignments.all() if reason.withdrawn_at is None
                ],
            )
        )
    return outlines


def rows_without_reader(programme: ProgrammePage) -> list[ModuleRow]:
    """The modules of a programme for somebody who only looks: nobody's state."""
    places = places_in([programme.pk])[programme.pk]
    return module_rows_without_reader([place.key for place in places], places)


def module_rows_without_reader(
    keys: Iterable[UUID], places: Sequence[ModulePlace] | None = None
) -> list[ModuleRow]:
    modules = original_modules(list(keys))
    places = places or [ModulePlace(key, True, None) for key in modules]
    units = _units_of(modules.values())
    shown = _in_readers_language([*modules.values(), *(u for us in units.values() for u in us)])
    return [
        _module_row(
            place,
            page=shown.get(place.key, modules[place.key]),
            cell=None,
            evidence=None,
            units=units.get(place.key, []),
            progress={},
            shown=shown,
            now=None,
        )
        for place in places
        if place.key in modules
    ]


def _module_row(
    place: ModulePlace,
    *,
    page: ModulePage,
    cell: EnrolmentModule | None,
    evidence: ModuleEvidence | None,
    units: Sequence[LearningUnitPage],
    progress: dict[tuple[UUID, int], str],
    shown: dict[UUID, Any],
    now: datetime | None,
) -> ModuleRow:
    cycle = evidence.cycle if evidence is not None else 1
    rows = [
        _unit_row(
            original,
            page=shown.get(original.translation_key, original),
            state=State(progress.get((original.translation_key, cycle), State.NOT_STARTED)),
        )
        for original in units
    ]
    if cell is not None and now is not None:
        standing = cell.standing(now)
    elif evidence is not None and now is not None and evidence.state != State.COMPLETED:
        standing = standing_at(stored=evidence.state, due_at=None, expires_at=None, now=now)
    else:
        standing = Standing(State.NOT_STARTED)
    return ModuleRow(
        page=page,
        key=place.key,
        required=place.required,
        standing=standing,
        url=page.url or "",
        credit=cell.credit if cell else "",
        credit_reason=cell.credit_reason if cell else "",
        units=rows,
        completed_at=cell.completed_at if cell else None,
        expires_at=cell.expires_at if cell else None,
    )


def _unit_row(original: LearningUnitPage, *, page: LearningUnitPage, state: State) -> UnitRow:
    language = page.locale.language_code
    active = (translation.get_language() or settings.LANGUAGE_CODE).split("-")[0]
    return UnitRow(
        page=page,
        key=original.translation_key,
        kind=page.specific_class.unit_kind if page.specific_class else "unit",
        required=original.required,
        state=state,
        url=page.url or "",
        start_url=reverse("attune_enrolments:start_unit", args=[page.pk]),
        in_other_language="" if language == active else _language_name(language),
    )


def _with_doors(rows: list[ModuleRow], places: Sequence[ModulePlace]) -> list[ModuleRow]:
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


def _units_of(modules: Iterable[ModulePage]) -> dict[UUID, list[LearningUnitPage]]:
    modules = list(modules)
    if not modules:
        return {}
    beneath = Q(pk__in=[])
    for module in modules:
        beneath |= Q(path__startswith=module.path, depth=module.depth + 1)
    by_path = {module.path: module.translation_key for module in modules}
    units: dict[UUID, list[LearningUnitPage]] = {}
    rows = LearningUnitPage.objects.filter(beneath).live().select_related("locale").order_by("path")
    for unit in rows:
        units.setdefault(by_path[unit.path[: -Page.steplen]], []).append(unit)
    return units


def _progress_of(person: Person, keys: Iterable[UUID]) -> dict[tuple[UUID, int], str]:
    rows = UnitProgress.objects.filter(person=person, module_key__in=list(keys)).values_list(
        "unit_key", "cycle", "state"
    )
    return {(key, cycle): state for key, cycle, state in rows}


def _in_readers_language(pages: Sequence[Any]) -> dict[UUID, Any]:
    """Translation key → the live page in the active language. One query per page type."""
    active = (translation.get_language() or settings.LANGUAGE_CODE).split("-")[0]
    found: dict[UUID, Any] = {}
    missing: dict[type[Page], list[UUID]] = {}
    for page in pages:
        if page.locale.language_code == active:
            found[page.translation_key] = page
        else:
            missing.setdefault(type(page), []).append(page.translation_key)
    for model, keys in missing.items():
        rows = (
            model.objects.live()
            .filter(translation_key__in=keys, locale__language_code=active)
            .select_related("locale")
        )
        found.update({row.translation_key: row for row in rows})
    return found


def _language_name(code: str) -> str:
    names = dict(settings.WAGTAIL_CONTENT_LANGUAGES)
    return str(names.get(code, code))
