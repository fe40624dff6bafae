"""Is everything there? Each part is asked within a time limit, and not more often than needed.

A part that hangs (a database behind a broken network, a broker that takes a connection and
says nothing) is asked in a thread of its own. While that thread hangs no second one is made:
the part counts as not there until it answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from attune.notices.watch import hearts
from attune.xapi import health as outbox

LIMIT = 2.0
"""Seconds that a part has to answer."""
GOOD_FOR = 2.0
"""Seconds for which an answer stands: the address asks nobody for a password."""


@dataclass(frozen=True, slots=True)
class Part:
    """``words`` are for operators alone."""

    ok: bool
    words: str
    value: float | None = None


class Asked:
    """One part that is asked within *limit* seconds, by one thread at a time."""

    def __init__(
        self,
        ask: Callable[[], Part],
        *,
        limit: float = LIMIT,
        good_for: float = GOOD_FOR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._limit = limit
        self._good_for = good_for
        self._clock = clock
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._thread: threading.Thread | None = None
        self._answer: tuple[float, Part] | None = None

    def __call__(self) -> Part:
        with self._lock:
            if self._answer and self._clock() - self._answer[0] < self._good_for:
                return self._answer[1]
            if self._thread is None or not self._thread.is_alive():
                self._answered = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._answered,), name="attune-health", daemon=True
                )
                self._thread.start()
            answered = self._answered
        if answered.wait(self._limit) and self._answer is not None:
            return self._answer[1]
        return Part(False, f"no answer within {self._limit:g} s")

    def _run(self, answered: threading.Event) -> None:
        try:
            part = self._ask()
        except Exception as error:  # noqa: BLE001  (whatever a driver may raise)
            part = Part(False, f"{type(error).__name__}: {error}"[:300])
        finally:
            connection.close()  # this thread's own
        self._answer = (self._clock(), part)
        answered.set()


def database() -> Part:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return Part(True, "answers")


def broker() -> Part:
    """A connection of its own, made and closed: one from a pool may be dead and not know it."""
    with current_app.connection_for_write(connect_timeout=LIMIT) as made:
        made.connect()
        if getattr(made.transport, "driver_type", "") != "filesystem":
            made.default_channel.close()
    return Part(True, "answers")


def sweep() -> Part:
    now = timezone.now()
    ages = hearts.ages(now)
    never = [name for name, age in ages.items() if age is None]
    if never:
        return Part(False, f"never run: {', '.join(never)}")
    oldest = max((age for age in ages.values() if age is not None), default=timedelta(0))
    return Part(
        oldest <= hearts.limit(),
        f"the oldest sign of life is {oldest.total_seconds():.0f} s old",
        round(oldest.total_seconds(), 1),
    )


def records() -> Part:
    """The outbox: how long its oldest record has waited."""
    age = outbox.oldest_waiting_age(timezone.now())
    if age is None:
        return Part(True, "nothing waits", 0.0)
    limit = timedelta(seconds=float(getattr(settings, "ATTUNE_OUTBOX_LIMIT", 900)))
    words = f"the oldest record has waited {age.total_seconds():.0f} s"
    return Part(age <= limit, words, round(age.total_seconds(), 1))


PARTS: dict[str, Asked] = {
    "database": Asked(database),
    "broker": Asked(broker),
    "sweep": Asked(sweep),
    "outbox": Asked(records),
}
WEB = Part(True, "answers")


def report(only: frozenset[str] = frozenset()) -> dict[str, Part]:
    """Every part, or those in *only*; ``web`` is whoever runs this."""
    asked: Mapping[str, Callable[[], Part]] = {"web": lambda: WEB, **PARTS}
    return {name: ask() for name, ask in asked.items() if not only or name in only}


def as_json(parts: Mapping[str, Part], *, in_detail: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ok": all(part.ok for part in parts.values()),
        "parts": {name: part.ok for name, part in parts.items()},
    }
    if in_detail:
        told["details"] = {
            name: {"words": part.words, "seconds": part.value} for name, part in parts.items()
        }
    return told
