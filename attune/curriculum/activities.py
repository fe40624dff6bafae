"""Activities of xAPI made from pages: permanent IRIs, names in every language there is."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from wagtail.models import Page

from attune.curriculum.models import LearningUnitPage, ModulePage, ProgrammePage
from attune.xapi.statements import Activity, ActivityType, activity_id

UNIT_TYPES = {
    "lesson": ActivityType.LESSON,
    "quiz": ActivityType.ASSESSMENT,
    "case": ActivityType.SIMULATION,
}


def activities_for(pages: Sequence[Page]) -> list[Activity]:
    """One activity per page, in order; names and addresses of all translations in one query.

    :raises TypeError: a page that is not a programme, a module or a learning unit.
    """
    names = _names([page.translation_key for page in pages])
    return [
        Activity(
            id=activity_id(_kind(page), page.translation_key),
            type=_type(page),
            name=names.get(page.translation_key) or {_language_of(page): page.title},
            description=None,
            more_info=page.get_full_url(),
            interaction=None,
        )
        for page in pages
    ]


def _kind(page: Page) -> str:
    if isinstance(page, ProgrammePage):
        return "programme"
    if isinstance(page, ModulePage):
        return "module"
    if isinstance(page, LearningUnitPage):
        return page.specific_class.unit_kind if page.specific_class else page.unit_kind
    raise TypeError(f"{type(page).__name__} is not an activity.")


def _type(page: Page) -> ActivityType:
    if isinstance(page, ProgrammePage):
        return ActivityType.COURSE
    if isinstance(page, ModulePage):
        return ActivityType.MODULE
    return UNIT_TYPES[_kind(page)]


def _names(keys: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    rows = Page.objects.filter(translation_key__in=keys, live=True).values_list(
        "translation_key", "locale__language_code", "title"
    )
    names: dict[UUID, dict[str, str]] = {}
    for key, language, title in rows:
        names.setdefault(key, {})[language] = title
    return names


def _language_of(page: Page) -> str:
    return str(page.locale.language_code)
