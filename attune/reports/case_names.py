"""What a case study, its scenes, choices and endings are called in the path report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from attune.case_studies.models import CaseChoice, CaseEnding, CaseScene, CaseStudyPage
from attune.curriculum.models import ModulePage
from attune.reports.case_paths import FROM_THE_START, NOT_AGAIN, STILL_OPEN
from attune.reports.matrix import in_readers_language


@dataclass(frozen=True, slots=True)
class CaseNames:
    """What a case, its scenes, choices and endings are called, in the case's order."""

    title: str
    module: str = ""
    scenes: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)

    def scene(self, key: str) -> str:
        return self.scenes.get(key) or _("%(key)s (no longer in the case)") % {"key": key}

    def choice(self, scene: str, key: str) -> str:
        text = self.choices.get(scene, {}).get(key)
        return text or _("%(key)s (no longer in the case)") % {"key": key}

    def ending(self, key: str) -> str:
        if key == STILL_OPEN:
            return _("No ending yet")
        return self.endings.get(key) or _("%(key)s (no longer in the case)") % {"key": key}

    def again(self, key: str) -> str:
        if key == NOT_AGAIN:
            return _("Did not try again")
        return self.scene(key) if key != FROM_THE_START else _("From the start")


def titles_of(keys: Iterable[UUID]) -> dict[UUID, CaseNames]:
    """Titles in the reader's language, with the module's. Two queries."""
    pages: dict[UUID, list[Any]] = {key: [] for key in keys}
    found = CaseStudyPage.objects.filter(translation_key__in=pages)
    for page in found.select_related("locale").order_by("pk"):
        pages[page.translation_key].append(page)
    best = {key: in_readers_language(versions) for key, versions in pages.items() if versions}
    paths = {page.path[: -page.steplen] for page in best.values()}
    modules = dict(ModulePage.objects.filter(path__in=paths).values_list("path", "title"))
    removed = CaseNames(_("A case study that was removed"))
    return {
        key: CaseNames(best[key].title, modules.get(best[key].path[: -best[key].steplen], ""))
        if key in best
        else removed
        for key in pages
    }


def names_of(key: UUID) -> CaseNames:
    """With scenes, choices and endings. Five queries."""
    title = titles_of([key])[key]
    versions = list(
        CaseStudyPage.objects.filter(translation_key=key).select_related("locale").order_by("pk")
    )
    if not versions:
        return title
    page = in_readers_language(versions)
    scenes = dict(
        CaseScene.objects.filter(page=page).order_by("sort_order").values_list("key", "title")
    )
    choices: dict[str, dict[str, str]] = {scene: {} for scene in scenes}
    for scene, choice, text in (
        CaseChoice.objects.filter(scene__page=page)
        .order_by("sort_order")
        .values_list("scene__key", "key", "text")
    ):
        choices[scene][choice] = text
    endings = CaseEnding.objects.filter(page=page).order_by("sort_order")
    return CaseNames(
        title.title, title.module, scenes, choices, dict(endings.values_list("key", "title"))
    )
