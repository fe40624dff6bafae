"""Whether a run lost, doubled, changed or forgot anything. Pure: facts in, findings out.

Three witnesses are compared: what people were told was done, what the outbox has written,
and what each store has on disk. None of them is believed for what another can say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST_DRAIN = 60.0  # seconds after everything is well again
SHOWN = 3  # examples in a finding


class Sentence(NamedTuple):
    """Who did what to which: what a statement says, whatever its id."""

    actor: str
    verb: str
    activity: str

    def __str__(self) -> str:
        verb = self.verb.rpartition("/")[2]
        return f"{self.actor[:8]} {verb} {self.activity.rpartition('/')[2]}"


@dataclass(frozen=True, slots=True)
class Held:
    """A statement as a store has it: once per time that it was stored, in that order."""

    id: str
    sentence: Sentence
    digest: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane, and what the store behind it has on disk. Ids are texts."""

    name: str
    held: Sequence[Held]
    delivered: frozenset[str]
    quarantined: frozenset[str]
    waiting: frozenset[str]
    poison: frozenset[str]  # ids that this store refuses by rule
    leased: bool = False
    crowds: int = 0  # requests that came while another was being answered


@dataclass(frozen=True, slots=True)
class Facts:
    """``recorded``: statement id to its sentence and digest, in the order of recording."""

    acknowledged: frozenset[Sentence]
    recorded: Mapping[str, tuple[Sentence, str]]
    lanes: Sequence[Lane]
    drained_in: float | None  # seconds; None: not within our patience
    refused: Sequence[str] = ()  # answers to people that nothing in the plan explains


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: str
    message: str

    def __str__(self) -> str:
        return f"{self.verdict}: {self.message}"


Found = Iterator[str]


def judge(facts: Facts) -> list[Finding]:
    """Everything that is wrong; empty if nothing is."""
    return [
        Finding(name, message) for name, verdict in VERDICTS.items() for message in verdict(facts)
    ]


def _some(things: Sequence[object] | frozenset[object] | set[object]) -> str:
    listed = sorted(map(str, things))
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def _lost(facts: Facts) -> Found:
    """Told that it was done, and a store does not have it."""
    ids = _ids_of(facts)
    for lane in facts.lanes:
        there = {held.sentence for held in lane.held}
        refused = {one for one in facts.acknowledged if ids[one] and ids[one] <= lane.poison}
        if missing := facts.acknowledged - there - refused:
            yield f"{len(missing)} acknowledged deeds are not at {lane.name}: {_some(missing)}"


def _ids_of(facts: Facts) -> dict[Sentence, set[str]]:
    found = defaultdict(set)
    for identifier, (sentence, _digest) in facts.recorded.items():
        found[sentence].add(identifier)
    return found


def _unrecorded(facts: Facts) -> Found:
    """A store has what never happened here, or what was rolled back."""
    for lane in facts.lanes:
        if odd := {held.id for held in lane.held} - set(facts.recorded):
            yield f"{lane.name} holds {len(odd)} statements that nobody recorded: {_some(odd)}"


def _doubled(facts: Facts) -> Found:
    """One id stored twice, or one deed told under two ids."""
    for lane in facts.lanes:
        times = Counter(held.id for held in lane.held)
        if twice := {identifier for identifier, count in times.items() if count > 1}:
            yield f"{lane.name} stored {len(twice)} ids more than once: {_some(twice)}"
        told = defaultdict(set)
        for held in lane.held:
            told[held.sentence].add(held.id)
        if twice_told := {sentence for sentence, ids in told.items() if len(ids) > 1}:
            yield (
                f"{lane.name} holds {len(twice_told)} deeds under several ids: {_some(twice_told)}"
            )


def _changed(facts: Facts) -> Found:
    """What a store holds is not what was recorded."""
    for lane in facts.lanes:
        other = {
            held.id
            for held in lane.held
            if held.id in facts.recorded and facts.recorded[held.id][1] != held.digest
        }
        if other:
            yield f"{lane.name} holds another text of {len(other)} statements: {_some(other)}"


def _marked(facts: Facts) -> Found:
    """The outbox believes that something was delivered which the store has not, or forgot it."""
    for lane in facts.lanes:
        there = {held.id for held in lane.held}
        if wrongly := lane.delivered - there:
            yield f"{len(wrongly)} are marked delivered and not at {lane.name}: {_some(wrongly)}"
        known = lane.delivered | lane.quarantined | lane.waiting
        if forgotten := set(facts.recorded) - known:
            yield f"{len(forgotten)} are on no list of {lane.name}: {_some(forgotten)}"


def _quarantine(facts: Facts) -> Found:
    """Exactly the poison that was recorded."""
    for lane in facts.lanes:
        planted = lane.poison & set(facts.recorded)
        if innocent := lane.quarantined - planted:
            yield f"{len(innocent)} in quarantine of {lane.name} for no fault: {_some(innocent)}"
        if loose := planted - lane.quarantined:
            yield f"{len(loose)} poisoned are not in quarantine of {lane.name}: {_some(loose)}"


def _stuck(facts: Facts) -> Found:
    """A lease that nobody holds any more, and nobody can take."""
    for lane in facts.lanes:
        if lane.leased:
            yield f"the lease of {lane.name} is still taken"


def _crowd(facts: Facts) -> Found:
    """Two senders on one lane."""
    for lane in facts.lanes:
        if lane.crowds:
            yield f"{lane.name} was spoken to by two at once, {lane.crowds} times"


def _undrained(facts: Facts) -> Found:
    for lane in facts.lanes:
        if lane.waiting:
            yield f"{len(lane.waiting)} still wait for {lane.name}: {_some(lane.waiting)}"
    if facts.drained_in is None:
        yield "the outbox did not drain"
    elif facts.drained_in > LONGEST_DRAIN:
        yield f"it took {facts.drained_in:.1f} s to drain"


def _turned_away(facts: Facts) -> Found:
    """People were told that they did something wrong, and had not."""
    if facts.refused:
        yield f"{len(facts.refused)} deeds were refused: {_some(facts.refused)}"


VERDICTS: Mapping[str, Callable[[Facts], Found]] = {
    "lost": _lost,
    "unrecorded": _unrecorded,
    "doubled": _doubled,
    "changed": _changed,
    "marked": _marked,
    "quarantine": _quarantine,
    "stuck lease": _stuck,
    "crowd": _crowd,
    "undrained": _undrained,
    "turned away": _turned_away,
}


@dataclass(slots=True)
class Order:
    """How well the order of recording was kept at a store. Reported, not judged: a retry
    and a transaction that commits late may change it."""

    pairs: int = 0
    turned: int = 0
    examples: list[str] = field(default_factory=list)


def order_of(facts: Facts, lane: Lane) -> Order:
    """Neighbours in the store's order that are of one actor and not in the order recorded."""
    recorded = {identifier: place for place, identifier in enumerate(facts.recorded)}
    last: dict[str, Held] = {}
    order = Order()
    for held in lane.held:
        if held.id not in recorded:
            continue
        before = last.get(held.sentence.actor)
        last[held.sentence.actor] = held
        if before is not None:
            order.pairs += 1
            if recorded[before.id] > recorded[held.id]:
                order.turned += 1
                order.examples.append(f"{before.id} before {held.id}")
    return order
