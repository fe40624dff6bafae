"""A case made ready for being explored: expressions read, keys resolved, what is broken named.

What cannot be read is left out of the plan and marked (``unsure``), so that the rest of a draft
can still be looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from django.utils.translation import gettext

from attune.case_studies.branching.expressions import (
    RESERVED,
    condition_from,
    effects_from,
    score_from,
)
from attune.case_studies.branching.findings import Finding
from attune.case_studies.branching.nodes import (
    Assignment,
    ExpressionError,
    Name,
    Node,
    Number,
    NumberNode,
    Took,
    TruthNode,
    Visited,
    parts,
)
from attune.case_studies.branching.values import Case, Choice, Ending, Scene

KEY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")

T = TypeVar("T")


@dataclass(slots=True)
class PlannedChoice:
    key: str
    condition: TruthNode | None
    effects: tuple[Assignment, ...]
    to: str
    unsure: bool = False
    """Its condition cannot be read: it may or may not be offered."""
    scrambles: bool = False
    """Its effects cannot be read: they may do anything."""
    lost: bool = False
    """It leads to a key that does not exist."""
    marks: int = 0
    """The bits of the facts that taking it makes true."""


@dataclass(slots=True)
class PlannedScene:
    key: str
    condition: TruthNode | None
    otherwise: str
    choices: list[PlannedChoice]
    unsure: bool = False
    lost: bool = False


@dataclass(slots=True)
class PlannedEnding:
    key: str
    condition: TruthNode | None
    score: NumberNode
    unsure: bool = False
    unscored: bool = False


@dataclass(slots=True)
class Plan:
    """Meters by position, facts by bit, places by key. The first of two equal keys counts."""

    names: tuple[str, ...]
    lowest: dict[str, int]
    highest: dict[str, int]
    start: dict[str, int]
    scenes: dict[str, PlannedScene]
    endings: dict[str, PlannedEnding]
    first: str
    pass_score: int | None
    facts: dict[tuple[str, str], int] = field(default_factory=dict)
    """(``visited`` or ``took``, key) → its bit, of those that some condition asks for."""
    findings: list[Finding] = field(default_factory=list)

    def cut(self, name: str, value: int) -> int:
        return min(self.highest[name], max(self.lowest[name], value))


def plan_of(case: Case) -> Plan:
    return _Planner(case).plan


def _first_of_each(things: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for thing in things:
        found.setdefault(key(thing), thing)
    return found


class _Planner:
    def __init__(self, case: Case) -> None:
        self.case = case
        meters = _first_of_each(case.meters, lambda meter: meter.name)
        self.plan = Plan(
            names=tuple(meters),
            lowest={name: meter.lowest for name, meter in meters.items()},
            highest={name: max(meter.lowest, meter.highest) for name, meter in meters.items()},
            start={},
            scenes={},
            endings={},
            first=case.scenes[0].key if case.scenes else "",
            pass_score=case.pass_score,
        )
        plan = self.plan
        plan.start = {name: plan.cut(name, meter.start) for name, meter in meters.items()}
        scenes = _first_of_each(case.scenes, lambda scene: scene.key)
        endings = _first_of_each(case.endings, lambda ending: ending.key)
        self.places = {*scenes, *endings}
        self.choices = {
            f"{scene.key}/{choice.key}" for scene in scenes.values() for choice in scene.choices
        }
        self.whole()
        for meter in case.meters:
            self.meter_bounds(meter.name, meter.lowest, meter.start, meter.highest)
        for scene in scenes.values():
            plan.scenes[scene.key] = self.scene(scene)
        for ending in endings.values():
            plan.endings[ending.key] = self.ending(ending)
        for planned in plan.scenes.values():
            for choice in planned.choices:
                choice.marks = plan.facts.get(("visited", planned.key), 0) | plan.facts.get(
                    ("took", f"{planned.key}/{choice.key}"), 0
                )

    def error(self, code: str, message: str, **where: str | int) -> None:
        # ``where`` are fields of the finding, of which one is a number and the others are texts.
        self.plan.findings.append(Finding("error", code, message=message, **where))  # type: ignore[arg-type]

    # --- The case as a whole ---------------------------------------------------------------

    def whole(self) -> None:
        case = self.case
        if not case.scenes:
            self.error("no-scene", gettext("The case has no scene to begin with."))
        if not case.endings:
            self.error("no-ending", gettext("The case has no ending."))
        for key in _twice([scene.key for scene in case.scenes]):
            message = gettext("Two scenes have the key “%(key)s”.") % {"key": key}
            self.error("duplicate-key", message, scene=key, field="key")
        for key in _twice([ending.key for ending in case.endings]):
            message = gettext("Two endings have the key “%(key)s”.") % {"key": key}
            self.error("duplicate-key", message, ending=key, field="key")
        for key in {one.key for one in case.scenes} & {one.key for one in case.endings}:
            message = gettext("A scene and an ending have the same key “%(key)s”.") % {"key": key}
            self.error("duplicate-key", message, scene=key, ending=key, field="key")
        for scene in case.scenes:
            self.shape(scene.key, scene=scene.key)
            for key in _twice([choice.key for choice in scene.choices]):
                message = gettext("Two choices of “%(scene)s” have the key “%(key)s”.")
                self.error(
                    "duplicate-key",
                    message % {"scene": scene.key, "key": key},
                    scene=scene.key,
                    choice=key,
                    field="key",
                )
            for choice in scene.choices:
                self.shape(choice.key, scene=scene.key, choice=choice.key)
        for ending in case.endings:
            self.shape(ending.key, ending=ending.key)
        self.names(
            [meter.name for meter in case.meters], gettext("Two meters are named “%(name)s”.")
        )
        self.names(
            [one.name for one in case.competencies],
            gettext("Two competencies are named “%(name)s”."),
        )
        for name in {meter.name for meter in case.meters} & RESERVED:
            message = gettext("A meter cannot be named “%(name)s”: it is a word of conditions.")
            self.error("bad-key", message % {"name": name})

    def shape(self, key: str, **where: str) -> None:
        if not KEY.match(key):
            message = gettext("“%(key)s” is no key: small letters, digits, single hyphens.")
            self.error("bad-key", message % {"key": key}, field="key", **where)

    def names(self, names: list[str], twice: str) -> None:
        for name in _twice(names):
            self.error("duplicate-key", twice % {"name": name})
        for name in names:
            if not NAME.match(name):
                message = gettext("“%(name)s” is no name: small letters, digits, underscores.")
                self.error("bad-key", message % {"name": name})

    def meter_bounds(self, name: str, lowest: int, start: int, highest: int) -> None:
        values = {"name": name, "lowest": lowest, "highest": highest, "start": start}
        if lowest > highest:
            message = gettext("“%(name)s” goes from %(lowest)d to %(highest)d, which is downwards.")
            self.error("meter-bounds", message % values)
        elif not lowest <= start <= highest:
            message = gettext(
                "“%(name)s” starts at %(start)d, outside its bounds %(lowest)d to %(highest)d."
            )
            self.error("meter-start", message % values)

    # --- Its parts -------------------------------------------------------------------------

    def scene(self, scene: Scene) -> PlannedScene:
        condition, unsure = self.condition(scene.condition, scene=scene.key)
        lost = self.is_lost(scene.otherwise, "otherwise", scene=scene.key)
        choices = _first_of_each(scene.choices, lambda choice: choice.key)
        planned = [self.choice(scene.key, choice) for choice in choices.values()]
        otherwise = "" if lost else scene.otherwise
        return PlannedScene(scene.key, condition, otherwise, planned, unsure, lost)

    def choice(self, scene: str, choice: Choice) -> PlannedChoice:
        where = {"scene": scene, "choice": choice.key}
        condition, unsure = self.condition(choice.condition, **where)
        effects, scrambles = self.effects(choice.effects, **where)
        lost = self.is_lost(choice.to, "to", **where)
        for name in choice.points:
            if name not in {one.name for one in self.case.competencies}:
                message = gettext("Points for “%(name)s”, which is no competency of this case.")
                self.error("unknown-name", message % {"name": name}, field="points", **where)
        return PlannedChoice(choice.key, condition, effects, choice.to, unsure, scrambles, lost)

    def ending(self, ending: Ending) -> PlannedEnding:
        condition, unsure = self.condition(ending.condition, ending=ending.key)
        try:
            score = score_from(ending.score)
        except ExpressionError as error:
            self.unread(error, "score", ending=ending.key)
            return PlannedEnding(ending.key, condition, Number(0), unsure, unscored=True)
        unscored = self.asks_for_unknown(parts(score), "score", ending=ending.key)
        return PlannedEnding(ending.key, condition, score, unsure, unscored)

    def condition(self, text: str, **where: str) -> tuple[TruthNode | None, bool]:
        try:
            condition = condition_from(text)
        except ExpressionError as error:
            self.unread(error, "condition", **where)
            return None, True
        if condition is None:
            return None, False
        if self.asks_for_unknown(parts(condition), "condition", **where):
            return None, True
        return condition, False

    def effects(self, text: str, **where: str) -> tuple[tuple[Assignment, ...], bool]:
        try:
            effects = effects_from(text)
        except ExpressionError as error:
            self.unread(error, "effects", **where)
            return (), True
        read = (part for effect in effects for part in parts(effect))
        written = (Name(effect.name, effect.column) for effect in effects)
        if self.asks_for_unknown([*written, *read], "effects", **where):
            return (), True
        return effects, False

    def unread(self, error: ExpressionError, name: str, **where: str) -> None:
        self.error("expression", error.message, field=name, column=error.column, **where)

    def is_lost(self, key: str, name: str, **where: str) -> bool:
        if not key or key in self.places:
            return False
        message = gettext("There is no scene and no ending “%(key)s”.") % {"key": key}
        self.error("unknown-key", message, field=name, **where)
        return True

    def asks_for_unknown(self, nodes: Iterable[Node], name: str, **where: str) -> bool:
        """Whether a meter, scene or choice is named that is none. Notes the facts asked for."""
        unknown = False
        for node in nodes:
            message = self.unknown(node)
            if message:
                unknown = True
                column = node.column if isinstance(node, Name | Visited | Took) else 1
                code = "unknown-name" if isinstance(node, Name) else "unknown-key"
                self.error(code, message, field=name, column=column, **where)
            elif isinstance(node, Visited | Took):
                self.plan.facts.setdefault(node.fact, 1 << len(self.plan.facts))
        return unknown

    def unknown(self, node: Node) -> str:
        if isinstance(node, Name) and node.name not in self.plan.lowest:
            return gettext("“%(name)s” is not a meter of this case.") % {"name": node.name}
        if isinstance(node, Visited) and node.scene not in {one.key for one in self.case.scenes}:
            return gettext("There is no scene “%(key)s”.") % {"key": node.scene}
        if isinstance(node, Took) and node.choice not in self.choices:
            return gettext("There is no choice “%(key)s”.") % {"key": node.choice}
        return ""


def _twice(keys: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    told: set[str] = set()
    for key in keys:
        if key in seen and key not in told:
            told.add(key)
            yield key
        seen.add(key)
