"""Finish an attempt at the ending it reached, and count what follows for the learner."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from attune.case_studies.branching import engine
from attune.case_studies.freezing import case_of_attempt
from attune.case_studies.models import CaseAttempt, CaseStudyPage
from attune.case_studies.statements import record_finish
from attune.enrolments.readers import Reader
from attune.enrolments.services import complete_unit


@transaction.atomic
def finish(
    *,
    attempt: CaseAttempt,
    position: engine.Position,
    reader: Reader,
    page: CaseStudyPage,
    now: datetime,
) -> CaseAttempt:
    """Close a locked attempt with the result of its ending. A finished one stays as it is.

    The rule that counts is the one of the frozen case: what the learner was told when the
    attempt began. A pass completes the unit, and no later attempt takes that back; without one
    the unit stays *in progress*.
    """
    if not attempt.is_open:
        return attempt
    outcome = engine.outcome(case_of_attempt(attempt), position)
    attempt.state = CaseAttempt.State.FINISHED
    attempt.finished_at = now
    attempt.ending_key = outcome.ending.key
    attempt.score = outcome.score
    attempt.passed = outcome.passed
    attempt.competencies = {
        name: {
            "earned": result.earned,
            "lowest": result.lowest,
            "highest": result.highest,
            "scaled": round(result.scaled, 4),
        }
        for name, result in outcome.competencies.items()
    }
    attempt.save(
        update_fields=["state", "finished_at", "ending_key", "score", "passed", "competencies"]
    )
    record_finish(attempt=attempt, page=page, module=reader.module)
    if outcome.passed:
        complete_unit(
            reader=reader, unit=page, now=now, seen=attempt.frozen, score=outcome.score / 100
        )
    return attempt
