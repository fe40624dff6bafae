"""A record store that misbehaves by plan and keeps a journal: the process that lanes speak to.

    python -m tests.delivery.torture.store --port 8101 --journal FILE --seed 3 --seconds 60 …

It is the double of the other delivery tests with a memory of its own: what it stores is one
line of its journal, on disk before anything is answered, so that a kill -9 at any moment
leaves whole batches. How far in the plan it is, it reads there too. Once the file *healed*
exists it behaves. Knows nothing of Django.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from tests.delivery import double as misbehaviour
from tests.delivery.double import Double, Fault, answer, hang, reset, serving, truncate
from tests.delivery.torture.plan import FAULTS, Plan

POISON = "Poison:"  # with this in its name an activity is refused, by rule
HTML = b"<html><head><title>Oops</title></head><body><h1>Server error</h1></body></html>"
SIGN_IN = b"<html><form>Please sign in</form></html>"


def is_poison(statement: dict[str, Any]) -> bool:
    name = statement["object"].get("definition", {}).get("name", {}).get("en", "")
    return str(name).startswith(POISON)


def digest(statement: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(statement, sort_keys=True).encode()).hexdigest()[:16]


@dataclass
class Store(Double):
    """``Double`` with a journal and a plan."""

    path: Path = field(kw_only=True)
    healed: Path = field(kw_only=True)
    design: Plan = field(kw_only=True)
    began: float = field(kw_only=True)  # seconds since the epoch
    right: str = "secret"
    words: Iterator[str] = field(default_factory=lambda: iter(()))
    journal: int = -1

    def open(self) -> None:
        """Take up where the journal ends."""
        self.path.touch()
        _cut_torn_line(self.path)
        asked = 0
        for line in read(self.path):
            asked += line["event"] == "asked"
            for statement in line.get("stored", ()):
                self.stored[statement["id"]] = statement
        self.journal = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        self.words = self.design.faults()
        for _ in range(asked):
            next(self.words)
        self.repeat = self.design.on_repeats
        self.password = self.right
        self.before_answer = self.turn

    def note(self, event: str, *, durable: bool = False, **more: Any) -> None:
        os.write(self.journal, json.dumps({"event": event, **more}).encode() + b"\n")
        if durable:
            os.fsync(self.journal)

    def turn(self) -> None:
        """Before each answer: which spells are on?"""
        with self._lock:
            asked = self.posts[-1]
            self.limit, self.password, self.clock_ahead = None, self.right, 0
            if not self.healed.exists():
                now = time.time() - self.began
                for spell in self.design.spells():
                    if spell.since <= now < spell.until:
                        self._cast(spell.kind, spell.value)
            if self._at_once > 1:
                self.note("crowd")
            self.note("asked", said=asked)

    def _cast(self, kind: str, value: float) -> None:
        if kind == "credentials":
            self.password = "changed for a while"
            self.note("fault", kind="401")
        elif kind == "limit":
            self.limit = int(value)
        else:
            self.clock_ahead = value

    def refuses(self, statement: dict[str, Any]) -> bool:
        return is_poison(statement)

    def next_fault(self) -> Fault | None:
        word = next(self.words)
        if not word or self.healed.exists():
            return None
        self.note("fault", kind=word)
        return self._fault(word)

    def _fault(self, word: str) -> Fault:
        kind, store = word.removesuffix(" stored"), word.endswith(" stored")
        now = time.time() + self.clock_ahead
        match kind:
            case "503" | "500 html":
                return answer(int(kind[:3]), HTML if "html" in kind else b"", store=store)
            case "429 seconds":
                return answer(429, b"slower", Retry_After="2")
            case "429 date":
                return answer(429, b"slower", Retry_After=formatdate(now + 2, usegmt=True))
            case "hang":
                return hang(store=store)
            case "reset":
                return reset(store=store)
            case "truncated":
                return truncate(store=store)
            case "drip":
                return _drip(store=store)
            case "half":
                return _half
            case "sign-in page":
                return answer(200, SIGN_IN)
        raise ValueError(word)

    def store(self, statements: list[dict[str, Any]]) -> None:
        """All of a batch or, where it would be refused, nothing of it."""
        with self._lock:
            known = [one for one in statements if one["id"] in self.stored]
            if (
                any(self.refuses(one) for one in statements)
                or (self.limit is not None and len(statements) > self.limit)
                or (known and self.repeat == 409)
                or any(self.stored[one["id"]] != one for one in known)
            ):
                return
            new = [one for one in statements if one["id"] not in self.stored]
            if new:
                self.note("stored", durable=True, stored=new)
            super().store(new)


def _drip(*, store: bool) -> Fault:
    def act(handler: Any, statements: list[dict[str, Any]]) -> None:
        if store:
            handler.double.store(statements)
        misbehaviour.drip(handler, statements)

    return act


def _half(handler: Any, statements: list[dict[str, Any]]) -> None:
    """A store without transactions: the first half is in, then it breaks."""
    handler.double.store(statements[: len(statements) // 2])
    reset(store=False)(handler, statements)


def _cut_torn_line(path: Path) -> None:
    whole = path.read_bytes()
    os.truncate(path, whole.rfind(b"\n") + 1)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The journal's lines, oldest first; a torn last one is left out."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--healed", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--spoilt", type=float, required=True)
    parser.add_argument("--repeat", type=int, default=0)
    parser.add_argument("--words", default=",".join(FAULTS))
    parser.add_argument("--began", type=float, required=True)
    given = parser.parse_args()
    words = tuple(given.words.split(","))
    design = Plan(given.seed, given.seconds, given.spoilt, given.repeat or None, words)
    store = Store(path=given.journal, healed=given.healed, design=design, began=given.began)
    store.open()
    with serving(store, port=given.port):
        signal.pause()


if __name__ == "__main__":
    main()
