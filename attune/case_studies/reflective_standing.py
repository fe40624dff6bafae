"""What a page of a case to read shows to this person: their own words, and what others shared."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from attune.case_studies.models.reflective import (
    MAX_CHARACTERS,
    Reflection,
    ReflectionQuestion,
    ReflectiveCasePage,
)
from attune.case_studies.reflecting import short_words, still_short
from attune.enrolments.models import UnitProgress
from attune.people.access import person_of, reach_of

SHOWN_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class QuestionStanding:
    """A question as one reader finds it. ``others`` are shared reflections they may read."""

    question: ReflectionQuestion
    number: int
    url: str
    text: str = ""
    words: int = 0
    next_sequence: int = 1
    is_saved: bool = False
    is_shared: bool = False
    is_enough: bool = False
    is_unsent: bool = False
    others: list[Reflection] = field(default_factory=list)
    waiting: int = 0
    """How many the reader's team has shared that show once they wrote their own."""


@dataclass(frozen=True, slots=True)
class ReflectiveStanding:
    questions: list[QuestionStanding]
    rule: str
    finish_url: str
    longest: int = MAX_CHARACTERS
    completed_at: datetime | None = None
    is_learning: bool = False
    reads_shared: bool = False
    """Looks without learning, and may read what was shared."""
    why: list[str] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return (
            self.is_learning and bool(self.questions) and all(q.is_enough for q in self.questions)
        )


def standing_of(
    page: ReflectiveCasePage, *, frame: Any, user: Any, unsent: Any = None
) -> ReflectiveStanding:
    """``frame`` is the gate's, None in a preview; ``unsent`` a text that was sent while signed out.

    One query for a learner, whatever the number of questions, and one for each version.
    """
    if frame is not None:  # a preview has a draft's questions
        _hold_questions(page)
    questions = page.questions_in_order()
    reader = frame.reader if frame is not None else None
    progress = frame.progress if reader is not None else None
    reach = reach_of(user)
    reads_shared = (
        frame is not None and reader is None and bool(reach.authors_for or reach.everything)
    )
    own, shared = (
        _own_and_shared(questions, user, progress)
        if reader is not None or reads_shared
        else ({}, {})
    )
    short = still_short(page=page, reflections=own)
    completed_at = progress.completed_at if progress is not None else None
    return ReflectiveStanding(
        questions=[
            _question(
                page,
                question,
                number,
                own.get(question.translation_key),
                shared,
                unsent,
                opened=reads_shared or question not in short,
            )
            for number, question in enumerate(questions, start=1)
        ],
        rule=page.completion_rule(),
        finish_url=reverse("attune_reflections:finish", args=[page.pk or 0]),
        completed_at=completed_at,
        is_learning=reader is not None,
        reads_shared=reads_shared,
        why=[]
        if reader is None or completed_at is not None
        else [short_words(page, len(short))]
        if short
        else [_("You have not finished the case yet.")],
    )


def _question(
    page: ReflectiveCasePage,
    question: ReflectionQuestion,
    number: int,
    own: Reflection | None,
    shared: dict[Any, list[Reflection]],
    unsent: Any,
    *,
    opened: bool,
) -> QuestionStanding:
    key = question.translation_key
    theirs = shared.get(key, [])
    text = own.text if own is not None else ""
    is_unsent = (
        isinstance(unsent, dict)
        and unsent.get("page") == page.pk
        and unsent.get("question") == str(key)
        and unsent.get("text") != text
    )
    return QuestionStanding(
        question=question,
        number=number,
        url=reverse("attune_reflections:reflection", args=[page.pk or 0, key]),
        text=str(unsent["text"]) if is_unsent else text,
        words=own.words if own is not None else 0,
        next_sequence=own.sequence + 1 if own is not None else 1,
        is_saved=own is not None and bool(own.words) and not is_unsent,
        is_shared=own is not None and own.is_shared,
        is_enough=own is not None and own.words >= page.least_words,
        is_unsent=is_unsent,
        others=theirs[:SHOWN_AT_MOST] if opened else [],
        waiting=0 if opened else len(theirs),
    )


def _hold_questions(page: ReflectiveCasePage) -> None:
    """Put the questions on the page, kept for as long as this version of it is live."""
    if page.live_revision_id is None or page.last_published_at is None:
        return
    version = f"{page.live_revision_id}:{page.last_published_at.timestamp()}"
    kept = cache.get_or_set(
        f"attune-reflection-questions:{page.pk}:{version}",
        lambda: list(ReflectionQuestion.objects.filter(page=page).order_by("sort_order", "pk")),
    )
    page.questions.set(kept or [])


def _own_and_shared(
    questions: list[ReflectionQuestion], user: Any, progress: UnitProgress | None
) -> tuple[dict[Any, Reflection], dict[Any, list[Reflection]]]:
    """The reader's reflections by question, and what others shared on each. One query."""
    mine = Q(progress=progress) if progress is not None else Q(pk__in=[])
    rows = (
        Reflection.objects.visible_to(user)
        .filter(
            mine
            | Q(
                shared_at__isnull=False,
                question_key__in=[question.translation_key for question in questions],
            )
        )
        .select_related("progress__person")
        .order_by("shared_at", "pk")
    )
    person = person_of(user)
    own: dict[Any, Reflection] = {}
    shared: dict[Any, list[Reflection]] = {}
    for row in rows:
        if progress is not None and row.progress_id == progress.pk:
            own[row.question_key] = row
        elif person is None or row.progress.person_id != person.pk:
            shared.setdefault(row.question_key, []).append(row)
    return own, shared
