"""The completion matrix of 100, 1,000 and 10,000 people × 40 modules: the page and the file.

Through Django's whole machinery, asked for by a signed-in HR person. The bars for 10,000
people: first page under 1 s, the whole workbook under 60 s in flat memory, and a number of
queries for the page that does not depend on how many people there are.
"""

import random
import time
import tracemalloc
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attune.enrolments.models import Enrolment, EnrolmentModule
from attune.enrolments.states import State
from attune.people.models import (
    Engagement,
    Membership,
    MembershipRole,
    Person,
    Team,
    TeamMembership,
)
from benchmarks import Row, Scale
from tests import factories

MODULES = 40
SIZES: dict[Scale, list[int]] = {
    "quick": [100, 1_000, 10_000],
    "full": [100, 1_000, 10_000, 30_000],
}


def run(scale: Scale) -> list[Row]:
    rows: list[Row] = []
    random.seed(7)
    client = factories.organisation("Nordlicht", "nordlicht", "client")
    home = factories.client_home(client)
    library = factories.library_of(home)
    programme = factories.programme(home, *[factories.module(library) for _ in range(MODULES)])
    for people in SIZES[scale]:
        vendor = factories.organisation(f"Vendor {people}", f"vendor-{people}", "vendor")
        engagement = factories.engagement(client, vendor)
        fill(engagement, programme, people)
        hr = factories.person(f"HR {people}")
        factories.employ(hr, vendor, factories.Role.HR)
        # Tracing memory makes the file ten times slower: the quick run leaves the largest out.
        traced = scale == "full" or people < SIZES[scale][-1]
        rows += measure(factories.as_user(Client(), hr), people, traced=traced)
    return rows


@transaction.atomic
def fill(engagement: Engagement, programme: Any, people: int) -> None:
    """A vendor of this many agents in ten teams, each somewhere in the programme."""
    now = timezone.now()
    user = get_user_model()
    prefix = f"{people}-"
    user.objects.bulk_create(
        [user(email=f"{prefix}{n}@example.test", password="!") for n in range(people)], 1000
    )
    users = user.objects.filter(email__startswith=prefix).order_by("pk")
    persons = Person.objects.bulk_create(
        [Person(user=each, full_name=f"Agent {n:05}") for n, each in enumerate(users)], 1000
    )
    jobs = Membership.objects.bulk_create(
        [
            Membership(person=each, organisation=engagement.vendor, hired_on=factories.LONG_AGO)
            for each in persons
        ],
        1000,
    )
    MembershipRole.objects.bulk_create(
        [MembershipRole(membership=job, role=MembershipRole.Role.AGENT) for job in jobs], 1000
    )
    teams = Team.objects.bulk_create(
        [Team(engagement=engagement, name=f"Team {n}") for n in range(10)]
    )
    TeamMembership.objects.bulk_create(
        [
            TeamMembership(person=each, team=teams[n % 10], from_date=factories.LONG_AGO)
            for n, each in enumerate(persons)
        ],
        1000,
    )
    done = [random.randint(0, MODULES) for _ in persons]
    enrolments = Enrolment.objects.bulk_create(
        [
            Enrolment(
                person=person,
                programme_key=programme.translation_key,
                programme=programme,
                engagement=engagement,
                enrolled_at=now - timedelta(days=60),
                due_at=now + timedelta(days=random.randint(-20, 20)),
                state=State.IN_PROGRESS,
                modules_required=MODULES,
                modules_done=finished,
            )
            for person, finished in zip(persons, done, strict=True)
        ],
        1000,
    )
    keys = [row.module.translation_key for row in programme.programme_modules.all()]
    for begin in range(0, people, 1000):
        EnrolmentModule.objects.bulk_create(
            [
                cell(enrolment, key, number < finished, now)
                for enrolment, finished in list(zip(enrolments, done, strict=True))[
                    begin : begin + 1000
                ]
                for number, key in enumerate(keys[: finished + 1])
            ],
            1000,
        )


def cell(enrolment: Enrolment, key: Any, is_done: bool, now: datetime) -> EnrolmentModule:
    return EnrolmentModule(
        enrolment=enrolment,
        module_key=key,
        state=State.COMPLETED if is_done else State.IN_PROGRESS,
        started_at=now - timedelta(days=30),
        completed_at=now - timedelta(days=3) if is_done else None,
    )


def measure(browser: Any, people: int, *, traced: bool) -> list[Row]:
    url = reverse("attune_reports:completion")
    assert browser.get(url).status_code == 200  # fills template and content-type caches
    with CaptureQueriesContext(connection) as page_queries:
        began = time.perf_counter()
        page = browser.get(url)
        page_seconds = time.perf_counter() - began
    queries = len(page_queries)  # before the next request empties the log
    assert b"Agent 00000" in page.content

    began = time.perf_counter()
    size = sum(len(part) for part in browser.get(url, {"export": "xlsx"}).streaming_content)
    file_seconds = time.perf_counter() - began
    bars = ("bar: 1 s", "bar: 60 s") if people == 10_000 else ("", "")
    where = f"{people:,} × {MODULES}"
    rows: list[Row] = [
        {"name": "first page, queries", "size": where, "value": queries, "unit": "queries"},
        {"name": "first page", "size": where, "value": page_seconds, "unit": "s", "note": bars[0]},
        {"name": "whole XLSX", "size": where, "value": file_seconds, "unit": "s", "note": bars[1]},
    ]
    if traced:
        rows.append(
            {
                "name": "whole XLSX, peak of Python's memory",
                "size": where,
                "value": peak_of(browser, url) / 1e6,
                "unit": "MB",
                "note": f"file of {size / 1e6:.1f} MB",
            }
        )
    return rows


def peak_of(browser: Any, url: str) -> int:
    """Bytes. Traced apart from the timing, which it would spoil."""
    tracemalloc.start()
    sum(len(part) for part in browser.get(url, {"export": "xlsx"}).streaming_content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
