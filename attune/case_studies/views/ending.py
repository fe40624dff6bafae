"""The ending, the path that led there, and trying again from any decision of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attune.case_studies import services
from attune.case_studies.branching.values import Case
from attune.case_studies.counting import counts_beside
from attune.case_studies.freezing import case_of_attempt
from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.case_studies.others import what_others_chose
from attune.case_studies.shown import competencies_of, meters_of
from attune.case_studies.standing import rule_of
from attune.case_studies.views.common import (
    address,
    in_language_of_attempt,
    reader_of,
    see_other,
)
from attune.case_studies.walking import choice_in, ending_in, scene_in
from attune.enrolments.gate import next_unit_after
from attune.enrolments.models import UnitProgress
from attune.enrolments.states import State
from attune.safety.small_cells import MINIMUM


@dataclass(frozen=True, slots=True)
class Option:
    """A choice that was offered. Its outcome is not told: it can be tried."""

    text: str
    is_taken: bool
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class PathStep:
    """A decision on the path, with what else was possible."""

    position: int
    title: str
    options: list[Option]
    repeated: bool
    knows_others: bool
    url: str
    again_url: str

    @property
    def taken(self) -> Option | None:
        return next((each for each in self.options if each.is_taken), None)

    @property
    def not_taken(self) -> list[Option]:
        return [each for each in self.options if not each.is_taken]


@require_safe
@in_language_of_attempt
def ending(request: HttpRequest, attempt: CaseAttempt) -> HttpResponse:
    if attempt.is_open:
        return see_other(address("attempt", attempt))
    page = attempt.unit
    case = case_of_attempt(attempt)
    reached = ending_in(case, attempt.ending_key)
    if reached is None or page is None:
        raise Http404
    decisions = list(attempt.decisions.order_by("position"))
    reader = reader_of(request, attempt)
    may_go_on = reader is not None and reader.cycle == attempt.cycle
    open_attempt = (
        CaseAttempt.objects.at(
            person_id=attempt.person_id, case_key=attempt.case_key, cycle=attempt.cycle
        )
        .open()
        .first()
    )
    is_complete = attempt.passed or _is_completed(attempt)
    steps = _path_of(attempt, decisions, case, may_try=may_go_on and open_attempt is None)
    return render(
        request,
        "attune_case_studies/ending.html",
        {
            "page": page,
            "attempt": attempt,
            "case": case,
            "case_url": page.url,
            "ending": reached,
            "rule": rule_of(case),
            "needs_score": case.pass_score is not None,
            "is_complete": is_complete,
            "competencies": competencies_of(case, attempt.competencies),
            "meters": meters_of(
                case,
                decisions[-1].after if decisions else {},
                was=decisions[0].before if decisions else None,
            ),
            "steps": steps,
            "knows_others": any(step.knows_others for step in steps),
            "minimum": MINIMUM,
            "open_attempt": open_attempt,
            "open_url": address("attempt", open_attempt) if open_attempt else "",
            "start_url": reverse("attune_case_studies:start", args=[page.pk])
            if may_go_on and open_attempt is None and page.live
            else "",
            "module_url": reader.module.url if reader else "",
            "module_title": reader.module.title if reader else "",
            "next_url": next_unit_after(reader, page) if reader and is_complete else None,
        },
    )


def _path_of(
    attempt: CaseAttempt, decisions: list[CaseDecision], case: Case, *, may_try: bool
) -> list[PathStep]:
    counts = counts_beside(attempt, [each.scene_key for each in decisions])
    steps = []
    for decision in decisions:
        scene = scene_in(case, decision.scene_key)
        found = counts.get(decision.scene_key, {})
        shares = what_others_chose({key: found.get(key, 0) for key in decision.offered})
        options = []
        for key in decision.offered:
            choice = choice_in(scene, key)
            if choice is not None:
                options.append(
                    Option(
                        choice.text,
                        key == decision.choice_key,
                        shares.get(key) if shares is not None else None,
                    )
                )
        steps.append(
            PathStep(
                position=decision.position,
                title=scene.title if scene is not None else decision.scene_key,
                options=options,
                repeated=decision.repeated,
                knows_others=shares is not None,
                url=address("scene", attempt, decision.position),
                again_url=address("again", attempt, decision.position) if may_try else "",
            )
        )
    return steps


def _is_completed(attempt: CaseAttempt) -> bool:
    return UnitProgress.objects.filter(
        person=attempt.person_id,
        unit_key=attempt.case_key,
        cycle=attempt.cycle,
        state=State.COMPLETED,
    ).exists()


@require_POST
@in_language_of_attempt
def again(request: HttpRequest, attempt: CaseAttempt, *, position: int) -> HttpResponse:
    """A new attempt that stands before this decision."""
    decision: Any = get_object_or_404(
        CaseDecision.objects.select_related("attempt__person", "attempt__frozen", "attempt__unit"),
        attempt=attempt,
        position=position,
    )
    reader = reader_of(request, attempt)
    if reader is None:
        raise Http404
    if attempt.is_open:
        return see_other(address("attempt", attempt))
    try:
        fresh = services.try_again_from(decision=decision, reader=reader, now=timezone.now())
    except services.CaseRefused as refused:
        messages.warning(request, str(refused))
        return see_other(address("ending", attempt))
    return see_other(address("attempt", fresh))
