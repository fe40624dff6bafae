"""One scene: show it, take the choice, show what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from attune.case_studies import services
from attune.case_studies.branching import engine
from attune.case_studies.branching.values import Case
from attune.case_studies.freezing import case_of_attempt
from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.case_studies.shown import blocks_of, meters_of, norm_named
from attune.case_studies.views.common import (
    address,
    in_language_of_attempt,
    reader_of,
    see_other,
)
from attune.case_studies.walking import choice_in, ending_in, position_of, scene_in

UNSENT = "attune_case_studies_unsent"
"""Session key of a choice that came after the session had ended."""
LONGEST_KEY = 60


@require_http_methods(["GET", "HEAD", "POST"])
def scene(request: HttpRequest, deed: UUID, position: int) -> HttpResponse:
    if request.method == "POST" and not request.user.is_authenticated:
        # Not lost: it waits, chosen but not taken, until its owner has signed in again.
        choice = request.POST.get("choice", "")
        if 0 < len(choice) <= LONGEST_KEY:
            request.session[UNSENT] = {"path": request.path, "choice": choice}
        return redirect_to_login(request.path)
    return _scene(request, deed=deed, position=position)


@in_language_of_attempt
def _scene(request: HttpRequest, attempt: CaseAttempt, *, position: int) -> HttpResponse:
    if request.method == "POST":
        return _decide(request, attempt, position)
    decisions = list(attempt.decisions.order_by("position"))
    if 1 <= position <= len(decisions):
        return _show_outcome(request, attempt, decisions, position)
    if position != len(decisions) + 1:
        raise Http404
    if not attempt.is_open:
        return see_other(address("ending", attempt))
    return _show_scene(request, attempt, decisions)


def _decide(request: HttpRequest, attempt: CaseAttempt, position: int) -> HttpResponse:
    reader = reader_of(request, attempt)
    if reader is None:
        messages.error(
            request,
            _(
                "This training is not assigned to you at the moment, so nothing was decided. "
                "Your path so far is kept."
            ),
        )
        return see_other(address("scene", attempt, position))
    choice = request.POST.get("choice", "")
    try:
        decided = services.decide(
            attempt=attempt,
            reader=reader,
            position=position,
            choice_key=choice,
            now=timezone.now(),
            shown_at=_shown_at(request, attempt, position),
        )
    except services.AlreadyDecided as refused:
        messages.warning(request, str(refused))
        return see_other(address("attempt", attempt))
    except services.AttemptClosed as refused:
        messages.warning(request, str(refused))
        # An open one of an earlier round takes nothing any more: the way on is the case's page.
        if attempt.is_open and attempt.unit is not None:
            return see_other(attempt.unit.url)
        return see_other(address("attempt", attempt))
    except services.NotTaken as refused:
        decisions = list(attempt.decisions.order_by("position"))
        if position != len(decisions) + 1:
            messages.warning(request, str(refused))
            return see_other(address("attempt", attempt))
        return _show_scene(request, attempt, decisions, error=str(refused), status=400)
    request.session.pop(UNSENT, None)
    if not _tells_something(case_of_attempt(attempt), decided.decision):
        return see_other(address("attempt", attempt))
    return see_other(address("scene", attempt, position))


def _tells_something(case: Case, decision: CaseDecision) -> bool:
    choice = choice_in(scene_in(case, decision.scene_key), decision.choice_key)
    return choice is not None and bool(choice.outcome or choice.reading)


# --- When the scene was shown ----------------------------------------------------------------


def _signer(attempt: CaseAttempt, position: int) -> Signer:
    return Signer(salt=f"attune.case_studies.shown:{attempt.deed}:{position}")


def _shown_at(request: HttpRequest, attempt: CaseAttempt, position: int) -> datetime | None:
    """When this page was made, as its form carries it back; None if that was tampered with."""
    try:
        value = _signer(attempt, position).unsign(request.POST.get("shown", ""))
        return datetime.fromtimestamp(int(value) / 1000, tz=UTC)
    except (BadSignature, ValueError, OverflowError):
        return None


# --- Pages -------------------------------------------------------------------------------------


def _common(attempt: CaseAttempt, case: Case) -> dict[str, Any]:
    return {
        "page": attempt.unit,
        "attempt": attempt,
        "case": case,
        "client": attempt.enrolment.engagement.client,
        "case_url": attempt.unit.url if attempt.unit is not None else "",
    }


def _show_scene(
    request: HttpRequest,
    attempt: CaseAttempt,
    decisions: list[CaseDecision],
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    case = case_of_attempt(attempt)
    scene = scene_in(case, attempt.place)
    if scene is None:
        raise Http404
    stands = position_of(attempt, decisions, case)
    position = len(decisions) + 1
    last = decisions[-1] if decisions else None
    # What a choice without words of its own did is told here, since no page told it before.
    is_news = last is not None and not last.repeated and not _tells_something(case, last)
    chosen = _unsent(request)
    return render(
        request,
        "attune_case_studies/scene.html",
        {
            **_common(attempt, case),
            "scene": scene,
            "position": position,
            "blocks": blocks_of(scene.body),
            "choices": engine.offered(case, stands),
            "meters": meters_of(case, stands.state, was=last.before if last and is_news else None),
            "error": error,
            "chosen": chosen,
            "notice": _(
                "You were signed out before this was sent. Your choice is marked below: send it "
                "now, or choose again."
            )
            if chosen
            else "",
            "shown": _signer(attempt, position).sign(str(int(timezone.now().timestamp() * 1000))),
            "is_replay": bool(last and last.repeated),
        },
        status=status,
    )


def _unsent(request: HttpRequest) -> str:
    kept = request.session.get(UNSENT)
    if not isinstance(kept, dict) or kept.get("path") != request.path:
        return ""
    return str(kept.get("choice", ""))


def _show_outcome(
    request: HttpRequest, attempt: CaseAttempt, decisions: list[CaseDecision], position: int
) -> HttpResponse:
    case = case_of_attempt(attempt)
    decision = decisions[position - 1]
    scene = scene_in(case, decision.scene_key)
    choice = choice_in(scene, decision.choice_key)
    if scene is None or choice is None:
        raise Http404
    is_last = position == len(decisions)
    leads_to_ending = is_last and ending_in(case, attempt.place) is not None
    return render(
        request,
        "attune_case_studies/outcome.html",
        {
            **_common(attempt, case),
            "scene": scene,
            "choice": choice,
            "decision": decision,
            "position": position,
            "meters": meters_of(case, decision.after, was=decision.before),
            "norm": norm_named(choice.norm, language=attempt.language),
            "leads_to_ending": leads_to_ending,
            "next_url": address("ending", attempt)
            if leads_to_ending
            else address("scene", attempt, position + 1),
        },
    )
