"""Fix a key and regrade: asked for by a trainer, done by a job, a batch at a time.

Each batch is one transaction that takes up where the last one ended, so that a kill loses
nothing and does nothing twice. What was shown stays frozen; ``AttemptQuestion.key`` says
which version counts. Nobody changes anything by editing a question alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from attune.curriculum.models import FrozenContent
from attune.enrolments.services.locking import lock_people
from attune.quizzes.affected import (
    CLOSED,
    Aim,
    Change,
    Versions,
    affected,
    aim_of,
    examine,
    published,
    wanted_aim,
)
from attune.quizzes.models import AttemptQuestion, QuizAttempt, Regrade, RegradeRow
from attune.quizzes.overview import would_move
from attune.quizzes.questions import Question
from attune.quizzes.regrading import Effect, Outcome
from attune.quizzes.services.errors import CannotRegrade
from attune.quizzes.services.regrade_effects import follow, tell
from attune.quizzes.services.start_attempt import freeze

logger = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(minutes=1)
"""After so long without a batch a worker is taken for dead, and another goes on."""


@transaction.atomic
def ask_regrade(
    *,
    question: Question,
    target: str,
    reason: str,
    asked_by: Any,
    now: datetime,
    deed: UUID,
    version: FrozenContent | None = None,
    keeps_completions: bool = True,
) -> Regrade:
    """Write down what is to be regraded, for the job. The same ``deed`` twice is once.

    Which versions count is settled here: what is published later does not slip in.

    :raises CannotRegrade: no reason, another regrade of the question is running, or nothing
        would change.
    """
    twin: Regrade | None = Regrade.objects.filter(deed=deed).first()
    if twin is not None:
        return twin
    reason = " ".join(reason.split())
    if not reason:
        raise CannotRegrade(_("Say why: the next auditor will want to know."))
    # Serialises two people who ask for the same question at once.
    Question.objects.non_polymorphic().select_for_update(of=("self",)).get(pk=question.pk)
    key = question.translation_key
    if Regrade.objects.unfinished().filter(question_key=key).exists():
        raise CannotRegrade(_("This question is being regraded just now. Wait until that is done."))
    try:
        aim = wanted_aim(key, target, version)
    except ValueError as error:
        raise CannotRegrade(str(error)) from error
    if not would_move(key, aim):
        raise CannotRegrade(
            _("Nothing was regraded: by this version every answer keeps the points it has.")
        )
    regrade: Regrade = Regrade.objects.create(
        deed=deed,
        question_key=key,
        question=question,
        title=question.title,
        owner_id=question.owner_id,
        target=target,
        keeps_completions=keeps_completions,
        reason=reason[:300],
        asked_by=asked_by,
        asked_at=now,
        total=affected(key).count(),
    )
    regrade.versions.set(_frozen(key, target, version))
    return regrade


def _frozen(key: UUID, target: str, version: FrozenContent | None) -> list[FrozenContent]:
    if target == Regrade.Target.PUBLISHED:
        return freeze(published(key))
    return [version] if target == Regrade.Target.VERSION and version is not None else []


# --- The job ------------------------------------------------------------------------------------


def go_on_regrading(*, clock: Callable[[], datetime]) -> int:
    """The sweep: whatever waits, or was left by a worker that died; how many were finished.

    One that fails is logged, says so on its page, and leaves the others alone.
    """
    finished = 0
    idle = Q(worked_at__isnull=True) | Q(worked_at__lt=clock() - LEASE)
    for pk in (
        Regrade.objects.unfinished().filter(idle).order_by("asked_at").values_list("pk", flat=True)
    ):
        # Claimed in one command: of two sweeps one gets it.
        if not Regrade.objects.unfinished().filter(idle, pk=pk).update(worked_at=clock()):
            continue
        try:
            run_regrade(regrade_id=pk, clock=clock)
            finished += 1
        except Exception as error:
            logger.exception("Regrade %s stopped; it is tried again later.", pk)
            Regrade.objects.filter(pk=pk).update(trouble=str(error)[:300])
    return finished


def run_regrade(*, regrade_id: int, clock: Callable[[], datetime]) -> None:
    """Batch after batch until it is finished. Safe to run twice, and beside another run."""
    while regrade_batch(regrade_id=regrade_id, now=clock()):
        pass


@transaction.atomic
def regrade_batch(*, regrade_id: int, now: datetime, size: int = BATCH) -> bool:
    """Regrade the next answers; whether there may be more.

    At the end also those that were handed in meanwhile: a question is regraded once every
    attempt that was handed in by then is.
    """
    regrade: Regrade = Regrade.objects.select_for_update(of=("self",)).get(pk=regrade_id)
    if regrade.is_finished:
        return False
    rest = affected(regrade.question_key)
    answers = _next(rest.filter(pk__gt=regrade.reached), size)
    if answers:
        regrade.reached = answers[-1].pk
    else:
        done = RegradeRow.objects.filter(regrade=regrade, answer=OuterRef("pk"))
        answers = _next(rest.exclude(Exists(done)), size)
    if not answers:
        _finish(regrade, now=now)
        return False
    _apply(regrade, answers, aim=aim_of(regrade), now=now)
    regrade.worked_at = now
    regrade.trouble = ""
    regrade.save(update_fields=["reached", "worked_at", "trouble"])
    return True


def _next(answers: Any, size: int) -> list[AttemptQuestion]:
    """The next answers with their attempts, people and attempts locked in hand_in's order."""
    found = list(answers.order_by("pk").values_list("pk", "attempt__person")[:size])
    if not found:
        return []
    lock_people(person for _pk, person in found)
    rows = list(AttemptQuestion.objects.filter(pk__in=[pk for pk, _p in found]).order_by("pk"))
    attempts = {
        each.pk: each
        for each in QuizAttempt.objects.select_for_update(of=("self",))
        .select_related(
            "person__user",
            "unit__locale",
            "enrolment__person",
            "enrolment__programme__locale",
            "enrolment__engagement__client",
            "enrolment__engagement__vendor",
        )
        .filter(pk__in={each.attempt_id for each in rows}, state__in=CLOSED)
        .order_by("pk")
    }
    for row in rows:
        row.attempt = attempts[row.attempt_id]
    return rows


def _apply(
    regrade: Regrade, answers: Sequence[AttemptQuestion], *, aim: Aim, now: datetime
) -> None:
    versions = Versions()
    versions.fetch(aim.ids.values())
    changes = examine(answers, aim=aim, versions=versions)
    rows = [_row(regrade, change) for change in changes]
    for change in changes:
        _write(change)
    graded = [each for each in changes if each.again.is_graded]
    AttemptQuestion.objects.bulk_update(
        [each.answer for each in graded], ["key", "raw", "success"], batch_size=BATCH
    )
    moved = [each for each in changes if each.effect != Effect.NONE]
    QuizAttempt.objects.bulk_update(
        [each.attempt for each in moved], ["raw", "maximum", "scaled", "passed"], batch_size=BATCH
    )
    # Before this regrade's own rows are there: they tell which statements stand.
    tell(regrade, changes, versions=versions)
    reopened = follow(regrade, moved, now=now)
    for row in rows:
        row.reopened = row.attempt_id in reopened
    RegradeRow.objects.bulk_create(rows)


def _row(regrade: Regrade, change: Change) -> RegradeRow:
    """What is kept of a change, taken before it is made."""
    answer, attempt, again, result = change.answer, change.attempt, change.again, change.result
    return RegradeRow(
        regrade=regrade,
        attempt=attempt,
        answer=answer,
        outcome=again.outcome,
        effect=change.effect,
        why=again.why[:300],
        version_before_id=answer.version_id,
        version_after_id=change.version_after or answer.version_id,
        raw_before=answer.raw,
        raw_after=again.raw,
        scaled_before=attempt.scaled,
        scaled_after=attempt.scaled if result is None else result.scaled,
        passed_before=attempt.passed,
        passed_after=attempt.passed if result is None else result.passed,
        told_answer=again.outcome == Outcome.CHANGED and answer.is_answered,
        told_result=change.effect != Effect.NONE,
    )


def _write(change: Change) -> None:
    answer, attempt = change.answer, change.attempt
    if change.again.is_graded:
        answer.raw, answer.success = change.again.raw, change.again.success
        version = change.version_after
        answer.key_id = None if version == answer.frozen_id else version
    if change.result is not None and change.effect != Effect.NONE:
        attempt.raw, attempt.maximum = change.result.raw, change.result.maximum
        attempt.scaled, attempt.passed = change.result.scaled, change.result.passed


# --- The end, and what is said of it ------------------------------------------------------------


def counts_of(regrade: Regrade) -> dict[str, int]:
    """How many answers had each effect and each outcome, and were done at all."""
    rows = regrade.rows.order_by()
    counts = {f"effect_{each}": 0 for each in Effect.values}
    counts |= {f"outcome_{each}": 0 for each in Outcome.values}
    for effect, outcome, number in rows.values_list("effect", "outcome").annotate(Count("pk")):
        counts[f"effect_{effect}"] += number
        counts[f"outcome_{outcome}"] += number
    counts["reopened"] = rows.filter(reopened=True).count()
    counts["done"] = sum(counts[f"effect_{each}"] for each in Effect.values)
    return counts


def _finish(regrade: Regrade, *, now: datetime) -> None:
    regrade.finished_at = now
    regrade.worked_at = now
    regrade.trouble = ""
    regrade.total = regrade.rows.count()
    regrade.save(update_fields=["finished_at", "worked_at", "trouble", "total"])
    if regrade.question_id is None:
        return  # deleted meanwhile, and its log with it; the regrade itself stays
    question = Question.objects.get(pk=regrade.question_id)
    versions = {
        name: sorted(
            FrozenContent.objects.filter(
                pk__in=regrade.rows.order_by().values(f"version_{name}").distinct()
            ).values_list("digest", flat=True)
        )
        for name in ("before", "after")
    }
    log(
        instance=question,
        action="attune_quizzes.regrade",
        user=regrade.asked_by,
        data={
            "regrade": str(regrade.deed),
            "reason": regrade.reason,
            "target": regrade.target,
            "keeps_completions": regrade.keeps_completions,
            "from": versions["before"],
            "to": versions["after"],
            "counts": {name: number for name, number in counts_of(regrade).items() if number},
        },
    )
