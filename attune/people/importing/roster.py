"""What an organisation has today, as plain values: read once, in a fixed number of queries.

It asks about this organisation and no other. Whether an address or a team is known
elsewhere is never looked up, so that no report can tell.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from attune.people.access import can_manage_people_of, reach_of
from attune.people.importing.lines import address_key, name_key
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


@dataclass(slots=True)
class Place:
    """A location; without ``pk`` it is to be created."""

    pk: int | None
    name: str
    country: str = ""
    time_zone: str = ""


@dataclass(slots=True)
class Desk:
    """A team in its engagement; without ``pk`` it is to be created."""

    pk: int | None
    name: str
    engagement: int
    starts_on: date
    engagement_name: str = ""


@dataclass(slots=True)
class Job:
    pk: int
    hired_on: date
    left_on: date | None
    external_id: str
    job_title: str
    location: int | None
    roles: frozenset[str]

    def runs(self, on: date) -> bool:
        """On that day or later."""
        return self.left_on is None or self.left_on >= on


@dataclass(slots=True)
class Stay:
    """A row of somebody in a team of one of the organisation's engagements."""

    pk: int
    team: int
    engagement: int
    from_date: date
    until_date: date | None

    def covers(self, day: date) -> bool:
        return self.from_date <= day and (self.until_date is None or self.until_date >= day)

    def runs(self, on: date) -> bool:
        return self.until_date is None or self.until_date >= on


@dataclass(slots=True)
class Known:
    pk: int
    full_name: str
    email: str
    accepted: bool
    describable: bool
    """Whether whoever imports may change name, language and zone."""
    untouchable: bool
    """Whoever imports, and administrators: no file changes them."""
    language: str
    time_zone: str
    jobs: list[Job] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)


@dataclass(slots=True)
class Roster:
    organisation: int
    name: str
    code: str
    is_vendor: bool
    people: dict[int, Known]
    by_address: dict[str, list[Known]]
    by_number: dict[str, list[tuple[Known, Job]]]
    places: dict[str, Place]
    desks: dict[str, list[Desk]]
    engagements: dict[int, Desk]
    """Where teams may be created, each as a team without a name."""
    engagement_names: dict[str, int]


def read_roster(*, organisation: Organisation, by: Any) -> Roster:
    """``by`` is whoever imports; None is the site itself. Seven queries."""
    people = _people(organisation, by)
    for job, person, number in _jobs(organisation):
        people[person].jobs.append(job)
        job.external_id = number
    staffed = Q(vendor=organisation) | Q(client=organisation)
    engagements = {row.pk: row for row in Engagement.objects.filter(staffed).order_by("pk")}
    for stay, person in _stays(engagements, organisation):
        people[person].stays.append(stay)
    roster = Roster(
        organisation=organisation.pk,
        name=organisation.name,
        code=organisation.code,
        is_vendor=organisation.kind == Organisation.Kind.VENDOR,
        people=people,
        by_address=defaultdict(list),
        by_number=defaultdict(list),
        places={
            name_key(row.name): Place(row.pk, row.name, row.country, row.time_zone)
            for row in Location.objects.filter(organisation=organisation)
        },
        desks=defaultdict(list),
        engagements={},
        engagement_names={},
    )
    for known in people.values():
        if known.email:
            roster.by_address[address_key(known.email)].append(known)
        for job in known.jobs:
            if job.external_id:
                roster.by_number[job.external_id].append((known, job))
    _add_teams(roster, engagements, by)
    return roster


def _people(organisation: Organisation, by: Any) -> dict[int, Known]:
    mail = f"user__{get_user_model().get_email_field_name()}"
    jobs_here = Membership.objects.filter(organisation=organisation).values("person")
    rows = Person.objects.filter(pk__in=jobs_here).values_list(
        "pk", "full_name", "user", mail, "invited_email", "user__is_superuser",
        "language", "time_zone",
    )  # fmt: skip
    everything = by is None or reach_of(by).everything
    manages = frozenset() if by is None else reach_of(by).manages
    elsewhere: set[int] = set()
    if not everything:
        elsewhere = set(
            Membership.objects.filter(person__in=jobs_here)
            .exclude(organisation__in=manages)
            .values_list("person", flat=True)
        )
    own = None if by is None else reach_of(by).person_id
    people = {}
    for pk, name, user, address, invited, superuser, language, zone in rows:
        accepted = user is not None and not invited
        people[pk] = Known(
            pk=pk,
            full_name=name,
            email=address or invited or "",
            accepted=accepted,
            describable=everything or (not accepted and pk not in elsewhere),
            untouchable=pk == own or bool(superuser),
            language=language,
            time_zone=zone,
        )
    return people


def _jobs(organisation: Organisation) -> list[tuple[Job, int, str]]:
    roles: dict[int, set[str]] = defaultdict(set)
    for membership, role in MembershipRole.objects.filter(
        membership__organisation=organisation
    ).values_list("membership", "role"):
        roles[membership].add(role)
    rows = (
        Membership.objects.filter(organisation=organisation)
        .order_by("hired_on", "pk")
        .values_list("pk", "person", "hired_on", "left_on", "external_id", "job_title", "location")
    )
    return [
        (Job(pk, hired, left, number, title, location, frozenset(roles[pk])), person, number)
        for pk, person, hired, left, number, title, location in rows
    ]


def _stays(engagements: Any, organisation: Organisation) -> list[tuple[Stay, int]]:
    rows = (
        TeamMembership.objects.filter(
            team__engagement__in=engagements,
            person__in=Membership.objects.filter(organisation=organisation).values("person"),
        )
        .order_by("from_date", "pk")
        .values_list("pk", "person", "team", "team__engagement", "from_date", "until_date")
    )
    return [
        (Stay(pk, team, engagement, begins, ends), person)
        for pk, person, team, engagement, begins, ends in rows
    ]


def _add_teams(roster: Roster, engagements: dict[int, Engagement], by: Any) -> None:
    for pk, row in engagements.items():
        roster.engagement_names[name_key(row.name)] = pk
        roster.engagement_names[name_key(row.code)] = pk
        if by is None or can_manage_people_of(by, row.vendor_id):
            roster.engagements[pk] = Desk(None, "", pk, row.starts_on, row.name)
    for team in Team.objects.filter(engagement__in=engagements).order_by("pk"):
        row = engagements[team.engagement_id]
        roster.desks[name_key(team.name)].append(
            Desk(team.pk, team.name, row.pk, row.starts_on, row.name)
        )
