"""The queue of answers that wait for a marker: what is in it, in which order, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from attune.quizzes.marking import label_of
from attune.quizzes.models import AttemptQuestion
from attune.quizzes.screens.access import URLS, moment_for


def waiting_for(user: Any) -> Any:
    """Answers that this user could mark now and has not; those that are due first, first."""
    return (
        AttemptQuestion.objects.markable_by(user)
        .awaiting_marks()
        .exclude(marks__marker=user.pk)
        .order_by("attempt__marking_due_at", "pk")
    )


def marked_by(user: Any) -> Any:
    """Answers that this user has marked, and whose marks can still be changed."""
    return (
        AttemptQuestion.objects.markable_by(user)
        .filter(attempt__state="awaiting", marks__marker=user.pk)
        .order_by("attempt__marking_due_at", "pk")
    )


class QueueFilter(forms.Form):
    """By quiz and by language, of those that wait. What it does not know is not filtered by."""

    quiz = forms.ChoiceField(label=gettext_lazy("Quiz"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = rows.order_by().values_list(
            "attempt__quiz_key", "attempt__unit__title", "attempt__language"
        )
        quizzes: dict[str, str] = {}
        languages: set[str] = set()
        for key, title, language in found.distinct():
            quizzes.setdefault(str(key), title or _("A deleted quiz"))
            languages.add(language)
        names = dict(settings.LANGUAGES)
        self.fields["quiz"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            *sorted(quizzes.items(), key=lambda each: each[1]),
        ]
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            ("", _("All")),
            *sorted((code, str(names.get(code, code))) for code in languages),
        ]

    def apply(self, rows: Any) -> Any:
        self.is_valid()
        chosen = self.cleaned_data
        if chosen.get("quiz"):
            rows = rows.filter(attempt__quiz_key=UUID(chosen["quiz"]))
        if chosen.get("language"):
            rows = rows.filter(attempt__language=chosen["language"])
        return rows


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer as the queue shows it."""

    url: str
    label: str
    learner: str
    quiz: str
    question: str
    language: str
    since: str
    due: str
    is_late: bool
    markers: list[str]
    is_for_deciding: bool


def due_in_words(due_at: datetime | None, *, now: datetime) -> str:
    if due_at is None:
        return _("no date")
    days = abs(due_at - now).days
    if due_at < now:
        if not days:
            return _("late since less than a day")
        return ngettext("%(count)d day late", "%(count)d days late", days) % {"count": days}
    if not days:
        return _("due within a day")
    return ngettext("due in %(count)d day", "due in %(count)d days", days) % {"count": days}


def in_words(rows: Any, *, user: Any, shows_names: bool, now: datetime, query: str) -> list[Any]:
    """The rows of a page of the queue. A fixed number of queries."""
    found = rows.select_related("frozen", "attempt__unit", "attempt__person").prefetch_related(
        "marks__marker__attune_person"
    )
    names = dict(settings.LANGUAGES)
    lines = []
    for row in found:
        attempt, item = row.attempt, row.item
        due = attempt.marking_due_at
        marks = list(row.marks.all())
        lines.append(
            Waiting(
                url=reverse(f"{URLS}:mark", args=[row.pk]) + (f"?{query}" if query else ""),
                label=label_of(attempt.deed, row.position),
                learner=attempt.person.full_name if shows_names else "",
                quiz=attempt.unit.title if attempt.unit else _("A deleted quiz"),
                question=item.name,
                language=str(names.get(attempt.language, attempt.language)),
                since=moment_for(user, attempt.handed_in_at),
                due=due_in_words(due, now=now),
                is_late=due is not None and due < now,
                markers=[name_of(mark.marker) for mark in marks],
                is_for_deciding=len(marks) > 1,
            )
        )
    return lines


def name_of(user: Any) -> str:
    if user is None:
        return _("somebody who has left")
    person = getattr(user, "attune_person", None)
    return person.full_name if person is not None else str(user)
