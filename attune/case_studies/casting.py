"""A case as values, from the rows that a trainer wrote.

Works on a live page and on the object of a revision (``page.get_latest_revision_as_object()``),
since both hold their rows the same way. Nothing is filled in or cleaned here: texts are carried
as they were written. ``filled`` puts in what a client's card says, when a case is frozen for
somebody (``freezing.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from attune.case_studies.branching.values import (
    Case,
    Choice,
    Competency,
    Ending,
    Meter,
    Scene,
)

if TYPE_CHECKING:  # the models check with this module what they publish
    from attune.case_studies.models.case import (
        CaseChoice,
        CaseCompetency,
        CaseEnding,
        CaseMeter,
        CaseScene,
        CaseStudyPage,
    )

Fill = Callable[[str], str]


def case_of(page: CaseStudyPage) -> Case:
    """The whole case of a page or of a revision's object, as its author wrote it."""
    return Case(
        key=str(page.translation_key),
        title=page.title,
        language=page.locale.language_code,
        introduction=page.introduction,
        pass_score=page.pass_score,
        meters=tuple(meter_of(row) for row in in_order(page.meters.all())),
        competencies=tuple(competency_of(row) for row in in_order(page.competencies.all())),
        scenes=tuple(scene_of(row) for row in in_order(page.scenes.all())),
        endings=tuple(ending_of(row) for row in in_order(page.endings.all())),
    )


def meter_of(row: CaseMeter) -> Meter:
    return Meter(
        name=row.name,
        label=row.label,
        lowest=row.lowest,
        highest=row.highest,
        start=row.start,
        unit=row.unit,
        shown=row.shown,
    )


def competency_of(row: CaseCompetency) -> Competency:
    return Competency(name=row.name, label=row.label)


def ending_of(row: CaseEnding) -> Ending:
    return Ending(
        key=row.key,
        title=row.title,
        summary=row.summary,
        condition=row.condition,
        score=row.score,
    )


def scene_of(row: CaseScene) -> Scene:
    return Scene(
        key=row.key,
        title=row.title,
        place=row.place,
        client_time=row.client_time,
        vendor_time=row.vendor_time,
        # As stored, without reading a picture or a recording for it.
        body=tuple(dict(block) for block in row.body.raw_data),
        condition=row.condition,
        otherwise=row.otherwise,
        choices=tuple(choice_of(each) for each in in_order(row.choices.all())),
    )


def choice_of(row: CaseChoice) -> Choice:
    return Choice(
        key=row.key,
        text=row.text,
        to=row.to,
        condition=row.condition,
        effects=row.effects,
        outcome=row.outcome,
        reading=row.reading,
        norm=row.norm,
        points=dict(row.points or {}),
    )


def in_order(rows: Any) -> list[Any]:
    """Rows as the author ordered them; a revision's rows come in no order of the database's."""
    return sorted(rows, key=lambda row: (row.sort_order is None, row.sort_order or 0, row.pk or 0))


def filled(case: Case, *, plain: Fill, rich: Fill) -> Case:
    """The case with every text that a learner reads filled in, and nothing else.

    ``rich`` is for texts that are HTML, ``plain`` for those that a template escapes. Keys,
    conditions and effects are what the engine goes by; they have no variables.
    """
    return replace(
        case,
        title=plain(case.title),
        introduction=rich(case.introduction),
        meters=tuple(
            replace(meter, label=plain(meter.label), unit=plain(meter.unit))
            for meter in case.meters
        ),
        competencies=tuple(replace(each, label=plain(each.label)) for each in case.competencies),
        scenes=tuple(
            replace(
                scene,
                title=plain(scene.title),
                place=plain(scene.place),
                body=tuple(
                    {
                        **block,
                        "value": _filled_value(block.get("value"), block["type"], plain, rich),
                    }
                    for block in scene.body
                ),
                choices=tuple(
                    replace(
                        choice,
                        text=plain(choice.text),
                        outcome=rich(choice.outcome),
                        reading=rich(choice.reading),
                        norm=plain(choice.norm),
                    )
                    for choice in scene.choices
                ),
            )
            for scene in case.scenes
        ),
        endings=tuple(
            replace(ending, title=plain(ending.title), summary=rich(ending.summary))
            for ending in case.endings
        ),
    )


# Where the blocks of a scene hold HTML; every other text of theirs is plain.
_RICH = {("narration", ""), ("ticket", "text"), ("mails", "text")}


def _filled_value(value: Any, kind: str, plain: Fill, rich: Fill, name: str = "") -> Any:
    """A stored block value, however deep its texts lie."""
    if isinstance(value, str):
        return (rich if (kind, name) in _RICH else plain)(value)
    if isinstance(value, dict):
        # A list block stores its children with a type and an id beside their value.
        kept = {"id", "type"} if "value" in value and "type" in value else set()
        return {
            key: each
            if key in kept
            else _filled_value(each, kind, plain, rich, name if key == "value" and kept else key)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_filled_value(each, kind, plain, rich, name) for each in value]
    return value
