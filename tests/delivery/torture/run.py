"""One run: start, act and kill by the plan, heal, wait until it is drained, gather the facts."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests.delivery.torture import machine, people
from tests.delivery.torture import store as misbehaving
from tests.delivery.torture.plan import BLOWS, Blow, Plan
from tests.delivery.torture.verdicts import (
    LONGEST_DRAIN,
    Facts,
    Finding,
    Held,
    Lane,
    Order,
    Sentence,
    judge,
    order_of,
)

PASSWORD = "secret"
PATIENCE = 2 * LONGEST_DRAIN  # how long we look on, to say how late it was
LONGEST_OVERTIME = 60  # seconds that a run waits for what it must have seen
DESKS = 4
LEARNERS = 4
POISONED = 0.03  # of the desks' deeds
CONTESTED = tuple((actor, serial) for actor in range(DESKS) for serial in (3, 17))
NEUTRAL = {"X-Experience-API-Version": "1.0.3"}


@dataclass
class Report:
    """What a run did and what came of it."""

    seed: int
    database: str
    broker: str
    sender: str
    facts: Facts
    findings: list[Finding]
    notes: people.Notes
    faults: Counter[str]
    blows: Counter[str]
    died_alone: dict[str, int]
    orders: dict[str, Order]
    statements: list[dict[str, Any]] = field(default_factory=list)  # as the stores hold them
    logs: Path | None = None

    @property
    def verdicts(self) -> set[str]:
        return {finding.verdict for finding in self.findings}


class Run:
    """The processes of one run in a folder of its own. Use as a context manager."""

    def __init__(
        self,
        plan: Plan,
        home: Path,
        *,
        database: str = "sqlite",
        broker: str = "files",
        template: Path | None = None,
        with_ralph: bool = False,
        lessons: int = 12,
        sender: str = "",
        kills: bool = True,
        least: int = 0,
    ) -> None:
        self.plan = plan
        self.home = home
        self.sender = sender
        self.lessons = lessons
        self.kills = kills
        self.least = least  # spoilt answers and deeds of each sort, before the end may come
        home.mkdir(parents=True, exist_ok=True)
        self.journal = home / "journal.jsonl"
        self.healed = home / "healed"
        self.notes = people.Notes()
        self.blows: Counter[str] = Counter()
        self.database: machine.Sqlite | machine.Postgres
        if database == "sqlite":
            self.database = machine.Sqlite(home)
            if template is not None:
                self.database.file.write_bytes(template.read_bytes())
        else:
            self.database = machine.Postgres(home, template=template)
        self.broker = machine.Redis(home) if broker == "redis" else machine.FolderBroker(home)
        env = machine.environment(
            home, database=self.database.url, broker=self.broker.url, sender=sender
        )
        self.port = machine.free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.site = machine.site(home, self.port, env)
        self.worker = machine.worker(home, env)
        self.store_port = machine.free_port()
        self.ralph_port = machine.free_port() if with_ralph else None
        self.ralph = (
            machine.ralph(home, self.ralph_port, username="key", password=PASSWORD)
            if self.ralph_port
            else None
        )
        self.contested: set[str] = set()
        self.store: machine.Process | None = None

    # --- its life ---------------------------------------------------------------------

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *error: object) -> None:
        with ExitStack() as ends:
            for process in self.processes():
                ends.callback(process.end)
            ends.callback(self.database.end)

    def processes(self) -> list[machine.Process]:
        every = [
            self.database.process,
            self.broker.process,
            self.store,
            self.ralph,
            self.site,
            self.worker,
        ]
        return [process for process in every if process is not None]

    def go(self) -> Report:
        """All of it, a minute or so longer than the plan."""
        self._prepare()
        everybody = self._everybody()
        began = time.monotonic()
        for person in everybody:
            person.start()
        self._strike(began)
        for person in everybody:
            person.home_time.set()
        drained = self._heal()
        for person in everybody:
            person.join(30)
        facts = self._facts(drained)
        return self._report(facts)

    def _prepare(self) -> None:
        if self.database.process is not None:
            self.database.process.start()
            self.database.process.wait()
        for process in (self.broker.process, self.ralph, self.site, self.worker):
            if process is not None:
                process.start()
        self.site.wait()
        for process in self.processes():
            process.wait()
        self.world = self._ask(
            "world", {"learners": LEARNERS if self.lessons else 0, "lessons": self.lessons}
        )
        self.store = machine.store(
            self.home,
            self.store_port,
            journal=self.journal,
            healed=self.healed,
            seed=self.plan.seed,
            seconds=self.plan.seconds,
            spoilt=self.plan.spoilt,
            repeat=self.plan.repeat or 0,
            words=",".join(self.plan.words),
            began=time.time(),
        )
        self.store.start()
        self.store.wait()
        lane = {"username": "key", "password": PASSWORD}
        # Small batches: an answer can only be spoilt where one is given.
        quick = {"connect_timeout": 1, "read_timeout": 1, "batch_size": 5}
        self._ask("lane", {"name": "double", "endpoint": self._store_url(), **quick, **lane})
        if self.ralph is not None:
            self._contest()
            endpoint = f"http://127.0.0.1:{self.ralph_port}/xAPI"
            slow = {"connect_timeout": 2, "read_timeout": 15}
            self._ask("lane", {"name": "ralph", "endpoint": endpoint, **slow, **lane})

    def _store_url(self) -> str:
        return f"http://127.0.0.1:{self.store_port}/xAPI"

    def _ask(self, what: str, asked: dict[str, Any]) -> Any:
        answer = httpx.post(f"{self.base}/torture/{what}/", json=asked, timeout=90)
        if not answer.is_success:
            raise machine.NotAnswering(f"{what}: {answer.status_code}\n{self.site.last_lines()}")
        return answer.json()

    def _contest(self) -> None:
        """Some ids are taken at Ralph, by other statements: its poison."""
        taken = []
        for actor, serial in CONTESTED:
            asked = {"seed": self.plan.seed, "actor": actor, "serial": serial, "poison": False}
            statement = self._ask("deed", {**asked, "only_say": True})
            taken.append(statement | {"timestamp": "2020-01-01T00:00:00.000Z"})
        self.contested = {statement["id"] for statement in taken}
        answer = httpx.post(
            f"http://127.0.0.1:{self.ralph_port}/xAPI/statements",
            json=taken,
            auth=("key", PASSWORD),
            headers=NEUTRAL,
            timeout=30,
        )
        answer.raise_for_status()

    def _everybody(self) -> list[people.Person]:
        def rest(who: str) -> dict[str, Any]:
            return {"base": self.base, "dice": self.plan.dice(who), "notes": self.notes}

        desks = [
            people.Desk(actor, seed=self.plan.seed, poison=POISONED, **rest(f"desk {actor}"))
            for actor in range(DESKS)
        ]
        learners = [
            people.Learner(
                one["actor"],
                session=one["session"],
                lessons=self.world["lessons"],
                **rest(f"learner {number}"),
            )
            for number, one in enumerate(self.world["learners"])
        ]
        return [*desks, *learners]

    # --- blows -----------------------------------------------------------------------

    def _victims(self) -> list[str]:
        absent = set()
        if self.ralph is None:
            absent.add("ralph")
        if self.database.process is None:
            absent.add("database")
        return [victim for victim in BLOWS if victim not in absent]

    def _strike(self, began: float) -> None:
        """Deal the plan's blows at their moments, and start again what has fallen."""
        dice = self.plan.dice("ways")
        coming = self.plan.blows(self._victims()) if self.kills else []
        while (now := time.monotonic() - began) < self.plan.seconds or (
            now < self.plan.seconds + LONGEST_OVERTIME and not self._has_seen_enough()
        ):
            if coming and now >= coming[0].at:
                self._blow(coming.pop(0), dice)
            for process in self.processes():
                process.look_after()
            time.sleep(0.05)

    def _has_seen_enough(self) -> bool:
        """On a busy machine a short run might end before anything has happened in it."""
        deeds = [self.notes.deeds, *([self.notes.learner_deeds] if self.lessons else [])]
        return min([self._faults().total(), *deeds]) >= self.least

    def _faults(self) -> Counter[str]:
        lines = misbehaving.read(self.journal)
        return Counter(line["kind"] for line in lines if line["event"] == "fault")

    def _blow(self, blow: Blow, dice: Any) -> None:
        dealt: Any = True
        match blow.victim:
            case "site child":
                dealt = self.site.kill_child(dice)
            case "worker child":
                dealt = self.worker.kill_child(dice)
            case "database":
                dealt = self.database.crash(dice, blow.away)
            case "broker":
                self.broker.crash(dice, blow.away)
            case "site" | "worker" | "store" | "ralph" as name:
                getattr(self, name).kill(blow.away)
        if dealt:
            self.blows[blow.victim] += 1

    def _heal(self) -> float | None:
        """Everything runs and behaves; seconds until nothing waits, or ``None``."""
        for process in self.processes():
            process.not_before = 0
        for process in self.processes():
            process.wait()
        self.healed.touch()
        healed = time.monotonic()
        while (took := time.monotonic() - healed) < PATIENCE:
            for process in self.processes():
                process.look_after()
            if self._waits() == 0:
                return took
            time.sleep(0.1)
        return None

    def _waits(self) -> int:
        sql = (
            "SELECT count(*) FROM attune_xapi_delivery "
            "WHERE delivered_at IS NULL AND quarantined_at IS NULL"
        )
        return int(self.database.rows(sql)[0][0])

    # --- facts ------------------------------------------------------------------------

    def _facts(self, drained: float | None) -> Facts:
        self._wait_for_leases()
        rows = self.database.rows(
            "SELECT statement_id, body FROM attune_xapi_statementrecord ORDER BY id"
        )
        recorded, poison = {}, set()
        for identifier, body in rows:
            statement = json.loads(body)
            assert statement["id"] == _id(identifier)
            recorded[_id(identifier)] = (_sentence(statement), misbehaving.digest(statement))
            if misbehaving.is_poison(statement):
                poison.add(_id(identifier))
        self.statements = [json.loads(body) for _identifier, body in rows]
        crowds = sum(line["event"] == "crowd" for line in misbehaving.read(self.journal))
        lanes = [self._lane("double", self._held_by_double(), poison, crowds)]
        if self.ralph is not None:
            lanes.append(self._lane("ralph", self._held_by_ralph(), self.contested, 0))
        return Facts(
            acknowledged=frozenset(self.notes.acknowledged),
            recorded=recorded,
            lanes=lanes,
            drained_in=drained,
            refused=self.notes.refused,
        )

    def _leased(self, name: str) -> bool:
        sql = f"SELECT lease_token FROM attune_xapi_lane WHERE name = '{name}'"
        return self.database.rows(sql)[0][0] is not None

    def _wait_for_leases(self) -> None:
        """A sender may be about to give its lease back: it has as long as a lease lasts."""
        names = ["double", *(["ralph"] if self.ralph else [])]
        deadline = time.monotonic() + 30
        while any(self._leased(name) for name in names) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _lane(self, name: str, held: list[dict[str, Any]], poison: set[str], crowds: int) -> Lane:
        sql = (
            "SELECT r.statement_id, d.delivered_at, d.quarantined_at "
            "FROM attune_xapi_delivery d "
            "JOIN attune_xapi_statementrecord r ON r.id = d.record_id "
            f"JOIN attune_xapi_lane l ON l.id = d.lane_id WHERE l.name = '{name}'"
        )
        rows = self.database.rows(sql)
        return Lane(
            name=name,
            held=[Held(one["id"], _sentence(one), misbehaving.digest(one)) for one in held],
            delivered=frozenset(_id(i) for i, done, _refused in rows if done),
            quarantined=frozenset(_id(i) for i, _done, refused in rows if refused),
            waiting=frozenset(_id(i) for i, done, refused in rows if not done and not refused),
            poison=frozenset(poison),
            leased=self._leased(name),
            crowds=crowds,
        )

    def _held_by_double(self) -> list[dict[str, Any]]:
        lines = misbehaving.read(self.journal)
        return [statement for line in lines for statement in line.get("stored", ())]

    def _held_by_ralph(self) -> list[dict[str, Any]]:
        """As it was sent: without what a store adds, and without what was there before."""
        lines = (self.home / "ralph" / "statements.jsonl").read_bytes().splitlines()
        found = []
        for statement in map(json.loads, lines):
            for added in ("stored", "authority", "version"):
                statement.pop(added, None)
            if statement["timestamp"].startswith("2020-01-01"):
                continue
            found.append(statement)
        return found

    def _report(self, facts: Facts) -> Report:
        return Report(
            seed=self.plan.seed,
            database=self.database.name,
            broker=self.broker.name,
            sender=self.sender,
            facts=facts,
            findings=judge(facts),
            notes=self.notes,
            faults=self._faults(),
            blows=self.blows,
            died_alone={p.name: p.died_alone for p in self.processes() if p.died_alone},
            orders={lane.name: order_of(facts, lane) for lane in facts.lanes},
            statements=self.statements,
            logs=self.home,
        )


def _sentence(statement: dict[str, Any]) -> Sentence:
    return Sentence(
        statement["actor"]["account"]["name"],
        statement["verb"]["id"],
        statement["object"]["id"],
    )


def _id(value: object) -> str:
    return str(UUID(str(value)))
