"""The path report of a case of 30 scenes for 100, 1,000 and 10,000 attempts: page, filter, file.

Through Django's whole machinery, asked for by a signed-in trainer. Everybody decides in
every scene; some choices are rare, so that there are figures to hide.
"""

import random
import time
import tracemalloc
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attune.case_studies.freezing import freeze
from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.reports.case_names import names_of
from attune.reports.case_slices import gathered, released
from benchmarks import Row, Scale
from benchmarks.case_analysis import case_of
from tests import factories
from tests.case_studies.support import case_page
from tests.quizzes.analysis.crowd import enrolled

SCENES = 30
SIZES: dict[Scale, list[int]] = {
    "quick": [100, 1_000, 10_000],
    "full": [100, 1_000, 10_000, 30_000],
}
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def run(scale: Scale) -> list[Row]:
    client = factories.organisation("Nordlicht", "nordlicht", "client")
    engagement = factories.engagement(
        client, factories.organisation("Habagat", "habagat", "vendor")
    )
    home = factories.client_home(client)
    module = factories.module(factories.library_of(home))
    programme = factories.programme(home, module)
    trainer = factories.person("Klaus Trainer")
    factories.employ(trainer, client, factories.Role.TRAINER)
    browser = factories.as_user(Client(), trainer)
    people = enrolled(engagement, programme, max(SIZES[scale]))
    rows: list[Row] = []
    for size in SIZES[scale]:
        case = case_of(SCENES, highest=100)
        page = case_page(module, case, title=f"Case of {size}")
        walk(page, freeze(page, engagement=engagement), people[:size], case)
        rows += measure(browser, page.translation_key, engagement.pk, size)
    return rows


def walk(page: Any, frozen: Any, enrolments: list[Any], case: Any) -> None:
    """Every scene once for each person: thirty decisions an attempt."""
    rng = random.Random(7)
    attempts = CaseAttempt.objects.bulk_create(
        [
            CaseAttempt(
                person_id=each.person_id,
                case_key=page.translation_key,
                unit=page,
                enrolment=each,
                number=1,
                language="en",
                frozen=frozen,
                started_at=NOW,
                place="end",
                state="finished",
                finished_at=NOW,
                score=70,
                passed=True,
                ending_key=rng.choice(case.endings).key,
            )
            for each in enrolments
        ],
        batch_size=1_000,
    )
    keys = [(scene.key, [choice.key for choice in scene.choices]) for scene in case.scenes]
    CaseDecision.objects.bulk_create(
        (
            CaseDecision(
                attempt=attempt,
                position=position,
                scene_key=scene,
                choice_key=rng.choices(choices, [60, 8, 1, 1][: len(choices)])[0],
                shown_at=NOW,
                decided_at=NOW,
                seconds=rng.randint(10, 200),
            )
            for attempt in attempts
            for position, (scene, choices) in enumerate(keys, 1)
        ),
        batch_size=5_000,
    )


def measure(browser: Any, key: Any, engagement: int, size: int) -> list[Row]:
    url = reverse("attune_reports:case_path", args=[key])
    where = f"{size:,} × {SCENES}"
    rows: list[Row] = []
    for name, query in (
        ("page", {}),
        ("page of one engagement", {"engagement": engagement}),
        ("XLSX", {"export": "xlsx"}),
    ):
        with CaptureQueriesContext(connection) as captured:
            began, cpu = time.perf_counter(), time.process_time()
            answer = browser.get(url, query)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert answer.status_code == 200
        rows.append({"name": name, "size": where, "value": seconds, "unit": "s"})
        rows.append({"name": f"{name}, CPU", "size": where, "value": cpu, "unit": "s"})
        rows.append(
            {"name": f"{name}, queries", "size": where, "value": len(captured), "unit": "queries"}
        )
    attempts, zone = CaseAttempt.objects.filter(case_key=key), ZoneInfo("UTC")
    tracemalloc.start()
    found = gathered(attempts, names_of(key), zone)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    began = time.process_time()
    hidden = released(found).hidden
    rows.append(
        {
            "name": "counting and hiding, CPU",
            "size": where,
            "value": time.process_time() - began,
            "unit": "s",
            "note": f"{hidden} hidden",
        }
    )
    rows.append(
        {"name": "peak of Python's memory", "size": where, "value": peak / 1e6, "unit": "MB"}
    )
    return rows
