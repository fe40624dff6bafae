"""The result of an attempt, with as much explanation as the quiz gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from attune.enrolments.gate import next_unit_after
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import module_of
from attune.enrolments.states import State
from attune.quizzes.marking import deciding, in_figures, mean_points, verdict
from attune.quizzes.media import LessonLink, Shown, lesson_links, shown_with
from attune.quizzes.models import AttemptGrant, AttemptQuestion, QuizAttempt
from attune.quizzes.questions import Item
from attune.quizzes.standing import (
    attempts_left,
    best_of,
    counting_of,
    exhausted_words,
    next_start_at,
    shows_answers,
    wait_words,
)
from attune.quizzes.views.common import (
    address,
    in_language_of_attempt,
    quiz_of,
    reader_of,
    see_other,
)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A question in the result, with what may be shown of it."""

    question: AttemptQuestion
    outcomes: list[Any]
    media: Shown
    lesson: LessonLink | None
    points: list[dict[str, str]] = field(default_factory=list)
    marked: str = ""
    comments: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.question, name)

    @property
    def name(self) -> str:
        return self.item.name

    @property
    def item(self) -> Item:
        """The version whose key counts: a wrong key is not explained to anyone."""
        return self.question.graded_by

    @property
    def was_mended(self) -> bool:
        return self.question.version_id != self.question.frozen_id


@require_safe
@in_language_of_attempt
def result(request: HttpRequest, attempt: QuizAttempt) -> HttpResponse:
    if attempt.is_open:
        return see_other(address("attempt", attempt))
    quiz = quiz_of(attempt)
    siblings = list(
        QuizAttempt.objects.at(
            person_id=attempt.person_id, quiz_key=attempt.quiz_key, cycle=attempt.cycle
        )
    )
    given = AttemptGrant.objects.at(
        person_id=attempt.person_id, quiz_key=attempt.quiz_key, cycle=attempt.cycle
    ).so_far()
    granted = given.count
    best = best_of([each for each in siblings if each.passed is not None])
    left = attempts_left(quiz, len(siblings), granted=granted)
    reader = reader_of(request, attempt)
    is_current = reader is not None and reader.cycle == attempt.cycle
    opens_at = next_start_at(quiz, siblings)
    must_wait = opens_at is not None and opens_at > timezone.now()
    may_start = (
        is_current
        and quiz.live
        and (left is None or left > 0)
        and not must_wait
        and not any(each.is_awaiting for each in siblings)
    )
    has_passed = best is not None and bool(best.passed)
    shown, hidden_words = shows_answers(quiz, siblings, granted=granted)
    rows = _result_rows(attempt) if shown else []
    # A completion can outlast a pass only where a key was mended afterwards.
    may_stand = not rows or any(row.was_mended for row in rows)
    return render(
        request,
        "attune_quizzes/result.html",
        {
            "page": quiz,
            "attempt": attempt,
            "rule": quiz.completion_rule(),
            "shows_answers": shown,
            "hidden_words": hidden_words,
            "rows": rows,
            "attempts_left": left,
            "start_url": reverse("attune_quizzes:start", args=[quiz.pk]) if may_start else "",
            "blocked_words": exhausted_words(quiz, granted=granted)
            if left == 0 and not has_passed and not any(each.is_awaiting for each in siblings)
            else "",
            "wait_words": wait_words(opens_at, attempt.person.zone)
            if must_wait and opens_at is not None and left != 0 and not has_passed
            else "",
            "counts": counting_of(quiz, siblings, after=given.after) == attempt,
            "completion_stands": not attempt.passed
            and not has_passed
            and may_stand
            and _is_completed(attempt),
            "by_clock": attempt.closed_by == QuizAttempt.ClosedBy.CLOCK,
            "best": best,
            "passed_before": has_passed and not attempt.passed,
            "module_url": reader.module.url if reader is not None else "",
            "module_title": reader.module.title if reader is not None else "",
            "next_url": next_unit_after(reader, quiz)
            if reader is not None and has_passed
            else None,
            "quiz_url": quiz.url,
        },
    )


def _result_rows(attempt: QuizAttempt) -> list[ResultRow]:
    rows = attempt.questions.select_related("frozen", "key").order_by("position")
    is_settled = attempt.settled_at is not None
    questions = list(rows.prefetch_related("marks") if is_settled else rows)
    items = [each.item for each in questions]
    module = module_of(quiz_of(attempt))
    links = lesson_links(
        items,
        programme_id=attempt.enrolment.programme_id,
        module_key=module.translation_key if module is not None else None,
    )
    return [
        ResultRow(
            question,
            question.graded_by.outcomes(question.response, question.option_order),
            media=media,
            lesson=lesson,
            **(_marks_of(question, attempt) if is_settled else {}),
        )
        for question, media, lesson in zip(questions, shown_with(items), links, strict=True)
    ]


def _is_completed(attempt: QuizAttempt) -> bool:
    """A completion outlasts a regrade that takes the pass away."""
    return UnitProgress.objects.filter(
        person=attempt.person_id,
        unit_key=attempt.quiz_key,
        cycle=attempt.cycle,
        state=State.COMPLETED,
    ).exists()


def _marks_of(question: AttemptQuestion, attempt: QuizAttempt) -> dict[str, Any]:
    """What the markers gave and wrote, of the marks that the result rests on."""
    marks = sorted(question.marks.all(), key=lambda mark: mark.number)
    needed = verdict([each.share for each in marks], second_marker=attempt.second_marker).needed
    counted = marks[deciding(len(marks), needed=needed)]
    return {
        "points": [
            {
                "criterion": row["criterion"],
                "points": in_figures(row["points"]),
                "of": in_figures(row["of"]),
            }
            for row in mean_points([each.points for each in counted])
        ],
        "marked": in_figures(question.raw or 0.0),
        "comments": [each.comment for each in counted if each.comment],
    }
