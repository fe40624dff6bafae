"""What it costs to open one scene of a long case beside its map, and to save that scene.

Everything a trainer's click asks for is counted: the draft out of its revision, the analysis,
the map, the form. The bar is two seconds for 300 scenes, with the analysis made anew, and
queries that do not grow with the case.
"""

import gzip
import random
import statistics
import time
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attune.case_studies.admin import drafts
from attune.case_studies.branching.values import Case, Choice, Competency, Ending, Meter, Scene
from attune.case_studies.models import CaseStudyPage
from benchmarks import Row, Scale
from tests import factories
from tests.case_studies.support import put_rows

SIZES: dict[Scale, list[int]] = {"quick": [30, 100, 300], "full": [30, 100, 300, 1000]}
ROUNDS: dict[Scale, int] = {"quick": 3, "full": 9}
URLS = "attune_case_studies_admin"


def long_case(scenes: int) -> Case:
    """Four choices a scene: mostly onward by a few, some back, some to an ending."""
    chance = random.Random(scenes)

    def goal(at: int) -> str:
        if chance.random() < 0.85:
            return f"s{min(scenes - 1, at + chance.randint(1, 6))}"
        return chance.choice(["best", "worst", "", f"s{max(0, at - 3)}"])

    def choice(at: int, number: int) -> Choice:
        return Choice(
            f"c{number}",
            f"Reply {number} to message {at}: I have it on my desk, you hear from me at noon.",
            to=goal(at),
            condition="trust >= 20" if number == 3 else "",
            effects=f"trust += {chance.randint(-9, 9)}; minutes -= {chance.randint(1, 9)}",
            outcome="<p>She answers within a minute.</p>",
            reading="<p>A time is a promise.</p>",
            points={"ownership": number},
        )

    return Case(
        "long",
        "A long case",
        "en",
        tuple(
            Scene(f"s{at}", f"Message number {at}", tuple(choice(at, each) for each in range(4)))
            for at in range(scenes)
        ),
        (
            Ending("best", "Trusted", condition="trust >= 60", score="trust"),
            Ending("worst", "Escalated", score="20"),
        ),
        meters=(Meter("trust", "Trust"), Meter("minutes", "Minutes", 0, 240, 120)),
        competencies=(Competency("ownership", "Ownership"),),
    )


def run(scale: Scale) -> list[Row]:
    client = factories.organisation("Nordlicht", "nordlicht", "client")
    module = factories.module(factories.library_of(factories.client_home(client)))
    browser = factories.as_user(Client(), factories.person("Alex", superuser=True))
    rows: list[Row] = []
    for size in SIZES[scale]:
        page = CaseStudyPage(title=f"Case of {size}", locale=module.locale)
        case = long_case(size)
        put_rows(page, case)
        module.add_child(instance=page)
        page.save_revision()
        scene = next(each for each in page.scenes.all() if each.key == f"s{size // 2}")
        rows += measure(browser, page, scene.translation_key, size=size, rounds=ROUNDS[scale])
    return rows


def measure(browser: Any, page: Any, identity: Any, *, size: int, rounds: int) -> list[Row]:
    scene = reverse(f"{URLS}:scene", args=[page.pk, identity])
    overview = reverse(f"{URLS}:scenes", args=[page.pk])
    assert browser.get(scene).status_code == 200  # templates and types are read once
    seconds: dict[str, list[float]] = {"one scene and the map": [], "all scenes and the map": []}
    for _ in range(rounds):
        for name, url in zip(seconds, (scene, overview), strict=True):
            cache.clear()
            began = time.perf_counter()
            browser.get(url)
            seconds[name].append(time.perf_counter() - began)
    with CaptureQueriesContext(connection) as captured:
        body = browser.get(scene).content
    saving = []
    for number in range(rounds):
        began = time.perf_counter()
        drafts.change_draft(
            page=page, user=None, change=lambda draft, number=number: title(draft, identity, number)
        )
        saving.append(time.perf_counter() - began)
    where = f"{size} scenes"
    note = "bar: 2 s" if size == 300 else ""
    return [
        *(
            Row(name=name, size=where, value=statistics.median(each), unit="s", note=note)
            for name, each in seconds.items()
        ),
        Row(name="one scene, queries", size=where, value=len(captured), unit="queries"),
        Row(
            name="one scene and the map, page",
            size=where,
            value=len(body) / 1000,
            unit="kB",
            note=f"{len(gzip.compress(body)) / 1000:.0f} kB gzipped",
        ),
        Row(name="saving one scene", size=where, value=statistics.median(saving), unit="s"),
    ]


def title(draft: Any, identity: Any, number: int) -> drafts.Change:
    scene = drafts.scene_in(draft, identity)
    assert scene is not None
    scene.title = f"Message, version {number}"
    return drafts.Change(written=[scene])
