"""Start an attempt, and find where to go on in it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attune.case_studies import services
from attune.case_studies.models import CaseAttempt, CaseStudyPage
from attune.case_studies.views.common import address, in_language_of_attempt, see_other
from attune.enrolments.readers import closed_because, reader_for


@login_required
@require_POST
def start(request: HttpRequest, page_id: int) -> HttpResponse:
    """Start an attempt, or go on with the one that is open."""
    page = get_object_or_404(CaseStudyPage.objects.live().select_related("locale"), pk=page_id)
    reader = reader_for(request.user, page)
    if reader is None or closed_because(reader):
        raise Http404
    try:
        attempt = services.start_attempt(reader=reader, page=page, now=timezone.now())
    except services.CannotStart as refused:
        messages.error(request, str(refused))
        return see_other(page.url)
    return see_other(address("attempt", attempt))


@require_safe
@in_language_of_attempt
def attempt(request: HttpRequest, attempt: CaseAttempt) -> HttpResponse:
    """Where to go on: the scene that waits for a decision, or the ending."""
    if not attempt.is_open:
        return see_other(address("ending", attempt))
    return see_other(address("scene", attempt, attempt.decisions.count() + 1))
