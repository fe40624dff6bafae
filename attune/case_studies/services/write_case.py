"""A case as values, written onto a page's rows: the door for files and for whoever loads one.

Rows are known again by their keys and names, so that writing the same case twice changes
nothing, and a changed one keeps the rows (and translations) of what stayed. Whatever is
written is cleaned first and stands as a draft; publishing is the editor's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from wagtail.models import Page

from attune.case_studies.branching.values import Case, Choice, Scene
from attune.case_studies.casting import case_of, in_order
from attune.case_studies.exchange.comparing import Difference, differences, differing, key_of
from attune.case_studies.models import (
    CaseChoice,
    CaseCompetency,
    CaseEnding,
    CaseMeter,
    CaseScene,
    CaseStudyPage,
)
from attune.case_studies.services.prepare_case import (
    CaseRefused,
    cleaned_texts,
    fields_of,
    prepared,
    scene_fields_of,
)
from attune.curriculum.models import ModulePage
from attune.people.access import person_of
from attune.safety.sanitiser import TooMuchText

__all__ = ["CaseRefused", "Written", "plan_case", "standing_beneath", "write_case"]


@dataclass(slots=True)
class Written:
    """``page`` is None in a plan for a page that is not there yet."""

    page: CaseStudyPage | None
    created: bool
    differences: list[Difference] = field(default_factory=list)


def plan_case(place: CaseStudyPage | ModulePage, case: Case, *, user: Any) -> Written:
    """What ``write_case`` would do. Writes nothing.

    :raises CaseRefused: it would write nothing either.
    """
    case = prepared(case, user=user if person_of(user) is not None else None)
    page = place if isinstance(place, CaseStudyPage) else standing_beneath(place, case)
    if page is None:
        return Written(None, True, differences(None, case))
    was = _as_kept(case_of(page.get_latest_revision_as_object()))
    return Written(page, False, differences(was, case))


@transaction.atomic
def write_case(place: CaseStudyPage | ModulePage, case: Case, *, user: Any) -> Written:
    """Write a case to its page, or beneath a module; a draft revision if anything changes.

    Beneath a module the page is the one with the case's key (or, failing that, with the slug
    of its title); if there is none it is made, with that key where it is a UUID that nobody
    has yet. A page keeps its own key and language, whatever the file says. ``user`` is in
    whose name it is done; who is no person (the demo's author) may refer to anything.

    :raises CaseRefused: nothing was written.
    """
    case = prepared(case, user=user if person_of(user) is not None else None)
    page = _locked(place) if isinstance(place, CaseStudyPage) else standing_beneath(place, case)
    if page is None:
        return _created(place, case, user=user)
    draft = page.get_latest_revision_as_object()
    was = _as_kept(case_of(draft))
    found = differences(was, case)
    if found:
        _put(draft, was, case)
        draft.save_revision(user=user, log_action=True)
    return Written(page=page, created=False, differences=found)


def standing_beneath(module: Any, case: Case) -> CaseStudyPage | None:
    """The module's page of this case, if there is one."""
    pages = CaseStudyPage.objects.child_of(module)
    key = _uuid(case.key)
    found: CaseStudyPage | None = pages.filter(translation_key=key).first() if key else None
    return found or pages.filter(slug=_slug(case)).first()


def _as_kept(case: Case) -> Case:
    """As cleaning would leave it: the editor's own marks in rich text are no difference."""
    try:
        return cleaned_texts(case)
    except TooMuchText:
        return case


def _locked(page: CaseStudyPage) -> CaseStudyPage:
    """Two files at once take turns."""
    locked: CaseStudyPage = CaseStudyPage.objects.select_for_update().get(pk=page.pk)
    return locked


def _created(module: Any, case: Case, *, user: Any) -> Written:
    page = CaseStudyPage(
        title=case.title,
        slug=_slug(case),
        introduction=case.introduction,
        pass_score=case.pass_score,
        locale=module.locale,
        live=False,
        has_unpublished_changes=True,
        owner=user if getattr(user, "pk", None) else None,
    )
    key = _uuid(case.key)
    if key is not None:
        if Page.objects.filter(translation_key=key, locale=module.locale).exists():
            # The same content in another place is other content, and remembers where it is from.
            page.copied_from = key
        else:
            page.translation_key = key
    module.add_child(instance=page)
    _put(page, None, case)
    page.save_revision(user=user, log_action=True)
    # Without the rows in memory, which belong to the draft.
    fresh = CaseStudyPage.objects.get(pk=page.pk)
    return Written(page=fresh, created=True, differences=differences(None, case))


def _slug(case: Case) -> str:
    return slugify(case.title)[:80].strip("-") or "case"


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


# --- Rows ----------------------------------------------------------------------------------


def _put(page: CaseStudyPage, was: Case | None, case: Case) -> None:
    """The case in the page's rows, in memory."""
    old = was or Case("", "", "", (), ())
    _set(page, was, case, {name: getattr(case, name) for name in ("title", "introduction")})
    page.pass_score = case.pass_score
    if not page.live:
        page.draft_title = case.title
    page.meters = _rows(page, CaseMeter, page.meters.all(), old.meters, case.meters)
    page.competencies = _rows(
        page, CaseCompetency, page.competencies.all(), old.competencies, case.competencies
    )
    page.endings = _rows(page, CaseEnding, page.endings.all(), old.endings, case.endings)
    page.scenes = _rows(page, CaseScene, page.scenes.all(), old.scenes, case.scenes)
    before = {scene.key: scene.choices for scene in old.scenes}
    for row, scene in zip(in_order(page.scenes.all()), case.scenes, strict=True):
        standing = row.choices.all()
        row.choices = _rows(
            page, CaseChoice, standing, before.get(scene.key), scene.choices, within=scene.key
        )


def _set(row: Any, was: Any, thing: Any, values: dict[str, Any]) -> None:
    """What is the same stays as it is written, with the editor's own marks in it."""
    changed = differing(was, thing, tuple(values)) if was is not None else tuple(values)
    for name in changed:
        setattr(row, name, values[name])


def _rows(
    page: CaseStudyPage,
    model: Any,
    standing: Iterable[Any],
    were: Sequence[Any] | None,
    things: Sequence[Any],
    *,
    within: str = "",
) -> list[Any]:
    """The rows of ``things``: those that stand, mended, and new ones."""
    known = {key_of(row): row for row in standing}
    before = {key_of(thing): thing for thing in were or ()}
    used = {row.translation_key for row in known.values()}
    rows = []
    for number, thing in enumerate(things):
        key = key_of(thing)
        row = known.get(key)
        if row is None:
            # The same in every language of the case, so that translations find each other.
            name = "/".join(filter(None, (model.__name__, within, key)))
            own = uuid.uuid5(page.translation_key, name)
            row = model(translation_key=own if own not in used else uuid.uuid4())
            used.add(row.translation_key)
        _set(row, before.get(key), thing, _values(thing))
        row.locale = page.locale
        row.sort_order = number
        rows.append(row)
    return rows


def _values(thing: Scene | Choice | Any) -> dict[str, Any]:
    return scene_fields_of(thing) if isinstance(thing, Scene) else fields_of(thing)
