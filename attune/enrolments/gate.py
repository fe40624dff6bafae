"""The gate before every learner page: who may read it, as what, and through which enrolment.

Anonymous readers are sent to sign in; learners get their state beside the page; authors, HR
and managers may look, and nothing of that is recorded; everyone else is told that there is
no such page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from wagtail.models import Page

from attune.curriculum import structure
from attune.curriculum.models import (
    ClientHomePage,
    FrontPage,
    LearningUnitPage,
    ModuleLibraryPage,
    ModulePage,
    ProgrammePage,
)
from attune.curriculum.structure import PageFact
from attune.enrolments import outline as outlines
from attune.enrolments.models import UnitProgress
from attune.enrolments.outline import ProgrammeOutline, UnitRow
from attune.enrolments.readers import (
    Reader,
    closed_because,
    enrolment_in,
    may_look,
    module_of,
    reader_of_module,
)
from attune.people.models import Engagement, Organisation

GATED = (ClientHomePage, FrontPage, ModuleLibraryPage, ProgrammePage, ModulePage, LearningUnitPage)


@dataclass(frozen=True, slots=True)
class UnitFrame:
    """Everything around a unit that its own template does not know: module, path, state.

    ``progress`` is the learner's row for this unit, None before it is begun.
    """

    reader: Reader | None
    progress: UnitProgress | None
    programme: PageFact | None
    module: PageFact
    row: UnitRow | None
    previous: UnitRow | None
    next: UnitRow | None
    position_in_module: int
    units_in_module: int
    languages: list[tuple[str, str, str, bool]]

    @property
    def is_looking(self) -> bool:
        return self.reader is None


def check(page: Page, request: HttpRequest) -> HttpResponse | None:
    """Answer for a gated page, or None to let Wagtail serve it."""
    if not isinstance(page, GATED):
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    if isinstance(page, FrontPage):
        return redirect("attune_enrolments:my_training")
    if isinstance(page, ProgrammePage):
        return _programme(page, request)
    if isinstance(page, ModulePage):
        return _module(page, request)
    if isinstance(page, LearningUnitPage):
        return _unit(page, request)
    if not may_look(request.user, page):
        if isinstance(page, ClientHomePage) and _knows(request.user, page.organisation_id):
            return redirect("attune_enrolments:my_training")
        raise Http404
    return None


def _knows(user: Any, organisation_id: int | None) -> bool:
    """Whether somebody works for or with a client: for others it does not exist."""
    return Organisation.objects.visible_to(user).filter(pk=organisation_id).exists()


def _programme(page: ProgrammePage, request: HttpRequest) -> HttpResponse:
    enrolment = enrolment_in(request.user, page)
    outline = None
    if enrolment is not None:
        found = outlines.outlines_for(enrolment.person, [enrolment], now=timezone.now())
        outline = found[0] if found else None
    elif not may_look(request.user, page):
        raise Http404
    context: dict[str, Any] = page.get_context(request)
    context |= {
        "outline": outline,
        "rows": outline.modules if outline else outlines.rows_without_reader(page),
        "reader_is_looking": outline is None,
        "languages": _languages(structure.programme_facts([page.pk]).get(page.pk)),
    }
    return TemplateResponse(request, "attune_enrolments/programme_page.html", context)


def _module(page: ModulePage, request: HttpRequest) -> HttpResponse:
    reader = reader_of_module(request.user, page)
    if reader is None and not may_look(request.user, page):
        raise Http404
    outline = _outline_of(reader)
    row = (
        outline.row_of(page.translation_key)
        if outline
        else outlines.module_row_for(page.translation_key)
    )
    context: dict[str, Any] = page.get_context(request)
    context |= {
        "outline": outline,
        "row": row,
        "units": row.units if row else [],
        "programme": outline.page if outline else None,
        "reader_is_looking": reader is None,
        "languages": _languages(
            structure.module_facts([page.translation_key]).get(page.translation_key)
        ),
    }
    return TemplateResponse(request, "attune_enrolments/module_page.html", context)


def _outline_of(reader: Reader | None) -> ProgrammeOutline | None:
    if reader is None:
        return None
    # The outline names the client: in one query, and not in one for each step there.
    reader.enrolment.engagement = Engagement.objects.select_related("client", "vendor").get(
        pk=reader.enrolment.engagement_id
    )
    found = outlines.outlines_for(reader.person, [reader.enrolment], now=timezone.now())
    return found[0] if found else None


def _unit(page: LearningUnitPage, request: HttpRequest) -> HttpResponse | None:
    module = module_of(page)
    if module is None:
        raise Http404
    reader = reader_of_module(request.user, module)
    if reader is None and not may_look(request.user, page):
        raise Http404
    if reader is not None and (reason := closed_because(reader)):
        return TemplateResponse(
            request,
            "attune_enrolments/closed.html",
            {**page.get_context(request), "reason": reason, "outline": _outline_of(reader)},
            status=403,
        )
    request.attune_frame = frame_of(page, module, reader)  # type: ignore[attr-defined]
    return None


def frame_of(page: LearningUnitPage, module: ModulePage, reader: Reader | None) -> UnitFrame:
    """What stands around a unit for this reader. One query beside the kept structure."""
    progress = _progress_in(reader)
    facts = structure.module_facts([module.translation_key]).get(module.translation_key)
    row = outlines.module_row_for(
        module.translation_key, states={key: each.state for key, each in progress.items()}
    )
    units = row.units if row else []
    index = next((i for i, unit in enumerate(units) if unit.key == page.translation_key), None)
    fact = next((u for u in facts.units if u.key == page.translation_key), None) if facts else None
    programme = (
        structure.programme_facts([reader.enrolment.programme_id]).get(
            reader.enrolment.programme_id
        )
        if reader is not None and reader.enrolment.programme_id is not None
        else None
    )
    return UnitFrame(
        reader=reader,
        progress=progress.get(page.translation_key),
        programme=structure.in_active_language(programme) if programme else None,
        module=row.page if row else structure.page_fact(module),
        row=units[index] if index is not None else None,
        previous=units[index - 1] if index else None,
        next=units[index + 1] if index is not None and index + 1 < len(units) else None,
        position_in_module=(index or 0) + 1,
        units_in_module=len(units),
        languages=_languages(fact),
    )


def _progress_in(reader: Reader | None) -> dict[UUID, UnitProgress]:
    if reader is None:
        return {}
    rows = UnitProgress.objects.filter(
        person=reader.person, module_key=reader.module.translation_key, cycle=reader.cycle
    )
    return {row.unit_key: row for row in rows}


def _languages(
    fact: structure.ProgrammeFact | structure.ModuleFact | structure.UnitFact | None,
) -> list[tuple[str, str, str, bool]]:
    return structure.languages_of(fact) if fact is not None else []


def next_unit_after(reader: Reader, unit: LearningUnitPage) -> str | None:
    """Where the learner goes on after a unit: the next one of the module, or None at its end.

    In the language of the unit: the form that asks posts to an address without one.
    """
    with translation.override(unit.locale.language_code):
        return _next_unit_after(reader, unit)


def _next_unit_after(reader: Reader, unit: LearningUnitPage) -> str | None:
    row = outlines.module_row_for(reader.module.translation_key)
    keys = [each.key for each in row.units] if row else []
    if row is None or unit.translation_key not in keys:
        return None
    following = row.units[keys.index(unit.translation_key) + 1 :]
    return following[0].url if following else None
