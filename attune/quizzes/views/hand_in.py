"""Look over all answers, and hand in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from attune.quizzes import services
from attune.quizzes.models import QuizAttempt
from attune.quizzes.views.common import (
    Step,
    address,
    clock_of,
    in_language_of_attempt,
    quiz_of,
    reader_of,
    see_other,
)


@require_safe
@in_language_of_attempt
def review(request: HttpRequest, attempt: QuizAttempt) -> HttpResponse:
    if not attempt.is_open:
        return see_other(address("result", attempt))
    return _show_review(request, attempt)


def _show_review(
    request: HttpRequest, attempt: QuizAttempt, *, error: str = "", status: int = 200
) -> HttpResponse:
    rows = [
        Step(
            position=each.position,
            url=address("question", attempt, each.position),
            is_answered=each.is_answered,
            is_flagged=each.flagged,
            is_scored=each.item.is_scored,
            section=each.section,
            name=each.item.name,
            lacks=each.item.lacks(each.response),
        )
        for each in attempt.questions.select_related("frozen").order_by("position")
    ]
    quiz = quiz_of(attempt)
    return render(
        request,
        "attune_quizzes/review.html",
        {
            "page": quiz,
            "attempt": attempt,
            "rows": rows,
            "unanswered": [row for row in rows if row.is_scored and not row.is_answered],
            "incomplete": [row for row in rows if row.lacks],
            "total": len(rows),
            "answered_count": sum(row.is_answered for row in rows),
            "hand_in_url": address("hand_in", attempt),
            "flagged": [row for row in rows if row.is_flagged],
            "clock": clock_of(attempt),
            "first_url": rows[0].url if rows else "",
            "quiz_url": quiz.url,
            "error": error,
        },
        status=status,
    )


@require_POST
@in_language_of_attempt
def hand_in(request: HttpRequest, attempt: QuizAttempt) -> HttpResponse:
    """Close the attempt. A second click finds the result of the first."""
    if not attempt.is_open:
        return see_other(address("result", attempt))
    reader = reader_of(request, attempt)
    if reader is None:
        words = _(
            "This training is not assigned to you at the moment, so it cannot be handed in. "
            "Your answers are kept."
        )
        return _show_review(request, attempt, error=words, status=403)
    try:
        services.hand_in(attempt=attempt, reader=reader, now=timezone.now())
    except services.AttemptClosed as refused:
        return _show_review(request, attempt, error=str(refused), status=409)
    return see_other(address("result", attempt))
