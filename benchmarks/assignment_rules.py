"""An assignment rule and many people: preview, first enrolment by the job, re-evaluation.

Everybody is new to the programme, works at one place and is in one team; every enrolment has
its statement. The bars: 10,000 enrolled in a job in under 60 s, rules re-evaluated for 50,000
in under 60 s, both at a cost that grows linearly, and one person's change of team at a cost
that does not grow with the others.
"""

import resource
import time
from datetime import date, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attune.enrolments.models import AssignmentRule, Enrolment
from attune.enrolments.rules.compare import empty_tally, preview
from attune.enrolments.rules.follow import follow_all, follow_people
from attune.enrolments.rules.scope import Scope
from attune.enrolments.rules.services import APPLY, apply, switch_off
from attune.jobs import runner
from attune.jobs.models import Job
from attune.people.models import (
    Membership,
    MembershipRole,
    Person,
    TeamMembership,
    WorkingHours,
)
from attune.xapi.models import StatementRecord
from benchmarks import Row, Scale
from tests import factories

SIZES: dict[Scale, tuple[int, ...]] = {"quick": (1_000,), "full": (1_000, 10_000, 50_000)}
LONG_AGO = date(2024, 1, 8)


def run(scale: Scale) -> list[Row]:
    rows: list[Row] = []
    for size in SIZES[scale]:
        rows += _measured(size)
    return rows


def _measured(size: int) -> list[Row]:
    rule, somebody = prepare(size)
    now = timezone.now()
    began = time.perf_counter()
    tally = empty_tally()
    for steps in preview(Scope(rule, now=now)):
        tally.count(steps, now=now)
    looked = time.perf_counter() - began
    if tally.new != size:
        raise RuntimeError(f"{tally.new} of {size} would be new")

    before = StatementRecord.objects.count()
    enrolled = _by_a_job(rule)
    if Enrolment.objects.filter(engagement=rule.engagement).count() != size:
        raise RuntimeError("not everybody was enrolled")
    if StatementRecord.objects.count() - before != size:
        raise RuntimeError("not every enrolment has its statement")

    began = time.perf_counter()
    if follow_all(now=timezone.now()):
        raise RuntimeError("asking again changed something")
    again = time.perf_counter() - began

    began = time.perf_counter()
    with CaptureQueriesContext(connection) as asked:
        follow_people([somebody], now=timezone.now())
    one = time.perf_counter() - began

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # The next size is measured with this rule at rest.
    switch_off(rule=rule, withdraw=False, by=None, now=now)
    return [
        {"name": "preview", "size": size, "value": looked, "unit": "s"},
        {"name": "enrolled by the job", "size": size, "value": enrolled, "unit": "s"},
        {"name": "re-evaluated, nothing changes", "size": size, "value": again, "unit": "s"},
        {"name": "one person follows", "size": size, "value": one * 1000, "unit": "ms"},
        {"name": "one person follows", "size": size, "value": len(asked), "unit": "queries"},
        {"name": "memory at the most", "size": size, "value": memory, "unit": "MB"},
    ]


def _by_a_job(rule: AssignmentRule) -> float:
    applied = apply(rule=rule, by=None, now=timezone.now())
    if applied.job is None:
        raise RuntimeError("so many people are a job’s work")
    began = time.perf_counter()
    runner.run(applied.job.uuid)
    spent = time.perf_counter() - began
    job = Job.objects.get(kind=APPLY, pk=applied.job.pk)
    if job.state != Job.State.DONE:
        raise RuntimeError(f"the job ended {job.state}: {job.error}")
    return spent


def prepare(size: int) -> tuple[AssignmentRule, int]:
    """A client and a vendor of their own with ``size`` agents, and a rule for all of them."""
    mark = f"u{size}"
    client = factories.organisation(f"Client {mark}", mark, "client")
    vendor = factories.organisation(f"Vendor {mark}", f"v{mark}", "vendor")
    engagement = factories.engagement(client, vendor, code=f"e{mark}")
    place = factories.location(vendor, country="PH", time_zone="Asia/Manila")
    WorkingHours.objects.bulk_create(
        WorkingHours(location=place, weekday=day, opens="09:00", closes="18:00") for day in range(5)
    )
    team = factories.team(engagement)
    home = factories.client_home(client)
    programme = factories.programme(home, factories.module(factories.library_of(home)))
    people = Person.objects.bulk_create(
        [Person(full_name=f"Agent {mark} {n}", time_zone="Asia/Manila") for n in range(size)],
        batch_size=2000,
    )
    jobs = Membership.objects.bulk_create(
        [
            Membership(person=each, organisation=vendor, location=place, hired_on=LONG_AGO)
            for each in people
        ],
        batch_size=2000,
    )
    MembershipRole.objects.bulk_create(
        [MembershipRole(membership=job, role="agent") for job in jobs], batch_size=2000
    )
    TeamMembership.objects.bulk_create(
        [
            # They have joined over two years, so that due dates differ.
            TeamMembership(person=each, team=team, from_date=LONG_AGO + timedelta(days=n % 730))
            for n, each in enumerate(people)
        ],
        batch_size=2000,
    )
    rule = AssignmentRule.objects.create(
        name=f"Rule {mark}",
        engagement=engagement,
        programme=programme,
        programme_key=programme.translation_key,
        role="agent",
        starts_on=LONG_AGO,
        due_days=30,
        repeat_months=12,
        made_at=timezone.now(),
    )
    return rule, people[size // 2].pk
