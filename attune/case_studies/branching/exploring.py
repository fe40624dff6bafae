"""Every state of a case that can be reached, one by one, breadth first, up to a limit.

A state is a place, the value of every meter, and which of the facts that some condition asks
for (``visited``, ``took``) are true; where two paths meet in one state, what follows is the same.
What is seen here is certain: somebody can get there. That something is *not* seen is certain
only where the limit was not reached (``complete``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from attune.case_studies.branching.nodes import (
    And,
    Arithmetic,
    Assignment,
    Facts,
    Negative,
    Node,
    Not,
    Or,
    Relation,
    parts,
)
from attune.case_studies.branching.plan import Plan, PlannedChoice

Key = tuple[str, tuple[int, ...], int]
"""Place, meters in the plan's order, facts as bits."""


@dataclass(slots=True)
class Arrival:
    """Where a way through the scenes that are passed over ends, and how."""

    place: str = ""
    how: str = "scene"  # or "ending", "nowhere" (no ending's condition holds), "circle"


@dataclass(slots=True)
class Exploration:
    """What was seen. Troubles map where they show to the state in which they did."""

    complete: bool = True
    states: list[Key] = field(default_factory=list)
    came_by: list[tuple[int, str] | None] = field(default_factory=list)
    """For each state one way into it: the state before and ``scene/choice``."""
    before: list[list[int]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    troubled: list[int] = field(default_factory=list)
    """States that cannot go on, or not whatever is chosen; each has its finding."""
    offered: set[tuple[str, str]] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    """Scenes that somebody was led to, be it that they were passed over."""
    stuck: dict[str, int] = field(default_factory=dict)
    nowhere: dict[tuple[str, str], int] = field(default_factory=dict)
    circles: dict[tuple[str, str], int] = field(default_factory=dict)
    zeroes: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """(scene, choice, ending, field) in which a division by zero happens."""
    scores: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Ending → lowest and highest score, not cut."""

    @property
    def places(self) -> set[str]:
        return {place for place, _, _ in self.states}

    def path_to(self, state: int) -> tuple[str, ...]:
        steps = []
        step = self.came_by[state]
        while step is not None:
            state, choice = step
            steps.append(choice)
            step = self.came_by[state]
        return tuple(reversed(steps))

    def trapped(self) -> dict[str, int]:
        """Scene → a state in it from which there is no way to an ending, nor into a trouble."""
        free = bytearray(len(self.states))
        waiting = [*self.ends, *self.troubled]
        for state in waiting:
            free[state] = 1
        while waiting:
            for state in self.before[waiting.pop()]:
                if not free[state]:
                    free[state] = 1
                    waiting.append(state)
        found: dict[str, int] = {}
        for state, is_free in enumerate(free):
            if not is_free:
                found.setdefault(self.states[state][0], state)
        return found


def explore(plan: Plan, *, limit: int) -> Exploration:
    return _Explorer(plan, limit).result


class _Explorer:
    def __init__(self, plan: Plan, limit: int) -> None:
        self.plan = plan
        self.limit = limit
        self.result = Exploration()
        self.numbers: dict[Key, int] = {}
        self.known_facts: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
        self.dividing = _dividing(plan)
        if not plan.first:
            return
        self.enter_first()
        at = 0
        while at < len(self.result.states):
            if len(self.result.states) > limit:
                self.result.complete = False
                break
            self.go_on(at)
            at += 1

    def facts(self, state: dict[str, int], mask: int) -> Facts:
        known = self.known_facts.get(mask)
        if known is None:
            true = [fact for fact, bit in self.plan.facts.items() if mask & bit]
            known = self.known_facts[mask] = (
                frozenset(key for kind, key in true if kind == "visited"),
                frozenset(key for kind, key in true if kind == "took"),
            )
        return Facts(state, *known)

    def enter_first(self) -> None:
        state = dict(self.plan.start)
        arrival = self.arrive(self.plan.first, self.facts(state, 0), 0)
        place = arrival.place if arrival.how in ("scene", "ending") else ""
        number = self.note((place, tuple(state.values()), 0), None)
        self.trouble(arrival, number, ("", ""))
        if arrival.how == "ending":
            self.end(number, arrival.place, self.facts(state, 0))

    def go_on(self, number: int) -> None:
        place, values, mask = self.result.states[number]
        scene = self.plan.scenes.get(place)
        if scene is None:
            return
        facts = self.facts(dict(zip(self.plan.names, values, strict=True)), mask)
        offered = False
        for choice in scene.choices:
            where = (place, choice.key)
            if choice.condition is not None:
                self.check((*where, "", "condition"), choice.condition, facts, number)
                if not choice.condition.of(facts):
                    continue
            offered = True
            self.result.offered.add(where)
            self.take(number, place, choice, facts)
        if not offered:
            self.result.stuck.setdefault(place, number)
            self.result.troubled.append(number)

    def take(self, number: int, place: str, choice: PlannedChoice, facts: Facts) -> None:
        mask = self.result.states[number][2] | choice.marks
        state = dict(facts.state)
        after = self.facts(state, mask)
        for effect in choice.effects:
            self.check((place, choice.key, "", "effects"), effect, after, number)
            state[effect.name] = self.plan.cut(effect.name, effect.of(after))
        arrival = self.arrive(choice.to, after, number)
        self.trouble(arrival, number, (place, choice.key))
        if arrival.how not in ("scene", "ending"):
            return
        key = (arrival.place, tuple(state.values()), mask)
        following = self.numbers.get(key)
        if following is None:
            following = self.note(key, (number, f"{place}/{choice.key}"))
            if arrival.how == "ending":
                self.end(following, arrival.place, after)
        self.result.before[following].append(number)

    def note(self, key: Key, came_by: tuple[int, str] | None) -> int:
        number = self.numbers[key] = len(self.result.states)
        self.result.states.append(key)
        self.result.came_by.append(came_by)
        self.result.before.append([])
        return number

    def arrive(self, key: str, facts: Facts, number: int) -> Arrival:
        passed_over: set[str] = set()
        while key:
            if key in self.plan.endings:
                return Arrival(key, "ending")
            scene = self.plan.scenes[key]
            self.result.tried.add(key)
            if scene.condition is None:
                return Arrival(key)
            self.check((key, "", "", "condition"), scene.condition, facts, number)
            if scene.condition.of(facts):
                return Arrival(key)
            if key in passed_over:
                return Arrival(key, "circle")
            passed_over.add(key)
            key = scene.otherwise
        for ending in self.plan.endings.values():
            if ending.condition is None:
                return Arrival(ending.key, "ending")
            self.check(("", "", ending.key, "condition"), ending.condition, facts, number)
            if ending.condition.of(facts):
                return Arrival(ending.key, "ending")
        return Arrival("", "nowhere")

    def trouble(self, arrival: Arrival, number: int, where: tuple[str, str]) -> None:
        if arrival.how == "nowhere":
            self.result.nowhere.setdefault(where, number)
            self.result.troubled.append(number)
        elif arrival.how == "circle":
            self.result.circles.setdefault(where, number)
            self.result.troubled.append(number)

    def end(self, number: int, key: str, facts: Facts) -> None:
        self.result.ends.append(number)
        score = self.plan.endings[key].score
        self.check(("", "", key, "score"), score, facts, number)
        value = score.of(facts)
        low, high = self.result.scores.get(key, (value, value))
        self.result.scores[key] = (min(low, value), max(high, value))

    def check(
        self,
        where: tuple[str, str, str, str],
        node: Node | Assignment,
        facts: Facts,
        number: int,
    ) -> None:
        if id(node) in self.dividing and where not in self.result.zeroes:
            inner = node.value if isinstance(node, Assignment) else node
            if divides_by_zero(inner, facts):
                self.result.zeroes[where] = number


def divides_by_zero(node: Node, facts: Facts) -> bool:
    """Whether reckoning the node divides by zero here; what is not reached does not count."""
    if isinstance(node, And | Or):
        if divides_by_zero(node.left, facts):
            return True
        goes_on = node.left.of(facts) is isinstance(node, And)
        return goes_on and divides_by_zero(node.right, facts)
    if isinstance(node, Not | Negative):
        return divides_by_zero(node.operand, facts)
    if isinstance(node, Arithmetic | Relation):
        if divides_by_zero(node.left, facts) or divides_by_zero(node.right, facts):
            return True
        return node.sign in ("/", "%") and node.right.of(facts) == 0
    return False


def divides(node: Node | Assignment) -> bool:
    return any(isinstance(part, Arithmetic) and part.sign in ("/", "%") for part in parts(node))


def _dividing(plan: Plan) -> set[int]:
    """The expressions that divide at all, by identity; the plan keeps them alive."""
    nodes: list[Iterable[Node | Assignment | None]] = []
    for scene in plan.scenes.values():
        nodes.append([scene.condition])
        for choice in scene.choices:
            nodes.append([choice.condition, *choice.effects])
    for ending in plan.endings.values():
        nodes.append([ending.condition, ending.score])
    return {id(node) for some in nodes for node in some if node is not None and divides(node)}
