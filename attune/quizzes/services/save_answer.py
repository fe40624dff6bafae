"""Save an answer as it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from attune.quizzes.models import AttemptQuestion, QuizAttempt
from attune.quizzes.services.errors import AttemptClosed

MAX_SEQUENCE = 2**53 - 1  # what a browser counts exactly


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
    :raises AttemptClosed: the attempt was handed in.
    """
    # Locked against a hand-in, which must not grade before an answer that we call saved.
    state = (
        QuizAttempt.objects.select_for_update()
        .filter(pk=attempt.pk)
        .values_list("state", flat=True)
        .get()
    )
    question = (
        AttemptQuestion.objects.select_related("frozen")
        .filter(attempt=attempt.pk, position=position)
        .first()
    )
    if question is None:
        raise LookupError(position)
    response = question.item.read(raw)
    if state != QuizAttempt.State.OPEN:
        raise AttemptClosed(_("This attempt was handed in, so its answers can no longer change."))
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
