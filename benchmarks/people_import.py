"""A file of 1,000, 3,000 and 10,000 people with jobs, locations and teams.

Tried (dry run), taken over by a job, imported once more (nothing to do), and once more with
every fifth in another team and every tenth with another title. Memory is what Python holds at
most while a file is tried: the table, the roster and the plan.
"""

import time
import tracemalloc
from datetime import date

from django.db import connection
from django.utils import timezone

from attune.jobs import runner
from attune.people.importing import jobs
from attune.people.importing.models import PeopleImport
from attune.people.importing.services import choose_columns, keep_file, plan_import
from attune.people.models import Membership, Organisation, TeamMembership
from benchmarks import Row, Scale
from tests import factories

SIZES: dict[Scale, list[int]] = {"quick": [1_000, 3_000], "full": [1_000, 3_000, 10_000]}
HEADINGS = "Personnel number,Full name,E-mail,Roles,Job title,Location,Hired on,Team,Language"
TODAY = date(2026, 3, 2)


def run(scale: Scale) -> list[Row]:
    user = factories.user("root@example.test", superuser=True)
    measure(vendor(10), user, 10)  # fills caches of content types and permissions
    rows: list[Row] = []
    for size in SIZES[scale]:
        rows += measure(vendor(size), user, size)
    return rows


def vendor(size: int) -> Organisation:
    client = factories.organisation(f"Client {size}", f"client-{size}", "client")
    made = factories.organisation(f"Vendor {size}", f"vendor-{size}", "vendor")
    engagement = factories.engagement(client, made)
    for number in range(20):
        factories.team(engagement, f"Team {number}")
        factories.location(made, f"Place {number}", country="PH", time_zone="Asia/Manila")
    return made


def file_of(size: int, *, moved: bool = False) -> bytes:
    lines = [HEADINGS]
    for number in range(size):
        team = (number + (1 if moved and number % 5 == 0 else 0)) % 20
        title = "Senior agent" if moved and number % 10 == 0 else "Agent"
        lines.append(
            f"N-{size}-{number},Person Number {number},p{number}@v{size}.test,agent,{title},"
            f"Place {number % 20},2025-{number % 12 + 1:02}-05,Team {team},en"
        )
    return "\n".join(lines).encode()


def measure(made: Organisation, user: object, size: int) -> list[Row]:
    where = f"{size:,}"
    first, kept, queries = imported(made, user, file_of(size))
    assert kept.result["new"] == size, kept.result
    tried, again, (again_count, again_took) = tried_and_imported(made, user, file_of(size))
    assert again.result["unchanged"] == size, again.result
    changed, last, _queries = imported(made, user, file_of(size, moved=True))
    assert last.result["changed"] == size / 5, last.result
    assert Membership.objects.filter(organisation=made).count() == size
    in_teams = TeamMembership.objects.filter(until_date=None, team__engagement__vendor=made)
    assert in_teams.count() == size
    rows: list[Row] = [
        {"name": "imported by a job, all new", "size": where, "value": first, "unit": "s"},
        {
            "name": "imported by a job, all new",
            "size": where,
            "value": size / first,
            "unit": "people/s",
            "note": "person, account, job, role and team row each",
        },
        {"name": "all new, queries in all", "size": where, "value": queries, "unit": "queries"},
        {"name": "tried (dry run), nothing new", "size": where, "value": tried[0], "unit": "s"},
        {"name": "dry run, memory at most", "size": where, "value": tried[1], "unit": "MB"},
        {
            "name": "imported again, unchanged",
            "size": where,
            "value": again_took,
            "unit": "s",
        },
        {
            "name": "unchanged, queries in all",
            "size": where,
            "value": again_count,
            "unit": "queries",
        },
        {"name": "every fifth changed", "size": where, "value": changed, "unit": "s"},
    ]
    return rows


def kept_file(made: Organisation, user: object, body: bytes) -> PeopleImport:
    kept = keep_file(
        organisation=made,
        file_name="people.csv",
        body=body,
        by=user,
        now=timezone.now(),
        applies_on=TODAY,
    )
    return choose_columns(kept=kept, columns=kept.columns, date_order="ymd", by=user)


def imported(made: Organisation, user: object, body: bytes) -> tuple[float, PeopleImport, int]:
    """Seconds, the import, queries."""
    kept = kept_file(made, user, body)
    jobs.ask_to_apply(kept, user=user, now=timezone.now())
    counter = Counter()
    began = time.perf_counter()
    with connection.execute_wrapper(counter):
        runner.run_due()
    took = time.perf_counter() - began
    kept.refresh_from_db()
    return took, kept, counter.count


def tried_and_imported(
    made: Organisation, user: object, body: bytes
) -> tuple[tuple[float, float], PeopleImport, tuple[int, float]]:
    kept = kept_file(made, user, body)
    began = time.perf_counter()
    plan_import(kept, by=user)
    tried = time.perf_counter() - began
    tracemalloc.start()
    plan_import(kept, by=user)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    kept.delete()
    took, again, queries = imported(made, user, body)
    return (tried, peak), again, (queries, took)


class Counter:
    """Counts queries without keeping them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        self.count += 1
        return execute(sql, params, many, context)
