"""What a learner's browser posts from a case to read. The page itself is served by Wagtail.

Every form works without a script; a script may send the same form and ask for JSON.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, resolve_url
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from attune.case_studies import reflecting
from attune.case_studies.models.reflective import MAX_CHARACTERS, ReflectiveCasePage
from attune.enrolments.gate import next_unit_after
from attune.enrolments.readers import Reader, reader_for

UNSENT = "attune_reflection_unsent"
"""Session key of a reflection that came after the session had ended."""


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _page_and_reader(request: HttpRequest, page_id: int) -> tuple[ReflectiveCasePage, Reader]:
    page = get_object_or_404(ReflectiveCasePage.objects.live().select_related("locale"), pk=page_id)
    reader = reader_for(request.user, page)
    if reader is None or reader.is_closed:
        raise Http404
    return page, reader


def _back_to(page: ReflectiveCasePage, anchor: str) -> HttpResponse:
    return HttpResponseRedirect(f"{page.url}#{anchor}", status=303)


@require_http_methods(["GET", "HEAD", "POST"])
def reflection(request: HttpRequest, page_id: int, question: UUID) -> HttpResponse:
    """Save a reflection; with ``go=share`` or ``go=withdraw`` say who may read it.

    A plain GET, as after signing in again, leads to the question on its page.
    """
    if request.method != "POST":
        return _to_the_question(request, page_id, question)
    if not request.user.is_authenticated:
        return _signed_out(request, page_id, question)
    return _reflection(request, page_id, question)


@login_required
def _to_the_question(request: HttpRequest, page_id: int, question: UUID) -> HttpResponse:
    page, _reader = _page_and_reader(request, page_id)
    return redirect(f"{page.url}#question-{question}")


def _signed_out(request: HttpRequest, page_id: int, question: UUID) -> HttpResponse:
    """The text is not lost: the page keeps it for a script, the session for a plain form."""
    if _wants_json(request):
        return JsonResponse(
            {
                "saved": False,
                "message": _(
                    "You have been signed out. Your text is still on this page: sign in again, "
                    "then save it once more."
                ),
                "sign_in_url": resolve_url(settings.LOGIN_URL),
            },
            status=401,
        )
    text = request.POST.get("text", "")
    # Nobody has to sign in to leave it, so it is no longer than can be kept.
    if 0 < len(text) <= MAX_CHARACTERS:
        request.session[UNSENT] = {"page": page_id, "question": str(question), "text": text}
    # Not to the page by its name, which is nothing for strangers.
    return redirect_to_login(request.path)


def _reflection(request: HttpRequest, page_id: int, question: UUID) -> HttpResponse:
    page, reader = _page_and_reader(request, page_id)
    anchor = f"question-{question}"
    go = request.POST.get("go", "save")
    now = timezone.now()
    with translation.override(page.locale.language_code):
        try:
            saved = reflecting.save_reflection(
                reader=reader,
                page=page,
                question_key=question,
                text=request.POST.get("text", ""),
                sequence=_sequence(request),
                newest=not _wants_json(request),
                now=now,
            )
            if go == "share":
                reflecting.share_reflection(
                    reader=reader, page=page, question_key=question, now=now
                )
            elif go == "withdraw":
                reflecting.withdraw_reflection(
                    reader=reader, page=page, question_key=question, now=now
                )
        except LookupError:
            return _refused(request, page, _("This case has changed; open it again."), "questions")
        except reflecting.NotTaken as refusal:
            return _refused(request, page, str(refusal), anchor)
        if _wants_json(request):
            return _as_json(page, saved)
        _forget_unsent(request, question)
        messages.success(request, _said(go))
    return _back_to(page, anchor)


def _said(go: str) -> str:
    if go == "share":
        return _("Saved and shared. Your team and your client’s trainers can read it.")
    if go == "withdraw":
        return _("Saved. It is private again: only you can read it.")
    return _("Your reflection is saved.")


def _as_json(page: ReflectiveCasePage, saved: reflecting.Saved) -> JsonResponse:
    body: dict[str, Any] = {
        "saved": saved.saved,
        "sequence": saved.sequence,
        "words": saved.words,
        "enough": saved.words >= page.least_words,
    }
    if not saved.saved:
        body["message"] = _("A newer text was saved meanwhile, perhaps in another tab.")
    return JsonResponse(body, status=200 if saved.saved else 409)


def _refused(
    request: HttpRequest, page: ReflectiveCasePage, words: str, anchor: str
) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"saved": False, "message": words}, status=400)
    text = request.POST.get("text", "")
    if request.resolver_match is not None and 0 < len(text) <= 4 * MAX_CHARACTERS:
        # Refused is not lost: the text comes back into its field.
        request.session[UNSENT] = {
            "page": page.pk,
            "question": str(request.resolver_match.kwargs.get("question", "")),
            "text": text,
        }
    messages.error(request, words)
    return _back_to(page, anchor)


def _sequence(request: HttpRequest) -> int:
    value = request.POST.get("sequence", "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else 0


def _forget_unsent(request: HttpRequest, question: UUID) -> None:
    kept = request.session.get(UNSENT)
    if isinstance(kept, dict) and kept.get("question") == str(question):
        del request.session[UNSENT]


@login_required
@require_POST
def finish(request: HttpRequest, page_id: int) -> HttpResponse:
    """The learner is done. ``then=next`` goes on with the next unit."""
    page, reader = _page_and_reader(request, page_id)
    with translation.override(page.locale.language_code):
        try:
            reflecting.finish_reading(reader=reader, page=page, now=timezone.now())
        except reflecting.NotTaken as missing:
            messages.error(request, str(missing))
            return _back_to(page, "finish-case")
        messages.success(request, _("“%(case)s” is complete.") % {"case": page.title})
    if request.POST.get("then") == "next":
        following = next_unit_after(reader, page)
        if following is not None:
            return HttpResponseRedirect(following, status=303)
    return redirect(reader.module.url)
