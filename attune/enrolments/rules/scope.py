"""Whom a rule asks for, and by when: read from jobs, teams and rounds, nothing remembered.

The answer is a function of what stands in the database and of the day where each person
works. So any order of events ends in the same assignments, and asking again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from attune.enrolments.due_dates import Place, again_on, due_at, spell_began
from attune.enrolments.models import Assignment, Enrolment
from attune.enrolments.querysets import ThroughEnrolmentQuerySet
from attune.enrolments.rules.models import AssignmentRule, RuleException
from attune.enrolments.states import State
from attune.people.models import Location, Membership, Person, Team, TeamMembership

CHUNK = 500
Span = tuple[date, date | None]


@dataclass(frozen=True, slots=True)
class Job:
    """A job that fits the rule. ``location`` is None where none is written down."""

    location: int | None
    hired_on: date
    left_on: date | None


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody in the rule's scope. ``renews``: their completion has to be made anew."""

    person_id: int
    due_at: datetime
    zone: ZoneInfo
    renews: bool


def candidates(rule: AssignmentRule, *, after: int = 0, size: int = CHUNK) -> list[int]:
    """The next person ids whom the rule could concern: in its teams, or owing by it.

    Both questions go along an index from ``after`` on, so that a walk through everybody costs
    as much for the last hundred as for the first.
    """
    teams = (
        [rule.team_id]
        if rule.team_id is not None
        else list(Team.objects.filter(engagement=rule.engagement_id).values_list("pk", flat=True))
    )
    members = TeamMembership.objects.filter(team__in=teams, person__gt=after)
    found = set(members.order_by("person").values_list("person", flat=True).distinct()[:size])
    if rule.pk is not None:
        given = given_by(rule).filter(enrolment=OuterRef("pk"))
        owing = Enrolment.objects.filter(
            Exists(given),
            programme_key=rule.programme_key,
            engagement=rule.engagement_id,
            person__gt=after,
        )
        found.update(owing.order_by("person").values_list("person", flat=True).distinct()[:size])
    return sorted(found)[:size]


def chunks(rule: AssignmentRule, *, size: int = CHUNK) -> Iterator[list[int]]:
    after = 0
    while ids := candidates(rule, after=after, size=size):
        yield ids
        after = ids[-1]


def how_many(rule: AssignmentRule, *, most: int) -> int:
    """How many people the rule could concern, counted no further than ``most``."""
    return len(candidates(rule, size=most))


def given_by(rule: AssignmentRule) -> ThroughEnrolmentQuerySet:
    """Live assignments by the rule."""
    return Assignment.objects.filter(
        reason=Assignment.Reason.RULE, reference=rule.reference, withdrawn_at__isnull=True
    )


class Scope:
    """One rule at one moment. Keeps places and reckoned dates from chunk to chunk."""

    def __init__(self, rule: AssignmentRule, *, now: datetime) -> None:
        self.rule = rule
        self.now = now
        self._places: dict[int, Place] = {}
        self._dues: dict[tuple[date, int | None, str], datetime] = {}

    def rounds(self, ids: Sequence[int]) -> dict[int, list[Enrolment]]:
        """Person id → their enrolments in the programme, the newest first. One query."""
        found: dict[int, list[Enrolment]] = defaultdict(list)
        rows = Enrolment.objects.filter(
            person__in=ids,
            programme_key=self.rule.programme_key,
            engagement=self.rule.engagement_id,
        )
        for enrolment in rows.order_by("-cycle"):
            found[enrolment.person_id].append(enrolment)
        return found

    def targets(
        self, ids: Sequence[int], *, rounds: dict[int, list[Enrolment]]
    ) -> dict[int, Target]:
        """Who of these people is in the scope. Some four queries, whatever their number."""
        left_out = self._left_out(ids)
        jobs, spans, zones = self._jobs(ids), self._spans(ids), self._zones(ids)
        self._learn_places(job.location for each in jobs.values() for job in each)
        found = {}
        for person in ids:
            if person in spans and person in jobs and person not in left_out:
                target = self._target(
                    person, jobs[person], spans[person], zones[person], rounds.get(person, [])
                )
                if target is not None:
                    found[person] = target
        return found

    # --- Reading -----------------------------------------------------------------------------

    def _left_out(self, ids: Sequence[int]) -> set[int]:
        if self.rule.pk is None:
            return set()
        rows = RuleException.objects.filter(rule=self.rule.pk, person__in=ids)
        return set(rows.values_list("person", flat=True))

    def _spans(self, ids: Sequence[int]) -> dict[int, list[Span]]:
        rows = TeamMembership.objects.filter(
            person__in=ids, team__engagement=self.rule.engagement_id
        )
        if self.rule.team_id is not None:
            rows = rows.filter(team=self.rule.team_id)
        spans: dict[int, list[Span]] = defaultdict(list)
        for person, first, last in rows.values_list("person", "from_date", "until_date"):
            spans[person].append((first, last))
        return spans

    def _jobs(self, ids: Sequence[int]) -> dict[int, list[Job]]:
        """Jobs on either side that fit the rule, those begun first in front."""
        rule, engagement = self.rule, self.rule.engagement
        rows = Membership.objects.filter(
            person__in=ids, organisation__in=[engagement.vendor_id, engagement.client_id]
        )
        if rule.location_id is not None:
            rows = rows.filter(location=rule.location_id)
        if rule.hired_since is not None:
            rows = rows.filter(hired_on__gte=rule.hired_since)
        if rule.role:
            rows = rows.filter(roles__role=rule.role)
        jobs: dict[int, list[Job]] = defaultdict(list)
        columns = ("person", "location", "hired_on", "left_on")
        for person, *values in rows.order_by("hired_on", "pk").values_list(*columns):
            jobs[person].append(Job(*values))
        return jobs

    def _zones(self, ids: Sequence[int]) -> dict[int, str]:
        return dict(Person.objects.filter(pk__in=ids).values_list("pk", "time_zone"))

    def _learn_places(self, locations: Iterable[int | None]) -> None:
        new = {each for each in locations if each is not None} - self._places.keys()
        if not new:
            return
        rows = Location.objects.filter(pk__in=new)
        for location in rows.prefetch_related("working_hours", "own_holidays"):
            hours: dict[int, list[tuple[time, time]]] = defaultdict(list)
            for row in location.working_hours.all():
                hours[row.weekday].append((row.opens, row.closes))
            self._places[location.pk] = Place(
                zone=location.zone,
                country=location.country,
                subdivision=location.subdivision,
                hours={weekday: tuple(each) for weekday, each in hours.items()},
                days_off=frozenset(each.day for each in location.own_holidays.all()),
            )

    # --- Reckoning ---------------------------------------------------------------------------

    def _target(
        self,
        person: int,
        jobs: Sequence[Job],
        spans: Sequence[Span],
        own_zone: str,
        rounds: Sequence[Enrolment],
    ) -> Target | None:
        ends_on = self.rule.engagement.ends_on
        for job in jobs:
            place = (
                self._places[job.location]
                if job.location is not None
                else Place(zone=ZoneInfo(own_zone))
            )
            today = self.now.astimezone(place.zone).date()
            if today < job.hired_on or (job.left_on is not None and job.left_on < today):
                continue
            if today < self.rule.starts_on or (ends_on is not None and ends_on < today):
                continue
            began = spell_began(spans, today)
            if began is None:
                continue
            renews, again = self._round(rounds, place.zone, today)
            counts_from = max(filter(None, (self.rule.starts_on, began, again)))
            return Target(person, self._due(counts_from, job, place), place.zone, renews)
        return None

    def _round(
        self, rounds: Sequence[Enrolment], zone: ZoneInfo, today: date
    ) -> tuple[bool, date | None]:
        """Whether the newest round has to be followed by another; and since when the time of
        the round that is asked for runs, None for the first."""
        if not rounds:
            return False, None
        newest, *earlier = rounds
        again = self._again(newest, zone)
        if again is not None and again <= today:
            return True, again
        if not earlier:
            return False, None
        opened = newest.enrolled_at.astimezone(zone).date()
        # Opened before its time, for instance because the content changed: then its time runs
        # from that day.
        since = self._again(earlier[0], zone)
        return False, opened if since is None else min(since, opened)

    def _again(self, enrolment: Enrolment, zone: ZoneInfo) -> date | None:
        if enrolment.state != State.COMPLETED or enrolment.completed_at is None:
            return None
        return again_on(
            completed_at=enrolment.completed_at,
            expires_at=enrolment.expires_at,
            months=self.rule.repeat_months,
            zone=zone,
        )

    def _due(self, counts_from: date, job: Job, place: Place) -> datetime:
        key = (counts_from, job.location, str(place.zone))
        if key not in self._dues:
            self._dues[key] = due_at(counts_from=counts_from, terms=self.rule.terms, place=place)
        return self._dues[key]
