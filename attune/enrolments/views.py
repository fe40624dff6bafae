"""The learner's own pages beside Wagtail's: my training, and the button that starts a unit."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attune.curriculum.models import LearningUnitPage
from attune.enrolments import services
from attune.enrolments.models import Enrolment
from attune.enrolments.outline import outlines_for
from attune.enrolments.readers import reader_for
from attune.enrolments.states import State
from attune.people.access import person_of


@login_required
@require_safe
def my_training(request: HttpRequest) -> HttpResponse:
    """What is assigned to me, what is due when, and where I go on."""
    person = person_of(request.user)
    now = timezone.now()
    outlines = []
    if person is not None:
        enrolments = (
            Enrolment.objects.filter(person=person)
            .latest_cycle()
            .exclude(state=State.WITHDRAWN)
            .select_related("programme__locale", "engagement__client", "engagement__vendor")
            .prefetch_related("assignments")
            .order_by("due_at", "pk")
        )
        outlines = outlines_for(person, list(enrolments), now=now, with_reasons=True)
    return render(
        request,
        "attune_enrolments/my_training.html",
        {
            "person": person,
            "outlines": outlines,
            "has_open": any(not outline.enrolment.completed_at for outline in outlines),
            "now": now,
        },
    )


@login_required
@require_POST
def start_unit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Start a unit and go there. A second click starts nothing new."""
    unit = get_object_or_404(LearningUnitPage.objects.live().select_related("locale"), pk=unit_id)
    reader = reader_for(request.user, unit)
    if reader is None:
        raise Http404
    specific = unit.specific
    if not reader.is_closed and specific.starts_when_opened:
        services.start_unit(reader=reader, unit=specific, now=timezone.now())
    return redirect(specific.url)
