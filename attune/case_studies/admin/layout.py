"""Where everything stands on the map of a case: layers downwards, few crossings, no overlap.

Pure arithmetic over the case's values, in the manner of Sugiyama: loops are turned round,
every scene stands below all that lead to it, long ways are led through the layers between
(those with the same goal share one lane), rows are ordered by the middle of their neighbours,
and places along a row are the least-squares fit that keeps a distance (pool adjacent
violators). Whoever draws it decides on colours and words.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from attune.case_studies.branching.values import Case

WIDTH, HEIGHT = 190, 66
GAP, LAYER_GAP, MARGIN = 26, 60, 28
LANE = 10
"""The width that a way takes between scenes which it passes."""
SWEEPS = 6
MOST_LANES = 6000
"""Beyond this many, further long ways go straight: a picture, not a proof."""

RULE = "an ending by its rule"
"""The point that choices without a goal lead to. No key: those have no blanks."""


@dataclass(frozen=True, slots=True)
class Place:
    """A box by its centre. ``kind``: scene, ending, rule, or missing (a goal that is not there)."""

    key: str
    kind: str
    x: int
    y: int
    layer: int


@dataclass(frozen=True, slots=True)
class Way:
    """All that leads from one box to another. ``kind``: choice, otherwise, or rule.

    ``points`` begin and end at the boxes' edges; ``turns_back`` where it leads up again.
    """

    source: str
    target: str
    kind: str
    choices: tuple[str, ...]
    points: tuple[tuple[int, int], ...]
    turns_back: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    places: tuple[Place, ...]
    ways: tuple[Way, ...]
    width: int
    height: int


Arc = tuple[str, str, str]


def lay_out(case: Case) -> Drawing:
    kinds, arcs = _graph(case)
    targets: dict[str, list[str]] = {key: [] for key in kinds}
    for source, target, _kind in arcs:
        if source != target and target not in targets[source]:
            targets[source].append(target)
    back = _turning_back(targets)
    layers = _layers(kinds, targets, back)
    rows, lanes = _rows(kinds, targets, back, layers)
    links = _links(rows, lanes, targets, back, layers)
    _order(rows, links)
    across = _across(rows, links, set(lanes.values()))
    return _drawing(kinds, arcs, back, layers, lanes, across)


def _graph(case: Case) -> tuple[dict[str, str], dict[Arc, list[str]]]:
    """Every box with its kind, and every way with the choices that take it."""
    kinds = {scene.key: "scene" for scene in case.scenes}
    endings = [ending.key for ending in case.endings if ending.key not in kinds]
    arcs: dict[Arc, list[str]] = {}
    missing: dict[str, str] = {}

    def goal(key: str) -> str:
        if key not in kinds and key not in endings:
            missing[key] = "missing"
        return key

    by_rule = False
    for scene in case.scenes:
        for choice in scene.choices:
            by_rule = by_rule or not choice.to
            arc = (scene.key, goal(choice.to) if choice.to else RULE, "choice")
            arcs.setdefault(arc, []).append(choice.key)
        if scene.otherwise:
            arcs.setdefault((scene.key, goal(scene.otherwise), "otherwise"), [])
    kinds |= missing
    if by_rule:
        kinds[RULE] = "rule"
        for key in endings:
            arcs.setdefault((RULE, key, "rule"), [])
    kinds |= dict.fromkeys(endings, "ending")
    return kinds, arcs


def _turning_back(targets: dict[str, list[str]]) -> set[tuple[str, str]]:
    """The ways that close a loop, met by walking from the first scene, then from the others."""
    back: set[tuple[str, str]] = set()
    done: set[str] = set()
    for root in targets:
        if root in done:
            continue
        on_path = {root}
        stack = [(root, iter(targets[root]))]
        while stack:
            key, rest = stack[-1]
            for target in rest:
                if target in on_path:
                    back.add((key, target))
                elif target not in done:
                    on_path.add(target)
                    stack.append((target, iter(targets[target])))
                    break
            else:
                stack.pop()
                on_path.discard(key)
                done.add(key)
    return back


def _layers(
    kinds: dict[str, str], targets: dict[str, list[str]], back: set[tuple[str, str]]
) -> dict[str, int]:
    """The longest way from above; endings all stand in the last row."""
    onward = {
        key: [each for each in goals if (key, each) not in back] for key, goals in targets.items()
    }
    waiting = dict.fromkeys(kinds, 0)
    for goals in onward.values():
        for target in goals:
            waiting[target] += 1
    layers = dict.fromkeys(kinds, 0)
    ready = [key for key, count in waiting.items() if not count]
    while ready:
        key = ready.pop()
        for target in onward[key]:
            layers[target] = max(layers[target], layers[key] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    last = max((layers[key] for key, kind in kinds.items() if kind != "ending"), default=-1)
    if RULE in kinds:
        others = [layers[key] for key, kind in kinds.items() if kind not in ("ending", "rule")]
        layers[RULE] = last = max(others, default=0) + 1
    for key, kind in kinds.items():
        if kind == "ending":
            layers[key] = last + 1
    return layers


Lanes = dict[tuple[str, int], str]


def _rows(
    kinds: dict[str, str],
    targets: dict[str, list[str]],
    back: set[tuple[str, str]],
    layers: dict[str, int],
) -> tuple[list[list[str]], Lanes]:
    """The boxes by layer, in the author's order, and the lanes of the long ways among them."""
    rows: list[list[str]] = [[] for _ in range(max(layers.values(), default=0) + 1)]
    for key in kinds:
        rows[layers[key]].append(key)
    lanes: Lanes = {}
    for source, goals in targets.items():
        for target in goals:
            if (source, target) in back or len(lanes) > MOST_LANES:
                continue
            for layer in range(layers[source] + 1, layers[target]):
                if (target, layer) not in lanes:
                    lanes[target, layer] = f"{target} in row {layer}"
                    rows[layer].append(lanes[target, layer])
    return rows, lanes


Links = tuple[dict[str, list[str]], dict[str, list[str]]]


def _links(
    rows: list[list[str]],
    lanes: Lanes,
    targets: dict[str, list[str]],
    back: set[tuple[str, str]],
    layers: dict[str, int],
) -> Links:
    """What stands next to what in the row above, and in the row below."""
    above: dict[str, list[str]] = defaultdict(list)
    below: dict[str, list[str]] = defaultdict(list)
    for source, goals in targets.items():
        for target in goals:
            if (source, target) in back:
                continue
            stops = [source, *_lanes_between(source, target, layers, lanes), target]
            for upper, lower in pairwise(stops):
                if lower not in below[upper]:
                    below[upper].append(lower)
                    above[lower].append(upper)
    return above, below


def _lanes_between(source: str, target: str, layers: dict[str, int], lanes: Lanes) -> list[str]:
    between = range(layers[source] + 1, layers[target])
    return [lanes[target, layer] for layer in between if (target, layer) in lanes]


def _order(rows: list[list[str]], links: Links) -> None:
    above, below = links
    share: dict[str, float] = {}
    """How far along its row each stands, from 0 to 1: rows differ in length."""
    for row in rows:
        _note_shares(row, share)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for row in rows[1:] if downwards else reversed(rows[:-1]):
            middle = {
                key: fmean(share[each] for each in neighbours[key])
                if neighbours[key]
                else share[key]
                for key in row
            }
            row.sort(key=middle.__getitem__)
            _note_shares(row, share)


def _note_shares(row: list[str], share: dict[str, float]) -> None:
    for index, key in enumerate(row):
        share[key] = index / max(len(row) - 1, 1)


def _across(rows: list[list[str]], links: Links, lanes: set[str]) -> dict[str, float]:
    above, below = links
    across: dict[str, float] = {}
    for row in rows:
        offset = 0.0
        for index, key in enumerate(row):
            if index:
                offset += _distance(row[index - 1], key, lanes)
            across[key] = offset
    for _sweep in range(3):
        for row, neighbours in [
            *((row, above) for row in rows[1:]),
            *((row, below) for row in reversed(rows[:-1])),
        ]:
            _fit(row, neighbours, across, lanes)
    return across


def _distance(left: str, right: str, lanes: set[str]) -> float:
    half = sum(LANE / 2 if each in lanes else WIDTH / 2 for each in (left, right))
    return half + (GAP if left not in lanes or right not in lanes else LANE)


def _fit(
    row: list[str], neighbours: dict[str, list[str]], across: dict[str, float], lanes: set[str]
) -> None:
    """Each as near to the middle of its neighbours as distance and order allow."""
    offsets, offset = [], 0.0
    for index, key in enumerate(row):
        if index:
            offset += _distance(row[index - 1], key, lanes)
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []
    for key, offset in zip(row, offsets, strict=True):
        near = [across[each] for each in neighbours[key]]
        wanted = (fmean(near) if near else across[key]) - offset
        mean, size = wanted, 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean = (mean * size + other * count) / (size + count)
            size += count
        blocks.append((mean, size))
    fitted = [mean for mean, size in blocks for _ in range(size)]
    for key, place, offset in zip(row, fitted, offsets, strict=True):
        across[key] = place + offset


def _drawing(
    kinds: dict[str, str],
    arcs: dict[Arc, list[str]],
    back: set[tuple[str, str]],
    layers: dict[str, int],
    lanes: Lanes,
    across: dict[str, float],
) -> Drawing:
    left = min(across.values(), default=0) - WIDTH / 2 - MARGIN
    x = {key: round(value - left) for key, value in across.items()}
    pitch = HEIGHT + LAYER_GAP
    y = {key: MARGIN + HEIGHT // 2 + layer * pitch for key, layer in layers.items()}
    ways = []
    for (source, target, kind), choices in arcs.items():
        turns_back = source == target or (source, target) in back
        if turns_back:
            points = [
                (x[source] + WIDTH // 2, y[source]),
                (x[target] + WIDTH // 2, y[target]),
            ]
        else:
            points = [(x[source], y[source] + HEIGHT // 2)]
            for row in range(layers[source] + 1, layers[target]):
                if lane := lanes.get((target, row)):
                    top = MARGIN + row * pitch
                    points += [(x[lane], top), (x[lane], top + HEIGHT)]
            points.append((x[target], y[target] - HEIGHT // 2))
        ways.append(Way(source, target, kind, tuple(choices), tuple(points), turns_back))
    places = tuple(Place(key, kind, x[key], y[key], layers[key]) for key, kind in kinds.items())
    room = 60 if any(way.turns_back for way in ways) else 0
    width = max((each for each in x.values()), default=0) + WIDTH // 2 + MARGIN + room
    height = max(y.values(), default=0) + HEIGHT // 2 + MARGIN
    return Drawing(places, tuple(ways), width, height)
