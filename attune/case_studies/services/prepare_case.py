"""What of a case from outside may be kept: cleaned, within limits, with keys that fit.

The engine's own rules (where a choice leads, whether an ending is reached) are not asked
here: a draft may break them, and publishing does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Page
from wagtailmedia.models import get_media_model

from attune.case_studies.bodies import RECORDING, RICH, walk
from attune.case_studies.branching.values import Case, Scene
from attune.case_studies.models import (
    CaseChoice,
    CaseCompetency,
    CaseEnding,
    CaseMeter,
    CaseScene,
    CaseStudyPage,
)
from attune.case_studies.wording import changed_texts, wordings
from attune.curriculum.tenancy import foreign_among
from attune.safety.sanitiser import TooMuchText, clean_rich_text

MOST_SCENES = 500
MOST_CHOICES = 12
MOST_OTHERS = 60
MOST_PROBLEMS = 100
_REFERENCE = re.compile(r'(?:linktype|embedtype)="(page|document|image)" id="(\d{1,18})"')


class CaseRefused(ValueError):
    """The case cannot be written. ``problems`` say why, each with the place."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


def prepared(case: Case, *, user: Any = None) -> Case:
    """The case as it would be kept: its rich texts cleaned, and nothing in it that does not fit.

    ``user``: whose eyes decide which recordings, pages and pictures it may name; None is the
    system's own content.

    :raises CaseRefused: with everything that is wrong.
    """
    problems: list[str] = []

    for scene in case.scenes:
        problems += [
            _("Scene “%(scene)s”, %(problem)s") % {"scene": scene.key, "problem": each}
            for each in walk(scene.body, lambda kind, value: value).problems
        ]
    try:
        cleaned = cleaned_texts(case)
    except TooMuchText as error:
        raise CaseRefused([str(error)]) from None
    problems += _too_many(cleaned)
    problems += _twice(cleaned)
    problems += _unfit(cleaned)
    if user is not None and foreign_among(user, _referred_to(cleaned)):
        problems.append(
            _("It refers to pages, documents, images or recordings that are not yours to use.")
        )
    if problems:
        raise CaseRefused(list(dict.fromkeys(problems))[:MOST_PROBLEMS])
    return cleaned


def cleaned_texts(case: Case) -> Case:
    """:raises TooMuchText: one of the texts is longer than any may be."""

    def clean(kind: str, value: Any) -> Any:
        return clean_rich_text(value) if kind == RICH and value else value

    return changed_texts(case, clean)


def _too_many(case: Case) -> list[str]:
    found = []
    for label, number, most in (
        (_("scenes"), len(case.scenes), MOST_SCENES),
        (_("endings"), len(case.endings), MOST_OTHERS),
        (_("meters"), len(case.meters), MOST_OTHERS),
        (_("competencies"), len(case.competencies), MOST_OTHERS),
    ):
        if number > most:
            found.append(
                _("%(number)d %(what)s, of at most %(most)d.")
                % {"number": number, "what": label, "most": most}
            )
    found += [
        _("Scene “%(scene)s” has %(number)d choices, of at most %(most)d.")
        % {"scene": scene.key, "number": len(scene.choices), "most": MOST_CHOICES}
        for scene in case.scenes
        if len(scene.choices) > MOST_CHOICES
    ]
    return found


def _twice(case: Case) -> list[str]:
    found = []
    places = [*(each.key for each in case.scenes), *(each.key for each in case.endings)]
    for what, names in (
        (_("scene or ending"), places),
        (_("meter"), [each.name for each in case.meters]),
        (_("competency"), [each.name for each in case.competencies]),
        *(
            (
                _("choice of scene “%(scene)s”") % {"scene": scene.key},
                [each.key for each in scene.choices],
            )
            for scene in case.scenes
        ),
    ):
        found += [
            _("There is more than one %(what)s with the key “%(key)s”.")
            % {"what": what, "key": key}
            for key in dict.fromkeys(names)
            if names.count(key) > 1
        ]
    return found


def _unfit(case: Case) -> Iterable[str]:
    """What the editor's form would refuse of single fields."""
    page = CaseStudyPage(
        title=case.title, introduction=case.introduction, pass_score=case.pass_score
    )
    yield from _faults(page, ("title", "introduction", "pass_score"), _("The case"))
    for meter in case.meters:
        where = _("Meter “%(key)s”") % {"key": meter.name}
        yield from _faults(CaseMeter(**fields_of(meter)), None, where)
        if not meter.lowest <= meter.start <= meter.highest:
            yield _("%(where)s: its start must lie within its bounds.") % {"where": where}
    for competency in case.competencies:
        where = _("Competency “%(key)s”") % {"key": competency.name}
        yield from _faults(CaseCompetency(**fields_of(competency)), None, where)
    for scene in case.scenes:
        where = _("Scene “%(key)s”") % {"key": scene.key}
        yield from _faults(CaseScene(**scene_fields_of(scene)), None, where)
        for choice in scene.choices:
            at = f"{where}, " + _("choice “%(key)s”") % {"key": choice.key}
            yield from _faults(CaseChoice(**fields_of(choice)), None, at)
    for ending in case.endings:
        where = _("Ending “%(key)s”") % {"key": ending.key}
        yield from _faults(CaseEnding(**fields_of(ending)), None, where)


def _faults(row: Any, only: tuple[str, ...] | None, where: str) -> Iterable[str]:
    left_out = {
        each.name
        for each in row._meta.fields
        if each.is_relation or (only is not None and each.name not in only) or each.name == "body"
    }
    try:
        row.clean_fields(exclude=left_out)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            label = row._meta.get_field(name).verbose_name
            yield f"{where}, {label}: {' '.join(messages)}"


def fields_of(thing: Any) -> dict[str, Any]:
    names = type(thing).__dataclass_fields__
    values = {name: getattr(thing, name) for name in names}
    if "points" in values:
        values["points"] = dict(values["points"])
    return values


def scene_fields_of(scene: Scene) -> dict[str, Any]:
    values = fields_of(scene)
    del values["choices"]
    values["body"] = CaseScene._meta.get_field("body").stream_block.to_python(list(scene.body))
    return values


def _referred_to(case: Case) -> list[tuple[type[Any], str]]:
    by_name = {"page": Page, "document": get_document_model(), "image": get_image_model()}
    found = {
        (by_name[kind], pk)
        for each in wordings(case)
        if each.is_rich
        for kind, pk in _REFERENCE.findall(each.text)
    }

    def note(kind: str, value: Any) -> Any:
        if kind == RECORDING and value is not None:
            found.add((get_media_model(), str(value)))
        return value

    for scene in case.scenes:
        walk(scene.body, note)
    return list(found)
