"""A case with too many states to look at each: what can be said from the ranges of its meters.

One :class:`~attune.case_studies.branching.ranges.Span` a scene covers every state in which the
scene can be entered, found by following choices until nothing widens any more (a range that
keeps widening is opened to the meter's bounds, so that it ends soon). What is not inside a span
is certain never to be; what is inside may be.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from attune.case_studies.branching.nodes import Assignment, Node, TruthNode
from attune.case_studies.branching.plan import Plan, PlannedChoice
from attune.case_studies.branching.ranges import Range, Span, may_divide_by_zero, narrowed, range_of

PATIENCE = 6
"""How often a scene's ranges may widen step by step before they are opened."""


@dataclass(slots=True)
class Bounds:
    """``spans``, ``offered`` and ``ended`` cover what can happen; the rest may happen."""

    spans: dict[str, Span] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    offered: set[tuple[str, str]] = field(default_factory=set)
    leads_to: dict[str, set[str]] = field(default_factory=dict)
    """Place → the scenes from which it may be reached by one choice."""
    ended: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    nowhere: set[tuple[str, str]] = field(default_factory=set)
    circles: set[tuple[str, str]] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    """Scenes with a way out that is broken: nobody knows where it would lead."""
    zeroes: set[tuple[str, str, str, str]] = field(default_factory=set)
    scores: dict[str, Range] = field(default_factory=dict)

    def trapped(self) -> list[str]:
        """Scenes that may be entered and have no way to an ending, nor into a trouble."""
        free = {*self.ended, *self.stuck, *self.lost}
        free |= {scene for scene, _ in self.nowhere | self.circles}
        waiting = list(free)
        while waiting:
            for scene in self.leads_to.get(waiting.pop(), ()):
                if scene not in free:
                    free.add(scene)
                    waiting.append(scene)
        return [scene for scene in self.spans if scene not in free]


def bound(plan: Plan) -> Bounds:
    return _Bounder(plan).result


class _Bounder:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.result = Bounds()
        self.widened: Counter[str] = Counter()
        self.waiting: deque[str] = deque()
        if not plan.first:
            return
        start = Span(
            {name: (value, value) for name, value in plan.start.items()},
            0,
            (1 << len(plan.facts)) - 1,
        )
        self.arrive(plan.first, start, ("", ""))
        while self.waiting:
            self.go_on(self.waiting.popleft())
        # What may go wrong is judged by the final spans, not by those on the way there.
        self.result.stuck.clear()
        for key in self.result.spans:
            self.go_on(key)

    def narrowed(self, node: TruthNode | None, span: Span, *, holds: bool) -> Span | None:
        return narrowed(node, span, holds=holds, facts=self.plan.facts)

    def both(
        self, node: TruthNode | None, unsure: bool, span: Span
    ) -> tuple[Span | None, Span | None]:
        """The span where the condition holds, and where it does not."""
        if unsure:
            return span, span
        return self.narrowed(node, span, holds=True), self.narrowed(node, span, holds=False)

    def go_on(self, key: str) -> None:
        span = self.result.spans[key]
        scene = self.plan.scenes[key]
        rest: Span | None = span
        for choice in scene.choices:
            self.check((key, choice.key, "", "condition"), choice.condition, span)
            entering, _ = self.both(choice.condition, choice.unsure, span)
            if rest is not None:
                _, rest = self.both(choice.condition, choice.unsure, rest)
            if entering is not None:
                self.result.offered.add((key, choice.key))
                self.take(key, choice, entering)
        if rest is not None:
            self.result.stuck.add(key)

    def take(self, key: str, choice: PlannedChoice, span: Span) -> None:
        meters = dict(span.meters)
        after = Span(meters, span.true, span.false).having(choice.marks)
        if choice.scrambles:
            meters |= {name: (self.plan.lowest[name], self.plan.highest[name]) for name in meters}
        for effect in choice.effects:
            self.check((key, choice.key, "", "effects"), effect.value, after)
            low, high = _assigned(effect, after)
            meters[effect.name] = (
                self.plan.cut(effect.name, low),
                self.plan.cut(effect.name, high),
            )
        if choice.lost:
            self.result.lost.add(key)
        else:
            self.arrive(choice.to, after, (key, choice.key))

    def arrive(self, key: str, span: Span, came_by: tuple[str, str]) -> None:
        passed_over: set[str] = set()
        while key and key not in self.plan.endings:
            scene = self.plan.scenes[key]
            self.result.tried.add(key)
            self.check((key, "", "", "condition"), scene.condition, span)
            inside, outside = self.both(scene.condition, scene.unsure, span)
            if inside is not None:
                self.enter(key, inside, came_by[0])
            if outside is None:
                return
            if scene.lost:
                self.result.lost.add(came_by[0])
                return
            if key in passed_over:
                self.result.circles.add(came_by)
                return
            passed_over.add(key)
            key, span = scene.otherwise, outside
        if key:
            self.end(key, span, came_by[0])
            return
        for ending in self.plan.endings.values():
            self.check(("", "", ending.key, "condition"), ending.condition, span)
            inside, outside = self.both(ending.condition, ending.unsure, span)
            if inside is not None:
                self.end(ending.key, inside, came_by[0])
            if outside is None:
                return
            span = outside
        self.result.nowhere.add(came_by)

    def enter(self, key: str, span: Span, from_scene: str) -> None:
        self.result.leads_to.setdefault(key, set()).add(from_scene)
        known = self.result.spans.get(key)
        wider = span if known is None else known.joined(span)
        if wider == known:
            return
        self.widened[key] += 1
        if known is not None and self.widened[key] > PATIENCE:
            wider = Span(
                {
                    name: (
                        low if low == known.meters[name][0] else self.plan.lowest[name],
                        high if high == known.meters[name][1] else self.plan.highest[name],
                    )
                    for name, (low, high) in wider.meters.items()
                },
                wider.true,
                wider.false,
            )
        self.result.spans[key] = wider
        if key not in self.waiting:
            self.waiting.append(key)

    def end(self, key: str, span: Span, from_scene: str) -> None:
        self.result.ended.add(key)
        self.result.leads_to.setdefault(key, set()).add(from_scene)
        ending = self.plan.endings[key]
        if ending.unscored:
            self.result.scores[key] = (0, 100)
            return
        self.check(("", "", key, "score"), ending.score, span)
        low, high = range_of(ending.score, span)
        known = self.result.scores.get(key, (low, high))
        self.result.scores[key] = (min(low, known[0]), max(high, known[1]))

    def check(self, where: tuple[str, str, str, str], node: Node | None, span: Span) -> None:
        if node is not None and may_divide_by_zero(node, span, self.plan.facts):
            self.result.zeroes.add(where)


def _assigned(effect: Assignment, span: Span) -> Range:
    low, high = range_of(effect.value, span)
    if effect.sign == "=":
        return low, high
    before = span.meters[effect.name]
    if effect.sign == "+=":
        return before[0] + low, before[1] + high
    return before[0] - high, before[1] - low
