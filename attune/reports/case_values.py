"""What a client's card still has to say before a programme's case studies read well."""

from __future__ import annotations

from dataclasses import dataclass

from attune.case_studies.casting import case_of
from attune.case_studies.models import CaseStudyPage
from attune.case_studies.wording import needed_values
from attune.cultures.variables import LABELS, values_for
from attune.curriculum.models import ProgrammePage
from attune.people.models import Engagement


@dataclass(frozen=True, slots=True)
class Missing:
    """A case with the names for which there is no value, and what these stand for."""

    title: str
    names: tuple[tuple[str, str], ...]


def missing_values(programme: ProgrammePage, engagement: Engagement) -> list[Missing]:
    """Of the live cases of a programme, in order. Names with a fallback are not missing."""
    modules = [row.module for row in programme.programme_modules.select_related("module")]
    found = []
    values: dict[str, dict[str, str]] = {}
    for module in modules:
        pages = CaseStudyPage.objects.live().child_of(module).select_related("locale")
        for page in pages:
            language = page.locale.language_code
            if language not in values:
                values[language] = values_for(engagement, language)
            lacking = [
                name for name in needed_values(case_of(page)) if name not in values[language]
            ]
            if lacking:
                names = tuple((name, str(LABELS.get(name, ""))) for name in lacking)
                found.append(Missing(page.title, names))
    return found
