"""Take a choice. Named with its position, it is taken exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from attune.case_studies.branching import engine
from attune.case_studies.freezing import case_of_attempt
from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.case_studies.services.errors import AlreadyDecided, AttemptClosed, NotTaken
from attune.case_studies.services.finish import finish
from attune.case_studies.statements import record_decision
from attune.case_studies.walking import position_of
from attune.enrolments.readers import Reader
from attune.enrolments.services.locking import lock_person


@dataclass(frozen=True, slots=True)
class Decided:
    """``is_new``: it was taken now, not found as it had been taken before."""

    decision: CaseDecision
    attempt: CaseAttempt
    is_new: bool


@transaction.atomic
def decide(
    *,
    attempt: CaseAttempt,
    reader: Reader,
    position: int,
    choice_key: str,
    now: datetime,
    shown_at: datetime | None = None,
) -> Decided:
    """Take the choice as the attempt's decision number ``position``, counted from 1.

    A double click, two tabs and an old page all name the position they answer: the same choice
    again finds the decision as it is. ``shown_at`` is when the learner was shown the scene; it
    is cut to what is possible.

    :raises AlreadyDecided: another choice was taken there, which stays.
    :raises AttemptClosed: the attempt belongs to an earlier round, or its case is gone.
    :raises NotTaken: the choice is not offered, or the position is none that is waited for.
    """
    lock_person(attempt.person_id)
    locked: CaseAttempt = (
        CaseAttempt.objects.select_for_update(of=("self",))
        .select_related(
            "frozen",
            "person",
            "unit__locale",
            "enrolment__programme",
            "enrolment__person",
            "enrolment__engagement__client",
            "enrolment__engagement__vendor",
        )
        .defer("frozen__body")
        .get(pk=attempt.pk)
    )
    decisions = list(locked.decisions.order_by("position"))
    if 1 <= position <= len(decisions):
        return _found(locked, decisions[position - 1], choice_key)
    if not locked.is_open:
        raise AttemptClosed(_("This attempt has reached its ending, so nothing more is decided."))
    if position != len(decisions) + 1:
        raise NotTaken(_("This page is not where your case stands. Nothing was taken from it."))
    if locked.cycle != reader.cycle:
        raise AttemptClosed(
            _("This attempt belongs to an earlier round. Start a new one; the old one is kept.")
        )
    page = locked.unit
    if page is None:
        raise AttemptClosed(_("This case study was removed. What you decided is kept."))
    case = case_of_attempt(locked)
    stood = position_of(locked, decisions, case)
    try:
        stands = engine.take(case, stood, choice_key)
    except engine.NotOffered as error:
        raise NotTaken(_("Please choose one of the replies that are offered.")) from error
    except engine.CaseError as error:
        raise NotTaken(
            _("The case cannot go on from here. Your path is kept; please tell its trainer.")
        ) from error
    step = stands.path[-1]
    reached_at = decisions[-1].decided_at if decisions else locked.started_at
    seen_at = min(max(shown_at or reached_at, reached_at), max(now, reached_at))
    decision = CaseDecision.objects.create(
        attempt=locked,
        position=position,
        scene_key=step.scene,
        choice_key=step.choice,
        offered=list(step.offered),
        before=dict(step.before),
        after=dict(step.after),
        shown_at=seen_at,
        decided_at=max(now, seen_at),
        seconds=round(max((now - seen_at).total_seconds(), 0.0), 2),
    )
    locked.place = stands.place
    locked.save(update_fields=["place"])
    record_decision(
        attempt=locked,
        decision=decision,
        case=case,
        page=page,
        module=reader.module,
        goes_on=not stands.ended,
    )
    if stands.ended:
        finish(attempt=locked, position=stands, reader=reader, page=page, now=decision.decided_at)
    return Decided(decision, locked, is_new=True)


def _found(attempt: CaseAttempt, decision: CaseDecision, choice_key: str) -> Decided:
    if decision.choice_key == choice_key:
        return Decided(decision, attempt, is_new=False)
    raise AlreadyDecided(
        _("You had already decided here, in another tab or on an older page. That decision stays.")
    )
