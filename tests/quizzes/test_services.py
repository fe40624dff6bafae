"""Attempts: what is kept, what is refused, what is recorded, what counts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from attune.enrolments.models import UnitProgress
from attune.enrolments.states import State
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizQuestion
from attune.quizzes.questions.items import ResponseError
from attune.quizzes.services import (
    AttemptClosed,
    CannotStart,
    hand_in,
    save_answer,
    start_attempt,
)
from attune.xapi.models import StatementRecord
from tests.quizzes.support import NOW, QuizSet, choice, right_answer

pytestmark = pytest.mark.django_db


def statements(kind: str | None = None) -> list[dict[str, Any]]:
    rows = StatementRecord.objects.order_by("pk")
    if kind is not None:
        rows = rows.filter(kind=kind)
    return [json.loads(row.body) for row in rows]


def answer_all(attempt: QuizAttempt, *, right: int, at: Any = NOW) -> None:
    """Answer every question, the first ``right`` of them rightly."""
    for question in attempt.questions.select_related("frozen").order_by("position"):
        response = right_answer(question)
        if question.position > right:
            response = not response if isinstance(response, bool) else [question.item.ids[0]]
            if question.position == 3:
                response = [question.item.ids[1]]
        save_answer(attempt=attempt, position=question.position, raw=response, sequence=1, now=at)


def attempt_with(quiz_set: QuizSet, right: int, *, later: int = 0) -> QuizAttempt:
    now = NOW + timedelta(hours=later)
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=now)
    answer_all(attempt, right=right, at=now + timedelta(minutes=1))
    return hand_in(attempt=attempt, reader=quiz_set.reader, now=now + timedelta(minutes=4))


def test_start_twice_is_one_attempt(quiz_set: QuizSet) -> None:
    first = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    second = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    assert first == second
    assert first.questions.count() == 3
    assert [row["verb"]["display"]["en"] for row in statements("unit_initialized")] == [
        "initialized"
    ]


def test_an_edit_after_the_start_changes_nothing_in_the_attempt(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    question = quiz_set.questions[0]
    question.answer = False
    question.prompt = "<p>Something else.</p>"
    question.save_revision().publish()
    save_answer(attempt=attempt, position=1, raw=True, sequence=1, now=NOW)
    done = hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    assert done.questions.get(position=1).success is True
    assert "Something else" not in done.questions.get(position=1).item.prompt


def test_drafts_are_not_asked(quiz_set: QuizSet) -> None:
    quiz_set.questions[1].unpublish()
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    assert attempt.questions.count() == 2


def test_nothing_to_ask_is_said_in_words(quiz_set: QuizSet) -> None:
    for question in quiz_set.questions:
        question.unpublish()
    with pytest.raises(CannotStart, match="no published question"):
        start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    assert not UnitProgress.objects.exists()


# --- Saving -------------------------------------------------------------------------------


def test_a_late_older_save_changes_nothing(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    newer = save_answer(attempt=attempt, position=1, raw=False, sequence=2, now=NOW)
    older = save_answer(attempt=attempt, position=1, raw=True, sequence=1, now=NOW)
    assert (newer.saved, older.saved, older.sequence) == (True, False, 2)
    assert attempt.questions.get(position=1).response is False


def test_the_same_save_twice_is_once(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    for _time in range(2):
        assert save_answer(attempt=attempt, position=1, raw=True, sequence=1, now=NOW).saved
    assert attempt.questions.get(position=1).saves == 1


def test_a_submitted_page_is_always_the_newest(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    save_answer(attempt=attempt, position=1, raw=True, sequence=7, now=NOW)
    saved = save_answer(attempt=attempt, position=1, raw=False, sequence=1, newest=True, now=NOW)
    assert saved.saved
    assert saved.sequence == 8
    assert attempt.questions.get(position=1).response is False


def test_an_answer_can_be_taken_back(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    save_answer(attempt=attempt, position=1, raw=True, sequence=1, now=NOW)
    save_answer(attempt=attempt, position=1, raw=None, sequence=2, now=NOW)
    question = attempt.questions.get(position=1)
    assert (question.response, question.answered_at) == (None, None)


@pytest.mark.parametrize(
    "raw", ["true", 1, 0, [], {}, ["x"], float("nan"), {"answer": True}, [[]], "\x00"]
)
def test_what_is_no_answer_is_refused(quiz_set: QuizSet, raw: Any) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    with pytest.raises(ResponseError):
        save_answer(attempt=attempt, position=1, raw=raw, sequence=1, now=NOW)
    assert attempt.questions.get(position=1).saves == 0


def test_no_such_question(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    with pytest.raises(LookupError):
        save_answer(attempt=attempt, position=99, raw=True, sequence=1, now=NOW)


def test_after_handing_in_nothing_is_taken(quiz_set: QuizSet) -> None:
    attempt = attempt_with(quiz_set, 3)
    with pytest.raises(AttemptClosed, match="handed in"):
        save_answer(attempt=attempt, position=1, raw=False, sequence=99, now=NOW)
    assert attempt.questions.get(position=1).response is True


# --- Handing in ---------------------------------------------------------------------------


def test_a_pass_completes_the_quiz(quiz_set: QuizSet) -> None:
    attempt = attempt_with(quiz_set, 3)
    assert (attempt.raw, attempt.maximum, attempt.scaled, attempt.passed) == (3, 3, 1, True)
    progress = UnitProgress.objects.get(unit_key=quiz_set.quiz.translation_key)
    assert (progress.state, progress.score) == (State.COMPLETED, 1.0)


def test_hand_in_twice_is_once(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    answer_all(attempt, right=3)
    first = hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW + timedelta(minutes=2))
    count = StatementRecord.objects.count()
    second = hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW + timedelta(minutes=9))
    assert second.handed_in_at == first.handed_in_at
    assert StatementRecord.objects.count() == count


def test_one_statement_for_each_answer_and_one_result(quiz_set: QuizSet) -> None:
    attempt_with(quiz_set, 2)
    answered = statements("question_answered")
    assert [row["result"]["success"] for row in answered] == [True, True, False]
    # The time of a statement is the time of the answer, not of the hand-in.
    assert {row["timestamp"] for row in answered} == {"2026-03-02T09:01:00.000Z"}
    (passed,) = statements("attempt_passed")
    assert passed["result"]["score"] == {
        "scaled": pytest.approx(0.666667),
        "raw": 2,
        "min": 0,
        "max": 3,
    }
    (terminated,) = statements("attempt_terminated")
    assert terminated["result"]["duration"] == "PT4M"


def test_an_open_question_earns_nothing_and_is_not_called_answered(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    save_answer(attempt=attempt, position=1, raw=True, sequence=1, now=NOW)
    done = hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    assert (done.raw, done.maximum, done.passed) == (1, 3, False)
    assert len(statements("question_answered")) == 1


def test_zero_points_complete_nothing(quiz_set: QuizSet) -> None:
    quiz_set.quiz.pass_mark = 1
    quiz_set.quiz.save()
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    done = hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    assert done.passed is False
    progress = UnitProgress.objects.get(unit_key=quiz_set.quiz.translation_key)
    assert progress.state == State.IN_PROGRESS


def test_a_later_fail_takes_no_pass_away(quiz_set: QuizSet) -> None:
    attempt_with(quiz_set, 3)
    later = attempt_with(quiz_set, 0, later=1)
    assert later.passed is False
    progress = UnitProgress.objects.get(unit_key=quiz_set.quiz.translation_key)
    assert (progress.state, progress.score) == (State.COMPLETED, 1.0)


def test_no_attempts_left_names_who_can_help(quiz_set: QuizSet) -> None:
    quiz_set.quiz.attempts_allowed = 2
    quiz_set.quiz.save()
    attempt_with(quiz_set, 1)
    progress = UnitProgress.objects.get(unit_key=quiz_set.quiz.translation_key)
    assert progress.state == State.IN_PROGRESS
    attempt_with(quiz_set, 1, later=1)
    progress.refresh_from_db()
    assert progress.state == State.ATTEMPTS_EXHAUSTED
    with pytest.raises(CannotStart, match="HR or the trainer"):
        start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    assert QuizAttempt.objects.count() == 2


def test_another_attempt_frees_a_unit_that_had_run_out(quiz_set: QuizSet) -> None:
    quiz_set.quiz.attempts_allowed = 1
    quiz_set.quiz.save()
    attempt_with(quiz_set, 0)
    quiz_set.quiz.attempts_allowed = 2
    quiz_set.quiz.save()
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    assert attempt.number == 2
    progress = UnitProgress.objects.get(unit_key=quiz_set.quiz.translation_key)
    assert progress.state == State.IN_PROGRESS
    assert len(statements("attempt_initialized")) == 1


def test_the_pass_mark_is_the_one_that_was_announced(quiz_set: QuizSet) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    quiz_set.quiz.pass_mark = 100
    quiz_set.quiz.save()
    answer_all(attempt, right=2)
    assert hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW).passed


def test_weights_count(quiz_set: QuizSet) -> None:
    row = quiz_set.quiz.quiz_questions.get(question=quiz_set.questions[0])
    row.weight = 8
    row.save()
    attempt = attempt_with(quiz_set, 1)
    assert (attempt.raw, attempt.maximum, attempt.passed) == (8, 10, True)


def test_options_are_shuffled_once_per_attempt(quiz_set: QuizSet) -> None:
    quiz_set.quiz.shuffle_options = True
    quiz_set.quiz.save()
    long = choice(
        None,
        "Long",
        options=[{"text": f"Option {n}", "correct": n == 4} for n in range(12)],
    )
    QuizQuestion.objects.create(page=quiz_set.quiz, question=long, sort_order=9)
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    question = attempt.questions.get(position=4)
    assert sorted(question.option_order) == sorted(question.item.ids)
    assert question.option_order != question.item.ids
    again = AttemptQuestion.objects.get(pk=question.pk)
    assert [value for value, _ in again.form().fields["answer"].choices] == question.option_order


def test_starting_costs_the_same_for_three_and_for_thirty_questions(
    quiz_set: QuizSet, django_assert_max_num_queries: Any
) -> None:
    for number in range(27):
        QuizQuestion.objects.create(
            page=quiz_set.quiz, question=choice(None, f"More {number}"), sort_order=10 + number
        )
    reader = quiz_set.reader
    with django_assert_max_num_queries(62):  # the first of all, which freezes every version
        first = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    hand_in(attempt=first, reader=quiz_set.reader, now=NOW)
    reader = quiz_set.reader
    with django_assert_max_num_queries(40):  # all versions are frozen already
        attempt = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    assert attempt.questions.count() == 30
