"""Save an answer as it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from attune.quizzes.models import AttemptQuestion, QuizAttempt
from attune.quizzes.questions.items import ResponseError
from attune.quizzes.services.errors import AttemptClosed

MAX_SEQUENCE = 2**53 - 1  # what a browser counts exactly


def refuse_if_closed(attempt: QuizAttempt, *, now: datetime) -> None:
    """
    :raises AttemptClosed: it takes no more answers, with the reason.
    """
    if not attempt.is_open:
        raise AttemptClosed(_("This attempt was handed in, so its answers can no longer change."))
    if attempt.is_over(now):
        raise AttemptClosed(
            _("The time is up. What was saved until then is handed in; this came too late.")
        )


@dataclass(frozen=True, slots=True)
class Saved:
    """``saved``: the answer that was sent is the one now kept. ``sequence``: of the kept one."""

    saved: bool
    sequence: int


@transaction.atomic
def save_answer(
    *,
    attempt: QuizAttempt,
    position: int,
    raw: Any,
    now: datetime,
    sequence: int = 0,
    newest: bool = False,
) -> Saved:
    """Keep ``raw`` (any JSON; None takes the answer back) as the answer at ``position``.

    A page numbers its saves, beginning after the number it was given. A save whose number is
    not above the last one was overtaken on the line: it changes nothing, and ``saved`` says
    whether it was the same answer. ``newest`` marks a page that somebody has just submitted:
    whatever its number, nothing overtook it.

    :raises LookupError: the attempt has no such question.
    :raises ResponseError: ``raw`` is no answer to it.
    :raises AttemptClosed: the attempt was handed in, or its time was up when this came.
    """
    # Locked against a hand-in, which must not grade before an answer that we call saved.
    locked: QuizAttempt = (
        QuizAttempt.objects.select_for_update(of=("self",))
        .only("pk", "state", "due_at")
        .get(pk=attempt.pk)
    )
    question = (
        AttemptQuestion.objects.select_related("frozen")
        .filter(attempt=attempt.pk, position=position)
        .first()
    )
    if question is None:
        raise LookupError(position)
    response = question.item.read(raw)
    refuse_if_closed(locked, now=now)
    if question.shown_at is not None:
        if question.response == response:
            return Saved(saved=True, sequence=question.sequence)
        raise ResponseError(_("The answer was shown to you, so this one stays as it is."))
    if newest:
        sequence = max(sequence, question.sequence + 1)
    if sequence <= question.sequence:
        return Saved(saved=question.response == response, sequence=question.sequence)
    AttemptQuestion.objects.filter(pk=question.pk).update(
        response=response,
        answered_at=now if response is not None else None,
        sequence=sequence,
        saves=question.saves + 1,
    )
    return Saved(saved=True, sequence=sequence)
