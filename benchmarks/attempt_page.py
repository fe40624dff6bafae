"""What the pages of a long attempt cost: one question, a save, the overview, the result.

Ten and sixty questions, asked for by the signed-in learner through the whole of Django's
machinery. The bar is 12 queries for a page that is shown while answering, whatever the
number of questions.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attune.enrolments.readers import reader_for
from attune.quizzes.models import QuizAttempt, QuizQuestion
from attune.quizzes.services import hand_in, start_attempt
from benchmarks import Row, Scale
from tests import factories
from tests.quizzes.support import choice, quiz_of

SIZES: dict[Scale, list[int]] = {"quick": [10, 60], "full": [10, 60, 200]}
EFFORT: dict[Scale, int] = {"quick": 30, "full": 120}


def run(scale: Scale) -> list[Row]:
    rows: list[Row] = []
    client = factories.organisation("Nordlicht", "nordlicht", "client")
    vendor = factories.organisation("Habagat", "habagat", "vendor")
    engagement = factories.engagement(client, vendor)
    team = factories.team(engagement)
    home = factories.client_home(client)
    library = factories.library_of(home)
    for size in SIZES[scale]:
        module = factories.module(library)
        quiz = quiz_of(module, title=f"Quiz of {size}")
        for number in range(size):
            QuizQuestion.objects.create(
                page=quiz, question=choice(client, f"{size}: {number}"), sort_order=number
            )
        person = factories.agent(f"Reader {size}", team)
        factories.enrol(person, factories.programme(home, module), engagement)
        rows += measure(quiz, person, size=size, rounds=EFFORT[scale])
    return rows


def measure(quiz: Any, person: Any, *, size: int, rounds: int) -> list[Row]:
    browser = factories.as_user(Client(), person)
    reader = reader_for(person.user, quiz)
    assert reader is not None
    started: list[QuizAttempt] = []

    def start() -> None:
        started.append(start_attempt(reader=reader, quiz=quiz, now=timezone.now()))

    rows = cost("start", start, size=size, rounds=1)
    attempt = started[0]
    page = reverse("attune_quizzes:question", args=[attempt.deed, size // 2])
    option = attempt.questions.select_related("frozen").get(position=size // 2).item.ids[0]
    numbers = iter(range(1, 10_000))

    def save() -> None:
        answer = {"answer": option, "sequence": str(next(numbers))}
        assert browser.post(page, answer, headers={"Accept": "application/json"}).json()["saved"]

    def shown(address: str) -> Callable[[], None]:
        def get() -> None:
            assert browser.get(address).status_code == 200

        return get

    overview = reverse("attune_quizzes:review", args=[attempt.deed])
    rows += cost("question page", shown(page), size=size, rounds=rounds)
    rows += cost("answer saved", save, size=size, rounds=rounds)
    rows += cost("overview", shown(overview), size=size, rounds=rounds // 3)
    rows += cost(
        "hand in",
        lambda: hand_in(attempt=attempt, reader=reader, now=timezone.now()),
        size=size,
        rounds=1,
    )
    result = reverse("attune_quizzes:result", args=[attempt.deed])
    rows += cost("start again", start, size=size, rounds=1)
    rows += cost("result", shown(result), size=size, rounds=rounds // 3)
    return rows


def cost(name: str, deed: Callable[[], Any], *, size: int, rounds: int) -> list[Row]:
    """CPU (median) and queries of ``deed``; a deed that can be done once is done once."""
    if rounds > 1:
        deed()  # fills the caches
    spent = []
    queries = 0
    for _turn in range(rounds):
        began = time.process_time()
        with CaptureQueriesContext(connection) as captured:
            deed()
        spent.append((time.process_time() - began) * 1000)
        queries = queries or len(captured)  # at once: the next request empties the log
    where = f"{size} questions"
    bar = "bar: 12" if name in ("question page", "answer saved", "overview") else ""
    return [
        {
            "name": f"{name}, queries",
            "size": where,
            "value": queries,
            "unit": "queries",
            "note": bar,
        },
        {"name": f"{name}, CPU", "size": where, "value": statistics.median(spent), "unit": "ms"},
    ]
