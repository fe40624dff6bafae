"""Where an attempt stands: the engine's position, read from the rows that were kept.

Rebuilt from the decisions as they were recorded, not walked anew: what a decision did is a
fact, and stays one if the engine should ever reckon otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attune.case_studies.branching import engine
from attune.case_studies.branching.values import Case, Choice, Ending, Scene
from attune.case_studies.models import CaseAttempt, CaseDecision


def step_of(decision: CaseDecision) -> engine.Step:
    return engine.Step(
        scene=decision.scene_key,
        choice=decision.choice_key,
        offered=tuple(decision.offered),
        before=dict(decision.before),
        after=dict(decision.after),
    )


def position_of(
    attempt: CaseAttempt, decisions: Sequence[CaseDecision], case: Case
) -> engine.Position:
    """``decisions``: all of the attempt's, in order."""
    return engine.Position(
        place=attempt.place,
        ended=any(ending.key == attempt.place for ending in case.endings),
        state=dict(decisions[-1].after) if decisions else engine.start(case).state,
        path=tuple(step_of(each) for each in decisions),
    )


def scene_in(case: Case, key: str) -> Scene | None:
    return next((scene for scene in case.scenes if scene.key == key), None)


def choice_in(scene: Scene | None, key: str) -> Choice | None:
    choices: Iterable[Choice] = scene.choices if scene is not None else ()
    return next((choice for choice in choices if choice.key == key), None)


def ending_in(case: Case, key: str) -> Ending | None:
    return next((ending for ending in case.endings if ending.key == key), None)
