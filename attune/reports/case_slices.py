"""Attempts at a case out of the tables, and what may be shown of them under a filter.

A filter cuts the same people into parts: engagements, or years and their quarters. Whoever looks
at the whole and at all parts but one knows the last one, so a number is shown for a part only as
the table of all parts allows (``safety.small_cells``, which is strict), and never where the
whole hides it. Two filters at once would cut finer than that can answer for; the form refuses
them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.case_studies.querysets import CaseAttemptQuerySet
from attune.reports.case_names import CaseNames
from attune.reports.case_paths import (
    EVERYBODY,
    FROM_THE_START,
    NOT_AGAIN,
    Counted,
    Figure,
    First,
    Paths,
    Taken,
    counted,
    paths_of,
)
from attune.reports.item_analysis import Period
from attune.safety.linked_cells import hidden_figures
from attune.safety.small_cells import MINIMUM, suppressed

P = TypeVar("P", bound=Hashable)


def first_attempts(attempts: CaseAttemptQuerySet) -> CaseAttemptQuerySet:
    """Each person's very first one, of all there are and not of those that a filter leaves."""
    earlier = CaseAttempt.objects.filter(
        person=OuterRef("person"), case_key=OuterRef("case_key"), cycle__lt=OuterRef("cycle")
    )
    return attempts.filter(~Exists(earlier), number=1)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What everybody did who may be counted, and what the case itself offers."""

    firsts: list[First]
    taken: list[Taken]
    names: CaseNames

    def of(self, firsts: Iterable[First]) -> Counted:
        return counted(
            firsts,
            self.taken,
            choices={scene: list(found) for scene, found in self.names.choices.items()},
            endings=self.names.endings,
        )

    def parts(self, part_of: Callable[[First], P]) -> dict[P, Counted]:
        parts: dict[P, list[First]] = {}
        for first in self.firsts:
            parts.setdefault(part_of(first), []).append(first)
        return {part: self.of(firsts) for part, firsts in parts.items()}


def gathered(attempts: CaseAttemptQuerySet, names: CaseNames, zone: ZoneInfo) -> Gathered:
    """The first attempts among these, which are of one case. Three queries."""
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
    second_tries = attempts.filter(number=2).values_list(
        "person", "cycle", "replay_of", "replay_position"
    )
    for person, cycle, replayed, position in second_tries.iterator():
        again[person, cycle] = scene_at.get((replayed, position), FROM_THE_START)
    people = firsts.values_list(
        "pk", "person", "cycle", "ending_key", "enrolment__engagement", "started_at"
    )
    found = []
    for pk, person, cycle, ending, engagement, started_at in people.iterator():
        begun = started_at.astimezone(zone)
        quarter = Period(begun.year, (begun.month + 2) // 3)
        found.append(First(pk, ending, again.get((person, cycle), NOT_AGAIN), engagement, quarter))
    return Gathered(found, taken, names)


def released(
    found: Gathered, *, engagement: int | None = None, period: Period | None = None
) -> Paths:
    """What may be shown of everybody, of one engagement, or of one year or quarter."""
    whole = found.of(found.firsts)
    above = hidden_on_page(whole)
    if engagement is not None:
        return _part(found.parts(lambda first: first.engagement), above, engagement)
    if period is None:
        return paths_of(whole)
    years = found.parts(lambda first: first.period.year if first.period else 0)
    if not period.quarter:
        return _part(years, above, period.year)
    in_year = hidden_in_parts(years, above).get(period.year, set())
    quarters = Gathered(
        [each for each in found.firsts if each.period and each.period.year == period.year],
        found.taken,
        found.names,
    ).parts(lambda first: first.period)
    return _part(quarters, in_year, period)


def _part(parts: Mapping[P, Counted], above: set[Figure], part: P) -> Paths:
    if part not in parts:
        return Paths(0)
    hidden = hidden_in_parts(parts, above)[part]
    return Paths(0) if EVERYBODY in hidden else paths_of(parts[part], hidden)


def hidden_on_page(found: Counted, already: Iterable[Figure] = ()) -> set[Figure]:
    """All of it where nothing may be shown."""
    everything = {*found.counts, *already}
    if found.people < MINIMUM or EVERYBODY in already:
        return everything
    hidden = hidden_figures(found.edges, already=already, kept=[EVERYBODY])
    return everything if hidden is None else hidden


def hidden_in_parts(parts: Mapping[P, Counted], above: set[Figure]) -> dict[P, set[Figure]]:
    """What each part must hide so that neither its own page nor the others tell. Pure.

    ``above`` is what the whole hides, which no part shows. Hiding goes to and fro between the
    pages and the tables of parts until nothing more has to go.
    """
    figures = {figure for found in parts.values() for figure in found.counts} - above
    hidden = {part: hidden_on_page(found, above) for part, found in parts.items()}
    while True:
        wider = {part: set(those) for part, those in hidden.items()}
        for figure in figures:
            shown = suppressed(
                {part: found.counts[figure] for part, found in parts.items()},
                [part for part in parts if figure in hidden[part]],
            )
            for part, people in shown.items():
                if people is None:
                    wider[part].add(figure)
        if wider == hidden:
            return hidden
        hidden = {part: hidden_on_page(found, wider[part]) for part, found in parts.items()}
