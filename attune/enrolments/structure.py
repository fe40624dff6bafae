"""What a programme asks for, read by translation key: modules in order, units of a module.

The page in which a module was first written decides which units it has; translations
follow it. So completion does not depend on the language in which somebody reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from attune.curriculum.models import LearningUnitPage, ModulePage, ProgrammeModule


@dataclass(frozen=True, slots=True)
class ModulePlace:
    """A module's place in a programme. Keys are translation keys."""

    key: UUID
    required: bool
    opens_after: UUID | None


def places_in(programme_ids: Iterable[int]) -> dict[int, list[ModulePlace]]:
    """Programme page id → its live modules in order. One query."""
    places: dict[int, list[ModulePlace]] = {pk: [] for pk in programme_ids}
    rows = (
        ProgrammeModule.objects.filter(page__in=list(places), module__live=True)
        .order_by("page_id", "sort_order", "pk")
        .values_list(
            "page_id", "module__translation_key", "required", "opens_after__translation_key"
        )
    )
    for page_id, key, required, opens_after in rows:
        places[page_id].append(ModulePlace(key, required, opens_after))
    return places


def original_modules(keys: Iterable[UUID]) -> dict[UUID, ModulePage]:
    """Translation key → the live page in which the module was first written. One query."""
    originals: dict[UUID, ModulePage] = {}
    rows = (
        ModulePage.objects.live()
        .filter(translation_key__in=list(keys))
        .select_related("locale")
        .order_by("pk")
    )
    for module in rows:
        originals.setdefault(module.translation_key, module)
    return originals


def required_units_of(module_key: UUID) -> set[UUID]:
    """Translation keys of the live units that the module needs. Two queries."""
    module = original_modules([module_key]).get(module_key)
    if module is None:
        return set()
    return set(
        LearningUnitPage.objects.child_of(module)
        .live()
        .filter(required=True)
        .values_list("translation_key", flat=True)
    )
