"""The texts of a case: where each stands, the variables they use, and these filled in.

Knows which texts are rich and which are plain, since a value from a client's card is escaped
in the one and not in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from attune.case_studies.bodies import PLAIN, RECORDING, RICH, walk
from attune.case_studies.branching.findings import Finding
from attune.case_studies.branching.values import Case, Choice, Ending, Scene
from attune.cultures.variables import fill, fill_plain, problems, references

OF_A_CASE = {"title": PLAIN, "introduction": RICH}
OF_A_METER = {"label": PLAIN, "unit": PLAIN}
OF_A_COMPETENCY = {"label": PLAIN}
OF_A_SCENE = {"title": PLAIN, "place": PLAIN}
OF_A_CHOICE = {"text": PLAIN, "outcome": RICH, "reading": RICH, "norm": PLAIN}
OF_AN_ENDING = {"title": PLAIN, "summary": RICH}


@dataclass(frozen=True, slots=True)
class Wording:
    """A text and where it stands. ``part`` is the field's name, or ``body``."""

    text: str
    is_rich: bool
    part: str
    scene: str = ""
    choice: str = ""
    ending: str = ""


def wordings(case: Case) -> Iterator[Wording]:
    """Every text that a learner reads, in order."""
    yield from _of(case, OF_A_CASE)
    for meter in case.meters:
        yield from _of(meter, OF_A_METER)
    for competency in case.competencies:
        yield from _of(competency, OF_A_COMPETENCY)
    for scene in case.scenes:
        yield from _of(scene, OF_A_SCENE, scene=scene.key)
        for text, kind in texts_of_body(scene.body):
            yield Wording(text, kind == RICH, "body", scene=scene.key)
        for choice in scene.choices:
            yield from _of(choice, OF_A_CHOICE, scene=scene.key, choice=choice.key)
    for ending in case.endings:
        yield from _of(ending, OF_AN_ENDING, ending=ending.key)


def _of(thing: Any, parts: Mapping[str, str], **where: str) -> Iterator[Wording]:
    for part, kind in parts.items():
        if text := getattr(thing, part):
            yield Wording(text, kind == RICH, part, **where)


def texts_of_body(body: Any) -> list[tuple[str, str]]:
    """The texts among the blocks of a scene, each with its kind (``bodies.PLAIN`` or ``RICH``)."""
    found: list[tuple[str, str]] = []

    def note(kind: str, value: Any) -> Any:
        if kind != RECORDING and value:
            found.append((value, kind))
        return value

    walk(body, note)
    return found


# --- Checking ----------------------------------------------------------------------------------


def variable_problems(case: Case, *, shared: bool = False) -> list[Finding]:
    """Variables that nobody knows, braces that are not closed: each blocks publishing.

    ``shared``: the case belongs to no client, so that each variable needs a fallback.
    """
    return [
        Finding(
            severity="error",
            code=f"variable_{problem.code}",
            scene=each.scene,
            choice=each.choice,
            ending=each.ending,
            message=problem.message,
        )
        for each in wordings(case)
        for problem in problems(each.text, needs_fallback=shared)
    ]


def faults_in(texts: Iterable[str]) -> list[str]:
    """What is wrong with the variables of these texts, in words. A fallback may be missing yet."""
    return list(dict.fromkeys(each.message for text in texts for each in problems(text)))


def needed_values(case: Case) -> tuple[str, ...]:
    """Names that some text uses without saying what to write where there is no value."""
    return tuple(
        dict.fromkeys(
            each.name
            for wording in wordings(case)
            for each in references(wording.text)
            if not each.fallback
        )
    )


# --- Filling in --------------------------------------------------------------------------------


def fill_case(case: Case, values: Mapping[str, str]) -> tuple[Case, tuple[str, ...]]:
    """The case with every variable filled in, and the names for which there was nothing."""
    missing: dict[str, None] = {}

    def change(kind: str, value: Any) -> Any:
        if kind == RECORDING or not value:
            return value
        text, lacking = (fill if kind == RICH else fill_plain)(value, values)
        missing.update(dict.fromkeys(lacking))
        return text

    return changed_texts(case, change), tuple(missing)


def changed_texts(case: Case, change: Any) -> Case:
    """The case with ``change(kind, text)`` applied to every text that a learner reads.

    Keys, conditions and effects are what the engine goes by; they are left alone.
    """

    def of(thing: Any, parts: Mapping[str, str], **others: Any) -> Any:
        texts = {part: change(kind, getattr(thing, part)) for part, kind in parts.items()}
        return replace(thing, **texts, **others)

    def of_choice(choice: Choice) -> Choice:
        changed: Choice = of(choice, OF_A_CHOICE)
        return changed

    def of_scene(scene: Scene) -> Scene:
        changed: Scene = of(
            scene,
            OF_A_SCENE,
            body=walk(scene.body, change).body,
            choices=tuple(map(of_choice, scene.choices)),
        )
        return changed

    def of_ending(ending: Ending) -> Ending:
        changed: Ending = of(ending, OF_AN_ENDING)
        return changed

    whole: Case = of(
        case,
        OF_A_CASE,
        meters=tuple(of(each, OF_A_METER) for each in case.meters),
        competencies=tuple(of(each, OF_A_COMPETENCY) for each in case.competencies),
        scenes=tuple(map(of_scene, case.scenes)),
        endings=tuple(map(of_ending, case.endings)),
    )
    return whole


def in_words(finding: Finding) -> str:
    """Where it stands and what it is, in one line."""
    if finding.choice:
        where = _("Scene “%(scene)s”, choice “%(choice)s”") % {
            "scene": finding.scene,
            "choice": finding.choice,
        }
    elif finding.scene:
        where = _("Scene “%(scene)s”") % {"scene": finding.scene}
    elif finding.ending:
        where = _("Ending “%(ending)s”") % {"ending": finding.ending}
    else:
        where = _("The case")
    return f"{where}: {finding.message}"
