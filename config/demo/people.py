"""Who is in the demo: two clients, two vendors, their people. All of them are fictitious.

Somebody who is there already is left as they are, whatever happened to them since. All
sign in with one password that is printed at every start of the demo, which is why
``load`` refuses to run with settings that are meant for the open network.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password

from attune.people.models import Engagement, Location, MembershipRole, Organisation, Person, Team
from attune.people.services import (
    create_person,
    establish_engagement,
    establish_organisation,
    join_team,
    set_working_hours,
)

Role = MembershipRole.Role
PASSWORD = "attune-demo"  # noqa: S105  (of the demo alone; printed at every start)
ADMINISTRATOR = ("Alex Keller", "alex@attune.example")


class Cast(NamedTuple):
    """A row of the table that ``make demo`` prints."""

    name: str
    email: str
    password: str
    role: str
    try_this: str


def _cast(name: str, email: str, role: str, try_this: str) -> Cast:
    return Cast(name, email, PASSWORD, role, try_this)


PEOPLE: list[Cast] = [
    _cast(
        "Maria Santos",
        "maria@habagat.example",
        "Agent in Manila",
        "Take the first lesson and the quiz; change to German half-way",
    ),
    _cast(
        "Klaus Brandt",
        "klaus@nordlicht.example",
        "Trainer, client",
        "Edit a lesson, preview it, submit it, publish it; mark a reply; import questions",
    ),
    _cast(
        "Hana Reyes",
        "hana@habagat.example",
        "HR, vendor",
        "See in Reports who has completed what and who is overdue",
    ),
    _cast(
        "Ines Vogt",
        "ines@nordlicht.example",
        "HR, client",
        "See the same engagement from Nordlicht’s side",
    ),
    _cast(*ADMINISTRATOR, "Administrator", "See everything; the record stores in Settings"),
    _cast(
        "Arjun Kulkarni",
        "arjun@deccan-deskline.example",
        "Agent, other vendor",
        "Open the address of one of Maria’s lessons: it does not exist",
    ),
    _cast(
        "Emily Carter",
        "emily@cedar-pine.example",
        "Trainer, other client",
        "Look for Nordlicht’s lessons: only Cedar & Pine’s are there",
    ),
    _cast(
        "Priya Joshi",
        "priya@deccan-deskline.example",
        "HR, other vendor",
        "See in Reports only the people of Deccan Deskline",
    ),
]


@dataclass(frozen=True, slots=True)
class Place:
    """A location; ``hours`` are (first weekday, last weekday, opens, closes)."""

    name: str
    country: str
    zone: str
    hours: Sequence[tuple[int, int, time, time]]


@dataclass(frozen=True, slots=True)
class Firm:
    name: str
    code: str
    kind: str
    domain: str
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody with a name and a part in the story."""

    full_name: str
    firm: str
    role: str
    job_title: str
    place: str
    hired_days_ago: int
    team: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A client with its vendor, the teams, and everybody in them."""

    client: Firm
    vendor: Firm
    code: str
    client_zone: str
    began_days_ago: int
    teams: Sequence[str]
    staff: Sequence[Staff]
    agents: Sequence[str] = field(default_factory=tuple)
    places: Sequence[str] = field(default_factory=tuple)


NORDLICHT = Firm(
    "Nordlicht Maschinenbau",
    "nordlicht",
    Organisation.Kind.CLIENT,
    "nordlicht.example",
    (
        Place(
            "Bremen",
            "DE",
            "Europe/Berlin",
            ((0, 3, time(7), time(17)), (4, 4, time(7), time(15, 30))),
        ),
        Place(
            "Chemnitz",
            "DE",
            "Europe/Berlin",
            ((0, 3, time(6), time(16)), (4, 4, time(6), time(14, 30))),
        ),
    ),
)
HABAGAT = Firm(
    "Habagat Support",
    "habagat",
    Organisation.Kind.VENDOR,
    "habagat.example",
    (
        Place("Manila", "PH", "Asia/Manila", ((0, 4, time(13), time(0, 30)),)),
        Place("Cebu", "PH", "Asia/Manila", ((0, 4, time(13), time(22)),)),
    ),
)
CEDAR = Firm(
    "Cedar & Pine Outfitters",
    "cedar-pine",
    Organisation.Kind.CLIENT,
    "cedar-pine.example",
    (Place("Portland", "US", "America/Los_Angeles", ((0, 6, time(8), time(20)),)),),
)
DECCAN = Firm(
    "Deccan Deskline",
    "deccan-deskline",
    Organisation.Kind.VENDOR,
    "deccan-deskline.example",
    (Place("Pune", "IN", "Asia/Kolkata", ((0, 6, time(20, 30), time(6)),)),),
)

HABAGAT_TEAMS = ("First line, offices", "First line, plants", "Second line")
HABAGAT_AGENTS = (
    "Jose Dela Cruz",
    "Angelica Ramos",
    "Mark Villanueva",
    "Kristine Bautista",
    "John Paul Mercado",
    "Liza Magbanua",
    "Ramon Aquino",
    "Jasmine Ocampo",
    "Carlo Tolentino",
    "Rowena Salazar",
    "Paolo Mendoza",
    "Bea Castillo",
    "Noel Pangilinan",
    "Camille Navarro",
    "Dennis Abad",
    "Aileen Soriano",
    "Jerome Lacson",
    "Trisha Domingo",
    "Rafael Evangelista",
    "Maricel Dizon",
    "Enrico Manalo",
    "Joy Anne Beltran",
    "Vincent Catacutan",
    "Grace Macaraeg",
    "Alvin Tugade",
    "Cherry Lumibao",
    "Miguel Sarmiento",
    "Nicole Francisco",
    "Rodel Pascual",
    "Hazel Dimaculangan",
    "Christian Agustin",
    "Sheila Marasigan",
    "Adrian Cabrera",
    "Leny Valdez",
    "Joel Balagtas",
    "Patricia Lim",
    "Edwin Caballero",
    "Mylene Custodio",
    "Gabriel Nolasco",
)

PAIRS = (
    Pair(
        NORDLICHT,
        HABAGAT,
        "nordlicht-habagat",
        "Europe/Berlin",
        480,
        HABAGAT_TEAMS,
        (
            Staff(
                "Maria Santos",
                "habagat",
                Role.AGENT,
                "Service desk agent",
                "Manila",
                24,
                HABAGAT_TEAMS[0],
            ),
            Staff("Hana Reyes", "habagat", Role.HR, "HR business partner", "Manila", 900),
            Staff("Benjie Torralba", "habagat", Role.MANAGER, "Delivery manager", "Manila", 700),
            Staff("Klaus Brandt", "nordlicht", Role.TRAINER, "IT trainer", "Bremen", 3100),
            Staff("Ines Vogt", "nordlicht", Role.HR, "HR development", "Bremen", 2200),
            Staff(
                "Jonas Albers", "nordlicht", Role.IN_HOUSE, "IT, workplace services", "Bremen", 1500
            ),
            Staff(
                "Katrin Seidel", "nordlicht", Role.MANAGER, "Head of IT service", "Chemnitz", 2600
            ),
        ),
        HABAGAT_AGENTS,
        ("Manila", "Manila", "Cebu"),
    ),
    Pair(
        CEDAR,
        DECCAN,
        "cedar-deccan",
        "America/Los_Angeles",
        300,
        ("Store desk",),
        (
            Staff(
                "Arjun Kulkarni",
                "deccan-deskline",
                Role.AGENT,
                "Service desk agent",
                "Pune",
                40,
                "Store desk",
            ),
            Staff("Priya Joshi", "deccan-deskline", Role.HR, "HR lead", "Pune", 800),
            Staff("Emily Carter", "cedar-pine", Role.TRAINER, "Store enablement", "Portland", 1200),
            Staff("Grace Cole", "cedar-pine", Role.HR, "People operations", "Portland", 1900),
        ),
        ("Sneha Patil", "Rohan Deshmukh", "Meera Gokhale", "Aditya Shinde"),
        ("Pune",),
    ),
)


def load_people(*, now: datetime, report: Callable[[str], None]) -> None:
    """Everybody who is not there yet, with job, location, team and account."""
    _administrator()
    password = make_password(PASSWORD)  # slow by design, and the same for all
    for pair in PAIRS:
        made = _load_pair(pair, now=now, password=password)
        if made:
            report(f"{pair.vendor.name} for {pair.client.name}: {made} people")


def _administrator() -> None:
    name, email = ADMINISTRATOR
    users = get_user_model()._default_manager
    if users.filter(email=email).exists():
        return
    first, last = name.split()
    user = users.create_superuser(email=email, password=PASSWORD, first_name=first, last_name=last)
    Person.objects.create(user=user, full_name=name, time_zone="Europe/Berlin")


def _load_pair(pair: Pair, *, now: datetime, password: str) -> int:
    firms = {firm.code: _firm(firm) for firm in (pair.client, pair.vendor)}
    domains = {firm.code: firm.domain for firm in (pair.client, pair.vendor)}
    today = now.astimezone(ZoneInfo(pair.client_zone)).date()
    engagement = _engagement(pair, firms, today=today)
    teams = {
        name: Team.objects.get_or_create(engagement=engagement, name=name)[0] for name in pair.teams
    }
    made = 0
    everybody = [*pair.staff, *_agents(pair)]
    for staff in everybody:
        made += _person(
            staff,
            firm=firms[staff.firm],
            email=address(staff.full_name, domains[staff.firm], named=staff in pair.staff),
            team=teams.get(staff.team),
            today=today,
            now=now,
            password=password,
        )
    return made


def address(full_name: str, domain: str, *, named: bool) -> str:
    """First name alone for the cast, first and last name for everybody else."""
    words = full_name.lower().split()
    return f"{words[0] if named else '.'.join(words)}@{domain}"


def _agents(pair: Pair) -> list[Staff]:
    """The agents in teams and places, hired before the stories that they are given."""
    rng = random.Random(f"{pair.code} staff")  # noqa: S311  (a story, not a secret)
    return [
        Staff(
            name,
            pair.vendor.code,
            Role.AGENT,
            "Senior service desk agent" if number % 9 == 4 else "Service desk agent",
            pair.places[number % len(pair.places)],
            pair.began_days_ago - 10 - number
            if number < 4
            else rng.randint(55, pair.began_days_ago - 40),
            pair.teams[number % len(pair.teams)],
        )
        for number, name in enumerate(pair.agents)
    ]


def _firm(firm: Firm) -> Organisation:
    organisation = Organisation.objects.filter(code=firm.code).first()
    if organisation is None:
        organisation = establish_organisation(
            name=firm.name, code=firm.code, kind=firm.kind, by=None
        )
    for place in firm.places:
        location, created = Location.objects.get_or_create(
            organisation=organisation,
            name=place.name,
            defaults={"country": place.country, "time_zone": place.zone},
        )
        if created:
            hours = [
                (weekday, opens, closes)
                for first, last, opens, closes in place.hours
                for weekday in range(first, last + 1)
            ]
            set_working_hours(location=location, hours=hours, by=None)
    return organisation


def _engagement(pair: Pair, firms: dict[str, Organisation], *, today: date) -> Engagement:
    standing: Engagement | None = Engagement.objects.filter(code=pair.code).first()
    return standing or establish_engagement(
        name=f"{pair.client.name} with {pair.vendor.name}",
        code=pair.code,
        client=firms[pair.client.code],
        vendor=firms[pair.vendor.code],
        starts_on=today - timedelta(days=pair.began_days_ago),
        client_time_zone=pair.client_zone,
        is_simulated=True,
        by=None,
    )


def _person(
    staff: Staff,
    *,
    firm: Organisation,
    email: str,
    team: Team | None,
    today: date,
    now: datetime,
    password: str,
) -> bool:
    users = get_user_model()._default_manager
    if users.filter(email=email).exists():
        return False
    first, _space, last = staff.full_name.rpartition(" ")
    user: Any = get_user_model()(email=email, first_name=first, last_name=last)
    user.password = password
    user.save()
    hired_on = today - timedelta(days=staff.hired_days_ago)
    person = create_person(
        full_name=staff.full_name,
        email=email,
        organisation=firm,
        roles=[staff.role],
        hired_on=hired_on,
        job_title=staff.job_title,
        location=Location.objects.get(organisation=firm, name=staff.place),
        user=user,
        by=None,
        now=now,
    )
    if team is not None:
        join_team(
            person=person,
            team=team,
            from_date=max(hired_on, team.engagement.starts_on),
            by=None,
        )
    return True
