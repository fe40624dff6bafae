"""Every walk of a small case by the engine alone: slow, simple, and knowing nothing of analysis."""

from collections import deque
from dataclasses import dataclass, field
from unittest.mock import patch

from attune.case_studies.branching import engine
from attune.case_studies.branching.engine import CaseError
from attune.case_studies.branching.nodes import ARITHMETIC


@dataclass
class Walks:
    places: set = field(default_factory=set)
    offered: set = field(default_factory=set)
    stuck: set = field(default_factory=set)
    broken: set = field(default_factory=set)
    """(scene, choice) after which the engine cannot go on."""
    scores: dict = field(default_factory=dict)
    trapped: set = field(default_factory=set)
    """Scenes with a state from which no ending can be reached, nor anything that is broken."""
    zero: bool = False
    """Whether anything was divided by zero on the way."""


def same(position):
    return (
        position.place,
        tuple(sorted(position.state.items())),
        frozenset(step.scene for step in position.path),
        frozenset((step.scene, step.choice) for step in position.path),
    )


def all_walks(case):
    walks = Walks()

    def watched(sign):
        strength, reckon = ARITHMETIC[sign]

        def divide(left, right):
            walks.zero |= right == 0
            return reckon(left, right)

        return strength, divide

    with patch.dict(ARITHMETIC, {"/": watched("/"), "%": watched("%")}):
        walk_all(case, walks)
    return walks


def walk_all(case, walks):
    follows: dict = {}
    fine = set()
    try:
        waiting = deque([engine.start(case)])
    except CaseError:
        walks.broken.add(("", ""))
        return
    while waiting:
        position = waiting.popleft()
        here = same(position)
        if here in follows:
            continue
        follows[here] = set()
        walks.places.add(position.place)
        if position.ended:
            fine.add(here)
            result = engine.outcome(case, position)
            walks.scores.setdefault(position.place, set()).add(result.score)
            continue
        choices = engine.offered(case, position)
        if not choices:
            walks.stuck.add(position.place)
            fine.add(here)
        for choice in choices:
            walks.offered.add((position.place, choice.key))
            try:
                after = engine.take(case, position, choice.key)
            except CaseError:
                walks.broken.add((position.place, choice.key))
                fine.add(here)
                continue
            follows[here].add(same(after))
            waiting.append(after)
    grown = True
    while grown:
        more = {state for state, next_ in follows.items() if state not in fine and next_ & fine}
        fine |= more
        grown = bool(more)
    walks.trapped = {state[0] for state in follows if state not in fine}
