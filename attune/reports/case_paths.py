"""Which ways people take through a case study: branches, time, endings, where they try again.

Counts are of people, not of clicks: each person's first attempt, and in it the first decision in
each scene. Nothing is shown of fewer than ``MINIMUM`` people, nothing from which such a number
could be reckoned back within a table (``safety.small_cells``); and since the tables hang
together (whoever took a branch is counted again in the scene it leads to), every number that is
left is rounded to fives and every share to five per cent.

What is counted is what ``countable_by`` allows: HR's own engagements, for a trainer those of the
own client. Scenes and choices are named as the live case names them; what was taken out of it
since keeps its key.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from attune.case_studies.models import (
    CaseAttempt,
    CaseChoice,
    CaseDecision,
    CaseEnding,
    CaseScene,
    CaseStudyPage,
)
from attune.case_studies.others import share_of
from attune.case_studies.querysets import CaseAttemptQuerySet
from attune.curriculum.models import ModulePage
from attune.reports.matrix import in_readers_language
from attune.safety.small_cells import MINIMUM, in_fives, suppressed, too_few

STILL_OPEN = ""
"""Among endings: whoever has not reached one."""
FROM_THE_START = ""
"""Among the scenes that people try again from: whoever began anew."""
NOT_AGAIN = "-"
"""And whoever did not try again."""


@dataclass(frozen=True, slots=True)
class First:
    """One person's first attempt, and the second one if there is one."""

    attempt: int
    ending: str
    again: str = NOT_AGAIN
    """Key of the scene from which the person tried again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One decision of a first attempt. ``seconds`` from being shown the scene to deciding."""

    attempt: int
    scene: str
    choice: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Cell:
    """How many people, as it may be shown. ``people`` is ``None`` where it is hidden."""

    key: str
    people: int | None
    share: int | None


@dataclass(frozen=True, slots=True)
class Branching:
    """What people did in one scene. ``people`` is ``None`` where too few came there."""

    scene: str
    people: int | None
    seconds: int | None
    """Median, in steps of five."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Paths:
    """Everything that may be shown of a case."""

    people: int
    """Those counted, to decide whether there are enough; shown in fives."""
    scenes: tuple[Branching, ...] = ()
    endings: tuple[Cell, ...] = ()
    again: tuple[Cell, ...] = ()

    @property
    def enough(self) -> bool:
        return self.people >= MINIMUM

    @property
    def about(self) -> int:
        return in_fives(self.people)


def cells_of(counts: Mapping[str, int]) -> tuple[Cell, ...]:
    """The cells of one table that do not overlap, in their order, hidden where they must be."""
    total = sum(counts.values())
    return tuple(
        Cell(
            key,
            None if count is None else in_fives(count),
            None if count is None or not total else share_of(count, total),
        )
        for key, count in suppressed(counts).items()
    )


def paths_of(
    firsts: Iterable[First],
    taken: Iterable[Taken],
    *,
    choices: Mapping[str, Iterable[str]],
    endings: Iterable[str],
) -> Paths:
    """``choices`` by scene and ``endings`` are the case's own, in its order. Pure.

    ``taken`` is in the order in which it was decided.
    """
    firsts = list(firsts)
    if len(firsts) < MINIMUM:
        return Paths(len(firsts))
    branches: dict[str, Counter[str]] = {
        scene: Counter(dict.fromkeys(keys, 0)) for scene, keys in choices.items()
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    met: set[tuple[int, str]] = set()
    for each in taken:
        if (each.attempt, each.scene) not in met:
            met.add((each.attempt, each.scene))
            branches.setdefault(each.scene, Counter())[each.choice] += 1
            seconds[each.scene].append(each.seconds)
    ended = Counter({**dict.fromkeys(endings, 0), STILL_OPEN: 0})
    again = Counter({FROM_THE_START: 0, **dict.fromkeys(branches, 0), NOT_AGAIN: 0})
    for person in firsts:
        ended[person.ending] += 1
        again[person.again] += 1
    return Paths(
        len(firsts),
        tuple(_branching(scene, counts, seconds[scene]) for scene, counts in branches.items()),
        cells_of(ended),
        tuple(cell for cell in cells_of(again) if cell.people != 0 or cell.key in ("", NOT_AGAIN)),
    )


def _branching(scene: str, counts: Mapping[str, int], seconds: list[float]) -> Branching:
    people = sum(counts.values())
    hidden = too_few(people)
    return Branching(
        scene,
        None if hidden else in_fives(people),
        None if hidden or not people else max(5, 5 * round(median(seconds) / 5)),
        cells_of(counts),
    )


# --- From the tables ---------------------------------------------------------------------------


def first_attempts(attempts: CaseAttemptQuerySet) -> CaseAttemptQuerySet:
    """Each person's very first one, of all there are and not of those that a filter leaves."""
    earlier = CaseAttempt.objects.filter(
        person=OuterRef("person"), case_key=OuterRef("case_key"), cycle__lt=OuterRef("cycle")
    )
    return attempts.filter(~Exists(earlier), number=1)


def gathered(attempts: CaseAttemptQuerySet, names: CaseNames) -> Paths:
    """The paths of the first attempts among these, which are of one case. Three queries."""
    firsts = first_attempts(attempts)
    taken: list[Taken] = []
    scene_at: dict[tuple[int, int], str] = {}
    rows = (
        CaseDecision.objects.filter(attempt__in=firsts.order_by().values("pk"))
        .order_by("attempt", "position")
        .values_list("attempt", "position", "scene_key", "choice_key", "seconds")
    )
    for attempt, position, scene, choice, seconds in rows.iterator():
        taken.append(Taken(attempt, scene, choice, seconds))
        scene_at[attempt, position] = scene
    again: dict[tuple[int, int], str] = {}
    seconds_tries = attempts.filter(number=2).values_list(
        "person", "cycle", "replay_of", "replay_position"
    )
    for person, cycle, replayed, position in seconds_tries.iterator():
        again[person, cycle] = scene_at.get((replayed, position), FROM_THE_START)
    people = firsts.values_list("pk", "person", "cycle", "ending_key")
    return paths_of(
        [
            First(pk, ending, again.get((person, cycle), NOT_AGAIN))
            for pk, person, cycle, ending in people.iterator()
        ],
        taken,
        choices={scene: list(found) for scene, found in names.choices.items()},
        endings=names.endings,
    )


@dataclass(frozen=True, slots=True)
class CaseNames:
    """What a case, its scenes, choices and endings are called, in the case's order."""

    title: str
    module: str = ""
    scenes: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)

    def scene(self, key: str) -> str:
        return self.scenes.get(key) or _("%(key)s (no longer in the case)") % {"key": key}

    def choice(self, scene: str, key: str) -> str:
        text = self.choices.get(scene, {}).get(key)
        return text or _("%(key)s (no longer in the case)") % {"key": key}

    def ending(self, key: str) -> str:
        if key == STILL_OPEN:
            return _("No ending yet")
        return self.endings.get(key) or _("%(key)s (no longer in the case)") % {"key": key}

    def again(self, key: str) -> str:
        if key == NOT_AGAIN:
            return _("Did not try again")
        return self.scene(key) if key != FROM_THE_START else _("From the start")


def titles_of(keys: Iterable[UUID]) -> dict[UUID, CaseNames]:
    """Titles in the reader's language, with the module's. Two queries."""
    pages: dict[UUID, list[Any]] = {key: [] for key in keys}
    found = CaseStudyPage.objects.filter(translation_key__in=pages)
    for page in found.select_related("locale").order_by("pk"):
        pages[page.translation_key].append(page)
    best = {key: in_readers_language(versions) for key, versions in pages.items() if versions}
    paths = {page.path[: -page.steplen] for page in best.values()}
    modules = dict(ModulePage.objects.filter(path__in=paths).values_list("path", "title"))
    removed = CaseNames(_("A case study that was removed"))
    return {
        key: CaseNames(best[key].title, modules.get(best[key].path[: -best[key].steplen], ""))
        if key in best
        else removed
        for key in pages
    }


def names_of(key: UUID) -> CaseNames:
    """With scenes, choices and endings. Five queries."""
    title = titles_of([key])[key]
    versions = list(
        CaseStudyPage.objects.filter(translation_key=key).select_related("locale").order_by("pk")
    )
    if not versions:
        return title
    page = in_readers_language(versions)
    scenes = dict(
        CaseScene.objects.filter(page=page).order_by("sort_order").values_list("key", "title")
    )
    choices: dict[str, dict[str, str]] = {scene: {} for scene in scenes}
    for scene, choice, text in (
        CaseChoice.objects.filter(scene__page=page)
        .order_by("sort_order")
        .values_list("scene__key", "key", "text")
    ):
        choices[scene][choice] = text
    endings = CaseEnding.objects.filter(page=page).order_by("sort_order")
    return CaseNames(
        title.title, title.module, scenes, choices, dict(endings.values_list("key", "title"))
    )
