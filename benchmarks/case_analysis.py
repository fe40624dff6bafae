"""Examining a case of 30, 100 and 300 scenes, three choices each, with three meters.

Once as a case mostly is (too many states to look at each: the count stops at its limit and ranges
say the rest), once with meters of few values, where every state is looked at. Times are of the
processor. The map beside the editor is drawn from this, so it has to be well under a second.
"""

import random
import time
import tracemalloc

from attune.case_studies.branching import engine
from attune.case_studies.branching.analysis import examine
from attune.case_studies.branching.plain import case_from_plain, to_plain
from attune.case_studies.branching.values import Case, Choice, Ending, Meter, Scene
from benchmarks import Row, Scale

SIZES: dict[Scale, list[int]] = {"quick": [30, 100, 300], "full": [30, 100, 300, 1_000]}


def case_of(scenes: int, *, highest: int) -> Case:
    """Forwards mostly, sometimes back; two choices in seven have a condition."""
    chance = random.Random(scenes)

    def choice(number: int, place: int) -> Choice:
        onwards = min(number + chance.randint(1, 6), scenes)
        if number > 3 and chance.random() < 0.05:
            onwards = number - 3
        asks = place and chance.random() < 0.4
        return Choice(
            f"choice-{place}",
            "A reply, written out as one would send it.",
            to=f"scene-{onwards}" if onwards < scenes else "",
            condition=f"trust >= {chance.randint(0, highest * 6 // 10)}" if asks else "",
            effects=(
                f"trust += {chance.choice([-2, -1, 1, 2]) * max(1, highest // 20)};"
                f"minutes -= {max(1, chance.randint(1, 9) * highest // 100)};"
                f"calm = calm + {chance.choice([-1, 1])}"
            ),
        )

    return Case(
        key=f"case-{scenes}",
        title="A large case",
        language="en",
        scenes=tuple(
            Scene(
                f"scene-{number}",
                "A situation",
                tuple(choice(number, place) for place in range(3)),
                body=({"type": "paragraph", "value": "What happens. " * 40},),
            )
            for number in range(scenes)
        ),
        endings=(
            Ending("good", "Good", condition=f"trust >= {highest // 2}", score="50 + trust / 2"),
            Ending("bad", "Bad", score="trust / 2"),
        ),
        meters=tuple(
            Meter(name, name.title(), 0, highest, highest // 2)
            for name in ("trust", "minutes", "calm")
        ),
        pass_score=1,
    )


def run(scale: Scale) -> list[Row]:
    rows: list[Row] = []
    for scenes in SIZES[scale]:
        for highest in (100, 3):
            rows += measure(case_of(scenes, highest=highest), highest)
        rows += walk(case_of(scenes, highest=100))
    return rows


def measure(case: Case, highest: int) -> list[Row]:
    where = f"{len(case.scenes)} scenes, meters 0 to {highest}"
    began = time.process_time()
    found = examine(case)
    seconds = time.process_time() - began
    tracemalloc.start()
    examine(case)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not found.errors, found.errors
    kind = "exact" if found.exact else "bounded"
    return [
        {
            "name": "examination",
            "size": where,
            "value": seconds,
            "unit": "s",
            "note": f"{kind}, {found.states_seen:,} states; bar: 1 s",
        },
        {
            "name": "examination, peak of Python's memory",
            "size": where,
            "value": peak / 1e6,
            "unit": "MB",
        },
    ]


def walk(case: Case) -> list[Row]:
    """One learner's way by choices made at random, and the case frozen and thawed."""
    where = f"{len(case.scenes)} scenes"
    chance = random.Random(1)
    began = time.process_time()
    position = engine.start(case)
    while not position.ended:
        position = engine.take(case, position, chance.choice(engine.offered(case, position)).key)
    each = (time.process_time() - began) / len(position.path)
    began = time.process_time()
    assert case_from_plain(to_plain(case)) == case
    plain = time.process_time() - began
    return [
        {"name": "a decision by the engine", "size": where, "value": each * 1e3, "unit": "ms"},
        {"name": "to plain values and back", "size": where, "value": plain * 1e3, "unit": "ms"},
    ]
