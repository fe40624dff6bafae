"""Item analysis of 100, 1,000 and 10,000 attempts at 20 questions: the quiz's page and its file.

Through Django's whole machinery, asked for by a signed-in trainer. The number of queries does
not depend on how many attempts there are, time and memory grow no faster than their number.
"""

import random
import time
import tracemalloc
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attune.quizzes.analysis.gathering import gather
from attune.quizzes.models import QuizAttempt
from attune.quizzes.questions import Item
from benchmarks import Row, Scale
from tests import factories
from tests.quizzes.analysis.crowd import enrolled, take
from tests.quizzes.support import choice, quiz_of, right_answer, true_false

QUESTIONS = 20
SIZES: dict[Scale, list[int]] = {
    "quick": [100, 1_000],
    "full": [100, 1_000, 10_000, 30_000],
}


def run(scale: Scale) -> list[Row]:
    client = factories.organisation("Nordlicht", "nordlicht", "client")
    engagement = factories.engagement(
        client, factories.organisation("Habagat", "habagat", "vendor")
    )
    home = factories.client_home(client)
    module = factories.module(factories.library_of(home))
    programme = factories.programme(home, module)
    questions = [
        (choice if number % 2 else true_false)(client, f"Question {number}")
        for number in range(QUESTIONS)
    ]
    trainer = factories.person("Klaus Trainer")
    factories.employ(trainer, client, factories.Role.TRAINER)
    browser = factories.as_user(Client(), trainer)
    people = enrolled(engagement, programme, max(SIZES[scale]))
    rng = random.Random(7)
    abilities = [rng.gauss(0, 1) for _ in people]

    def choose(person: int, place: int, item: Item) -> Any:
        if rng.random() < 0.02:
            return None
        if abilities[person] + rng.gauss(0, 1) > place / 10 - 1:
            return right_answer(item)
        return (
            not item.answer  # type: ignore[attr-defined]
            if hasattr(item, "answer")
            else [rng.choice(item.ids)]  # type: ignore[attr-defined]
        )

    rows: list[Row] = []
    for size in SIZES[scale]:
        quiz = quiz_of(module, *questions, title=f"Quiz of {size}")
        take(quiz, people[:size], choose)
        rows += measure(browser, quiz, size)
    return rows


def measure(browser: Any, quiz: Any, size: int) -> list[Row]:
    url = reverse("attune_reports:quiz_items", args=[quiz.translation_key])
    where = f"{size:,} × {QUESTIONS}"
    with CaptureQueriesContext(connection) as captured:
        began = time.perf_counter()
        page = browser.get(url)
        seconds = time.perf_counter() - began
    queries = len(captured)
    assert f"<strong>{size}</strong>" in page.content.decode()
    began = time.perf_counter()
    browser.get(reverse("attune_reports:item_analysis"))
    glance = time.perf_counter() - began
    # Traced apart from the timing, which it would spoil.
    attempts = QuizAttempt.objects.filter(quiz_key=quiz.translation_key)
    tracemalloc.start()
    gather(attempts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return [
        {"name": "a quiz's page, queries", "size": where, "value": queries, "unit": "queries"},
        {
            "name": "a quiz's page",
            "size": where,
            "value": seconds,
            "unit": "s",
            "note": "bar: 5 s" if size == 10_000 else "",
        },
        {"name": "the list of all quizzes so far", "size": where, "value": glance, "unit": "s"},
        {
            "name": "gathering, peak of Python's memory",
            "size": where,
            "value": peak / 1e6,
            "unit": "MB",
            "note": f"{peak / size / QUESTIONS:.0f} bytes per answer",
        },
    ]
