"""One question: show it, save the answer, flag it, have it explained."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from attune.enrolments.states import LEARNABLE_STATES
from attune.quizzes import requests, services
from attune.quizzes.models import AttemptQuestion, QuizAttempt
from attune.quizzes.questions.items import ResponseError
from attune.quizzes.requests import BadRequest, wants_json
from attune.quizzes.views.common import (
    address,
    clock_of,
    in_language_of_attempt,
    quiz_of,
    reader_of,
    see_other,
    steps_of,
)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, deed: UUID, position: int) -> HttpResponse:
    if request.method == "POST" and not request.user.is_authenticated:
        return _signed_out(request)
    return _question(request, deed=deed, position=position)


def _signed_out(request: HttpRequest) -> HttpResponse:
    """The answer is not lost: the page keeps it for a script, the session for a plain form."""
    if wants_json(request):
        return JsonResponse(
            {
                "saved": False,
                "signed_out": True,
                "message": _(
                    "You have been signed out. Your answer is still on this page: sign in "
                    "again, then send it once more."
                ),
                "sign_in_url": resolve_url(settings.LOGIN_URL),
            },
            status=401,
        )
    requests.keep_unsent(request)
    return redirect_to_login(request.path)


@in_language_of_attempt
def _question(request: HttpRequest, attempt: QuizAttempt, *, position: int) -> HttpResponse:
    found = get_object_or_404(
        AttemptQuestion.objects.select_related("frozen"), attempt=attempt, position=position
    )
    if request.method == "POST":
        return _save(request, attempt, found)
    if not attempt.is_open:
        return see_other(address("result", attempt))
    if attempt.is_over(timezone.now()):
        return see_other(address("review", attempt))
    return _show_question(request, attempt, found)


def _save(request: HttpRequest, attempt: QuizAttempt, found: AttemptQuestion) -> HttpResponse:
    if attempt.enrolment.state not in LEARNABLE_STATES and reader_of(request, attempt) is None:
        return _not_saved(
            request,
            attempt,
            found,
            _("This training is not assigned to you at the moment, so nothing can be saved."),
            status=403,
        )
    try:
        sent = requests.read_answer(request, found)
        saved = services.save_answer(
            attempt=attempt,
            position=found.position,
            raw=sent.response,
            sequence=sent.sequence,
            newest=not wants_json(request),
            now=timezone.now(),
        )
    except (BadRequest, ResponseError) as refused:
        return _not_saved(request, attempt, found, str(refused), status=400)
    except services.AttemptClosed as refused:
        return _closed(request, attempt, str(refused))
    if wants_json(request):
        body: dict[str, Any] = {"saved": saved.saved, "sequence": saved.sequence}
        if not saved.saved:
            body["message"] = _("A newer answer to this question was saved meanwhile.")
        elif lacks := found.item.lacks(found.item.read(sent.response)):
            body["lacks"] = lacks
        return JsonResponse(body, status=200 if saved.saved else 409)
    requests.forget_unsent(request)
    refusal = _beside_answering(request, attempt, found)
    if refusal:
        return _show_question(request, attempt, found, error=refusal, status=409)
    return see_other(_next_address(request, attempt, found))


def _closed(request: HttpRequest, attempt: QuizAttempt, words: str) -> HttpResponse:
    """Nothing more is taken. An attempt whose time is up is handed in with what was saved."""
    reader = reader_of(request, attempt)
    if attempt.is_open and reader is not None:
        services.hand_in(
            attempt=attempt,
            reader=reader,
            now=timezone.now(),
            closed_by=QuizAttempt.ClosedBy.CLOCK,
        )
    target = address("result", attempt)
    if wants_json(request):
        body = {"saved": False, "closed": True, "message": words, "result_url": target}
        return JsonResponse(body, status=409)
    messages.error(request, words)
    return see_other(target)


def _beside_answering(request: HttpRequest, attempt: QuizAttempt, found: AttemptQuestion) -> str:
    """Flag the question, or show its answer, if that button was pressed; why not, in words."""
    go = request.POST.get("go", "")
    try:
        if go in ("flag", "unflag"):
            services.flag_question(
                attempt=attempt,
                position=found.position,
                flagged=go == "flag",
                now=timezone.now(),
            )
        elif go == "check":
            services.show_answer(attempt=attempt, position=found.position, now=timezone.now())
    except services.AttemptClosed as refused:
        return str(refused)
    return ""


def _not_saved(
    request: HttpRequest, attempt: QuizAttempt, found: AttemptQuestion, words: str, *, status: int
) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"saved": False, "message": words}, status=status)
    return _show_question(request, attempt, found, error=words, status=status)


def _next_address(request: HttpRequest, attempt: QuizAttempt, found: AttemptQuestion) -> str:
    go = request.POST.get("go", "next")
    if go in ("stay", "flag", "unflag", "check"):
        return address("question", attempt, found.position)
    if go == "review":
        return address("review", attempt)
    target = found.position + (-1 if go == "previous" else 1)
    if attempt.questions.filter(position=target).exists():
        return address("question", attempt, target)
    return address("review", attempt)


def _show_question(
    request: HttpRequest,
    attempt: QuizAttempt,
    found: AttemptQuestion,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    steps = steps_of(attempt, current=found.position)
    kept = requests.unsent(request) if request.method == "GET" else None
    data = request.POST if request.method == "POST" else kept
    quiz = quiz_of(attempt)
    own_address = address("question", attempt, found.position)
    return render(
        request,
        "attune_quizzes/question.html",
        {
            "page": quiz,
            "attempt": attempt,
            "question": found,
            "item": found.item,
            "form": found.form(data),
            "position": found.position,
            "total": len(steps),
            "answered_count": sum(step.is_answered for step in steps),
            "is_last": found.position == len(steps),
            "is_open": attempt.is_open,
            "navigator": steps,
            "clock": clock_of(attempt),
            "explains": quiz.feedback == quiz.feedback_policies.AFTER_EACH,
            "is_shown": found.shown_at is not None,
            "outcomes": found.item.outcomes(found.response, found.option_order)
            if found.shown_at is not None
            else [],
            "action_url": own_address,
            "autosave_url": own_address,
            "next_sequence": found.sequence + 1,
            "previous_url": (
                address("question", attempt, found.position - 1) if found.position > 1 else ""
            ),
            "next_url": address("question", attempt, found.position + 1),
            "review_url": address("review", attempt),
            "result_url": address("result", attempt),
            "quiz_url": quiz.url,
            "error": error,
            "notice": (
                _(
                    "You were signed out before this answer was saved. Here it is as you gave "
                    "it: save it now."
                )
                if kept is not None
                else ""
            ),
        },
        status=status,
    )
