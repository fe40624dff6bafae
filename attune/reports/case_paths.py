"""Which ways people take through a case study: branches, time, endings, where they try again.

Counts are of people, not of clicks: each person's first attempt, and in it the first decision in
each scene. What fewer than ``MINIMUM`` did is hidden, and with it whatever else would let that be
reckoned back (``safety.linked_cells``): all tables of a page are looked at together, since whoever
took a branch is counted again in the scene it leads to. What is shown is rounded to fives, and
shares are reckoned from these rounded numbers, so that they tell no more.

What is counted is what ``countable_by`` allows: HR's own engagements, for a trainer those of the
own client. Scenes and choices are named as the live case names them; what was taken out of it
since keeps its key.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from attune.case_studies.others import share_of
from attune.reports.item_analysis import Period
from attune.safety.linked_cells import ANY, Edge, hidden_figures
from attune.safety.small_cells import MINIMUM, in_fives

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
    engagement: int = 0
    period: Period | None = None
    """The quarter in which it was begun."""


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
    """What people did in one scene. ``people`` is ``None`` where it is hidden."""

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

    @property
    def hidden(self) -> int:
        """How many numbers are not shown."""
        tables = (self.endings, self.again, *(scene.cells for scene in self.scenes))
        cells = [cell.people for table in tables for cell in table]
        return [*cells, *(scene.people for scene in self.scenes)].count(None)


Figure = tuple[str, ...]
"""What a number is of: ``("scene", s)``, ``("choice", s, c)``, ``("ending", e)``, ..."""
EVERYBODY: Figure = ("people",)


@dataclass(slots=True)
class Counted:
    """All numbers of a case, true ones, and how they hang together. Not to be shown."""

    counts: Counter[Figure]
    edges: list[Edge[Figure]]
    seconds: dict[str, list[float]]

    @property
    def people(self) -> int:
        return self.counts[EVERYBODY]


def counted(
    firsts: Iterable[First],
    taken: Iterable[Taken],
    *,
    choices: Mapping[str, Iterable[str]],
    endings: Iterable[str],
) -> Counted:
    """``choices`` by scene and ``endings`` are the case's own, in its order. Pure.

    ``taken`` is in the order in which it was decided.
    """
    counts: Counter[Figure] = Counter({EVERYBODY: 0})
    for scene, keys in choices.items():
        counts["scene", scene] = 0
        counts.update({("choice", scene, key): 0 for key in keys})
    counts.update({("ending", key): 0 for key in (*endings, STILL_OPEN)})
    counts.update({("again", key): 0 for key in (FROM_THE_START, *choices, NOT_AGAIN)})
    firsts = list(firsts)
    whose = {person.attempt for person in firsts}
    ways: dict[int, dict[str, str]] = defaultdict(dict)
    seconds: dict[str, list[float]] = defaultdict(list)
    for each in taken:
        if each.attempt in whose and each.scene not in ways[each.attempt]:
            ways[each.attempt][each.scene] = each.choice
            seconds[each.scene].append(each.seconds)
    order = _order_of(ways.values())
    walked = _Walked(Counter(), Counter())
    for person in firsts:
        way = ways[person.attempt]
        ranks = [order[scene] for scene in way]
        walked.add(person, way, straight=ranks == sorted(ranks))
    counts.update(walked.figures)
    return Counted(counts, walked.edges(counts), seconds)


def _order_of(ways: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """Scenes by how early people come there on average, as their rank."""
    places: dict[str, list[int]] = defaultdict(list)
    for way in ways:
        for place, scene in enumerate(way):
            places[scene].append(place)
    ranked = sorted(places, key=lambda scene: (sum(places[scene]) / len(places[scene]), scene))
    return {scene: rank for rank, scene in enumerate(ranked)}


@dataclass(frozen=True, slots=True)
class _Walked:
    """Where people went: their figures, and from where to where between these.

    ``bent`` counts those who went against the order of scenes. In thought they may not be
    moved, or somebody could be thought to go in a circle, which nobody can.
    """

    figures: Counter[Figure]
    bent: Counter[Figure]
    onward: Counter[tuple[Figure, Figure]] = field(default_factory=Counter)
    bent_onward: Counter[tuple[Figure, Figure]] = field(default_factory=Counter)

    def add(self, person: First, way: Mapping[str, str], *, straight: bool) -> None:
        figures = [EVERYBODY, ("again", person.again)]
        place = EVERYBODY
        steps = []
        for scene, choice in way.items():
            steps.append((place, ("scene", scene)))
            place = ("choice", scene, choice)
            figures += [("scene", scene), place]
        steps.append((place, ("ending", person.ending)))
        figures.append(("ending", person.ending))
        self.figures.update(figures)
        self.onward.update(steps)
        if not straight:
            self.bent.update(figures)
            self.bent_onward.update(steps)

    def edges(self, counts: Counter[Figure]) -> list[Edge[Figure]]:
        """From everybody through the tries to the first scene, by choices on to the endings."""
        edges = []
        for figure, people in counts.items():
            match figure:
                case ("scene", _):
                    ends: tuple[Hashable, Hashable] = figure, ("decided", figure)
                case ("choice", scene, _):
                    ends = ("decided", ("scene", scene)), figure
                case ("ending", _):
                    ends = figure, "all"
                case ("again", _):
                    ends = "tries", EVERYBODY
                case _:
                    ends = "all", "tries"
            # Whoever tries again from a scene has been there.
            again = counts["again", figure[1]] if figure[0] == "scene" else 0
            edges.append(Edge(*ends, people, figure, max(again, self.bent[figure])))
        for step, people in self.onward.items():
            bent = self.bent_onward[step]
            edges.append(Edge(*step, people, None, bent, bent if bent == people else ANY))
        return edges


def paths_of(found: Counted, already: Iterable[Figure] = ()) -> Paths:
    """What may be shown. ``already`` is hidden for the sake of other pages. Pure."""
    if found.people < MINIMUM:
        return Paths(found.people)
    hidden = hidden_figures(found.edges, already=already, kept=[EVERYBODY])
    if hidden is None:
        return Paths(0)
    shown = {
        figure: None if figure in hidden else in_fives(people)
        for figure, people in found.counts.items()
    }
    tables: dict[tuple[str, ...], dict[str, int | None]] = defaultdict(dict)
    for figure, people in shown.items():
        # Of a scene that is hidden not even who is missing there is told.
        beneath = figure[0] == "choice" and shown["scene", figure[1]] is None
        tables[figure[:-1]][figure[-1]] = None if beneath else people
    again = tables["again",]
    return Paths(
        found.people,
        tuple(
            Branching(
                scene,
                people,
                max(5, 5 * round(median(found.seconds[scene]) / 5)) if people else None,
                cells_of(tables["choice", scene], people),
            )
            for scene, people in tables["scene",].items()
        ),
        cells_of(tables["ending",], in_fives(found.people)),
        cells_of(
            {key: n for key, n in again.items() if n != 0 or key in ("", NOT_AGAIN)},
            in_fives(found.people),
        ),
    )


def cells_of(shown: Mapping[str, int | None], total: int | None) -> tuple[Cell, ...]:
    """The cells of one table, with shares of what is shown of it all."""
    alone = [key for key, people in shown.items() if people != 0]
    return tuple(
        Cell(
            key,
            people,
            None
            if people is None or not total
            else 100
            if alone == [key]
            else min(95, share_of(people, total)),
        )
        for key, people in shown.items()
    )
