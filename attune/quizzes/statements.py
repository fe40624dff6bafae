"""The learning records of an attempt. Called within the transaction of the deed.

``answered`` is recorded when the attempt is handed in, with the time at which the answer was
given (docs/decisions/0010): until then an answer is a draft that may still change, kept in
our own table and acknowledged as *saved*, not as *answered*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attune.curriculum.activities import activities_for
from attune.curriculum.models import ModulePage
from attune.enrolments.records import record
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.questions import Item
from attune.xapi import extensions as ext
from attune.xapi import verbs
from attune.xapi.statements import Activity, ActivityType, Result, Score, activity_id


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
    in the score's maximum.
    """
    activities = around(attempt, quiz, module)
    for question in questions:
        if question.is_answered:
            _record_answer(attempt, question, activities)
    _record_result(attempt, activities)


def question_activity(question: AttemptQuestion, item: Item) -> Activity:
    """The question as it was shown: same id in every language and version."""
    return Activity(
        id=activity_id("question", question.question_key),
        type=ActivityType.INTERACTION,
        name={item.language: item.name},
        description={item.language: item.prompt_text},
        interaction=item.interaction(),
    )


def _record_answer(
    attempt: QuizAttempt, question: AttemptQuestion, activities: Sequence[Activity]
) -> None:
    item = question.item
    points = question.raw or 0.0
    record(
        deed=f"attempt-answered:{attempt.deed}:{question.position}",
        verb=verbs.ANSWERED,
        activity=question_activity(question, item),
        enrolment=attempt.enrolment,
        at=question.answered_at or attempt.started_at,
        kind="question_answered",
        parents=activities[:1],
        groupings=activities[1:],
        language=attempt.language,
        revision=question.frozen.digest,
        result=Result(
            response=item.encode(question.response),
            success=question.success,
            score=None
            if question.success is None
            else Score(
                scaled=points / question.weight,
                raw=points,
                minimum=0,
                maximum=question.weight,
            ),
        ),
        extensions={
            ext.iri(ext.ATTEMPT): attempt.number,
            ext.iri(ext.POSITION): question.position,
        },
    )


def _record_result(attempt: QuizAttempt, activities: Sequence[Activity]) -> None:
    if (
        attempt.handed_in_at is None
        or attempt.scaled is None
        or attempt.raw is None
        or attempt.maximum is None
    ):
        raise ValueError("An attempt that was not handed in has no result to record.")
    activity, *beyond = activities
    extensions = {ext.iri(ext.ATTEMPT): attempt.number}
    record(
        deed=f"attempt-result:{attempt.deed}",
        verb=verbs.PASSED if attempt.passed else verbs.FAILED,
        activity=activity,
        enrolment=attempt.enrolment,
        at=attempt.handed_in_at,
        kind="attempt_passed" if attempt.passed else "attempt_failed",
        parents=beyond[:1],
        groupings=beyond,
        language=attempt.language,
        result=Result(
            success=attempt.passed,
            score=Score(scaled=attempt.scaled, raw=attempt.raw, minimum=0, maximum=attempt.maximum),
            duration=attempt.duration,
        ),
        extensions=extensions,
    )
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
        extensions=extensions,
    )
