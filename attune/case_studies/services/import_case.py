"""A file of a case: first a plan that changes nothing, then the deed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from attune.case_studies.branching.findings import Finding
from attune.case_studies.branching.values import Case
from attune.case_studies.casting import case_of
from attune.case_studies.exchange import json_format, twee, twee_writing
from attune.case_studies.exchange.comparing import Difference
from attune.case_studies.exchange.contract import Note
from attune.case_studies.exchange.merging import merged
from attune.case_studies.models import CaseImport, CaseStudyPage
from attune.case_studies.services.write_case import plan_case, standing_beneath, write_case
from attune.case_studies.wording import variable_problems
from attune.curriculum.models import ModulePage
from attune.curriculum.services import client_of

FORMATS = {"twee": "Twee 3", "json": "JSON"}


@dataclass(frozen=True, slots=True)
class Plan:
    case: Case
    page: CaseStudyPage | None
    differences: list[Difference]
    notes: list[Note]
    findings: list[Finding]
    """What would block publishing: variables that nobody knows."""


def plan_import(*, form: str, body: bytes, place: CaseStudyPage | ModulePage, user: Any) -> Plan:
    """What taking the file over would do. Writes nothing.

    :raises FileRefused: no case can be made of the file.
    :raises CaseRefused: the case does not fit.
    """
    case, notes = _read(form, body, place)
    planned = plan_case(place, case, user=user)
    return Plan(
        case=case,
        page=planned.page,
        differences=planned.differences,
        notes=notes,
        findings=variable_problems(case, shared=client_of(place) is None),
    )


def _read(form: str, body: bytes, place: CaseStudyPage | ModulePage) -> tuple[Case, list[Note]]:
    if form == "json":
        parsed = json_format.read(body)
        return parsed.case, parsed.notes
    parsed = twee.read(body, language=place.locale.language_code)
    page = place if isinstance(place, CaseStudyPage) else standing_beneath(place, parsed.case)
    if page is None:
        return parsed.case, parsed.notes
    # What Twine has no place for stays as it is here.
    standing = case_of(page.get_latest_revision_as_object())
    if not standing.scenes:
        return parsed.case, parsed.notes
    carried = twee.read(twee_writing.write(standing).text.encode()).case
    return merged(standing, carried, parsed.case), parsed.notes


class AlreadyApplied(Exception):
    """Somebody, or a double click, has taken this file over before."""


@transaction.atomic
def apply_import(*, deed: UUID, user: Any, now: datetime) -> CaseStudyPage:
    """Take the file over as a draft, all of it or nothing.

    :raises AlreadyApplied: it was done before.
    :raises FileRefused: no case can be made of the file.
    :raises CaseRefused: the case does not fit.
    """
    kept = CaseImport.objects.select_for_update().get(deed=deed)
    if kept.applied_at is not None or kept.body is None:
        raise AlreadyApplied
    place = kept.place.specific
    case, _notes = _read(kept.format, bytes(kept.body), place)
    written = write_case(place, case, user=user)
    kept.applied_at, kept.body = now, None
    kept.save(update_fields=["applied_at", "body"])
    if written.page is None:
        raise RuntimeError("A case was written without a page.")
    return written.page
