"""The learning records of an attempt. Called within the transaction of the deed.

``answered`` is recorded when the attempt is handed in, with the time at which the answer was
given (docs/decisions/0010): until then an answer is a draft that may still change, kept in
our own table and acknowledged as *saved*, not as *answered*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from attune.curriculum.activities import activities_for
from attune.curriculum.models import ModulePage
from attune.enrolments.records import Entry, record, statement_about
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.questions import Item
from attune.xapi import extensions as ext
from attune.xapi import outbox, verbs
from attune.xapi.statements import (
    Activity,
    ActivityType,
    Result,
    Score,
    activity_id,
    written_response,
)


def around(attempt: QuizAttempt, quiz: QuizPage, module: ModulePage) -> list[Activity]:
    """The quiz, its module and the programme (where there is one), as activities."""
    pages = [quiz, module, attempt.enrolment.programme]
    return activities_for([page for page in pages if page is not None])


def record_initialized(*, attempt: QuizAttempt, quiz: QuizPage, module: ModulePage) -> None:
    activity, *beyond = around(attempt, quiz, module)
    record(
        deed=f"attempt-initialized:{attempt.deed}",
        verb=verbs.INITIALIZED,
        activity=activity,
        enrolment=attempt.enrolment,
        at=attempt.started_at,
        kind="attempt_initialized",
        parents=beyond[:1],
        groupings=beyond,
        language=attempt.language,
        extensions={ext.iri(ext.ATTEMPT): attempt.number},
    )


def record_hand_in(
    *,
    attempt: QuizAttempt,
    questions: Iterable[AttemptQuestion],
    quiz: QuizPage,
    module: ModulePage,
) -> None:
    """One ``answered`` per answer, then ``passed`` or ``failed``, then ``terminated``.

    A question that was left open was not answered, so nothing says that it was; it counts
    in the score's maximum. An answer that waits to be marked, and the result that waits for
    it, are recorded when they are known.
    """
    activities = around(attempt, quiz, module)
    for question in questions:
        if question.is_answered and not _is_pending(question):
            _record_answer(attempt, question, activities)
    if attempt.scaled is not None:
        _record_result(attempt, activities, at=attempt.handed_in_at)
    _record_terminated(attempt, activities)


def record_settled(
    *,
    attempt: QuizAttempt,
    questions: Iterable[AttemptQuestion],
    quiz: QuizPage,
    module: ModulePage,
    now: datetime,
) -> None:
    """What marking brought: the marked answers, and the result."""
    activities = around(attempt, quiz, module)
    for question in questions:
        if question.needs_marking:
            _record_answer(attempt, question, activities)
    _record_result(attempt, activities, at=now)


def _is_pending(question: AttemptQuestion) -> bool:
    return question.raw is None and question.item.is_scored


def question_activity(question: AttemptQuestion, item: Item) -> Activity:
    """The question as it was shown: same id in every language and version."""
    texts = {each: {item.language: text} for each, text in item.texts_by_id().items()}
    return Activity(
        id=activity_id("question", question.question_key),
        type=ActivityType.INTERACTION,
        name={item.language: item.name},
        description={item.language: item.prompt_text},
        interaction=item.interaction(question.response),
        extensions={ext.iri(ext.TEXTS): texts} if texts else None,
    )


def _record_answer(
    attempt: QuizAttempt, question: AttemptQuestion, activities: Sequence[Activity]
) -> None:
    statement, tags = answer_statement(
        attempt, question, activities, deed=answer_deed(attempt, question), item=question.item
    )
    outbox.record(statement, tags=tags)


def answer_deed(attempt: QuizAttempt, question: AttemptQuestion) -> str:
    return f"attempt-answered:{attempt.deed}:{question.position}"


def result_deed(attempt: QuizAttempt) -> str:
    return f"attempt-result:{attempt.deed}"


def answer_statement(
    attempt: QuizAttempt,
    question: AttemptQuestion,
    activities: Sequence[Activity],
    *,
    deed: str,
    item: Item,
    revision: str | None = None,
) -> Entry:
    """``item`` and ``revision`` are the version by which the answer was graded."""
    points = question.raw or 0.0
    response: str | None = item.encode(question.response)
    about_response: dict[str, Any] = {}
    if item.is_written:
        response, about_response = written_response(item.encode(question.response))
    return statement_about(
        deed=deed,
        verb=verbs.ANSWERED,
        activity=question_activity(question, item),
        enrolment=attempt.enrolment,
        at=question.answered_at or attempt.started_at,
        kind="question_answered",
        parents=activities[:1],
        groupings=activities[1:],
        language=attempt.language,
        revision=revision or question.frozen.digest,
        result=Result(
            response=response,
            success=question.success,
            score=None
            if question.success is None
            else Score(
                scaled=points / question.weight,
                raw=points,
                minimum=0,
                maximum=question.weight,
            ),
            extensions=about_response or None,
        ),
        extensions={
            ext.iri(ext.ATTEMPT): attempt.number,
            ext.iri(ext.POSITION): question.position,
        },
    )


def _record_result(
    attempt: QuizAttempt, activities: Sequence[Activity], *, at: datetime | None
) -> None:
    statement, tags = result_statement(attempt, activities, deed=result_deed(attempt), at=at)
    outbox.record(statement, tags=tags)


def result_statement(
    attempt: QuizAttempt, activities: Sequence[Activity], *, deed: str, at: datetime | None
) -> Entry:
    if at is None or attempt.scaled is None or attempt.raw is None or attempt.maximum is None:
        raise ValueError("An attempt that was not handed in has no result to record.")
    activity, *beyond = activities
    return statement_about(
        deed=deed,
        verb=verbs.PASSED if attempt.passed else verbs.FAILED,
        activity=activity,
        enrolment=attempt.enrolment,
        at=at,
        kind="attempt_passed" if attempt.passed else "attempt_failed",
        parents=beyond[:1],
        groupings=beyond,
        language=attempt.language,
        result=Result(
            success=attempt.passed,
            score=Score(scaled=attempt.scaled, raw=attempt.raw, minimum=0, maximum=attempt.maximum),
            duration=attempt.duration,
        ),
        extensions={ext.iri(ext.ATTEMPT): attempt.number},
    )


def _record_terminated(attempt: QuizAttempt, activities: Sequence[Activity]) -> None:
    if attempt.handed_in_at is None:
        raise ValueError("An attempt that is open was not terminated.")
    activity, *beyond = activities
    record(
        deed=f"attempt-terminated:{attempt.deed}",
        verb=verbs.TERMINATED,
        activity=activity,
        enrolment=attempt.enrolment,
        at=attempt.handed_in_at,
        kind="attempt_terminated",
        parents=beyond[:1],
        groupings=beyond,
        language=attempt.language,
        result=Result(duration=attempt.duration),
        extensions={ext.iri(ext.ATTEMPT): attempt.number},
    )
