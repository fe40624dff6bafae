"""Start an attempt, and find where to go on in it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attune.enrolments.readers import closed_because, reader_for
from attune.quizzes import services
from attune.quizzes.models import QuizAttempt, QuizPage
from attune.quizzes.views.common import address, in_language_of_attempt, see_other


@login_required
@require_POST
def start(request: HttpRequest, quiz_id: int) -> HttpResponse:
    """Start an attempt, or go on with the one that is open."""
    quiz = get_object_or_404(QuizPage.objects.live().select_related("locale"), pk=quiz_id)
    reader = reader_for(request.user, quiz)
    if reader is None or closed_because(reader):
        raise Http404
    try:
        attempt = services.start_attempt(reader=reader, quiz=quiz, now=timezone.now())
    except services.CannotStart as refused:
        messages.error(request, str(refused))
        return see_other(quiz.url)
    return see_other(address("attempt", attempt))


@require_safe
@in_language_of_attempt
def attempt(request: HttpRequest, attempt: QuizAttempt) -> HttpResponse:
    """Where to go on: the first open question, the review if there is none, or the result."""
    if not attempt.is_open:
        return see_other(address("result", attempt))
    if attempt.is_over(timezone.now()):
        return see_other(address("review", attempt))
    first = (
        attempt.questions.filter(response__isnull=True)
        .order_by("position")
        .values_list("position", flat=True)
        .first()
    )
    if first is None:
        return see_other(address("review", attempt))
    return see_other(address("question", attempt, first))
