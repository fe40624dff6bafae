"""Who is reading: a learner through one enrolment, or somebody who may look.

The only place that finds the enrolment behind a page. Pages themselves never ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BigAutoField, Exists, OuterRef, Subquery, UUIDField
from django.utils.translation import gettext as _
from wagtail.models import Collection, Page

from attune.curriculum.models import (
    ClientCollection,
    LearningUnitPage,
    ModulePage,
    ProgrammeModule,
    ProgrammePage,
)
from attune.curriculum.services import client_of
from attune.enrolments.models import Enrolment, EnrolmentModule, ModuleEvidence
from attune.enrolments.prepared import Prepared
from attune.enrolments.states import State
from attune.people.access import person_of, reach_of
from attune.people.models import Engagement, Organisation, Person


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who learns a module through one of their enrolments.

    ``module`` is the page in the language being read; ``cycle`` is the module's;
    ``is_closed`` says that the programme opens it only after another module.
    """

    person: Person
    enrolment: Enrolment
    module: ModulePage
    cycle: int
    is_closed: bool = False


def _learnable(person: Any) -> Any:
    """Newest cycles that can be learnt, the one that is due first before the others."""
    return (
        Enrolment.objects.learnable().latest_cycle().filter(person=person).order_by("due_at", "pk")
    )


def module_of(unit: LearningUnitPage) -> ModulePage | None:
    """The module that a unit stands in, in the same language."""
    return ModulePage.objects.parent_of(unit).select_related("locale").first()


def reader_of_module(user: Any, module: ModulePage) -> Reader | None:
    """The signed-in learner of a module, or None if nothing enrols them in it. One query.

    Where several programmes ask for it, it is learnt through the one where it was begun,
    else through the one that is due first.
    """
    person = person_of(user)
    if person is None:
        return None
    enrolments: list[Any] = _enrolments_that_ask_for.rows(
        person=person.pk, key=module.translation_key
    )
    if not enrolments:
        return None
    chosen = next((each for each in enrolments if each.pk == each.begun_in), enrolments[0])
    chosen.person = person
    return Reader(
        person=person,
        enrolment=chosen,
        module=module,
        cycle=chosen.module_cycle or 1,
        is_closed=bool(chosen.is_closed),
    )


def _asking_for(person: int, key: UUID) -> Any:
    """A person's enrolments that ask for a module, each with how it stands there."""
    evidence = ModuleEvidence.objects.filter(person=person, module_key=key).order_by("-cycle")
    places = ProgrammeModule.objects.filter(page=OuterRef("programme"), module__translation_key=key)
    opened = EnrolmentModule.objects.filter(
        enrolment=OuterRef(OuterRef("pk")),
        module_key=OuterRef("opens_after__translation_key"),
        state__in=[State.COMPLETED, State.EXEMPT],
    )
    beside = ProgrammeModule.objects.filter(page=OuterRef("page")).values("module")
    return (
        _learnable(person)
        .filter(Exists(places))
        .annotate(
            module_cycle=Subquery(evidence.values("cycle")[:1]),
            begun_in=Subquery(evidence.values("enrolment")[:1]),
            is_closed=Exists(
                # A door whose key module has left the programme stands open.
                places.filter(opens_after__live=True, opens_after__in=beside).exclude(
                    Exists(opened)
                )
            ),
        )
    )


_enrolments_that_ask_for: Prepared[Enrolment] = Prepared(
    _asking_for,
    person=(BigAutoField(), -(2**62)),
    key=(UUIDField(), UUID("7ab1e5e7-0000-4000-8000-00000000cafe")),
)


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
        _learnable(person)
        .filter(programme_key=programme.translation_key)
        .select_related("person", "programme__locale", "engagement__client", "engagement__vendor")
        .first()
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
    if not (reach.clients or reach.authors_for or reach.vendors):
        return False
    return _works_with(user, client_of(page))


def may_fetch(user: Any, collection: Collection) -> bool:
    """May the user download a document of this collection?

    A client's documents are for its own people, for the HR of its vendors and for those who
    learn for it; documents of no client are for everyone who signs in.
    """
    if not getattr(user, "is_authenticated", False):
        return False
    # A collection within a client's is the client's.
    around = collection.get_ancestors(inclusive=True)
    owner = (
        ClientCollection.objects.filter(collection__in=around)
        .select_related("organisation")
        .first()
    )
    if owner is None or reach_of(user).everything:
        return True
    person = person_of(user)
    learns_there = (
        person is not None
        and Enrolment.objects.learnable()
        .filter(person=person, engagement__client=owner.organisation_id)
        .exists()
    )
    return learns_there or _works_with(user, owner.organisation)


def _works_with(user: Any, client: Organisation | None) -> bool:
    """HR, managers and trainers of the client, or HR and managers of one of its vendors."""
    reach = reach_of(user)
    inside = reach.clients | reach.authors_for
    if client is None:
        return bool(inside or reach.vendors)
    if client.pk in inside:
        return True
    return (
        bool(reach.vendors)
        and Engagement.objects.filter(client=client, vendor__in=reach.vendors).exists()
    )


def closed_because(reader: Reader) -> str:
    """Why the module is still closed for this learner, or an empty string."""
    if not reader.is_closed:
        return ""
    row = (
        ProgrammeModule.objects.filter(
            page=reader.enrolment.programme_id,
            module__translation_key=reader.module.translation_key,
        )
        .select_related("opens_after")
        .first()
    )
    if row is None or row.opens_after is None:
        return ""
    before = row.opens_after.get_translation_or_none(reader.module.locale) or row.opens_after
    return closed_in_words(before.title)


def closed_in_words(title: str) -> str:
    return _("Opens after “%(module)s” is complete.") % {"module": title}
