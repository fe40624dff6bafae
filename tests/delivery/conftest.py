"""Fixtures for delivery: committed rows, a misbehaving store, a real one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest
from django.db import connection, transaction

from attune.xapi import extensions, outbox, verbs
from attune.xapi.models import Lane
from attune.xapi.statements import (
    Activity,
    ActivityType,
    Context,
    Result,
    Statement,
    Tags,
    activity_id,
    build,
)
from tests.delivery.double import Double, serving

ROOT = Path(__file__).resolve().parents[2]
SPACE = UUID("6f9f6f5e-0d9a-4df1-9a52-1c8f5b3a0001")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def statement(number: int, *, seed: str = "", pad: int = 0) -> Statement:
    """A small statement; the same number and seed give the same bytes."""
    context = extensions.codes(engagement="nordlicht-habagat", client="nordlicht", vendor="habagat")
    if pad:
        context["https://example.test/padding"] = "x" * pad
    return build(
        deed=f"test:{seed}:{number}",
        actor=uuid5(SPACE, "maria"),
        verb=verbs.COMPLETED,
        activity=Activity(
            id=activity_id("unit", uuid5(SPACE, f"unit {number}")),
            type=ActivityType.LESSON,
            name={"en": f"Lesson {number}"},
        ),
        at=NOW,
        context=Context(
            registration=uuid5(SPACE, "registration"),
            parent=(Activity(id=activity_id("module", uuid5(SPACE, "module")), name={}),),
            extensions=context,
        ),
        result=Result(completion=True),
    )


def tags(client: str = "nordlicht") -> Tags:
    return Tags(
        engagement="nordlicht-habagat", client=client, vendor="habagat", kind="unit_completed"
    )


def record(
    count: int, *, first: int = 0, client: str = "nordlicht", seed: str = "", pad: int = 0
) -> list[str]:
    """Record *count* statements, committed; their ids in order."""
    made = [statement(first + i, seed=seed, pad=pad) for i in range(count)]
    with transaction.atomic():
        outbox.record_many((item, tags(client)) for item in made)
    return [str(item.id) for item in made]


def wait_until(what: Callable[[], Any], *, seconds: float = 20, every: float = 0.05) -> Any:
    """Poll until *what* is truthy and return it; fail after *seconds*."""
    deadline = time.monotonic() + seconds
    while True:
        if value := what():
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(every)


@pytest.fixture
def committed() -> None:
    """The test's database with real commits, and only our tables emptied afterwards.

    Delivery refuses to run in a transaction, and emptying every table of the site, as the
    usual way does, costs more than most of these tests. A test that asks for this gets its
    mark in ``mark_committed``: without the mark pytest-django would not even make a test
    database, and the test would meet the real one.
    """
    assert not connection.in_atomic_block


def mark_committed(items: list[pytest.Item]) -> None:
    """Give tests that need real commits the mark that says so."""
    mark = pytest.mark.django_db(transaction=True, available_apps=["attune.xapi"])
    for item in items:
        if "committed" in getattr(item, "fixturenames", ()):
            item.add_marker(mark)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_committed(items)


@pytest.fixture
def double() -> Iterator[Double]:
    with serving() as running:
        yield running


@pytest.fixture
def lane(committed: None, double: Double) -> Lane:
    return make_lane(double)


def make_lane(double: Double, **changes: Any) -> Lane:
    return Lane.objects.create(
        **{
            "name": "double",
            "endpoint": double.endpoint,
            "username": double.username,
            "password": double.password,
            "connect_timeout": 1,
            "read_timeout": 1,
            **changes,
        }
    )


# --- a real store ------------------------------------------------------------------------


@dataclass
class Ralph:
    """A running record store. ``kill`` and ``start`` may follow each other."""

    port: int
    data: Path
    python: Path
    username: str = "attune"
    password: str = "only-for-tests"
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/xAPI"

    def start(self) -> None:
        log = (self.data / "ralph.log").open("ab")
        self.process = subprocess.Popen(
            [
                str(self.python),
                str(ROOT / "lrs" / "serve.py"),
                *("--port", str(self.port), "--data-dir", str(self.data)),
                *("--username", self.username),
            ],
            env={**os.environ, "LRS_PASSWORD": self.password},
            stdout=log,
            stderr=log,
        )
        log.close()
        wait_until(self.answers, seconds=60)

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data / "ralph.log").read_text()
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/__lbheartbeat__", timeout=2
            ) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """As hard as it gets: SIGKILL, at whatever moment this is."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def client(self) -> httpx.Client:
        return httpx.Client(
            auth=(self.username, self.password),
            headers={"X-Experience-API-Version": "1.0.3"},
            timeout=30,
        )

    def get(self, **query: str) -> list[dict[str, Any]]:
        with self.client() as client:
            response = client.get(f"{self.endpoint}/statements", params=query)
        response.raise_for_status()
        found: list[dict[str, Any]] = response.json()["statements"]
        return found

    def lines(self) -> list[bytes]:
        """What it has on disk, statement by statement."""
        path = self.data / "statements.jsonl"
        return path.read_bytes().splitlines() if path.exists() else []


def _uv() -> str:
    if found := os.environ.get("ATTUNE_UV") or shutil.which("uv"):
        return found
    told = subprocess.run(
        ["sh", str(ROOT / "scripts" / "environment.sh"), "uv"],
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip().splitlines()[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def lrs_python() -> Path:
    """The interpreter of the store's own environment, which is made if it is missing."""
    python = ROOT / ".lrs-venv" / "bin" / "python"
    if not (ROOT / ".lrs-venv" / ".installed-from").exists():
        subprocess.run(["sh", str(ROOT / "lrs" / "install.sh"), _uv()], check=True)
    return python


@pytest.fixture(scope="session")
def shared_ralph(lrs_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ralph]:
    ralph = Ralph(free_port(), tmp_path_factory.mktemp("ralph"), lrs_python)
    try:
        ralph.start()
        yield ralph
    finally:
        ralph.kill()


@pytest.fixture
def own_ralph(lrs_python: Path, tmp_path: Path) -> Iterator[Ralph]:
    """A store of this test's own, which it may kill."""
    ralph = Ralph(free_port(), tmp_path, lrs_python)
    try:
        ralph.start()
        yield ralph
    finally:
        ralph.kill()
