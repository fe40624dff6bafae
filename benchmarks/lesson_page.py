"""What a signed-in learner's lesson page costs beside a bare page with the same StreamField.

Both are asked for by the same signed-in reader through the whole of Django's machinery, in
turns, in one process: so the share that is the machine's, and the hour's, cancels out. The
bars are 12 queries whatever the programme's size, and 1.5 times the bare page's CPU.
"""

import statistics
import time
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import Row, Scale
from benchmarks.bare.models import BarePage
from tests import factories

BLOCKS = 24
SIZES: dict[Scale, list[int]] = {"quick": [1, 10, 40], "full": [1, 10, 40, 120]}
# (rounds, requests of each kind in a round)
EFFORT: dict[Scale, tuple[int, int]] = {"quick": (9, 20), "full": (25, 40)}


def body() -> list[dict[str, Any]]:
    """Every kind of block that needs no file, again and again, and one self-check."""
    lines = [
        {"speaker": "Klaus", "says": "When will it work again?", "heard": ""},
        {"speaker": "Maria", "says": "Today by three.", "heard": "A time, so I can plan."},
    ]
    kinds: list[tuple[str, Any]] = [
        ("rich_text", "<h3>Saying no</h3><p>Say <b>what</b>, <i>when</i> and why.</p>" * 3),
        ("dialogue", {"setting": "A call on Monday", "lines": _items(lines)}),
    ]
    blocks = [
        {"type": kind, "value": value, "id": f"00000000-0000-4000-8000-{number:012}"}
        for number in range(BLOCKS - 1)
        for kind, value in [kinds[number % len(kinds)]]
    ]
    return [*blocks, factories.self_check()]


def _items(values: list[Any]) -> list[dict[str, Any]]:
    return [
        {"type": "item", "value": value, "id": f"10000000-0000-4000-8000-{number:012}"}
        for number, value in enumerate(values)
    ]


def run(scale: Scale) -> list[Row]:
    rows: list[Row] = []
    client = factories.organisation("Nordlicht", "nordlicht", "client")
    vendor = factories.organisation("Habagat", "habagat", "vendor")
    engagement = factories.engagement(client, vendor)
    team = factories.team(engagement)
    home = factories.client_home(client)
    library = factories.library_of(home)
    content = body()
    for modules in SIZES[scale]:
        made = [factories.module(library) for _ in range(modules)]
        lessons = [factories.lesson(each, body=content) for each in made for _ in range(3)]
        reader = factories.agent(f"Reader {modules}", team)
        factories.enrol(reader, factories.programme(home, *made), engagement)
        bare = BarePage(title="Bare", locale=home.locale)
        bare.body = bare.body.stream_block.to_python(content)
        home.add_child(instance=bare)
        rows += compare(reader, lessons[0].url, bare.url, size=modules, scale=scale)
    return rows


def compare(reader: Any, lesson: str, bare: str, *, size: int, scale: Scale) -> list[Row]:
    browser = factories.as_user(Client(), reader)
    queries = {}
    for url in (lesson, bare):
        assert browser.get(url).status_code == 200  # also fills the caches
        with CaptureQueriesContext(connection) as captured:
            browser.get(url)
        queries[url] = len(captured)
    rounds, requests = EFFORT[scale]
    costs: dict[str, list[float]] = {lesson: [], bare: []}
    for _ in range(rounds):
        for url, spent in costs.items():
            began = time.process_time()
            for _ in range(requests):
                browser.get(url)
            spent.append((time.process_time() - began) / requests * 1000)
    ratio = statistics.median(a / b for a, b in zip(costs[lesson], costs[bare], strict=True))
    where = f"{size} modules"
    return [
        {"name": "lesson, queries", "size": where, "value": queries[lesson], "unit": "queries"},
        {"name": "bare page, queries", "size": where, "value": queries[bare], "unit": "queries"},
        {
            "name": "lesson, CPU",
            "size": where,
            "value": statistics.median(costs[lesson]),
            "unit": "ms",
        },
        {
            "name": "bare page, CPU",
            "size": where,
            "value": statistics.median(costs[bare]),
            "unit": "ms",
        },
        {"name": "lesson / bare", "size": where, "value": ratio, "unit": "×", "note": "bar: 1.5"},
    ]
