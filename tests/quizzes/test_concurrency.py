"""Two tabs, double clicks, late packets: many threads at once, on the real database."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import close_old_connections, connection

from attune.enrolments.models import UnitProgress
from attune.enrolments.states import State
from attune.quizzes.models import QuizAttempt, RegradeRow
from attune.quizzes.services import (
    AttemptClosed,
    ask_regrade,
    hand_in,
    run_regrade,
    save_answer,
    start_attempt,
)
from attune.xapi.models import StatementRecord
from tests.quizzes.support import NOW, QuizSet, flip, right_answer

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

THREADS = 6


def at_once(deeds: list[Callable[[], Any]]) -> list[Any]:
    """Do all of it at the same moment; each result, or the exception that came instead."""
    barrier = threading.Barrier(len(deeds))
    results: list[Any] = [None] * len(deeds)

    def run(number: int, deed: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=20)
            results[number] = deed()
        except Exception as error:  # noqa: BLE001  (handed back to be looked at)
            results[number] = error
        finally:
            close_old_connections()
            connection.close()

    threads = [
        threading.Thread(target=run, args=(number, deed)) for number, deed in enumerate(deeds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def raised(results: list[Any]) -> Iterator[BaseException]:
    return (each for each in results if isinstance(each, BaseException))


def test_two_starts_are_one_attempt(quiz_set: QuizSet) -> None:
    reader = quiz_set.reader
    results = at_once(
        [lambda: start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW).pk] * THREADS
    )
    assert list(raised(results)) == []
    assert len(set(results)) == 1
    attempt = QuizAttempt.objects.get()
    assert attempt.questions.count() == 3


def test_a_double_hand_in_is_one_result(quiz_set: QuizSet) -> None:
    reader = quiz_set.reader
    attempt = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    for question in attempt.questions.select_related("frozen"):
        save_answer(
            attempt=attempt,
            position=question.position,
            raw=right_answer(question),
            sequence=1,
            now=NOW,
        )
    results = at_once([lambda: hand_in(attempt=attempt, reader=reader, now=NOW).scaled] * THREADS)
    assert results == [1.0] * THREADS
    kinds = list(StatementRecord.objects.values_list("kind", flat=True))
    assert kinds.count("attempt_passed") == 1
    assert kinds.count("unit_completed") == 1
    assert kinds.count("question_answered") == 3
    assert UnitProgress.objects.get().state == State.COMPLETED


def test_the_last_attempt_is_not_started_twice(quiz_set: QuizSet) -> None:
    type(quiz_set.quiz).objects.update(attempts_allowed=2)
    quiz_set.quiz.refresh_from_db()
    reader = quiz_set.reader
    first = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)

    def hand_in_and_start() -> int:
        hand_in(attempt=first, reader=reader, now=NOW)
        return int(start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW).number)

    results = at_once([hand_in_and_start] * THREADS)
    assert results == [2] * THREADS
    assert QuizAttempt.objects.count() == 2


def test_an_answer_called_saved_is_graded(quiz_set: QuizSet) -> None:
    """A save and a hand-in at once: either it counts, or it is refused in words."""
    reader = quiz_set.reader
    for round_number in range(6):
        attempt = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)

        def save(attempt: QuizAttempt = attempt) -> bool:
            return save_answer(attempt=attempt, position=1, raw=True, sequence=1, now=NOW).saved

        def close(attempt: QuizAttempt = attempt) -> Any:
            return hand_in(attempt=attempt, reader=reader, now=NOW)

        saved, _handed_in = at_once([save, close] if round_number % 2 else [close, save][::-1])
        question = attempt.questions.get(position=1)
        if isinstance(saved, AttemptClosed):
            assert question.response is None
        else:
            assert saved is True
            assert (question.response, question.success) == (True, True)


def test_two_tabs_saving_leave_the_newest(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)

    def save(number: int) -> Callable[[], Any]:
        return lambda: save_answer(
            attempt=attempt, position=1, raw=number % 2 == 0, sequence=number, now=NOW
        )

    results = at_once([save(number) for number in range(1, THREADS + 1)])
    assert list(raised(results)) == []
    question = attempt.questions.get(position=1)
    assert question.sequence == THREADS
    assert question.response is (THREADS % 2 == 0)
    assert 1 <= question.saves <= THREADS


def test_a_hand_in_beside_a_regrade(quiz_set: QuizSet) -> None:
    """Both end, one after the other; the regraded answer counts once, in whichever order."""
    reader = quiz_set.reader
    first = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    save_answer(attempt=first, position=1, raw=False, sequence=1, now=NOW)
    hand_in(attempt=first, reader=reader, now=NOW)
    second = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    save_answer(attempt=second, position=1, raw=False, sequence=1, now=NOW)
    question = flip(quiz_set.questions[0])
    asked = ask_regrade(
        question=question,
        target="published",
        reason="The wrong way round",
        asked_by=None,
        now=NOW,
        deed=uuid.uuid4(),
    )

    def run() -> None:
        run_regrade(regrade_id=asked.pk, clock=lambda: NOW)

    results = at_once([run, run, lambda: hand_in(attempt=second, reader=reader, now=NOW).state])
    assert list(raised(results)) == []
    assert first.questions.get(position=1).raw == 1.0
    # Handed in before the end it was regraded as well; after it, by what it had shown.
    rows = RegradeRow.objects.filter(regrade=asked)
    caught = rows.filter(attempt=second).exists()
    assert second.questions.get(position=1).raw == (1.0 if caught else 0.0)
    assert rows.count() == 1 + caught
    kinds = list(StatementRecord.objects.values_list("kind", flat=True))
    assert kinds.count("answer_voided") == kinds.count("result_voided") == 1 + caught
    assert kinds.count("question_answered") == 2 + 1 + caught
