"""Counts of people in tables that hang together: what must be hidden so that nobody is given away.

Whoever took a branch is counted again in the scene it leads to, and once more among the endings.
Hiding cells table by table (``small_cells``) either hides too much or leaves a way round. Here
all tables are one circulation: people flow along edges, what flows into a node flows out of it,
and a *figure* is the number on an edge. A figure is shown rounded to fives, as zero, or not at
all. The reader is taken to know every edge that anybody went, the rounding, and that a hidden
number is not zero.

A hidden figure of fewer than ``MINIMUM`` is safe when what is shown fits with ``MINIMUM`` people
or more on that edge, and with two different numbers of fewer. Since a number on an edge of a
circulation with whole bounds can be every whole number between its least and its greatest (flows
are integral: Ford and Fulkerson 1962), both are found by augmenting paths from the true
numbers. Where a path is barred, the bars are the figures of a cut; the smallest of them is
hidden too, until the way is free (Castro, "Minimum-distance controlled perturbation methods",
and Cox, "Network models for complementary cell suppression", JASA 1995, for the idea).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from attune.safety.small_cells import MINIMUM, in_fives

F = TypeVar("F", bound=Hashable)
ANY = 1 << 40
"""More people than there are."""


@dataclass(frozen=True, slots=True)
class Edge(Generic[F]):
    """``people`` went from ``tail`` to ``head``. Without a ``figure`` it is never shown.

    ``least`` and ``most`` bound what the reader may think of in place of ``people``.
    """

    tail: Hashable
    head: Hashable
    people: int
    figure: F | None = None
    least: int = 0
    most: int = ANY


def bounds_of(people: int) -> tuple[int, int]:
    """The least and the greatest number that is shown as this one is. Not for hidden ones."""
    if people == 0:
        return 0, 0
    shown = in_fives(people)
    return max(MINIMUM, shown - 2), shown + 2


def hidden_figures(
    edges: Iterable[Edge[F]], *, already: Iterable[F] = (), kept: Iterable[F] = ()
) -> set[F] | None:
    """Figures that must not be shown, ``already`` among them; ``None``: nothing may be shown.

    ``already`` is hidden for reasons of the caller's, ``kept`` stays or nothing is shown at all.
    What flows into a node must flow out.
    """
    known = set(kept)
    net = _Net(list(edges), set(already))
    waiting = deque(net.to_examine())
    while waiting:
        place = waiting.popleft()
        while (cut := net.gives_away(place)) is not None:
            bars = [at for at in cut if net.shows(at) and net.edges[at].figure not in known]
            if not bars:
                return None
            least = min(net.edges[at].people for at in bars)
            # Equal ones go together: which of them was hidden must not depend on their order.
            for at in bars:
                if net.edges[at].people == least:
                    net.hide(at)
                    waiting.append(at)
    return None if net.hidden & known else net.hidden


class _Net(Generic[F]):
    def __init__(self, edges: list[Edge[F]], hidden: set[F]) -> None:
        self.edges = edges
        self.hidden = hidden | {
            each.figure for each in edges if each.figure is not None and 0 < each.people < MINIMUM
        }
        self.leaving: dict[Hashable, list[int]] = defaultdict(list)
        self.entering: dict[Hashable, list[int]] = defaultdict(list)
        for at, each in enumerate(edges):
            self.leaving[each.tail].append(at)
            self.entering[each.head].append(at)
        self.range = [self._range(each) for each in edges]

    def shows(self, at: int) -> bool:
        """Whether hiding this edge's figure would free anything."""
        each = self.edges[at]
        return each.figure is not None and each.figure not in self.hidden and each.people > 0

    def hide(self, at: int) -> None:
        if (figure := self.edges[at].figure) is not None:
            self.hidden.add(figure)
        self.range[at] = self._range(self.edges[at])

    def _range(self, edge: Edge[F]) -> tuple[int, int]:
        if edge.figure is None:
            least, most = 0, ANY
        elif edge.figure in self.hidden:
            least, most = min(1, edge.people), ANY
        else:
            least, most = bounds_of(edge.people)
        return max(least, edge.least), min(most, edge.most)

    def to_examine(self) -> list[int]:
        """Every hidden figure, and what is never shown but is of few people. Smallest first."""
        found = [
            at
            for at, each in enumerate(self.edges)
            if each.people > 0
            and (each.figure in self.hidden if each.figure is not None else each.people < MINIMUM)
        ]
        return sorted(found, key=lambda at: self.edges[at].people)

    def gives_away(self, at: int) -> set[int] | None:
        """``None`` if this number is safe; otherwise the edges that bar the way to safety."""
        people = self.edges[at].people
        if people >= MINIMUM:
            more, cut = self.can_change(at, 1)
            return None if more or self.can_change(at, -1)[0] else cut
        many, cut = self.can_change(at, MINIMUM - people)
        if self.edges[at].figure is None:
            # Never shown, so it may also be nobody.
            return None if many or self.can_change(at, -people)[0] else cut
        if not many or people < MINIMUM - 1:
            return None if many else cut
        fewer, cut = self.can_change(at, -1)
        return None if fewer else cut

    def can_change(self, at: int, by: int) -> tuple[bool, set[int]]:
        """Whether what is shown fits with so many more (or fewer) on this edge; if not, a cut."""
        least, most = self.range[at]
        edge = self.edges[at]
        if not least <= edge.people + by <= most:
            return False, {at}
        begin, goal = (edge.head, edge.tail) if by > 0 else (edge.tail, edge.head)
        flow: dict[int, int] = {}
        needed = abs(by)
        while needed:
            way, cut = self._way(begin, goal, at, flow)
            if way is None:
                return False, cut
            step = min(needed, *(room for _, _, room in way)) if way else needed
            for place, sign, _ in way:
                flow[place] = flow.get(place, 0) + sign * step
            needed -= step
        return True, set()

    def _way(
        self, begin: Hashable, goal: Hashable, without: int, flow: dict[int, int]
    ) -> tuple[list[tuple[int, int, int]] | None, set[int]]:
        """An augmenting path as (edge, direction, room), or the edges that bar every one."""
        came: dict[Hashable, tuple[Hashable, int, int, int] | None] = {begin: None}
        queue: deque[Hashable] = deque([begin])
        barred: set[tuple[int, Hashable]] = set()
        while queue and goal not in came:
            node = queue.popleft()
            for place, sign in self._steps(node):
                if place == without:
                    continue
                edge = self.edges[place]
                after = edge.head if sign > 0 else edge.tail
                if after in came:
                    continue
                now = edge.people + flow.get(place, 0)
                least, most = self.range[place]
                room = most - now if sign > 0 else now - least
                if room > 0:
                    came[after] = (node, place, sign, room)
                    queue.append(after)
                else:
                    barred.add((place, after))
        if goal not in came:
            return None, {place for place, after in barred if after not in came}
        way = []
        step = came[goal]
        while step is not None:
            node, place, sign, room = step
            way.append((place, sign, room))
            step = came[node]
        return way, set()

    def _steps(self, node: Hashable) -> Iterable[tuple[int, int]]:
        yield from ((place, 1) for place in self.leaving[node])
        yield from ((place, -1) for place in self.entering[node])
