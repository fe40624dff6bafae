"""Rows and pages for tests: plain functions, each with only what a test must decide.

The cast that most tests need stands in ``conftest.py``; this is for one person, page or
enrolment more. Everything is made the way the site makes it, through the services.
"""

from __future__ import annotations

import itertools
import uuid
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from wagtail.models import Locale, Page, Site

from attune.cultures.models import Culture
from attune.curriculum.models import (
    ClientHomePage,
    FrontPage,
    ModuleLibraryPage,
    ModulePage,
    ProgrammeModule,
    ProgrammePage,
)
from attune.curriculum.services import establish_client_home
from attune.enrolments.services import assign
from attune.lessons.models import LessonPage
from attune.people.groups import ensure_groups, put_into_groups
from attune.people.models import (
    Engagement,
    Location,
    Membership,
    MembershipRole,
    Organisation,
    Person,
    Team,
    TeamMembership,
)

PASSWORD = "Feierabend-ist-um-fuenf"
LONG_AGO = date(2024, 1, 8)
Role = MembershipRole.Role

_numbers = itertools.count(1)


@cache
def _hashed(password: str) -> str:
    # Hashing is slow by design; one hash serves all of a run.
    return make_password(password)


def as_user(client: Any, person: Any) -> Any:
    """Sign ``person`` (a ``Person`` or a user) in on a Django test client, and return it."""
    client.force_login(
        getattr(person, "user", None) or person,
        backend=settings.AUTHENTICATION_BACKENDS[-1],
    )
    return client


# --- People ---------------------------------------------------------------------------


def user(email: str, *, superuser: bool = False, **fields: Any) -> Any:
    """Somebody who can sign in with ``PASSWORD``."""
    made = get_user_model()(email=email, is_staff=superuser, is_superuser=superuser, **fields)
    made.password = _hashed(PASSWORD)
    made.save()
    return made


def person(
    full_name: str = "",
    *,
    email: str | None = None,
    time_zone: str = "UTC",
    language: str = "en",
    superuser: bool = False,
) -> Person:
    """A person with an account; the address follows from the name unless given."""
    full_name = full_name or f"Person {next(_numbers)}"
    email = email or f"{full_name.lower().replace(' ', '.')}@example.test"
    return Person.objects.create(
        user=user(email, superuser=superuser),
        full_name=full_name,
        time_zone=time_zone,
        language=language,
    )


def organisation(name: str, code: str, kind: str) -> Organisation:
    made = Organisation.objects.create(name=name, code=code, kind=kind)
    return ensure_groups(organisation=made)


def location(
    organisation: Organisation, name: str = "Head office", *, country: str, time_zone: str
) -> Location:
    return Location.objects.create(
        organisation=organisation, name=name, country=country, time_zone=time_zone
    )


def employ(
    person: Person,
    organisation: Organisation,
    *roles: str,
    location: Location | None = None,
    job_title: str = "",
    hired_on: date = LONG_AGO,
    left_on: date | None = None,
) -> Membership:
    """A job with its roles, and the groups that follow from it today."""
    membership = Membership.objects.create(
        person=person,
        organisation=organisation,
        location=location,
        job_title=job_title,
        hired_on=hired_on,
        left_on=left_on,
    )
    MembershipRole.objects.bulk_create(
        MembershipRole(membership=membership, role=role) for role in roles
    )
    put_into_groups(people=[person], on=timezone.now().date())
    return membership


def engagement(client: Organisation, vendor: Organisation, **fields: Any) -> Engagement:
    return Engagement.objects.create(
        **{
            "name": f"{client.name} with {vendor.name}",
            "code": f"{client.code}-{vendor.code}",
            "client": client,
            "vendor": vendor,
            "starts_on": LONG_AGO,
            **fields,
        }
    )


def team(engagement: Engagement, name: str = "First line") -> Team:
    return Team.objects.create(engagement=engagement, name=name)


def put_in_team(
    person: Person, team: Team, *, from_date: date = LONG_AGO, until_date: date | None = None
) -> TeamMembership:
    return TeamMembership.objects.create(
        person=person, team=team, from_date=from_date, until_date=until_date
    )


def agent(full_name: str, team: Team, *, location: Location | None = None, **fields: Any) -> Person:
    """A vendor's agent who works in a team since long ago."""
    made = person(full_name, **fields)
    employ(made, team.engagement.vendor, Role.AGENT, location=location, job_title="Agent")
    put_in_team(made, team)
    return made


# --- Pages ----------------------------------------------------------------------------


def german() -> Locale:
    return Locale.objects.get_or_create(language_code="de")[0]


def front_page() -> FrontPage:
    """The site's front door, in place of Wagtail's welcome page."""
    site = Site.objects.get(is_default_site=True)
    standing = site.root_page.specific
    if isinstance(standing, FrontPage):
        return standing
    root = Page.get_first_root_node()
    front = FrontPage(title="Attune", slug="attune", locale=Locale.get_default())
    root.add_child(instance=front)
    site.root_page = front
    site.save()
    standing.delete()
    Site.clear_site_root_paths_cache()
    return front


def client_home(organisation: Organisation, *, parent: Page | None = None) -> ClientHomePage:
    """A client's home with its own library, grants and workflow."""
    return establish_client_home(
        organisation=organisation, parent=parent or front_page(), title=organisation.name
    )


def library_of(home: ClientHomePage) -> ModuleLibraryPage:
    return ModuleLibraryPage.objects.child_of(home).get()


def shared_library() -> ModuleLibraryPage:
    front = front_page()
    standing = ModuleLibraryPage.objects.child_of(front).first()
    return standing or front.add_child(
        instance=ModuleLibraryPage(title="Shared modules", slug="shared", locale=front.locale)
    )


def culture(name: str = "German", **fields: Any) -> Culture:
    return Culture.objects.create(name=name, locale=Locale.get_default(), **fields)


def paragraph(html: str = "<p>Say good morning.</p>") -> dict[str, Any]:
    return {"type": "rich_text", "value": html, "id": str(uuid.uuid4())}


def self_check(question: str = "Which reply names a time?") -> dict[str, Any]:
    """A self-check whose second option is the one that fits."""

    def item(value: Any) -> dict[str, Any]:
        return {"type": "item", "value": value, "id": str(uuid.uuid4())}

    options = [
        {"text": "As soon as possible.", "correct": False, "feedback": "When is that?"},
        {"text": "Today by 15:00.", "correct": True, "feedback": "A time."},
    ]
    return {
        "type": "self_check",
        "value": {
            "question": question,
            "options": [item(option) for option in options],
            "explanation": "A named time lets the other person plan.",
        },
        "id": str(uuid.uuid4()),
    }


def module(library: ModuleLibraryPage, title: str = "", *, live: bool = True, **fields: Any) -> Any:
    title = title or f"Module {next(_numbers)}"
    page = ModulePage(title=title, locale=library.locale, live=live, **fields)
    library.add_child(instance=page)
    return page


def lesson(
    module: ModulePage,
    title: str = "",
    *,
    body: list[dict[str, Any]] | None = None,
    live: bool = True,
    **fields: Any,
) -> LessonPage:
    title = title or f"Lesson {next(_numbers)}"
    page = LessonPage(title=title, locale=module.locale, live=live, **fields)
    page.body = page.body.stream_block.to_python([paragraph()] if body is None else body)
    module.add_child(instance=page)
    return page


def programme(
    home: ClientHomePage, *modules: ModulePage, title: str = "", **fields: Any
) -> ProgrammePage:
    """A programme of these modules in this order, all required, none waiting for another."""
    title = title or f"Programme {next(_numbers)}"
    page = ProgrammePage(title=title, locale=home.locale, **fields)
    page.programme_modules = [
        ProgrammeModule(module=one, sort_order=number) for number, one in enumerate(modules)
    ]
    home.add_child(instance=page)
    return page


# --- Learning --------------------------------------------------------------------------


def enrol(
    person: Person,
    programme: ProgrammePage,
    engagement: Engagement,
    *,
    due_at: datetime | None = None,
    now: datetime | None = None,
) -> Any:
    """``person`` owes ``programme`` to ``engagement``, within thirty days unless told."""
    now = now or timezone.now()
    return assign(
        person=person,
        programme=programme,
        engagement=engagement,
        now=now,
        due_at=due_at or now + timedelta(days=30),
    )


def place(
    programme: ProgrammePage,
    module: ModulePage,
    *,
    required: bool = True,
    opens_after: ModulePage | None = None,
) -> ProgrammeModule:
    """Add a module at the end of a programme."""
    last = ProgrammeModule.objects.filter(page=programme).count()
    return ProgrammeModule.objects.create(
        page=programme,
        module=module,
        sort_order=last,
        required=required,
        opens_after=opens_after,
    )
