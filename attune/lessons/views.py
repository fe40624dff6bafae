"""What a learner's browser posts from a lesson, and the search for a phrase."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from attune.enrolments.gate import next_unit_after
from attune.enrolments.readers import Reader, may_look, reader_for
from attune.enrolments.services import remember_position
from attune.lessons import services
from attune.lessons.models import LessonPage
from attune.lessons.phrases import MIN_CHARACTERS, find_phrases
from attune.people.access import person_of


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _lesson_and_reader(request: HttpRequest, lesson_id: int) -> tuple[LessonPage, Reader]:
    lesson = get_object_or_404(LessonPage.objects.live().select_related("locale"), pk=lesson_id)
    reader = reader_for(request.user, lesson)
    if reader is None or reader.is_closed:
        raise Http404
    return lesson, reader


def _signed_out(request: HttpRequest) -> HttpResponse | None:
    """For a script, an expired session is an answer that it can act on, never a sign-in page."""
    if not request.user.is_authenticated and _wants_json(request):
        return JsonResponse(
            {
                "saved": False,
                "message": _("You have been signed out. Sign in again; nothing you chose is lost."),
            },
            status=401,
        )
    return None


@require_POST
def self_check(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """Save the answer to a self-check; 400 with words where the answer makes no sense."""
    refused = _signed_out(request)
    return refused or _self_check(request, lesson_id)


@login_required
def _self_check(request: HttpRequest, lesson_id: int) -> HttpResponse:
    lesson, reader = _lesson_and_reader(request, lesson_id)
    block_id = request.POST.get("block", "")
    try:
        chosen = [int(position) for position in request.POST.getlist("option")]
        answer = services.answer_self_check(
            reader=reader, lesson=lesson, block_id=block_id, chosen=chosen, now=timezone.now()
        )
    except LookupError:
        return _refused(request, lesson, _("This lesson has changed; open it again."))
    except ValueError as error:
        readable = str(error) if request.POST.getlist("option") == [] else _("No such option.")
        return _refused(request, lesson, readable, anchor=f"check-{block_id}")
    if _wants_json(request):
        return JsonResponse({"saved": True, "correct": answer.correct, "chosen": answer.chosen})
    return HttpResponseRedirect(f"{lesson.url}#check-{block_id}", status=303)


def _refused(
    request: HttpRequest, lesson: LessonPage, words: str, *, anchor: str = ""
) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"saved": False, "message": words}, status=400)
    messages.error(request, words)
    return HttpResponseRedirect(f"{lesson.url}#{anchor}" if anchor else lesson.url, status=303)


@login_required
@require_POST
def confirm(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """The learner reached the end. ``then=next`` goes on with the next unit."""
    lesson, reader = _lesson_and_reader(request, lesson_id)
    if request.POST.get("done") != "1":
        return _refused(
            request, lesson, _("Tick that you have read to the end first."), anchor="confirm"
        )
    try:
        services.confirm_lesson(reader=reader, lesson=lesson, now=timezone.now())
    except services.NotYetComplete as missing:
        return _refused(request, lesson, str(missing), anchor="confirm")
    messages.success(request, _("“%(lesson)s” is complete.") % {"lesson": lesson.title})
    if request.POST.get("then") == "next":
        following = next_unit_after(reader, lesson)
        if following is not None:
            return HttpResponseRedirect(following, status=303)
    return redirect(reader.module.url)


@require_POST
def position(request: HttpRequest, lesson_id: int) -> HttpResponse:
    """Remember where the learner is. Sent by script while reading; losing one costs nothing."""
    refused = _signed_out(request)
    return refused or _position(request, lesson_id)


@login_required
def _position(request: HttpRequest, lesson_id: int) -> HttpResponse:
    lesson, reader = _lesson_and_reader(request, lesson_id)
    anchor = _anchor_in(request)
    blocks = {f"b-{block.id}" for block in lesson.body}
    if anchor not in blocks:
        return HttpResponseBadRequest(_("No such place in this lesson."))
    remember_position(reader=reader, unit=lesson, position={"anchor": anchor}, now=timezone.now())
    return HttpResponse(status=204)


def _anchor_in(request: HttpRequest) -> Any:
    if request.content_type != "application/json":
        return request.POST.get("anchor")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    anchor = body.get("anchor") if isinstance(body, dict) else None
    return anchor if isinstance(anchor, str) else None


@login_required
@require_safe
def captions(request: HttpRequest, lesson_id: int, block_id: UUID) -> HttpResponse:
    """The captions of a recording as WebVTT, for whoever may open the lesson."""
    lesson = get_object_or_404(LessonPage.objects.live().select_related("locale"), pk=lesson_id)
    if reader_for(request.user, lesson) is None and not may_look(request.user, lesson):
        raise Http404
    block = next((each for each in lesson.body if each.id == str(block_id)), None)
    if block is None or block.block_type != "media" or not block.value["captions"]:
        raise Http404
    return HttpResponse(block.value["captions"], content_type="text/vtt; charset=utf-8")


@login_required
@require_safe
def phrases(request: HttpRequest) -> HttpResponse:
    """Find a phrase again in the lessons that one has completed, in the middle of a ticket."""
    query = request.GET.get("q", "").strip()[:200].replace("\x00", "")
    person = person_of(request.user)
    too_short = 0 < len(query) < MIN_CHARACTERS
    results = find_phrases(person=person, query=query) if person and query and not too_short else []
    return render(
        request,
        "attune_lessons/phrases.html",
        {"query": query, "results": results, "too_short": too_short},
    )
