"""What the pages of an attempt share: whose it is, in which language, where one goes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache

from attune.enrolments.readers import Reader, reader_for
from attune.people.access import person_of
from attune.quizzes.models import QuizAttempt, QuizPage


@dataclass(frozen=True, slots=True)
class Step:
    """A question in the navigator and on the page before handing in."""

    position: int
    url: str
    is_answered: bool
    is_current: bool = False
    is_flagged: bool = False
    is_scored: bool = True
    section: str = ""
    name: str = ""
    # What a half-done answer lacks, in words.
    lacks: str = ""


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
                "person",
                "unit__locale",
                "enrolment__engagement__client",
                "enrolment__engagement__vendor",
            ),
            deed=deed,
            person=person,
            unit__isnull=False,
        )
        with translation.override(attempt.language):
            return view(request, attempt, **kwargs)

    return inner


def reader_of(request: HttpRequest, attempt: QuizAttempt) -> Reader | None:
    return reader_for(request.user, attempt.unit) if attempt.unit is not None else None


def quiz_of(attempt: QuizAttempt) -> QuizPage:
    if attempt.unit is None:
        raise Http404
    return attempt.unit


def address(name: str, attempt: QuizAttempt, *args: Any) -> str:
    return reverse(f"attune_quizzes:{name}", args=[attempt.deed, *args])


def steps_of(attempt: QuizAttempt, *, current: int = 0) -> list[Step]:
    """The navigator. One query, which leaves the answers and questions themselves alone."""
    rows = attempt.questions.order_by("position").values_list(
        "position",
        "flagged",
        "section",
        ExpressionWrapper(Q(response__isnull=False), output_field=BooleanField()),
    )
    return [
        Step(
            position=position,
            url=address("question", attempt, position),
            is_answered=bool(answered),
            is_current=position == current,
            is_flagged=flagged,
            section=section,
        )
        for position, flagged, section, answered in rows
    ]


@dataclass(frozen=True, slots=True)
class Clock:
    """The time limit as a page shows it. The server's clock alone counts; a script counts
    down from ``seconds_left``, whatever the device's own clock says."""

    due_at: datetime
    seconds_left: int
    zone: tzinfo

    @property
    def is_over(self) -> bool:
        return self.seconds_left <= 0


def clock_of(attempt: QuizAttempt) -> Clock | None:
    if attempt.due_at is None or not attempt.is_open:
        return None
    left = (attempt.due_at - timezone.now()).total_seconds()
    return Clock(attempt.due_at, max(0, int(left)), attempt.person.zone)
