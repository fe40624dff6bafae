"""The learning records of an attempt at a case. Called within the transaction of the deed.

One ``answered`` per decision, when it is taken: unlike a quiz's draft it cannot change any
more. What it led to is said by ``progressed``, without a percentage, since nobody knows how
long a branching path will be. Then ``passed`` or ``failed`` where the case asks for a score,
``completed`` where any ending will do, and ``terminated``. No choice is right or wrong, so no
pattern of right answers is sent and no success.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from attune.case_studies.branching.values import Case
from attune.case_studies.freezing import case_of_attempt
from attune.case_studies.models import CaseAttempt, CaseDecision, CaseStudyPage
from attune.case_studies.walking import scene_in
from attune.curriculum.activities import activities_for
from attune.curriculum.models import ModulePage
from attune.enrolments.records import record
from attune.xapi import extensions as ext
from attune.xapi import verbs
from attune.xapi.interactions import Component, Interaction, InteractionType
from attune.xapi.statements import Activity, ActivityType, Result, Score, activity_id


def around(attempt: CaseAttempt, page: CaseStudyPage, module: ModulePage) -> list[Activity]:
    """The case, its module and the programme (where there is one), as activities."""
    pages = [page, module, attempt.enrolment.programme]
    return activities_for([each for each in pages if each is not None])


def scene_activity(attempt: CaseAttempt, case: Case, scene_key: str) -> Activity:
    """A scene as a question with all its choices: same id in every language and version."""
    scene = scene_in(case, scene_key)
    if scene is None:
        raise LookupError(scene_key)
    language = case.language
    return Activity(
        id=f"{activity_id('case', attempt.case_key)}/scenes/{scene.key}",
        type=ActivityType.INTERACTION,
        name={language: scene.title},
        interaction=Interaction(
            type=InteractionType.CHOICE,
            choices=tuple(Component(each.key, {language: each.text}) for each in scene.choices),
        ),
    )


def record_initialized(*, attempt: CaseAttempt, page: CaseStudyPage, module: ModulePage) -> None:
    """A further attempt of a cycle; the first one is what ``start_unit`` records."""
    activity, *beyond = around(attempt, page, module)
    extensions = _of_attempt(attempt)
    if attempt.replay_of is not None:
        extensions[ext.iri(ext.REPLAY_OF)] = attempt.replay_of.number
        extensions[ext.iri(ext.REPLAY_FROM)] = attempt.replay_position
    record(
        deed=f"case-initialized:{attempt.deed}",
        verb=verbs.INITIALIZED,
        activity=activity,
        enrolment=attempt.enrolment,
        at=attempt.started_at,
        kind="case_initialized",
        parents=beyond[:1],
        groupings=beyond,
        language=attempt.language,
        revision=attempt.frozen.digest,
        extensions=extensions,
    )


def record_decision(
    *,
    attempt: CaseAttempt,
    decision: CaseDecision,
    case: Case,
    page: CaseStudyPage,
    module: ModulePage,
    goes_on: bool,
) -> None:
    """``goes_on``: the decision led to another scene, not to an ending."""
    activities = around(attempt, page, module)
    activity, *beyond = activities
    common: dict[str, Any] = {
        "enrolment": attempt.enrolment,
        "at": decision.decided_at,
        "language": attempt.language,
        "revision": attempt.frozen.digest,
    }
    record(
        deed=f"case-decided:{attempt.deed}:{decision.position}",
        verb=verbs.ANSWERED,
        activity=scene_activity(attempt, case, decision.scene_key),
        kind="case_decided",
        parents=activities[:1],
        groupings=beyond,
        result=Result(
            response=decision.choice_key,
            duration=timedelta(seconds=decision.seconds),
        ),
        extensions={
            **_of_attempt(attempt),
            ext.iri(ext.SCENE): decision.scene_key,
            ext.iri(ext.POSITION): decision.position,
            ext.iri(ext.OFFERED): list(decision.offered),
            ext.iri(ext.STATE_BEFORE): dict(decision.before),
        },
        **common,
    )
    if goes_on:
        record(
            deed=f"case-progressed:{attempt.deed}:{decision.position}",
            verb=verbs.PROGRESSED,
            activity=activity,
            kind="case_progressed",
            parents=beyond[:1],
            groupings=beyond,
            extensions={
                **_of_attempt(attempt),
                ext.iri(ext.SCENE): attempt.place,
                ext.iri(ext.POSITION): decision.position + 1,
            },
            **common,
        )


def record_finish(*, attempt: CaseAttempt, page: CaseStudyPage, module: ModulePage) -> None:
    """What came of it, then that it is over."""
    if attempt.finished_at is None or attempt.score is None:
        raise ValueError("An attempt that has not reached an ending has no result to record.")
    activity, *beyond = around(attempt, page, module)
    common: dict[str, Any] = {
        "activity": activity,
        "enrolment": attempt.enrolment,
        "at": attempt.finished_at,
        "parents": beyond[:1],
        "groupings": beyond,
        "language": attempt.language,
        "revision": attempt.frozen.digest,
    }
    needs_score = case_of_attempt(attempt).pass_score is not None
    if not needs_score:
        verb, kind = verbs.COMPLETED, "case_completed"
    elif attempt.passed:
        verb, kind = verbs.PASSED, "case_passed"
    else:
        verb, kind = verbs.FAILED, "case_failed"
    record(
        deed=f"case-result:{attempt.deed}",
        verb=verb,
        kind=kind,
        result=Result(
            success=attempt.passed if needs_score else None,
            completion=None if needs_score else True,
            score=Score(scaled=attempt.score / 100, raw=attempt.score, minimum=0, maximum=100),
            duration=attempt.duration,
            extensions=_competencies(attempt),
        ),
        extensions={**_of_attempt(attempt), ext.iri(ext.ENDING): attempt.ending_key},
        **common,
    )
    record(
        deed=f"case-terminated:{attempt.deed}",
        verb=verbs.TERMINATED,
        kind="case_terminated",
        result=Result(duration=attempt.duration),
        extensions={**_of_attempt(attempt), ext.iri(ext.ENDING): attempt.ending_key},
        **common,
    )


def _of_attempt(attempt: CaseAttempt) -> dict[str, Any]:
    return {ext.iri(ext.ATTEMPT): attempt.number}


def _competencies(attempt: CaseAttempt) -> dict[str, Any] | None:
    """The competency scores in the shape of xAPI's own score, by name."""
    if not attempt.competencies:
        return None
    return {
        ext.iri(ext.COMPETENCIES): {
            name: {
                "scaled": result["scaled"],
                "raw": result["earned"],
                "min": result["lowest"],
                "max": result["highest"],
            }
            for name, result in attempt.competencies.items()
        }
    }
