"""Pages of an attempt: start, one question at a time, review, hand in, result.

GET shows and never records. Every page works as a plain form; a script may send the same
form and ask for JSON. Another person's attempt does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attune.enrolments.gate import next_unit_after
from attune.enrolments.readers import Reader, closed_because, reader_for
from attune.enrolments.states import LEARNABLE_STATES
from attune.people.access import person_of
from attune.quizzes import requests, services
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.questions.items import ResponseError
from attune.quizzes.requests import BadRequest, wants_json
from attune.quizzes.standing import attempts_left, best_of, exhausted_words, shows_answers


@dataclass(frozen=True, slots=True)
class Step:
    """A question in the navigator and on the page before handing in."""

    position: int
    url: str
    is_answered: bool
    is_current: bool = False
    name: str = ""


def see_other(url: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(url, status=303)


def in_language_of_attempt(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponse]:
    """Find the signed-in person's own attempt, and speak its language."""

    @wraps(view)
    @never_cache
    @login_required
    def inner(request: HttpRequest, deed: UUID, **kwargs: Any) -> HttpResponse:
        person = person_of(request.user)
        attempt = get_object_or_404(
            QuizAttempt.objects.select_related(
                "unit__locale", "enrolment__engagement__client", "enrolment__engagement__vendor"
            ),
            deed=deed,
            person=person,
            unit__isnull=False,
        )
        with translation.override(attempt.language):
            return view(request, attempt, **kwargs)

    return inner


def _reader_of(request: HttpRequest, attempt: QuizAttempt) -> Reader | None:
    return reader_for(request.user, attempt.unit) if attempt.unit is not None else None


def _quiz_of(attempt: QuizAttempt) -> QuizPage:
    if attempt.unit is None:
        raise Http404
    return attempt.unit


def _address(name: str, attempt: QuizAttempt, *args: Any) -> str:
    return reverse(f"attune_quizzes:{name}", args=[attempt.deed, *args])


# --- Start ------------------------------------------------------------------------------


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
    return see_other(_address("attempt", attempt))


@require_safe
@in_language_of_attempt
def attempt(request: HttpRequest, attempt: QuizAttempt) -> HttpResponse:
    """Where to go on: the first open question, the review if there is none, or the result."""
    if not attempt.is_open:
        return see_other(_address("result", attempt))
    first = (
        attempt.questions.filter(response__isnull=True)
        .order_by("position")
        .values_list("position", flat=True)
        .first()
    )
    if first is None:
        return see_other(_address("review", attempt))
    return see_other(_address("question", attempt, first))


# --- One question ---------------------------------------------------------------------------


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
        return see_other(_address("result", attempt))
    return _show_question(request, attempt, found)


def _save(request: HttpRequest, attempt: QuizAttempt, found: AttemptQuestion) -> HttpResponse:
    if attempt.enrolment.state not in LEARNABLE_STATES and _reader_of(request, attempt) is None:
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
        if wants_json(request):
            return JsonResponse(
                {
                    "saved": False,
                    "closed": True,
                    "message": str(refused),
                    "result_url": _address("result", attempt),
                },
                status=409,
            )
        messages.error(request, str(refused))
        return see_other(_address("result", attempt))
    if wants_json(request):
        body: dict[str, Any] = {"saved": saved.saved, "sequence": saved.sequence}
        if not saved.saved:
            body["message"] = _("A newer answer to this question was saved meanwhile.")
        return JsonResponse(body, status=200 if saved.saved else 409)
    requests.forget_unsent(request)
    return see_other(_next_address(request, attempt, found))


def _not_saved(
    request: HttpRequest, attempt: QuizAttempt, found: AttemptQuestion, words: str, *, status: int
) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"saved": False, "message": words}, status=status)
    return _show_question(request, attempt, found, error=words, status=status)


def _next_address(request: HttpRequest, attempt: QuizAttempt, found: AttemptQuestion) -> str:
    go = request.POST.get("go", "next")
    if go == "stay":
        return _address("question", attempt, found.position)
    if go == "review":
        return _address("review", attempt)
    target = found.position + (-1 if go == "previous" else 1)
    if attempt.questions.filter(position=target).exists():
        return _address("question", attempt, target)
    return _address("review", attempt)


def _show_question(
    request: HttpRequest,
    attempt: QuizAttempt,
    found: AttemptQuestion,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    steps = _steps(attempt, current=found.position)
    kept = requests.unsent(request) if request.method == "GET" else None
    data = request.POST if request.method == "POST" else kept
    quiz = _quiz_of(attempt)
    address = _address("question", attempt, found.position)
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
            "action_url": address,
            "autosave_url": address,
            "next_sequence": found.sequence + 1,
            "previous_url": (
                _address("question", attempt, found.position - 1) if found.position > 1 else ""
            ),
            "review_url": _address("review", attempt),
            "result_url": _address("result", attempt),
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


def _steps(attempt: QuizAttempt, *, current: int = 0) -> list[Step]:
    """The navigator. One query, which leaves the answers and questions themselves alone."""
    rows = attempt.questions.order_by("position").values_list(
        "position",
        ExpressionWrapper(Q(response__isnull=False), output_field=BooleanField()),
    )
    return [
        Step(
            position=position,
            url=_address("question", attempt, position),
            is_answered=bool(answered),
            is_current=position == current,
        )
        for position, answered in rows
    ]


# --- Review and hand in -----------------------------------------------------------------------


@require_safe
@in_language_of_attempt
def review(request: HttpRequest, attempt: QuizAttempt) -> HttpResponse:
    if not attempt.is_open:
        return see_other(_address("result", attempt))
    return _show_review(request, attempt)


def _show_review(
    request: HttpRequest, attempt: QuizAttempt, *, error: str = "", status: int = 200
) -> HttpResponse:
    rows = [
        Step(
            position=each.position,
            url=_address("question", attempt, each.position),
            is_answered=each.is_answered,
            name=each.item.name,
        )
        for each in attempt.questions.select_related("frozen").order_by("position")
    ]
    quiz = _quiz_of(attempt)
    return render(
        request,
        "attune_quizzes/review.html",
        {
            "page": quiz,
            "attempt": attempt,
            "rows": rows,
            "unanswered": [row for row in rows if not row.is_answered],
            "total": len(rows),
            "answered_count": sum(row.is_answered for row in rows),
            "hand_in_url": _address("hand_in", attempt),
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
        return see_other(_address("result", attempt))
    reader = _reader_of(request, attempt)
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
    return see_other(_address("result", attempt))


# --- Result -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A question in the result, with what may be shown of it."""

    question: AttemptQuestion
    outcomes: list[Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.question, name)

    @property
    def name(self) -> str:
        return self.question.item.name


@require_safe
@in_language_of_attempt
def result(request: HttpRequest, attempt: QuizAttempt) -> HttpResponse:
    if attempt.is_open:
        return see_other(_address("attempt", attempt))
    quiz = _quiz_of(attempt)
    siblings = list(
        QuizAttempt.objects.at(
            person_id=attempt.person_id, quiz_key=attempt.quiz_key, cycle=attempt.cycle
        )
    )
    best = best_of([each for each in siblings if not each.is_open])
    left = attempts_left(quiz, len(siblings))
    reader = _reader_of(request, attempt)
    is_current = reader is not None and reader.cycle == attempt.cycle
    may_start = is_current and quiz.live and (left is None or left > 0)
    has_passed = best is not None and bool(best.passed)
    shown, hidden_words = shows_answers(quiz, siblings)
    return render(
        request,
        "attune_quizzes/result.html",
        {
            "page": quiz,
            "attempt": attempt,
            "rule": quiz.completion_rule(),
            "shows_answers": shown,
            "hidden_words": hidden_words,
            "rows": _result_rows(attempt) if shown else [],
            "attempts_left": left,
            "start_url": reverse("attune_quizzes:start", args=[quiz.pk]) if may_start else "",
            "blocked_words": exhausted_words(quiz) if left == 0 and not has_passed else "",
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
    return [
        ResultRow(each, each.item.outcomes(each.response, each.option_order))
        for each in attempt.questions.select_related("frozen").order_by("position")
    ]
