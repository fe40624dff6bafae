"""Take over a file of questions that was tried: all of it or nothing, and once.

What takes long and writes nothing may be prepared before, so that the transaction is short.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy
from wagtail.models import Locale

from attune.people.models import Organisation
from attune.quizzes.exchange import format_named
from attune.quizzes.import_models import QuestionImport, QuestionSource
from attune.quizzes.questions import Question
from attune.quizzes.services.import_questions import (
    Plan,
    Tell,
    Verdict,
    plan_import,
    tell_nobody,
)
from attune.quizzes.services.import_report import report_of
from attune.quizzes.services.prepare_question import Unfit
from attune.quizzes.services.renew_questions import renew_questions
from attune.quizzes.services.write_questions import write_questions
from attune.tabular.reading import FileRefused

SAVING = gettext_lazy("Saving: all of it or nothing.")


class AlreadyApplied(Exception):
    """Somebody, or a double click, has taken this file over before."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and how the bank stood before it was made."""

    plan: Plan
    standing: dict[str, Any]


def standing_of(owner: Organisation | None, locale: Locale) -> dict[str, Any]:
    """Changes with whatever a plan depends on: questions, their drafts, what files said."""
    bank = Question.objects.non_polymorphic().filter(owner=owner, locale=locale).order_by()
    found: dict[str, Any] = bank.aggregate(
        questions=Count("pk"),
        # Autosave rewrites a revision in place and gives it a new time.
        revision=Max("latest_revision"),
        revised=Max("latest_revision__created_at"),
    )
    sources = QuestionSource.objects.filter(question__owner=owner, question__locale=locale)
    return found | sources.aggregate(sources=Count("pk"), imported=Max("imported_at"))


def prepare_import(*, deed: UUID, tell: Tell = tell_nobody) -> Prepared:
    """Plan without a transaction, so that the one that saves is short.

    :raises AlreadyApplied: it was done before.
    :raises FileRefused: the file cannot be read.
    :raises QuestionImport.DoesNotExist: it was discarded.
    """
    kept = QuestionImport.objects.select_related("owner", "locale").get(deed=deed)
    if kept.applied_at is not None or kept.body is None:
        raise AlreadyApplied
    standing = standing_of(kept.owner, kept.locale)
    return Prepared(_plan_of(kept, tell=tell), standing)


def _plan_of(kept: QuestionImport, *, tell: Tell) -> Plan:
    return plan_import(
        form=format_named(kept.format),
        body=bytes(kept.body or b""),
        owner=kept.owner,
        locale=kept.locale,
        topic=kept.topic,
        tell=tell,
    )


@transaction.atomic
def apply_import(
    *,
    deed: UUID,
    user: Any,
    now: datetime,
    prepared: Prepared | None = None,
    tell: Tell = tell_nobody,
) -> dict[str, int]:
    """Take over what the file's plan says, all of it or nothing. Returns the counts.

    A plan made before counts as long as the bank stands as it stood then; otherwise another
    is made.

    :raises AlreadyApplied: it was done before.
    :raises FileRefused: the file cannot be read, or a question cannot be asked any more.
    :raises QuestionImport.DoesNotExist: it was discarded.
    """
    kept = QuestionImport.objects.select_for_update(of=("self",)).get(deed=deed)
    if kept.applied_at is not None or kept.body is None:
        raise AlreadyApplied
    # Two files at once could both find a question new; one language's imports take turns.
    kept.locale = Locale.objects.select_for_update().get(pk=kept.locale_id)
    if prepared is not None and prepared.standing == standing_of(kept.owner, kept.locale):
        plan = prepared.plan
    else:
        plan = _plan_of(kept, tell=tell)
    carry_out(plan, publish=kept.publish, user=user, now=now, tell=tell)
    kept.applied_at, kept.body = now, None
    kept.result, kept.report = plan.counts, report_of(plan)
    kept.save(update_fields=["applied_at", "body", "result", "report"])
    return plan.counts


@transaction.atomic
def carry_out(
    plan: Plan, *, publish: bool, user: Any, now: datetime, tell: Tell = tell_nobody
) -> None:
    new = [step.question for step in plan.of(Verdict.NEW) if step.question is not None]
    changed = [(step.was, step.draft) for step in plan.of(Verdict.CHANGED) if step.was is not None]
    words, total = str(SAVING), len(new) + len(changed)
    write_questions(
        questions=new,
        publish=publish,
        user=user,
        now=now,
        tell=lambda done: tell(done, total, words),
    )
    try:
        renew_questions(
            renewals=changed,
            publish=publish,
            user=user,
            now=now,
            tell=lambda done: tell(len(new) + done, total, words),
        )
    except Unfit as error:
        raise FileRefused(str(error)) from error
    remember(plan, now=now)


def remember(plan: Plan, *, now: datetime) -> None:
    """By what each question is found again next time."""
    rows = []
    for step in plan.steps:
        question = step.was or step.question
        if step.verdict == Verdict.REFUSED or question is None:
            continue
        rows.append(
            QuestionSource(
                question_id=question.pk,
                scheme=step.scheme,
                identifier=step.identifier,
                digest=step.digest,
                imported_at=now,
            )
        )
    QuestionSource.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["question", "scheme", "identifier"],
        update_fields=["digest", "imported_at"],
    )
