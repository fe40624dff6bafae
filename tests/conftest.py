"""The cast: two clients with their vendors, who must never see anything of each other.

Nordlicht Maschinenbau and Habagat Support are the pair that tests act in; Cedar & Pine and
Deccan Deskline stand beside them with the same roles, so that whatever leaks, leaks to
somebody. Fixtures named after people are ``Person`` rows; sign one in with
``as_user(client, maria)``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.utils import timezone, translation
from hypothesis import settings

from attune.curriculum.models import (
    ClientHomePage,
    FrontPage,
    ModuleLibraryPage,
    ModulePage,
    ProgrammePage,
)
from attune.lessons.models import LessonPage
from attune.people.models import Engagement, Location, Organisation, Person, Team
from tests import factories, migrated
from tests.factories import Role
from tests.indexing import unindexed

# The usual run tries a few examples of each property, ``make test-all`` many. Whatever once
# failed is kept in the examples of the test itself.
settings.register_profile("usual", max_examples=15, deadline=None)
settings.register_profile("thorough", max_examples=200, deadline=None)
settings.load_profile(os.environ.get("ATTUNE_PROPERTIES", "usual"))


@dataclass(frozen=True)
class Pair:
    """A client and its vendor, with one of each kind of person."""

    client: Organisation
    vendor: Organisation
    engagement: Engagement
    team: Team
    client_location: Location
    vendor_location: Location
    agent: Person
    vendor_hr: Person
    client_hr: Person
    trainer: Person

    @property
    def people(self) -> list[Person]:
        return [self.agent, self.vendor_hr, self.client_hr, self.trainer]


@dataclass(frozen=True)
class Content:
    """One client's pages: a programme with one module of two lessons, the second checked."""

    home: ClientHomePage
    library: ModuleLibraryPage
    module: ModulePage
    lesson: LessonPage
    checked_lesson: LessonPage
    programme: ProgrammePage


@dataclass(frozen=True)
class Cast:
    nordlicht: Pair
    cedar: Pair
    administrator: Person


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """What a test's fixtures write is not indexed; what the test itself writes is, as ever.

    Wagtail's reference and search indexes take a third of the time in which a world is made.
    """
    if request.scope != "function":
        return (yield)
    with unindexed():
        return (yield)


@pytest.fixture(scope="session")
def migrated_template(request: pytest.FixtureRequest) -> Path:
    return migrated.template_in(Path(request.config.cache.mkdir("attune-migrated")))


@pytest.fixture(scope="session")
def django_db_keepdb(
    request: pytest.FixtureRequest,
    migrated_template: Path,
    django_db_createdb: bool,
    django_db_modify_db_settings_parallel_suffix: None,
) -> bool:
    """Keep what is there if it is a migrated copy (or if ``--reuse-db`` asks for it)."""
    copied = not django_db_createdb and migrated.begin_with(migrated_template)
    return copied or bool(request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, migrated_template: Path) -> None:
    with django_db_blocker.unblock():
        migrated.keep(migrated_template)


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """What one test put into the cache (page roots, failed sign-ins) is not the next one's."""
    cache.clear()


@pytest.fixture(autouse=True)
def _nobodys_language_and_clock() -> None:
    """A request leaves its person's language and zone on the thread; the next test has neither."""
    translation.activate(django_settings.LANGUAGE_CODE)
    timezone.deactivate()


@pytest.fixture
def as_user() -> Callable[..., Any]:
    """``as_user(client, maria)`` signs Maria in on that client and returns it."""
    return factories.as_user


@pytest.fixture
def nordlicht_habagat(db: None) -> Pair:
    client = factories.organisation("Nordlicht Maschinenbau", "nordlicht", "client")
    vendor = factories.organisation("Habagat Support", "habagat", "vendor")
    bremen = factories.location(client, "Bremen", country="DE", time_zone="Europe/Berlin")
    manila = factories.location(vendor, "Manila", country="PH", time_zone="Asia/Manila")
    engagement = factories.engagement(
        client, vendor, code="nordlicht-habagat", client_time_zone="Europe/Berlin"
    )
    team = factories.team(engagement, "Nordlicht first line")
    return Pair(
        client=client,
        vendor=vendor,
        engagement=engagement,
        team=team,
        client_location=bremen,
        vendor_location=manila,
        agent=factories.agent("Maria Santos", team, location=manila, time_zone="Asia/Manila"),
        vendor_hr=_employed(
            "Hana Reyes", vendor, Role.HR, location=manila, time_zone="Asia/Manila"
        ),
        client_hr=_employed(
            "Ines Vogt", client, Role.HR, location=bremen, time_zone="Europe/Berlin"
        ),
        trainer=_employed(
            "Klaus Brandt", client, Role.TRAINER, location=bremen, time_zone="Europe/Berlin"
        ),
    )


@pytest.fixture
def cedar_deccan(db: None) -> Pair:
    client = factories.organisation("Cedar & Pine Outfitters", "cedar-pine", "client")
    vendor = factories.organisation("Deccan Deskline", "deccan-deskline", "vendor")
    portland = factories.location(client, "Portland", country="US", time_zone="America/Los_Angeles")
    pune = factories.location(vendor, "Pune", country="IN", time_zone="Asia/Kolkata")
    engagement = factories.engagement(
        client, vendor, code="cedar-deccan", client_time_zone="America/Los_Angeles"
    )
    team = factories.team(engagement, "Cedar store desk")
    return Pair(
        client=client,
        vendor=vendor,
        engagement=engagement,
        team=team,
        client_location=portland,
        vendor_location=pune,
        agent=factories.agent("Arjun Kulkarni", team, location=pune, time_zone="Asia/Kolkata"),
        vendor_hr=_employed(
            "Priya Joshi", vendor, Role.HR, location=pune, time_zone="Asia/Kolkata"
        ),
        client_hr=_employed(
            "Grace Cole", client, Role.HR, location=portland, time_zone="America/Los_Angeles"
        ),
        trainer=_employed(
            "Emily Carter",
            client,
            Role.TRAINER,
            location=portland,
            time_zone="America/Los_Angeles",
        ),
    )


def _employed(
    full_name: str, organisation: Organisation, role: str, *, location: Location, time_zone: str
) -> Person:
    person = factories.person(full_name, time_zone=time_zone)
    factories.employ(person, organisation, role, location=location)
    return person


@pytest.fixture
def cast(nordlicht_habagat: Pair, cedar_deccan: Pair, administrator: Person) -> Cast:
    """Everybody."""
    return Cast(nordlicht=nordlicht_habagat, cedar=cedar_deccan, administrator=administrator)


@pytest.fixture
def maria(nordlicht_habagat: Pair) -> Person:
    """Agent at Habagat in Manila, in Nordlicht's team."""
    return nordlicht_habagat.agent


@pytest.fixture
def hana(nordlicht_habagat: Pair) -> Person:
    """HR at the vendor, Habagat."""
    return nordlicht_habagat.vendor_hr


@pytest.fixture
def ines(nordlicht_habagat: Pair) -> Person:
    """HR at the client, Nordlicht."""
    return nordlicht_habagat.client_hr


@pytest.fixture
def klaus(nordlicht_habagat: Pair) -> Person:
    """Trainer at the client, Nordlicht."""
    return nordlicht_habagat.trainer


@pytest.fixture
def outsider(cedar_deccan: Pair) -> Person:
    """Agent at another vendor, Deccan Deskline."""
    return cedar_deccan.agent


@pytest.fixture
def outsider_hr(cedar_deccan: Pair) -> Person:
    """HR at the other vendor."""
    return cedar_deccan.vendor_hr


@pytest.fixture
def outsider_client_hr(cedar_deccan: Pair) -> Person:
    """HR at the other client, Cedar & Pine."""
    return cedar_deccan.client_hr


@pytest.fixture
def outsider_trainer(cedar_deccan: Pair) -> Person:
    """Trainer at the other client."""
    return cedar_deccan.trainer


@pytest.fixture
def administrator(db: None) -> Person:
    return factories.person("Alex Administrator", superuser=True)


@pytest.fixture
def engagement(nordlicht_habagat: Pair) -> Engagement:
    return nordlicht_habagat.engagement


@pytest.fixture
def team(nordlicht_habagat: Pair) -> Team:
    return nordlicht_habagat.team


@pytest.fixture
def front_page(db: None) -> FrontPage:
    """The site's front door; English by default, and German exists as a language."""
    factories.german()
    return factories.front_page()


@pytest.fixture
def shared_library(front_page: FrontPage) -> ModuleLibraryPage:
    return factories.shared_library()


def _content(pair: Pair, *, programme: str, module: str) -> Content:
    home = factories.client_home(pair.client)
    library = factories.library_of(home)
    page = factories.module(library, module)
    return Content(
        home=home,
        library=library,
        module=page,
        lesson=factories.lesson(page, f"{module}: first lesson"),
        checked_lesson=factories.lesson(
            page,
            f"{module}: second lesson",
            body=[factories.paragraph(), factories.self_check()],
        ),
        programme=factories.programme(home, page, title=programme),
    )


@pytest.fixture
def nordlicht_content(nordlicht_habagat: Pair, front_page: FrontPage) -> Content:
    """Nordlicht's home, library, one module with two lessons, one programme."""
    return _content(
        nordlicht_habagat,
        programme="Working with German colleagues",
        module="German etiquette",
    )


@pytest.fixture
def cedar_content(cedar_deccan: Pair, front_page: FrontPage) -> Content:
    """The same for Cedar & Pine."""
    return _content(
        cedar_deccan, programme="Working with US store teams", module="Plain and friendly"
    )
