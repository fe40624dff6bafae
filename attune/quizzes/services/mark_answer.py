"""Mark an answer that no program can grade, and settle its attempt with the last mark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from attune.enrolments.models import ModuleEvidence, UnitProgress
from attune.enrolments.readers import Reader, module_of, reader_for
from attune.enrolments.services.locking import lock_person
from attune.quizzes.grading import DECIMALS
from attune.quizzes.marking import criteria_of, points_of, share_of, verdict
from attune.quizzes.models import AttemptQuestion, Mark, QuizAttempt
from attune.quizzes.services.errors import CannotMark
from attune.quizzes.services.hand_in import settle
from attune.quizzes.services.tell_result import tell_on_commit

MOST_COMMENT_CHARACTERS = 2000


@transaction.atomic
def mark_answer(
    *,
    question: AttemptQuestion,
    marker: Any,
    points: Sequence[float],
    comment: str = "",
    now: datetime,
) -> Mark:
    """One person's mark for one answer: points for each criterion of its rubric, in order.

    Twice is once. Until the attempt has its result a marker may change their mind, which
    replaces their own mark; afterwards nothing changes any more. With the last mark that the
    attempt needs it is settled, and the learner is told after the commit. An answer is right
    where its share reaches the pass mark of the attempt.

    :raises CannotMark: not this marker's to mark, wrong points, marked by enough people
        already, or the attempt has its result; in words for the marker.
    """
    lock_person(question.attempt.person_id)
    attempt = (
        QuizAttempt.objects.select_for_update(of=("self",))
        .select_related("person__user", "unit__locale", "enrolment__programme")
        .get(pk=question.attempt_id)
    )
    row = (
        AttemptQuestion.objects.markable_by(marker)
        .select_related("frozen")
        .filter(pk=question.pk)
        .first()
    )
    if row is None:
        raise CannotMark(_("This answer is not yours to mark."))
    given = _points(row, points)
    comment = comment.replace("\r\n", "\n").strip()
    if len(comment) > MOST_COMMENT_CHARACTERS:
        raise CannotMark(
            _("A comment has at most %(count)d characters.") % {"count": MOST_COMMENT_CHARACTERS}
        )
    marks = list(row.marks.order_by("number"))
    own = next((each for each in marks if each.marker_id == marker.pk), None)
    if own is not None and own.says(given, comment):
        return own
    if not attempt.is_awaiting:
        raise CannotMark(
            _("Nothing was changed: this attempt has its result, and the learner has been told.")
        )
    needed = verdict([each.share for each in marks], second_marker=attempt.second_marker).needed
    if own is None and len(marks) >= needed:
        raise CannotMark(
            _("Nothing was saved: others have marked this answer meanwhile, and that is enough.")
        )
    own = own or Mark(question=row, marker=marker, number=len(marks) + 1)
    own.points, own.share, own.comment, own.marked_at = given, share_of(given), comment, now
    own.save()
    _judge(row, attempt)
    _settle_if_complete(attempt, now=now)
    return own


def _points(row: AttemptQuestion, points: Sequence[float]) -> list[dict[str, Any]]:
    try:
        return points_of(criteria_of(row.item, weight=row.weight), points)
    except ValueError as error:
        raise CannotMark(str(error)) from error


def _judge(row: AttemptQuestion, attempt: QuizAttempt) -> None:
    """Give the answer what its marks come to; without points while marks are missing."""
    shares = list(row.marks.order_by("number").values_list("share", flat=True))
    share = verdict(shares, second_marker=attempt.second_marker).share
    row.raw = None if share is None else round(share * row.weight, DECIMALS)
    row.success = (
        None if share is None else round(share * 100, DECIMALS) >= attempt.pass_mark and share > 0
    )
    row.save(update_fields=["raw", "success"])


def _settle_if_complete(attempt: QuizAttempt, *, now: datetime) -> None:
    if AttemptQuestion.objects.awaiting_marks().filter(attempt=attempt).exists():
        return
    settle(attempt=attempt, reader=_learner_of(attempt), now=now)
    tell_on_commit(attempt.pk)


def _learner_of(attempt: QuizAttempt) -> Reader | None:
    """Whoever the result counts for: the learner as they learn now, or as they did then.

    Somebody who was paused while a trainer read their answers keeps what they earned. None
    where a new round of the module has begun, or the quiz is gone.
    """
    if attempt.unit is None:
        return None
    reader = reader_for(attempt.person.user, attempt.unit)
    if reader is not None:
        return reader if reader.cycle == attempt.cycle else None
    module = module_of(attempt.unit)
    progress = UnitProgress.objects.filter(
        person=attempt.person_id, unit_key=attempt.quiz_key, cycle=attempt.cycle
    ).first()
    if module is None or progress is None:
        return None
    is_past = ModuleEvidence.objects.filter(
        person=attempt.person_id, module_key=progress.module_key, cycle__gt=attempt.cycle
    ).exists()
    if is_past:
        return None
    return Reader(
        person=attempt.person, enrolment=attempt.enrolment, module=module, cycle=attempt.cycle
    )
