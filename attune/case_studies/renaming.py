"""How names follow when a key changes: in a case as values, and in the rows of a draft.

Keys stand in three places: where a choice leads (``to``), where a passed-over scene leads
(``otherwise``), and in conditions, scores and effects, as ``visited("scene")`` and
``took("scene/choice")``. Expressions are changed in place, so that the author's own spacing
stays, and also where the rest of the expression cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from attune.case_studies.branching.values import Case, Choice, Ending, Scene
from attune.case_studies.casting import in_order

VISITED = re.compile(r"""(\bvisited\s*\(\s*(["']))([a-z0-9-]+)(\2\s*\))""")
TOOK = re.compile(r"""(\btook\s*\(\s*(["']))([a-z0-9-]+)/([a-z0-9-]+)(\2\s*\))""")


@dataclass(frozen=True, slots=True)
class Renaming:
    """New keys by old ones. ``choices`` are those of ``scene``, by that scene's old key."""

    goals: Mapping[str, str]
    scene: str = ""
    choices: Mapping[str, str] | None = None
    meters: Mapping[str, str] | None = None

    def __bool__(self) -> bool:
        return bool(self.goals or self.choices or self.meters)

    def goal(self, key: str) -> str:
        return self.goals.get(key, key)

    def expression(self, text: str) -> str:
        """All at once, so that two keys can swap."""

        def took(found: re.Match[str]) -> str:
            before, _sign, scene, choice, after = found.groups()
            if scene == self.scene and self.choices:
                choice = self.choices.get(choice, choice)
            return f"{before}{self.goal(scene)}/{choice}{after}"

        if self.meters:
            text = _with_names(text, self.meters)
        text = VISITED.sub(lambda found: found[1] + self.goal(found[3]) + found[4], text)
        return TOOK.sub(took, text)


def _with_names(text: str, names: Mapping[str, str]) -> str:
    """Meters by their new names, outside quotation marks."""
    parts = re.split(r"""("[^"]*"|'[^']*')""", text)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(
            r"[A-Za-z_][A-Za-z0-9_]*", lambda found: names.get(found[0], found[0]), parts[index]
        )
    return "".join(parts)


def renamed(case: Case, renaming: Renaming) -> Case:
    """The case with every reference following. The keys themselves are changed here as well."""
    return replace(
        case,
        scenes=tuple(_scene(scene, renaming) for scene in case.scenes),
        endings=tuple(_ending(ending, renaming) for ending in case.endings),
    )


def _scene(scene: Scene, renaming: Renaming) -> Scene:
    own = renaming.choices or {} if scene.key == renaming.scene else {}
    return replace(
        scene,
        key=renaming.goal(scene.key),
        condition=renaming.expression(scene.condition),
        otherwise=renaming.goal(scene.otherwise),
        choices=tuple(_choice(choice, renaming, own) for choice in scene.choices),
    )


def _choice(choice: Choice, renaming: Renaming, own: Mapping[str, str]) -> Choice:
    return replace(
        choice,
        key=own.get(choice.key, choice.key),
        to=renaming.goal(choice.to),
        condition=renaming.expression(choice.condition),
        effects=renaming.expression(choice.effects),
    )


def _ending(ending: Ending, renaming: Renaming) -> Ending:
    return replace(
        ending,
        key=renaming.goal(ending.key),
        condition=renaming.expression(ending.condition),
        score=renaming.expression(ending.score),
    )


def follow_in_rows(page: Any, renaming: Renaming) -> list[Any]:
    """Let every reference in the scenes of a draft follow; the scenes in which one did."""
    touched = []
    for scene in in_order(page.scenes.get_object_list()):
        changes = [
            _set(scene, "condition", renaming.expression(scene.condition)),
            _set(scene, "otherwise", renaming.goal(scene.otherwise)),
        ]
        choices = in_order(scene.choices.get_object_list())
        for choice in choices:
            changes += [
                _set(choice, "condition", renaming.expression(choice.condition)),
                _set(choice, "effects", renaming.expression(choice.effects)),
                _set(choice, "to", renaming.goal(choice.to)),
            ]
        if any(changes):
            scene.choices.set(choices)
            touched.append(scene)
    return touched


def follow_in_endings(page: Any, renaming: Renaming) -> list[Any]:
    touched = []
    endings = in_order(page.endings.get_object_list())
    for ending in endings:
        changes = [
            _set(ending, "condition", renaming.expression(ending.condition)),
            _set(ending, "score", renaming.expression(ending.score)),
        ]
        if any(changes):
            touched.append(ending)
    if touched:
        page.endings.set(endings)
    return touched


def _set(row: Any, name: str, value: str) -> bool:
    changed = bool(getattr(row, name) != value)
    setattr(row, name, value)
    return changed
