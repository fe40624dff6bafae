"""What follows from regraded answers: other statements, other scores, completions.

Called by ``services.regrade`` within the transaction of its batch, people locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attune.curriculum.activities import activities_for
from attune.curriculum.models import ModulePage
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import module_of, reader_for
from attune.enrolments.records import Entry, taking_back
from attune.enrolments.services import reopen_unit
from attune.quizzes.affected import Change, Versions
from attune.quizzes.models import (
    AttemptGrant,
    QuizAttempt,
    QuizPage,
    Regrade,
    RegradeRow,
    ResultPolicy,
)
from attune.quizzes.regrading import Effect, Outcome
from attune.quizzes.services.hand_in import count
from attune.quizzes.standing import counting_number
from attune.quizzes.statements import (
    answer_deed,
    answer_statement,
    result_deed,
    result_statement,
)
from attune.xapi import outbox
from attune.xapi.statements import Activity

# --- Statements -----------------------------------------------------------------------------------


def tell(regrade: Regrade, changes: Iterable[Change], *, versions: Versions) -> None:
    """Take back what was said of changed answers and results, and say it anew, in that order.

    The new statements bear the time of the old ones: they say rightly what happened then.
    The deeds hold the key of this regrade, so that a repetition says nothing new.
    """
    changed = [
        each
        for each in changes
        if each.again.outcome == Outcome.CHANGED or each.effect != Effect.NONE
    ]
    if not changed:
        return
    around = _around(changed)
    said_of_answers, said_of_results = _said_last(changed)
    outbox.record_many(
        entry
        for change in changed
        for entry in _entries(
            regrade,
            change,
            activities=around[change.attempt.pk],
            versions=versions,
            answer_regrade=said_of_answers.get(change.answer.pk, ""),
            result_regrade=said_of_results.get(change.attempt.pk, ""),
        )
    )


def _entries(
    regrade: Regrade,
    change: Change,
    *,
    activities: Sequence[Activity],
    versions: Versions,
    answer_regrade: str,
    result_regrade: str,
) -> Iterable[Entry]:
    answer, attempt = change.answer, change.attempt
    if change.again.outcome == Outcome.CHANGED and answer.is_answered:
        first = answer_deed(attempt, answer)
        yield _taken_back(regrade, attempt, regraded(first, answer_regrade), "answer_voided")
        yield answer_statement(
            attempt,
            answer,
            activities,
            deed=regraded(first, str(regrade.deed)),
            item=versions.item(answer.version_id),
            revision=versions.digest(answer.version_id),
        )
    if change.effect != Effect.NONE:
        first = result_deed(attempt)
        yield _taken_back(regrade, attempt, regraded(first, result_regrade), "result_voided")
        yield result_statement(
            attempt, activities, deed=regraded(first, str(regrade.deed)), at=attempt.handed_in_at
        )


def regraded(deed: str, regrade: str) -> str:
    """The deed of a statement as a regrade said it anew; as it was said first without one."""
    return f"{deed}:regraded:{regrade}" if regrade else deed


def _taken_back(regrade: Regrade, attempt: QuizAttempt, deed: str, kind: str) -> Entry:
    return taking_back(
        deed=f"voided:{deed}:by:{regrade.deed}",
        taken_back=deed,
        enrolment=attempt.enrolment,
        at=regrade.asked_at,
        kind=kind,
    )


def _said_last(changes: Sequence[Change]) -> tuple[dict[int, str], dict[int, str]]:
    """Which earlier regrade told the statement that stands: for each answer, for each attempt."""
    rows = RegradeRow.objects.order_by("pk")
    answers = rows.filter(told_answer=True, answer__in=[each.answer.pk for each in changes])
    results = rows.filter(told_result=True, attempt__in=[each.attempt.pk for each in changes])
    return (
        {pk: str(deed) for pk, deed in answers.values_list("answer_id", "regrade__deed")},
        {pk: str(deed) for pk, deed in results.values_list("attempt_id", "regrade__deed")},
    )


def _around(changes: Sequence[Change]) -> dict[int, list[Activity]]:
    """For each attempt its quiz, module and programme as activities. One query for all, and
    one for the module of each quiz."""
    quizzes = {each.attempt.unit_id: quiz_of(each.attempt) for each in changes}
    modules = {pk: module_of(quiz) for pk, quiz in quizzes.items()}
    programmes = {
        each.attempt.enrolment.programme_id: each.attempt.enrolment.programme for each in changes
    }
    pages = [
        page
        for page in (*quizzes.values(), *modules.values(), *programmes.values())
        if page is not None
    ]
    activity = dict(zip([page.pk for page in pages], activities_for(pages), strict=True))

    def of(attempt: QuizAttempt) -> list[Activity]:
        module: ModulePage | None = modules[attempt.unit_id]
        keys = (attempt.unit_id, module and module.pk, attempt.enrolment.programme_id)
        return [activity[key] for key in keys if key is not None]

    return {each.attempt.pk: of(each.attempt) for each in changes}


# --- Scores and completions -----------------------------------------------------------------------


def follow(regrade: Regrade, moved: Sequence[Change], *, now: datetime) -> set[int]:
    """What changed results mean for their units; attempts whose completion was taken back.

    A pass completes the unit as a hand-in would have. A fail leaves a completion standing,
    unless the regrade was asked to take it back.
    """
    if not moved:
        return set()
    for change in moved:
        if change.effect == Effect.PASSED:
            _count(change.attempt, now=now)
    attempts = [each.attempt for each in moved]
    siblings, after, progress = _standing_of(attempts)
    reopened = set()
    for change in moved:
        place = _place(change.attempt)
        found = progress.get(place)
        if (
            not regrade.keeps_completions
            and change.effect == Effect.FAILED
            and found is not None
            and not _is_passed(quiz_of(change.attempt), siblings[place], after.get(place, 0))
            and reopen_unit(progress=found, now=now)
        ):
            reopened.add(change.attempt.pk)
            found.refresh_from_db()
    scored = []
    for attempt in attempts:
        place = _place(attempt)
        found = progress.get(place)
        score = _score_of(quiz_of(attempt), siblings[place], after.get(place, 0))
        if found is not None and score is not None and found.score != score:
            found.score = score
            scored.append(found)
    UnitProgress.objects.bulk_update(scored, ["score"], batch_size=100)
    for change in moved:
        if change.attempt.pk in reopened:
            _count(change.attempt, now=now)  # attempts may be exhausted
    return reopened


def _count(attempt: QuizAttempt, *, now: datetime) -> None:
    """As a hand-in counts; not for whoever no longer learns the module, or learns it anew."""
    quiz = quiz_of(attempt)
    reader = reader_for(attempt.person.user, quiz)
    if reader is not None and reader.cycle == attempt.cycle:
        count(attempt, quiz=quiz, reader=reader, now=now)


def quiz_of(attempt: QuizAttempt) -> QuizPage:
    """Answers whose quiz is gone are left alone, so that nothing follows from them."""
    if attempt.unit is None:
        raise ValueError("The quiz of a regraded attempt is gone.")
    return attempt.unit


_Place = tuple[int, str, int]


def _place(attempt: QuizAttempt) -> _Place:
    return attempt.person_id, str(attempt.quiz_key), attempt.cycle


def _standing_of(
    attempts: Sequence[QuizAttempt],
) -> tuple[dict[_Place, list[QuizAttempt]], dict[_Place, int], dict[_Place, UnitProgress]]:
    """For each person, quiz and cycle: attempts, after which one the last was granted, progress."""
    people = {each.person_id for each in attempts}
    quizzes = {each.quiz_key for each in attempts}
    siblings: dict[_Place, list[QuizAttempt]] = {}
    for each in QuizAttempt.objects.filter(person__in=people, quiz_key__in=quizzes).order_by(
        "number"
    ):
        siblings.setdefault(_place(each), []).append(each)
    after: dict[_Place, int] = {}
    for person, key, cycle, number in AttemptGrant.objects.filter(
        person__in=people, quiz_key__in=quizzes
    ).values_list("person_id", "quiz_key", "cycle", "after_number"):
        after[person, str(key), cycle] = max(after.get((person, str(key), cycle), 0), number)
    progress = {
        (each.person_id, str(each.unit_key), each.cycle): each
        for each in UnitProgress.objects.filter(person__in=people, unit_key__in=quizzes)
    }
    return siblings, after, progress


def _that_may_count(
    quiz: QuizPage, attempts: Sequence[QuizAttempt], after: int
) -> list[QuizAttempt]:
    only = counting_number(quiz, after=after)
    marked = [each for each in attempts if each.scaled is not None]
    return [each for each in marked if only in (None, each.number)]


def _is_passed(quiz: QuizPage, attempts: Sequence[QuizAttempt], after: int) -> bool:
    return any(each.passed for each in _that_may_count(quiz, attempts, after))


def _score_of(quiz: QuizPage, attempts: Sequence[QuizAttempt], after: int) -> float | None:
    """The unit's score: that of the last attempt where the last one counts, else the best."""
    counting = _that_may_count(quiz, attempts, after)
    if quiz.result_counts == ResultPolicy.LAST:
        return counting[-1].scaled if counting else None
    return max((each.scaled for each in counting if each.scaled is not None), default=None)
