"""Write what a plan says, all of it or nothing, in a number of queries that hardly grows.

The organisation's row is locked first, so that two imports take turns, and the plan is made
within the transaction: what it saw is what is there. The rules are those of ``services``;
only the rows are written many at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models.functions import Lower

from attune.people.importing.models import ImportInvitation, PeopleImport
from attune.people.importing.plans import Plan, Step, Verdict
from attune.people.importing.roster import Desk
from attune.people.models import (
    Location,
    Membership,
    MembershipRole,
    Organisation,
    Person,
    Team,
    TeamMembership,
)
from attune.people.services.access import day_of, sync_access_of
from attune.people.services.accounts import discard_account, new_user, open_account
from attune.people.services.authority import require_manager
from attune.people.services.memberships import end_teams
from attune.people.services.places import places_changed

BATCH = 500
Tell = Callable[[int, int], None]


def batched(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while chunk := list(islice(left, BATCH)):
        yield chunk


def lock_organisation(pk: int) -> Organisation:
    """Imports into one organisation take turns on it."""
    organisation: Organisation = Organisation.objects.select_for_update(no_key=True).get(pk=pk)
    return organisation


def lock_people(ids: Iterable[int]) -> None:
    """As ``authority.lock_person``, always in the same order."""
    for chunk in batched(sorted(set(ids))):
        list(
            Person.objects.select_for_update(no_key=True)
            .filter(pk__in=chunk)
            .order_by("pk")
            .values_list("pk")
        )


@transaction.atomic
def write_plan(
    plan: Plan,
    *,
    organisation: Organisation,
    by: Any,
    now: datetime,
    tell: Tell = lambda done, total: None,
) -> list[Person]:
    """Returns the people who are new and are to be invited."""
    require_manager(by=by, organisation=organisation)
    writer = _Writer(plan, organisation, by, now, tell)
    return writer.write()


class _Writer:
    def __init__(
        self, plan: Plan, organisation: Organisation, by: Any, now: datetime, tell: Tell
    ) -> None:
        self.plan = plan
        self.organisation = organisation
        self.by = by
        self.now = now
        self.tell = tell
        doing = (Verdict.NEW, Verdict.CHANGED, Verdict.LEAVES)
        self.steps = [step for step in plan.steps if step.verdict in doing]
        self.people: dict[int, Person] = {}
        """By line."""

    def write(self) -> list[Person]:
        total = len(self.steps)
        self._places()
        newcomers = [step for step in self.steps if step.known is None]
        made = 0
        for chunk in batched(newcomers):
            self._make_people(chunk)
            made += len(chunk)
            self.tell(made // 2, total)
        self._change_people([step for step in self.steps if step.known is not None])
        done = 0
        for chunk in batched(self.steps):
            self._jobs(chunk)
            self._teams(chunk)
            done += len(chunk)
            self.tell(made // 2 + done * (total - made // 2) // max(total, 1), total)
        self._access()
        return [
            self.people[step.wanted.line]
            for step in newcomers
            if step.ends_on is None or step.ends_on >= day_of(self.now)
        ]

    def _places(self) -> None:
        for place in self.plan.places:
            row = Location(
                organisation=self.organisation,
                name=place.name,
                country=place.country,
                time_zone=place.time_zone,
            )
            row.full_clean()
            row.save()
            place.pk = row.pk
        for desk in self.plan.desks:
            team = Team(engagement_id=desk.engagement, name=desk.name)
            team.full_clean()
            team.save()
            desk.pk = team.pk

    # --- People -----------------------------------------------------------------------------

    def _make_people(self, steps: Sequence[Step]) -> None:
        taken = _addresses_in_use(step.wanted.email for step in steps)
        people, users = [], []
        for step in steps:
            wanted = step.wanted
            person = Person(
                full_name=wanted.full_name,
                language=wanted.language or "en",
                time_zone=wanted.time_zone or (step.place.time_zone if step.place else "UTC"),
                invited_email=wanted.email,
            )
            # An account that is there already belongs to its owner, who connects it themself.
            if wanted.email.lower() not in taken:
                person.user = new_user(email=wanted.email, full_name=wanted.full_name)
                users.append(person.user)
            people.append(person)
        _save_users(users)
        Person.objects.bulk_create(people)
        for step, person in zip(steps, people, strict=True):
            self.people[step.wanted.line] = person

    def _change_people(self, steps: list[Step]) -> None:
        ids = {step.known.pk for step in steps if step.known is not None}
        rows: dict[int, Person] = {}
        for chunk in batched(sorted(ids)):
            rows |= Person.objects.select_related("user").in_bulk(chunk)
        described = []
        for step in steps:
            if step.known is None:
                continue
            person = rows[step.known.pk]
            self.people[step.wanted.line] = person
            if step.person_values:
                for name, value in step.person_values.items():
                    setattr(person, name, value)
                described.append(person)
            if step.new_address:
                discard_account(person=person)
                open_account(person=person, email=step.new_address)
        Person.objects.bulk_update(
            described, ["full_name", "language", "time_zone"], batch_size=BATCH
        )

    # --- Jobs and teams ------------------------------------------------------------------------

    def _jobs(self, steps: Sequence[Step]) -> None:
        new, changed, roles = [], [], []
        rows = Membership.objects.in_bulk([step.job.pk for step in steps if step.job])
        for step in steps:
            if step.is_new_job:
                row = Membership(
                    person=self.people[step.wanted.line], organisation=self.organisation
                )
                new.append(row)
            elif step.job is not None and step.job.pk in rows:
                row = rows[step.job.pk]
                changed.append(row)
            else:
                continue
            for name, value in step.job_values.items():
                setattr(row, name, value)
            if step.place is not None:
                row.location_id = step.place.pk
            if step.roles is not None:
                roles.append((row, step.roles))
        Membership.objects.bulk_create(new)
        Membership.objects.bulk_update(
            changed, ["hired_on", "left_on", "external_id", "job_title", "location"]
        )
        MembershipRole.objects.filter(
            membership__in=[row.pk for row, _roles in roles if row.pk in rows]
        ).delete()
        MembershipRole.objects.bulk_create(
            MembershipRole(membership=row, role=role)
            for row, wanted in roles
            for role in sorted(wanted)
        )
        leavers: dict[date, list[int]] = defaultdict(list)
        for step in steps:
            if step.job is not None and step.ends_on is not None:
                leavers[step.ends_on].append(self.people[step.wanted.line].pk)
        for last, people in leavers.items():
            end_teams(organisation=self.organisation.pk, people=people, left_on=last)

    def _teams(self, steps: Sequence[Step]) -> None:
        moves = [(self.people[step.wanted.line], step.move) for step in steps if step.move]
        TeamMembership.objects.filter(
            pk__in=[pk for _person, move in moves for pk in move.dropped]
        ).delete()
        ended: dict[date, list[int]] = defaultdict(list)
        for _person, move in moves:
            for pk, last in move.ended:
                ended[last].append(pk)
        for last, ids in ended.items():
            TeamMembership.objects.filter(pk__in=ids).update(until_date=last)
        TeamMembership.objects.bulk_create(
            TeamMembership(
                person=person,
                team_id=_pk_of(move.desk),
                from_date=move.from_date,
                until_date=move.until_date,
            )
            for person, move in moves
        )

    def _access(self) -> None:
        """Groups, accounts and training follow the jobs; a new agent has nothing to change."""
        plain = frozenset({"agent", "in_house"})
        concerned = [
            self.people[step.wanted.line]
            for step in self.steps
            if step.known is not None or step.ends_on is not None or not step.roles <= plain  # type: ignore[operator]
        ]
        for chunk in batched(concerned):
            sync_access_of(people=chunk, now=self.now)
        places_changed(*sorted(person.pk for person in self.people.values()), now=self.now)


def end_jobs(
    *, jobs: Iterable[int], organisation: Organisation, left_on: date, now: datetime
) -> list[int]:
    """End these jobs, whose holders somebody confirmed by name; which were ended.

    One that was ended or begun anew in the meantime is left alone.
    """
    ended: list[int] = []
    gone: list[int] = []
    for chunk in batched(sorted(set(jobs))):
        rows = Membership.objects.filter(
            pk__in=chunk, organisation=organisation, left_on__isnull=True, hired_on__lte=left_on
        )
        found = dict(rows.values_list("pk", "person"))
        Membership.objects.filter(pk__in=found).update(left_on=left_on)
        end_teams(organisation=organisation.pk, people=found.values(), left_on=left_on)
        sync_access_of(people=Person.objects.filter(pk__in=found.values()), now=now)
        ended += list(found)
        gone += found.values()
    places_changed(*sorted(gone), now=now)
    return ended


def _pk_of(desk: Desk) -> int:
    if desk.pk is None:
        raise LookupError(desk.name)  # teams are created first
    return desk.pk


def owe_invitations(*, kept: PeopleImport, people: Iterable[Person]) -> int:
    made = ImportInvitation.objects.bulk_create(
        [ImportInvitation(imported=kept, person=person) for person in people], batch_size=BATCH
    )
    return len(made)


def _addresses_in_use(addresses: Iterable[str]) -> set[str]:
    """Those that somebody signs in with, in small letters."""
    user_model = get_user_model()
    low = {address.lower() for address in addresses}
    rows = user_model._default_manager.annotate(_low=Lower(user_model.get_email_field_name()))
    return set(rows.filter(_low__in=low).values_list("_low", flat=True))


def _save_users(users: list[Any]) -> None:
    user_model = get_user_model()
    if user_model._meta.get_parent_list():
        for user in users:  # a host's user of several tables cannot be made many at a time
            user.save()
    else:
        user_model._default_manager.bulk_create(users)
