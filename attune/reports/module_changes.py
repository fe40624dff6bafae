"""What a trainer may do to a module beyond writing it: ask for it again, copy it home."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from attune.curriculum.models import ModuleLibraryPage, ModulePage, ProgrammeModule
from attune.enrolments.models import Enrolment
from attune.enrolments.states import OPEN_STATES, State
from attune.people.access import reach_of


def asked_again(module: ModulePage) -> QuerySet[Enrolment]:
    """Enrolments that a material change of this module would reach.

    The same as ``enrolments.services.publish_material_change`` picks: whoever completed it
    in a programme that still asks for it.
    """
    key = module.translation_key
    return (
        Enrolment.objects.latest_cycle()
        .filter(
            state__in=[State.COMPLETED, *OPEN_STATES],
            modules__module_key=key,
            modules__state=State.COMPLETED,
            programme__in=_programmes_asking_for(key),
        )
        .distinct()
    )


def _programmes_asking_for(key: Any) -> QuerySet[Any]:
    rows = ProgrammeModule.objects.filter(module__translation_key=key, module__live=True)
    return rows.values("page")


def may_ask_again(user: Any, module: ModulePage) -> bool:
    """Whoever may publish the module may say that it has changed."""
    return module.live and bool(module.permissions_for_user(user).can_publish())


def shared_modules(user: Any) -> QuerySet[ModulePage]:
    """Modules of the shared library that the user may build with."""
    return (
        ModulePage.objects.choosable_by(user)
        .shared()
        .live()
        .select_related("locale", "target_culture")
    )


def libraries_for_copies(user: Any, module: ModulePage) -> list[ModuleLibraryPage]:
    """Clients' libraries in the module's language in which the user may add pages."""
    reach = reach_of(user)
    if not (reach.everything or reach.authors_for):
        return []
    libraries = ModuleLibraryPage.objects.filter(locale=module.locale_id).order_by("path")
    home = module.get_parent().pk
    return [
        library
        for library in libraries
        if library.pk != home and library.permissions_for_user(user).can_add_subpage()
    ]
