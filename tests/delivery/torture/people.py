"""Those who do things while everything breaks, and note only what was acknowledged.

Each is a thread with a browser's manners: one thing at a time, and after an error the same
once more, or never. What they note is a *sentence* (actor, verb, activity): what the store
must hold in the end, whatever the outbox believes.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.delivery.torture.verdicts import Sentence

AGAIN = 0.75  # how likely somebody tries once more
THINKING = 0.15  # seconds between two deeds of one person, on average
ADL = "http://adlnet.gov/expapi/verbs/"


@dataclass
class Notes:
    """What was acknowledged, by whom, when; and how often something was not."""

    acknowledged: dict[Sentence, float] = field(default_factory=dict)
    deeds: int = 0
    learner_deeds: int = 0
    unanswered: int = 0
    given_up: int = 0
    slowest: float = 0.0
    refused: list[str] = field(default_factory=list)  # answers that no deed should get
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, *sentences: Sentence, learner: bool, took: float) -> None:
        with self.lock:
            self.deeds += not learner
            self.learner_deeds += learner
            self.slowest = max(self.slowest, took)
            for sentence in sentences:
                self.acknowledged[sentence] = time.monotonic()


class Person(threading.Thread):
    """Goes through ``deeds`` until these or the run end."""

    learner = False

    def __init__(self, name: str, *, base: str, dice: random.Random, notes: Notes) -> None:
        super().__init__(name=name, daemon=True)
        self.base = base
        self.dice = dice
        self.notes = notes
        self.home_time = threading.Event()

    def deeds(self) -> Iterator[tuple[str, dict[str, Any], tuple[Sentence, ...]]]:
        """Path, what httpx is to send with it, the sentences that an acknowledgement means."""
        raise NotImplementedError

    def run(self) -> None:
        with self._client() as client:
            for path, request, sentences in self.deeds():
                self._do(client, path, request, sentences)
                if self.home_time.wait(self.dice.uniform(0, 2 * THINKING)):
                    return

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.base, timeout=10)

    def _do(
        self,
        client: httpx.Client,
        path: str,
        request: dict[str, Any],
        sentences: tuple[Sentence, ...],
    ) -> None:
        while not self.home_time.is_set():
            began = time.monotonic()
            try:
                answer = client.post(path, **request)
            except httpx.HTTPError:
                answer = None
            if answer is not None and self.is_done(answer):
                told = sentences or (_sentence(answer.json()["sentence"]),)
                took = time.monotonic() - began
                return self.notes.acknowledge(*told, learner=self.learner, took=took)
            if answer is not None and answer.status_code < 500:
                self.notes.refused.append(f"{path}: {answer.status_code} {answer.text[:200]}")
            self.notes.unanswered += 1
            self.home_time.wait(self.dice.uniform(0.1, 0.5))
            if self.dice.random() > AGAIN:
                self.notes.given_up += 1
                return None
        return None

    def is_done(self, answer: httpx.Response) -> bool:
        return answer.is_success


class Desk(Person):
    """Does the harness's own deeds, without end."""

    def __init__(self, actor: int, *, seed: int, poison: float, **rest: Any) -> None:
        super().__init__(f"desk {actor}", **rest)
        self.actor = actor
        self.seed = seed
        self.poison = poison

    def deeds(self) -> Iterator[tuple[str, dict[str, Any], tuple[Sentence, ...]]]:
        serial = 0
        while True:
            poison = serial == 1 or self.dice.random() < self.poison
            asked = {"seed": self.seed, "actor": self.actor, "serial": serial, "poison": poison}
            yield "/torture/deed/", {"json": asked}, ()
            serial += 1


class Learner(Person):
    """Starts lessons and confirms them on the site's own pages, signed in."""

    learner = True

    def __init__(
        self, actor: str, *, session: str, lessons: list[dict[str, Any]], **rest: Any
    ) -> None:
        super().__init__(f"learner {actor}", **rest)
        self.actor = actor
        self.session = session
        self.lessons = lessons

    def _client(self) -> httpx.Client:
        token = "t" * 32
        return httpx.Client(
            base_url=self.base,
            timeout=10,
            cookies={"sessionid": self.session, "csrftoken": token},
            headers={"X-CSRFToken": token},
        )

    def deeds(self) -> Iterator[tuple[str, dict[str, Any], tuple[Sentence, ...]]]:
        for lesson in self.lessons:
            number, activity = lesson["id"], lesson["activity"]

            def said(*verbs: str, about: str = activity) -> tuple[Sentence, ...]:
                return tuple(Sentence(self.actor, ADL + verb, about) for verb in verbs)

            yield f"/learn/units/{number}/start/", {}, said("initialized")
            form = {"data": {"done": "1"}}
            yield f"/learn/lessons/{number}/confirm/", form, said("completed", "terminated")

    def is_done(self, answer: httpx.Response) -> bool:
        # Both lead on to a page; a session that was lost would lead to the sign-in.
        return answer.is_redirect and "/accounts/" not in answer.headers["location"]


def _sentence(told: list[str]) -> Sentence:
    return Sentence(*told)
