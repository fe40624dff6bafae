"""Who is reading: a learner through one enrolment, or somebody who may look.

The only place that finds the enrolment behind a page. Pages themselves never ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from wagtail.models import Page

from attune.curriculum.models import LearningUnitPage, ModulePage, ProgrammePage
from attune.curriculum.services import client_of
from attune.enrolments.models import Enrolment, EnrolmentModule, ModuleEvidence
from attune.enrolments.states import State
from attune.enrolments.structure import places_in
from attune.people.access import person_of, reach_of
from attune.people.models import Engagement, Person


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who learns a module through one of their enrolments.

    ``module`` is the page in the language being read; ``cycle`` is the module's.
    """

    person: Person
    enrolment: Enrolment
    module: ModulePage
    cycle: int


def _learnable(person: Person) -> Any:
    return (
        Enrolment.objects.learnable()
        .latest_cycle()
        .filter(person=person)
        .select_related("person", "programme__locale", "engagement__client", "engagement__vendor")
        .order_by("due_at", "pk")
    )


def module_of(unit: LearningUnitPage) -> ModulePage | None:
    """The module that a unit stands in, in the same language."""
    return ModulePage.objects.parent_of(unit).select_related("locale").first()


def reader_of_module(user: Any, module: ModulePage) -> Reader | None:
    """The signed-in learner of a module, or None if nothing enrols them in it.

    Where several programmes ask for it, it is learnt through the one where it was begun,
    else through the one that is due first.
    """
    person = person_of(user)
    if person is None:
        return None
    enrolments = list(
        _learnable(person)
        .filter(programme__programme_modules__module__translation_key=module.translation_key)
        .distinct()
    )
    if not enrolments:
        return None
    evidence = (
        ModuleEvidence.objects.filter(person=person, module_key=module.translation_key)
        .order_by("-cycle")
        .values_list("cycle", "enrolment_id")
        .first()
    )
    cycle, begun_in = evidence or (1, None)
    chosen = next((each for each in enrolments if each.pk == begun_in), enrolments[0])
    return Reader(person=person, enrolment=chosen, module=module, cycle=cycle)


def reader_for(user: Any, unit: LearningUnitPage) -> Reader | None:
    """The signed-in learner of a unit, or None if nothing enrols them in its module."""
    module = module_of(unit)
    return reader_of_module(user, module) if module is not None and module.live else None


def enrolment_in(user: Any, programme: ProgrammePage) -> Enrolment | None:
    """The learner's enrolment in a programme, whatever its language."""
    person = person_of(user)
    if person is None:
        return None
    found: Enrolment | None = (
        _learnable(person).filter(programme_key=programme.translation_key).first()
    )
    return found


def may_look(user: Any, page: Page) -> bool:
    """May the user read the page without learning it? Nothing they do there is recorded.

    The client's trainers, HR and managers may; so may HR and managers of a vendor that works
    for the client. Shared modules are open to all of these.
    """
    reach = reach_of(user)
    if reach.everything:
        return True
    readers_or_authors = reach.clients | reach.authors_for
    if not readers_or_authors and not reach.vendors:
        return False
    client = client_of(page)
    if client is None or client.pk in readers_or_authors:
        return True
    return (
        bool(reach.vendors)
        and Engagement.objects.filter(client=client, vendor__in=reach.vendors).exists()
    )


def closed_because(reader: Reader) -> str:
    """Why the module is still closed for this learner, or an empty string."""
    if reader.enrolment.programme_id is None:
        return ""
    places = places_in([reader.enrolment.programme_id])[reader.enrolment.programme_id]
    place = next((each for each in places if each.key == reader.module.translation_key), None)
    if place is None or place.opens_after is None:
        return ""
    opened = EnrolmentModule.objects.filter(
        enrolment=reader.enrolment,
        module_key=place.opens_after,
        state__in=[State.COMPLETED, State.EXEMPT],
    ).exists()
    if opened or place.opens_after not in {each.key for each in places}:
        return ""
    return closed_in_words(_title_of(place.opens_after, reader.module))


def closed_in_words(title: str) -> str:
    return _("Opens after “%(module)s” is complete.") % {"module": title}


def _title_of(key: Any, beside: ModulePage) -> str:
    titles = dict(ModulePage.objects.filter(translation_key=key).values_list("locale_id", "title"))
    return titles.get(beside.locale_id) or next(iter(titles.values()), "")
