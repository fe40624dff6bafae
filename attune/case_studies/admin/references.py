"""What in a case names a scene or an ending: asked before it is deleted. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from attune.case_studies.branching.values import Case
from attune.case_studies.renaming import TOOK, VISITED


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that names a key: ``how`` is leads, otherwise, or condition."""

    scene: str
    choice: str
    ending: str
    how: str


def references_to(case: Case, key: str) -> list[Reference]:
    """Where other scenes, choices and endings name a scene or an ending."""
    found: list[Reference] = []
    for scene in case.scenes:
        if scene.key == key:
            continue
        if scene.otherwise == key:
            found.append(Reference(scene.key, "", "", "otherwise"))
        if _names(scene.condition, key):
            found.append(Reference(scene.key, "", "", "condition"))
        for choice in scene.choices:
            if choice.to == key:
                found.append(Reference(scene.key, choice.key, "", "leads"))
            if _names(choice.condition, key) or _names(choice.effects, key):
                found.append(Reference(scene.key, choice.key, "", "condition"))
    for ending in case.endings:
        if _names(ending.condition, key) or _names(ending.score, key):
            found.append(Reference("", "", ending.key, "condition"))
    return found


def _names(expression: str, key: str) -> bool:
    return any(each[2] == key for each in VISITED.findall(expression)) or any(
        each[2] == key for each in TOOK.findall(expression)
    )
