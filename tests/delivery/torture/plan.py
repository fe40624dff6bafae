"""What happens in a run, drawn from its seed: spoilt answers, spells and blows.

Pure: the same seed gives the same plan, on every machine. A *fault* spoils one answer of
the store, a *spell* lasts a few seconds (credentials, limit, clock), a *blow* kills a process
or crashes the database. Moments are seconds after the start of the run.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

#: Of an answer that comes at all. Those that cost a time-out are drawn half as often.
FAULTS = {
    "503": 2,
    "503 stored": 2,
    "500 html": 2,
    "500 html stored": 2,
    "429 seconds": 2,
    "429 date": 2,
    "hang": 1,
    "hang stored": 1,
    "reset": 2,
    "reset stored": 2,
    "truncated": 2,
    "truncated stored": 2,
    "drip": 1,
    "drip stored": 1,
    "half stored": 2,
    "sign-in page": 2,
}
SPOILT = 0.4  # of all answers
REPEATS = (200, 201, 204, 409)  # what the store says to what it knows (see the double)
CLOCKS = (-86_400.0, -3_600.0, 3_600.0, 90_000.0)

#: What is killed, and how often beside the others: site and worker take seconds to start, and
#: while they are away nothing else can happen.
BLOWS = {
    "site": 1,
    "site child": 3,
    "worker": 2,
    "worker child": 3,
    "broker": 2,
    "store": 3,
    "database": 2,
    "ralph": 1,
}
BAD_SENDERS = ("swallow 409", "pop then send", "random ids", "HTTP inside the transaction")
SHORT = 30  # seconds; below it no credentials change, since a paused lane waits for twenty


@dataclass(frozen=True, slots=True)
class Spell:
    """``kind``: credentials, limit, clock."""

    kind: str
    since: float
    until: float
    value: float = 0


@dataclass(frozen=True, slots=True)
class Blow:
    """Kill *victim* at this moment and start it again *away* seconds later."""

    at: float
    victim: str
    away: float


@dataclass(frozen=True)
class Plan:
    seed: int
    seconds: float
    spoilt: float = SPOILT
    repeat: int | None = None  # instead of drawing one
    words: tuple[str, ...] = tuple(FAULTS)  # of which faults

    def dice(self, purpose: str) -> random.Random:
        return random.Random(f"{self.seed} {purpose}")

    def faults(self) -> Iterator[str]:
        """One word per POST for ever; empty: a good answer."""
        dice = self.dice("faults")
        weights = [FAULTS[word] for word in self.words]
        while True:
            yield dice.choices(self.words, weights)[0] if dice.random() < self.spoilt else ""

    @cached_property
    def on_repeats(self) -> int:
        return self.repeat or self.dice("repeats").choice(REPEATS)

    def spells(self) -> list[Spell]:
        dice = self.dice("spells")
        found = []
        for kind, share in (("limit", 0.3), ("clock", 0.3), ("credentials", 0.1)):
            if kind == "credentials" and self.seconds < SHORT:
                continue
            since = dice.uniform(0, self.seconds * (0.9 - share))
            value = {"limit": float(dice.randint(1, 5)), "clock": dice.choice(CLOCKS)}.get(kind, 0)
            found.append(Spell(kind, since, since + share * self.seconds, value))
        return found

    def blows(self, victims: Sequence[str]) -> list[Blow]:
        """One every four seconds or so; in a long run each victim is hit at least once."""
        dice = self.dice("blows")
        count = max(2, round(self.seconds / 4))
        chosen = dice.sample(list(victims), k=min(count, len(victims)))
        weights = [BLOWS[victim] for victim in victims]
        chosen += dice.choices(list(victims), weights, k=count - len(chosen))
        dice.shuffle(chosen)
        moments = sorted(dice.uniform(1, self.seconds - 0.5) for _ in chosen)
        return [
            Blow(at, victim, dice.uniform(0.1, 2.5))
            for at, victim in zip(moments, chosen, strict=True)
        ]
