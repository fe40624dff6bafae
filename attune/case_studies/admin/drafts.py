"""The draft of a case, and the changes that its screens make to it.

Everything here works on the page's latest revision: it is loaded under a lock, one thing is
changed, and a new revision is saved. Scenes are found by their translation key, since a key
can be renamed and a draft's new rows have no number yet. While a page was never published its
tables follow its drafts, as they do when Wagtail's own editor saves: whoever copies or
translates it takes the tables.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.text import slugify
from django.utils.translation import gettext as _

from attune.case_studies.casting import in_order, scene_of
from attune.case_studies.models import CaseChoice, CaseEnding, CaseScene, CaseStudyPage
from attune.case_studies.models.writing import settle_rows
from attune.case_studies.renaming import Renaming, follow_in_endings, follow_in_rows

SCENE_FIELDS = (
    "key",
    "title",
    "place",
    "client_time",
    "vendor_time",
    "body",
    "condition",
    "otherwise",
)
CHOICE_FIELDS = (
    "key",
    "text",
    "outcome",
    "reading",
    "norm",
    "condition",
    "effects",
    "to",
    "points",
)
RELATIONS = ("meters", "competencies", "endings", "scenes")


class Gone(Exception):
    """The scene is no longer in the draft."""


def draft_of(page: CaseStudyPage) -> CaseStudyPage:
    """The page as its latest revision has it, in a number of queries that does not grow."""
    draft: CaseStudyPage = page.get_latest_revision_as_object()
    if not page.has_unpublished_changes:
        # Then it is the page as its tables have it, and its rows are still in the database.
        prefetch_related_objects([draft], *RELATIONS, "scenes__choices")
        for relation in RELATIONS:
            getattr(draft, relation).get_object_list()
        for scene in draft.scenes.all():
            scene.choices.get_object_list()
    # Every row of a draft has its page's language; asked row by row it would be looked up.
    draft.locale = page.locale
    return draft


def scenes_of(draft: CaseStudyPage) -> list[CaseScene]:
    return in_order(draft.scenes.all())


def scene_in(draft: CaseStudyPage, identity: uuid.UUID) -> CaseScene | None:
    return next((each for each in scenes_of(draft) if each.translation_key == identity), None)


def digest_of(scene: CaseScene | None) -> str:
    """What a scene says, in short: another digest, and somebody changed it."""
    if scene is None:
        return "gone"
    text = json.dumps(asdict(scene_of(scene)), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def detached(scene: CaseScene) -> CaseScene:
    """A copy to put a form on: what the form does to it does nothing to the draft."""
    copy = CaseScene(
        translation_key=scene.translation_key,
        **{name: getattr(scene, name) for name in SCENE_FIELDS},
    )
    copy.choices.set([_copy_of(choice) for choice in in_order(scene.choices.all())])
    return copy


def _copy_of(choice: CaseChoice) -> CaseChoice:
    return CaseChoice(
        translation_key=choice.translation_key,
        sort_order=choice.sort_order,
        **{name: getattr(choice, name) for name in CHOICE_FIELDS},
    )


@dataclass
class Change:
    """What was done to a draft, for the tables of a page that is not live yet."""

    written: list[CaseScene] = field(default_factory=list)
    removed: list[CaseScene] = field(default_factory=list)
    endings: list[CaseEnding] = field(default_factory=list)
    moved: bool = False


@transaction.atomic
def change_draft(
    *, page: CaseStudyPage, user: Any, change: Callable[[CaseStudyPage], Change]
) -> CaseStudyPage:
    """Load the latest draft, let ``change`` work on it, save it as a new revision."""
    locked = CaseStudyPage.objects.select_for_update(of=("self",)).get(pk=page.pk)
    draft = draft_of(locked)
    done = change(draft)
    for index, scene in enumerate(scenes_of(draft)):
        scene.sort_order = index
    if not locked.live:
        _follow(draft, done)
    draft.save_revision(user=user, log_action=True, clean=False)
    return draft


def _follow(draft: CaseStudyPage, done: Change) -> None:
    settle_rows(draft)
    for scene in done.removed:
        if scene.pk:
            CaseScene.objects.filter(pk=scene.pk).delete()
    for scene in done.written:
        choices = in_order(scene.choices.all())
        scene.page = draft
        scene.save()
        scene.choices.set(choices)  # saving empties what is held in memory
    for ending in done.endings:
        ending.save()
    if done.moved:
        rows = [scene for scene in scenes_of(draft) if scene.pk]
        CaseScene.objects.bulk_update(rows, ["sort_order"])


def write_scene(
    draft: CaseStudyPage,
    *,
    identity: uuid.UUID,
    fields: CaseScene,
    choices: Iterable[tuple[uuid.UUID | None, CaseChoice]],
) -> Change:
    """Put what a form says into the draft's scene; a scene that is gone comes back at the end.

    ``choices`` are in their new order, each with the identity it had, if it had one.
    """
    scene = scene_in(draft, identity)
    change = Change()
    if scene is None:
        scene = CaseScene(translation_key=identity, locale=draft.locale)
        scene.sort_order = len(scenes_of(draft))
        draft.scenes.add(scene)
        change.moved = True
    old_key = scene.key
    for name in SCENE_FIELDS:
        setattr(scene, name, getattr(fields, name))
    known = {choice.translation_key: choice for choice in scene.choices.all()}
    renamed: dict[str, str] = {}
    rows = []
    for index, (was, given) in enumerate(choices):
        row = known.pop(was, None) if was else None
        if row is None:
            row = CaseChoice(locale=draft.locale)
        elif row.key != given.key:
            renamed[row.key] = given.key
        for name in CHOICE_FIELDS:
            setattr(row, name, getattr(given, name))
        row.sort_order = index
        rows.append(row)
    scene.choices.set(rows)
    change.written.append(scene)
    goals = {old_key: scene.key} if old_key and old_key != scene.key else {}
    if goals or renamed:
        # What the form says of other scenes' keys it says by their names of now.
        renaming = Renaming(goals, scene=old_key, choices=renamed)
        change.written += [each for each in follow_in_rows(draft, renaming) if each is not scene]
        change.endings = follow_in_endings(draft, renaming)
    return change


def add_scene(
    draft: CaseStudyPage, *, title: str, key: str = "", after: CaseScene | None = None
) -> tuple[CaseScene, Change]:
    scene = CaseScene(
        locale=draft.locale, title=title, key=key or free_key(draft, title), sort_order=0
    )
    _insert(draft, scene, after)
    return scene, Change(written=[scene], moved=True)


def duplicate_scene(draft: CaseStudyPage, identity: uuid.UUID) -> tuple[CaseScene, Change]:
    """A copy right after its original. Nothing leads to it yet; its choices lead where they led.

    :raises Gone: somebody deleted it.
    """
    original = scene_in(draft, identity)
    if original is None:
        raise Gone
    copy = detached(original)
    copy.translation_key = uuid.uuid4()
    copy.locale = draft.locale
    copy.title = _("%(title)s (copy)") % {"title": original.title[:140]}
    copy.key = free_key(draft, original.key)
    choices = in_order(copy.choices.all())
    for choice in choices:
        choice.translation_key = uuid.uuid4()
        choice.locale = draft.locale
    copy.choices.set(choices)
    _insert(draft, copy, original)
    return copy, Change(written=[copy], moved=True)


def _insert(draft: CaseStudyPage, scene: CaseScene, after: CaseScene | None) -> None:
    rows = scenes_of(draft)
    at = rows.index(after) + 1 if after in rows else len(rows)
    rows.insert(at, scene)
    _number(draft, rows)


def _number(draft: CaseStudyPage, rows: list[CaseScene]) -> None:
    for index, row in enumerate(rows):
        row.sort_order = index
    draft.scenes.set(rows)


def delete_scene(draft: CaseStudyPage, identity: uuid.UUID) -> Change:
    """:raises Gone: somebody deleted it before."""
    scene = scene_in(draft, identity)
    if scene is None:
        raise Gone
    draft.scenes.set([each for each in scenes_of(draft) if each is not scene])
    return Change(removed=[scene], moved=True)


def move_scene(draft: CaseStudyPage, identity: uuid.UUID, *, by: int) -> Change:
    """Up or down among its neighbours. At the top stands the scene with which the case begins.

    :raises Gone: somebody deleted it.
    """
    rows = scenes_of(draft)
    scene = scene_in(draft, identity)
    if scene is None:
        raise Gone
    at = rows.index(scene)
    rows.pop(at)
    rows.insert(max(0, at + by), scene)
    _number(draft, rows)
    return Change(moved=True)


def free_key(draft: CaseStudyPage, text: str, *, taken: Iterable[str] = ()) -> str:
    """A readable key that no scene and no ending of the draft has."""
    keys = {each.key for each in draft.scenes.all()} | {each.key for each in draft.endings.all()}
    return free_among(keys | set(taken), text, otherwise="scene")


def free_among(taken: set[str], text: str, *, otherwise: str) -> str:
    key = slugify(text).replace("_", "-").strip("-")[:40].strip("-").lstrip("0123456789-")
    key = "-".join(part for part in key.split("-") if part) or otherwise
    candidate, number = key, 2
    while candidate in taken:
        candidate = f"{key}-{number}"
        number += 1
    return candidate


def identity_from(text: str) -> uuid.UUID | None:
    with suppress(ValueError, AttributeError):
        return uuid.UUID(text)
    return None
