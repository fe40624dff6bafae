"""Walking a case: where one stands, what is offered, what follows from a choice, what came of it.

Positions are values: nothing here remembers anything, so a path can be resumed, replayed or
taken up again at any decision. What a case asks about its past (``visited``, ``took``) is read
off the path: a scene counts as visited once a decision was made in it, so that a scene can tell
a first visit from a return.

A case that :func:`~attune.case_studies.branching.analysis.examine` finds without error never
raises here, whatever is chosen from what is offered. A draft may: then :class:`CaseError` says
what is wrong with the case, and :class:`NotOffered` what is wrong with the choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

from attune.case_studies.branching.expressions import condition_from, effects_from, score_from
from attune.case_studies.branching.nodes import Assignment, ExpressionError, Facts, holds
from attune.case_studies.branching.values import Case, Choice, Ending, Meter, Scene, State


class CaseError(ValueError):
    """The case cannot go on here: it is a draft with an error in it."""


class NotOffered(ValueError):
    """A choice that this position does not offer."""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: in which scene, of what was offered, and the meters around it."""

    scene: str
    choice: str
    offered: tuple[str, ...]
    before: dict[str, int]
    after: dict[str, int]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a path stands. ``place`` is a scene's key, or an ending's once ``ended``."""

    place: str
    ended: bool
    state: dict[str, int]
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class CompetencyResult:
    """Points over the decisions that could earn any; ``scaled`` is their place from 0 to 1."""

    earned: int
    lowest: int
    highest: int

    @property
    def scaled(self) -> float:
        return (self.earned - self.lowest) / (self.highest - self.lowest)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a path. ``score`` is of 100; ``competencies`` go by name.

    A competency that no decision on the path could move is left out: nothing was measured.
    """

    ending: Ending
    score: int
    passed: bool
    competencies: dict[str, CompetencyResult]


def start(case: Case) -> Position:
    if not case.scenes:
        raise CaseError(gettext("The case has no scene to begin with."))
    state = {meter.name: cut(meter, meter.start) for meter in case.meters}
    place, ended = _arrive(case, case.scenes[0].key, Facts(state))
    return Position(place, ended, state)


def offered(case: Case, position: Position) -> tuple[Choice, ...]:
    """The choices whose conditions hold, in the author's order; none at an ending."""
    if position.ended:
        return ()
    scene = scene_of(case, position.place)
    facts = facts_of(position)
    return tuple(choice for choice in scene.choices if _holds(choice.condition, facts, scene.key))


def take(case: Case, position: Position, choice_key: str) -> Position:
    """The position after this choice. Raises :class:`NotOffered`."""
    choices = offered(case, position)
    choice = next((one for one in choices if one.key == choice_key), None)
    if choice is None:
        raise NotOffered(_not_offered(position, choice_key, choices))
    before = position.state
    after = _affected(case, choice, before, position.place)
    step = Step(
        position.place, choice.key, tuple(one.key for one in choices), dict(before), dict(after)
    )
    path = (*position.path, step)
    place, ended = _arrive(case, choice.to, _facts(after, path))
    return Position(place, ended, after, path)


def walk(case: Case, choice_keys: Iterable[str]) -> Position:
    """The position after these choices, from the start."""
    position = start(case)
    for key in choice_keys:
        position = take(case, position, key)
    return position


def back_to(case: Case, position: Position, decision: int) -> Position:
    """The position before the decision with this number, counted from 0: to try again."""
    if not 0 <= decision < len(position.path):
        raise IndexError(decision)
    return walk(case, [step.choice for step in position.path[:decision]])


def outcome(case: Case, position: Position) -> Outcome:
    if not position.ended:
        raise ValueError("The path has not ended.")
    ending = next((one for one in case.endings if one.key == position.place), None)
    if ending is None:
        raise CaseError(_nowhere(position.place))
    try:
        raw = score_from(ending.score).of(facts_of(position))
    except ExpressionError as error:
        raise CaseError(_expression(ending.key, ending.score, error)) from error
    score = min(100, max(0, raw))
    passed = case.pass_score is None or score >= case.pass_score
    return Outcome(ending, score, passed, _competencies(case, position))


def cut(meter: Meter, value: int) -> int:
    return min(meter.highest, max(meter.lowest, value))


def scene_of(case: Case, key: str) -> Scene:
    scene = next((one for one in case.scenes if one.key == key), None)
    if scene is None:
        raise CaseError(_nowhere(key))
    return scene


def facts_of(position: Position) -> Facts:
    """What conditions can ask about at this position."""
    return _facts(position.state, position.path)


def _facts(state: State, path: tuple[Step, ...]) -> Facts:
    return Facts(
        state,
        frozenset(step.scene for step in path),
        frozenset(f"{step.scene}/{step.choice}" for step in path),
    )


def _arrive(case: Case, key: str, facts: Facts) -> tuple[str, bool]:
    """The scene or ending where one comes to stand on the way to ``key``."""
    passed_over: set[str] = set()
    while key:
        if any(ending.key == key for ending in case.endings):
            return key, True
        scene = scene_of(case, key)
        if _holds(scene.condition, facts, key):
            return key, False
        if key in passed_over:
            raise CaseError(
                gettext("The scenes that stand in for one another go round in a circle: %(keys)s.")
                % {"keys": ", ".join(sorted(passed_over))}
            )
        passed_over.add(key)
        key = scene.otherwise
    for ending in case.endings:
        if _holds(ending.condition, facts, ending.key):
            return ending.key, True
    raise CaseError(gettext("No ending's condition holds here."))


def _affected(case: Case, choice: Choice, before: State, place: str) -> dict[str, int]:
    meters = {meter.name: meter for meter in case.meters}
    after = dict(before)
    try:
        for effect in effects_from(choice.effects):
            after[effect.name] = cut(_meter(meters, effect), effect.of(Facts(after)))
    except ExpressionError as error:
        raise CaseError(_expression(f"{place}/{choice.key}", choice.effects, error)) from error
    return after


def _meter(meters: dict[str, Meter], effect: Assignment) -> Meter:
    if effect.name not in meters:
        raise CaseError(gettext("“%(name)s” is not a meter of this case.") % {"name": effect.name})
    return meters[effect.name]


def _holds(condition: str, facts: Facts, where: str) -> bool:
    try:
        return holds(condition_from(condition), facts)
    except ExpressionError as error:
        raise CaseError(_expression(where, condition, error)) from error


def _competencies(case: Case, position: Position) -> dict[str, CompetencyResult]:
    choices = {(scene.key, choice.key): choice for scene in case.scenes for choice in scene.choices}
    results: dict[str, CompetencyResult] = {}
    for competency in case.competencies:
        earned = lowest = highest = 0
        for step in position.path:
            possible = [choices[step.scene, key].points for key in step.offered]
            if not any(competency.name in points for points in possible):
                continue
            earned += choices[step.scene, step.choice].points.get(competency.name, 0)
            lowest += min(points.get(competency.name, 0) for points in possible)
            highest += max(points.get(competency.name, 0) for points in possible)
        if lowest < highest:
            results[competency.name] = CompetencyResult(earned, lowest, highest)
    return results


def _not_offered(position: Position, key: str, choices: tuple[Choice, ...]) -> str:
    if position.ended:
        return gettext("“%(choice)s” cannot be chosen: the case has ended at “%(place)s”.") % {
            "choice": key,
            "place": position.place,
        }
    return gettext("“%(choice)s” is not offered in “%(place)s”. Offered: %(offered)s.") % {
        "choice": key,
        "place": position.place,
        "offered": ", ".join(one.key for one in choices) or gettext("nothing"),
    }


def _nowhere(key: str) -> str:
    return gettext("There is no scene and no ending “%(key)s”.") % {"key": key}


def _expression(where: str, text: str, error: ExpressionError) -> str:
    return gettext("In “%(where)s”, “%(text)s”: %(problem)s") % {
        "where": where,
        "text": text,
        "problem": error.message,
    }
