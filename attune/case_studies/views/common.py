"""What the pages of an attempt share: whose it is, in which language, where one goes next."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache

from attune.case_studies.models import CaseAttempt
from attune.enrolments.readers import Reader, reader_for
from attune.enrolments.states import LEARNABLE_STATES
from attune.people.access import person_of


def see_other(url: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(url, status=303)


def in_language_of_attempt(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Find the signed-in person's own attempt, and speak its language."""

    @wraps(view)
    @never_cache
    @login_required
    def inner(request: HttpRequest, deed: UUID, **kwargs: Any) -> HttpResponse:
        attempt = get_object_or_404(
            CaseAttempt.objects.select_related(
                "person",
                "frozen",
                "unit__locale",
                "enrolment__engagement__client",
                "enrolment__engagement__vendor",
            ).defer("frozen__body"),
            deed=deed,
            person=person_of(request.user),
            unit__isnull=False,
        )
        with translation.override(attempt.language):
            return view(request, attempt, **kwargs)

    return inner


def reader_of(request: HttpRequest, attempt: CaseAttempt) -> Reader | None:
    """Who may go on with the attempt: None while the training is not assigned."""
    if attempt.unit is None:
        return None
    reader = reader_for(request.user, attempt.unit)
    if reader is None or reader.enrolment.state not in LEARNABLE_STATES:
        return None
    return reader


def address(name: str, attempt: CaseAttempt, *args: Any) -> str:
    return reverse(f"attune_case_studies:{name}", args=[attempt.deed, *args])
