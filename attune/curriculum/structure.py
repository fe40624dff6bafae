"""What a programme and a module consist of, as plain values in every language they have.

The same for every learner, so it is worked out once and kept in the cache; whatever
changes pages moves the version on (``apps.py`` connects it), and nothing is kept longer
than a minute, since a cache that lives in one process hears of no other's changes. Only
what is shown comes from here: what counts is asked of the database by ``enrolments``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils import translation
from wagtail.models import Page

from attune.curriculum.models import LearningUnitPage, ModulePage, ProgrammeModule, ProgrammePage

SECONDS = 60
VERSION_KEY = "attune:curriculum:version"


@dataclass(frozen=True, slots=True)
class PageFact:
    """One page in one language, as far as lists of pages show it."""

    pk: int
    title: str
    summary: str
    url: str
    language: str
    minutes: int = 0
    topic: str = ""


@dataclass(frozen=True, slots=True)
class UnitFact:
    """A learning unit in every language. ``pages`` maps language code to page."""

    key: UUID
    kind: str
    required: bool
    original: str
    pages: Mapping[str, PageFact]


@dataclass(frozen=True, slots=True)
class ModuleFact:
    """A live module in every language, with its live units in the original's order."""

    key: UUID
    original: str
    pages: Mapping[str, PageFact]
    units: tuple[UnitFact, ...]


@dataclass(frozen=True, slots=True)
class PlaceFact:
    """A module's place in a programme. Keys are translation keys."""

    key: UUID
    required: bool
    opens_after: UUID | None


@dataclass(frozen=True, slots=True)
class ProgrammeFact:
    key: UUID
    original: str
    pages: Mapping[str, PageFact]
    places: tuple[PlaceFact, ...]


def in_active_language(fact: ProgrammeFact | ModuleFact | UnitFact) -> PageFact:
    """The page in the language being read, else in the one it was written in."""
    return fact.pages.get(active_language()) or fact.pages[fact.original]


def active_language() -> str:
    """The content language being read, as Wagtail names it."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    codes = {code for code, _name in settings.WAGTAIL_CONTENT_LANGUAGES}
    return language if language in codes else language.split("-")[0]


def languages_of(fact: ProgrammeFact | ModuleFact | UnitFact) -> list[tuple[str, str, str, bool]]:
    """(code, name, address, is it the one shown) of each language, by code."""
    names = dict(settings.WAGTAIL_CONTENT_LANGUAGES)
    shown = in_active_language(fact).language
    return [
        (code, str(names.get(code, code)), page.url, code == shown)
        for code, page in sorted(fact.pages.items())
    ]


def forget() -> None:
    """Content has changed: what was kept is not asked for again."""
    cache.set(VERSION_KEY, uuid4().hex, timeout=None)


def _version() -> str:
    version = cache.get(VERSION_KEY)
    if version is None:
        version = uuid4().hex
        cache.add(VERSION_KEY, version, timeout=None)
        version = cache.get(VERSION_KEY, version)
    return str(version)


def programme_facts(ids: Iterable[int]) -> dict[int, ProgrammeFact]:
    """Programme page id → facts. No query when kept, two when not."""
    return _kept("programme", list(dict.fromkeys(ids)), _read_programmes)


def module_facts(keys: Iterable[UUID]) -> dict[UUID, ModuleFact]:
    """Module translation key → facts of the live ones. No query when kept, two when not."""
    return _kept("module", list(dict.fromkeys(keys)), _read_modules)


def _kept(kind: str, wanted: list[Any], read: Any) -> dict[Any, Any]:
    if not wanted:
        return {}
    prefix = f"attune:{kind}:{_version()}:"
    kept = cache.get_many([f"{prefix}{each}" for each in wanted])
    found = {each: kept[f"{prefix}{each}"] for each in wanted if f"{prefix}{each}" in kept}
    missing = [each for each in wanted if each not in found]
    if missing:
        fresh = read(missing)
        cache.set_many({f"{prefix}{key}": fact for key, fact in fresh.items()}, timeout=SECONDS)
        found.update(fresh)
    return found


def page_fact(page: Any) -> PageFact:
    """What lists show of one page."""
    return PageFact(
        pk=page.pk,
        title=page.title,
        summary=page.summary,
        url=page.get_url() or "",
        language=page.locale.language_code,
        minutes=getattr(page, "minutes", 0),
        topic=getattr(page, "topic", ""),
    )


def _read_programmes(ids: list[int]) -> dict[int, ProgrammeFact]:
    pages = list(
        ProgrammePage.objects.filter(
            translation_key__in=ProgrammePage.objects.filter(pk__in=ids).values("translation_key")
        )
        .select_related("locale")
        .order_by("pk")
    )
    places: dict[int, list[PlaceFact]] = {pk: [] for pk in ids}
    rows = (
        ProgrammeModule.objects.filter(page__in=ids, module__live=True)
        .order_by("page_id", "sort_order", "pk")
        .values_list(
            "page_id", "module__translation_key", "required", "opens_after__translation_key"
        )
    )
    for page_id, key, required, opens_after in rows:
        places[page_id].append(PlaceFact(key, required, opens_after))
    by_pk = {page.pk: page for page in pages}
    return {
        pk: ProgrammeFact(
            key=by_pk[pk].translation_key,
            original=by_pk[pk].locale.language_code,
            pages={
                page.locale.language_code: page_fact(page)
                for page in pages
                if page.translation_key == by_pk[pk].translation_key
                and (page.live or page.pk == pk)
            },
            places=tuple(places[pk]),
        )
        for pk in ids
        if pk in by_pk
    }


def _read_modules(keys: list[UUID]) -> dict[UUID, ModuleFact]:
    modules: dict[UUID, list[ModulePage]] = {}
    for module in (
        ModulePage.objects.live()
        .filter(translation_key__in=keys)
        .select_related("locale")
        .order_by("pk")
    ):
        modules.setdefault(module.translation_key, []).append(module)
    units = _units_beneath([module for group in modules.values() for module in group])
    return {
        key: ModuleFact(
            key=key,
            original=group[0].locale.language_code,
            pages={module.locale.language_code: page_fact(module) for module in group},
            units=_unit_facts(group, units),
        )
        for key, group in modules.items()
    }


def _units_beneath(modules: list[ModulePage]) -> dict[str, list[LearningUnitPage]]:
    if not modules:
        return {}
    beneath = Q(pk__in=[])
    for module in modules:
        beneath |= Q(path__startswith=module.path, depth=module.depth + 1)
    units: dict[str, list[LearningUnitPage]] = {}
    for unit in (
        LearningUnitPage.objects.filter(beneath).live().select_related("locale").order_by("path")
    ):
        units.setdefault(unit.path[: -Page.steplen], []).append(unit)
    return units


def _unit_facts(
    group: list[ModulePage], units: Mapping[str, list[LearningUnitPage]]
) -> tuple[UnitFact, ...]:
    """Units of the first-written module in order, each with its translations."""
    translations: dict[UUID, dict[str, PageFact]] = {}
    for module in group:
        for unit in units.get(module.path, ()):
            translations.setdefault(unit.translation_key, {})[unit.locale.language_code] = (
                page_fact(unit)
            )
    return tuple(
        UnitFact(
            key=unit.translation_key,
            kind=unit.specific_class.unit_kind if unit.specific_class else unit.unit_kind,
            required=unit.required,
            original=unit.locale.language_code,
            pages=translations[unit.translation_key],
        )
        for unit in units.get(group[0].path, ())
    )
