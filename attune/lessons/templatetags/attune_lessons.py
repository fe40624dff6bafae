"""The learner's own state in a lesson, for a template that is the same for everyone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from attune.lessons.models import LessonPage

register = template.Library()


@dataclass(frozen=True, slots=True)
class LessonState:
    self_check_url: str
    confirm_url: str
    position_url: str
    rule: str
    self_checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    open_checks: list[str] = field(default_factory=list)
    position: str = ""
    completed_at: datetime | None = None
    is_reading: bool = False

    @property
    def why(self) -> list[str]:
        """Why this lesson is not complete; empty when it is."""
        if self.completed_at is not None or not self.is_reading:
            return []
        sentences = []
        if self.open_checks:
            sentences.append(
                ngettext(
                    "One self-check is still to be answered.",
                    "%(count)d self-checks are still to be answered.",
                    len(self.open_checks),
                )
                % {"count": len(self.open_checks)}
            )
        sentences.append(_("You have not confirmed yet that you read to the end."))
        return sentences


@register.simple_tag(takes_context=True)
def lesson_state(context: dict[str, Any], page: LessonPage) -> LessonState:
    """What this reader has done in the lesson. One query once it is begun, none before."""
    frame = getattr(context.get("request"), "attune_frame", None)
    urls: dict[str, Any] = {
        "self_check_url": reverse("attune_lessons:self_check", args=[page.pk or 0]),
        "confirm_url": reverse("attune_lessons:confirm", args=[page.pk or 0]),
        "position_url": reverse("attune_lessons:position", args=[page.pk or 0]),
        "rule": page.completion_rule(),
    }
    if frame is None or frame.reader is None:
        return LessonState(**urls)
    progress = frame.progress
    answers = {
        answer.block_id: {
            "answered": True,
            "chosen": answer.chosen,
            "correct": answer.correct,
        }
        for answer in (progress.self_check_answers.all() if progress else ())
    }
    return LessonState(
        **urls,
        self_checks=answers,
        open_checks=[block_id for block_id in page.self_checks() if block_id not in answers],
        position=str(progress.position.get("anchor", "")) if progress else "",
        completed_at=progress.completed_at if progress else None,
        is_reading=True,
    )
