"""Quiz answers saved per second: eight learners, real HTTP, gunicorn, the configured database.

Each learner changes an answer, waits for "saved", and changes the next one at once. At the
end the database is asked: the last answer that was acknowledged must be the one kept. The
bar is 50 a second without an error, 95 of 100 within 300 ms. Server and learners share the
machine, so what is measured is rather too little than too much.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attune.enrolments.readers import reader_for
from attune.quizzes.models import AttemptQuestion, QuizAttempt
from attune.quizzes.services import start_attempt
from benchmarks import Row, Scale
from tests import factories
from tests.quizzes.support import choice, quiz_of

WRITERS = 8
QUESTIONS = 10
SECONDS: dict[Scale, float] = {"quick": 20.0, "full": 60.0}
CSRF = "a" * 32  # a token is what the browser sends twice; which one is all the same


@dataclass
class Writer:
    """One learner with an open attempt: what to send where, and what came of it."""

    attempt: QuizAttempt
    session: str
    options: dict[int, list[str]]  # question's position → ids of its options
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    acknowledged: dict[int, str] = field(default_factory=dict)

    def work(self, port: int, until: float) -> None:
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        cookies = f"{settings.SESSION_COOKIE_NAME}={self.session}; csrftoken={CSRF}"
        headers = {"Cookie": cookies, "X-CSRFToken": CSRF, "Content-Type": "application/json"}
        turn = 0
        while time.monotonic() < until:
            turn += 1
            position = turn % QUESTIONS + 1
            chosen = self.options[position][turn // QUESTIONS % 2]
            path = reverse("attune_quizzes:question", args=[self.attempt.deed, position])
            body = json.dumps({"response": [chosen], "sequence": turn})
            began = time.monotonic()
            wire.request("POST", path, body, headers)
            response = wire.getresponse()
            answer = response.read()
            self.times.append(time.monotonic() - began)
            if response.status == 200 and json.loads(answer)["saved"]:
                self.acknowledged[position] = chosen
            else:
                self.errors.append(f"{response.status} {answer[:200]!r}")

    def lost(self) -> int:
        kept = AttemptQuestion.objects.filter(attempt=self.attempt).values_list(
            "position", "response"
        )
        return sum(
            response != [self.acknowledged[position]]
            for position, response in kept
            if position in self.acknowledged
        )


def run(scale: Scale) -> list[Row]:
    writers = prepare()
    with server() as port:
        until = time.monotonic() + SECONDS[scale]
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda writer: writer.work(port, until), writers))
    times = sorted(spent for writer in writers for spent in writer.times)
    errors = [error for writer in writers for error in writer.errors]
    size = f"{WRITERS} writers, {SECONDS[scale]:.0f} s"
    kind = connection.vendor
    return [
        {
            "name": f"answers saved ({kind})",
            "size": size,
            "value": (len(times) - len(errors)) / SECONDS[scale],
            "unit": "per second",
            "note": "bar: 50",
        },
        {
            "name": f"95th percentile ({kind})",
            "size": size,
            "value": times[int(len(times) * 0.95)] * 1000,
            "unit": "ms",
            "note": "bar: 300",
        },
        {
            "name": f"errors ({kind})",
            "size": size,
            "value": len(errors),
            "unit": "answers",
            "note": errors[0] if errors else "bar: 0",
        },
        {
            "name": f"acknowledged and lost ({kind})",
            "size": size,
            "value": sum(writer.lost() for writer in writers),
            "unit": "answers",
            "note": "bar: 0",
        },
    ]


def prepare() -> list[Writer]:
    client = factories.organisation("Nordlicht", "nordlicht", "client")
    engagement = factories.engagement(
        client, factories.organisation("Habagat", "habagat", "vendor")
    )
    team = factories.team(engagement)
    home = factories.client_home(client)
    module = factories.module(factories.library_of(home))
    quiz = quiz_of(module, *[choice(client, f"Question {n}") for n in range(QUESTIONS)])
    programme = factories.programme(home, module)
    writers = []
    for number in range(WRITERS):
        person = factories.agent(f"Writer {number}", team)
        factories.enrol(person, programme, engagement)
        reader = reader_for(person.user, quiz)
        assert reader is not None
        attempt = start_attempt(reader=reader, quiz=quiz, now=timezone.now())
        browser = factories.as_user(Client(), person)
        asked = AttemptQuestion.objects.filter(attempt=attempt).select_related("frozen")
        writers.append(
            Writer(
                attempt=attempt,
                session=browser.cookies[settings.SESSION_COOKIE_NAME].value,
                options={each.position: [o["id"] for o in _options(each)] for each in asked},
            )
        )
    return writers


def _options(question: AttemptQuestion) -> list[dict[str, Any]]:
    return list(question.item.options)


@contextmanager
def server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = Path(settings.DATA_DIR, "gunicorn.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"),
                *("--workers", "2", "--worker-class", "gthread", "--threads", "4"),
                "--no-control-socket",
            ],
            env=os.environ,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                wire.request("GET", reverse("attune_accounts:sign_in"))
                wire.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"gunicorn does not answer:\n{log.read_text()}")
        yield port
    finally:
        process.terminate()
        process.wait(30)
