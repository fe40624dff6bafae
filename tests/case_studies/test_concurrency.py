"""Two tabs and double clicks in a case: many threads at once, on the real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.case_studies.services import (
    AlreadyDecided,
    CannotStart,
    decide,
    start_attempt,
    try_again_from,
)
from attune.enrolments.models import UnitProgress
from attune.enrolments.states import State
from attune.xapi.models import StatementRecord
from tests.case_studies.support import NOW, CaseSet
from tests.quizzes.test_concurrency import THREADS, at_once, raised

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def kinds() -> list[str]:
    return list(StatementRecord.objects.values_list("kind", flat=True))


def test_pressed_at_once_everything_happens_once(case_set: CaseSet) -> None:
    reader = case_set.reader

    def start() -> Any:
        return start_attempt(reader=reader, page=case_set.page, now=NOW).pk

    results = at_once([start] * THREADS)
    assert list(raised(results)) == []
    assert len(set(results)) == 1
    attempt = CaseAttempt.objects.get()

    def take(position: int, choice: str) -> Callable[[], Any]:
        return lambda: (
            decide(
                attempt=attempt, reader=reader, position=position, choice_key=choice, now=NOW
            ).is_new
        )

    # The same choice: one decision, everybody is told it is there.
    results = at_once([take(1, "time")] * THREADS)
    assert sorted(results) == [False] * (THREADS - 1) + [True]
    # Two choices: the first one stays, the other is refused in words.
    results = at_once([take(2, "own"), take(2, "team")] * (THREADS // 2))
    refused = list(raised(results))
    assert len(refused) == THREADS // 2
    assert all(isinstance(each, AlreadyDecided) for each in refused)
    assert sum(each is True for each in results) == 1
    # The last one: one ending, one completion.
    results = at_once([take(3, "drop")] * THREADS)
    assert sum(each is True for each in results) == 1
    assert CaseDecision.objects.count() == 3
    assert kinds().count("case_decided") == 3
    assert kinds().count("case_terminated") == 1
    attempt.refresh_from_db()
    assert kinds().count("unit_completed") == int(bool(attempt.passed))
    state = UnitProgress.objects.get().state
    assert state == (State.COMPLETED if attempt.passed else State.IN_PROGRESS)

    # Trying again: one new attempt, from whichever decision came first.
    first, second = attempt.decisions.filter(position__lte=2).order_by("position")

    def again(decision: CaseDecision) -> Callable[[], Any]:
        return lambda: try_again_from(decision=decision, reader=reader, now=NOW).pk

    results = at_once([again(first), again(second)] * (THREADS // 2))
    assert CaseAttempt.objects.count() == 2
    refused = list(raised(results))
    assert len(refused) == THREADS // 2
    assert all(isinstance(each, CannotStart) for each in refused)
