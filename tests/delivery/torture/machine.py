"""The processes of a run: started, watched over, killed with SIGKILL, started again.

A process that is wanted and has ended is started again by ``Machine.watch``, whether we
killed it or it died by itself: as systemd or a container's host would.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 90  # seconds that a process has to answer after its start, on a busy machine


class NotAnswering(Exception):
    """A process of the run does not come up; the message holds the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """One process that leads a group of its own."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        home: Path,
        answers: Callable[[], bool],
        env: dict[str, str] | None = None,
        user: int | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = home / f"{name}.log"
        self.answers = answers
        self.env = env
        self.user = user
        self.child: subprocess.Popen[bytes] | None = None
        self.not_before = 0.0  # while it is away
        self.died_alone = 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.env,
                user=self.user,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def look_after(self) -> None:
        if self.child is not None and self.child.poll() is not None:
            self.died_alone += 1
            self._clear(signal.SIGKILL)
            self.not_before = time.monotonic() + 0.5
        if self.child is None and time.monotonic() >= self.not_before:
            self.start()

    def kill(self, away: float) -> None:
        """The whole group, and nothing for *away* seconds."""
        self._clear(signal.SIGKILL)
        self.not_before = time.monotonic() + away

    def kill_child(self, dice: random.Random) -> bool:
        """One process that it has forked; ``False`` if there is none."""
        if self.child is None:
            return False
        children = _children(self.child.pid)
        if not children:
            return False
        with suppress(ProcessLookupError):
            os.kill(dice.choice(children), signal.SIGKILL)
        return True

    def _clear(self, how: signal.Signals) -> None:
        if self.child is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.child.pid, how)
            self.child.wait()
            self.child = None

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not (self.child is not None and self.answers()):
            if time.monotonic() > deadline:
                raise NotAnswering(f"{self.name} does not answer:\n{self.last_lines()}")
            self.look_after()
            time.sleep(0.05)

    def last_lines(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def end(self) -> None:
        self._clear(signal.SIGKILL)


def _children(pid: int) -> list[int]:
    """What *pid* has forked, beat included: a worker without its beat ends itself."""
    listed: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):  # any thread may have forked it
        with suppress(OSError):
            listed += [int(child) for child in thread.read_text().split()]
    return listed


# --- databases ------------------------------------------------------------------------------


class Sqlite:
    """A file. Its crash is that of the processes which write to it."""

    name = "sqlite"
    process: Process | None = None

    def __init__(self, home: Path) -> None:
        self.file = home / "attune.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file, timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    def crash(self, blow: random.Random, away: float) -> str:
        raise NotImplementedError

    def end(self) -> None:
        pass


def postgres_programs() -> Path | None:
    """Where ``initdb`` is, newest version first; ``None`` if there is no PostgreSQL here."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    return homes[-1].parent if homes else None


class Postgres:
    """A cluster of the run's own, in a folder of its own, never as root."""

    name = "postgresql"

    def __init__(self, home: Path, *, template: Path | None = None) -> None:
        programs = postgres_programs()
        if programs is None:
            raise NotAnswering("no initdb here: PostgreSQL's own programs are not installed")
        # Not in *home*: the folder above it may be closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="attune-torture-pg-"))
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/attune"
        self.user = None
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            self.user = owner.pw_uid
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.data = self.folder / "data"
        if template is not None:
            subprocess.run(["cp", "-a", str(template), str(self.data)], check=True)
        else:
            self._run(
                programs / "initdb",
                *("-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8"),
                *("--locale", "C", "--no-sync"),
            )
        self.process = Process(
            "database",
            [
                str(programs / "postgres"),
                *("-D", str(self.data), "-p", str(self.port)),
                *("-c", "listen_addresses=127.0.0.1", "-k", str(self.folder)),
                *("-c", "max_connections=60", "-c", "shared_buffers=32MB"),
                # Processes die here, the machine does not: what was written is there for the
                # next server. With fsync each restart would first sync a thousand files.
                *("-c", "fsync=off"),
            ],
            home=home,
            answers=self.answers,
            user=self.user,
        )

    def _run(self, *command: str | Path) -> None:
        subprocess.run(
            [str(part) for part in command],
            user=self.user,
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )

    def create(self) -> None:
        """An empty database, in a cluster that runs."""
        url = self.url.replace("/attune", "/postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE attune")

    def answers(self) -> bool:
        try:
            with psycopg.connect(
                self.url.replace("/attune", "/postgres"), connect_timeout=2
            ) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, connect_timeout=5) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def crash(self, dice: random.Random, away: float) -> str:
        """One of three ways to lose everything that was not committed."""
        if self.process.child is None:
            return ""
        way = dice.choice(["immediate stop", "SIGKILL", "SIGKILL of a backend"])
        if way == "SIGKILL of a backend":  # the server restarts all of itself
            self.process.kill_child(dice)
            return way
        children = _children(self.process.child.pid)
        if way == "SIGKILL":
            self.process.kill(away)
        else:
            os.kill(self.process.child.pid, signal.SIGQUIT)
            with suppress(subprocess.TimeoutExpired):
                self.process.child.wait(10)
            self.process.kill(away)
        # A backend leads a group of its own. One that outlives the server would keep the
        # memory that the next server must have for itself.
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return way

    def stop(self) -> None:
        """Properly, so that the folder can be copied."""
        if self.process.child is not None:
            self.process.child.send_signal(signal.SIGINT)
            self.process.child.wait(30)
            self.process.child = None

    def end(self) -> None:
        if self.process.child is not None:
            children = _children(self.process.child.pid)
            self.process.end()
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


# --- brokers ------------------------------------------------------------------------------


class FolderBroker:
    """Messages as files. Its crash loses some of them and tears others."""

    name = "files"
    process: Process | None = None
    url = "filesystem://"

    def __init__(self, home: Path) -> None:
        self.folder = home / "site" / "broker"

    def crash(self, dice: random.Random, away: float) -> None:
        for message in sorted(self.folder.glob("*.msg")):
            with suppress(OSError):
                if dice.random() < 0.5:
                    message.unlink()
                else:
                    os.truncate(message, message.stat().st_size // 2)


class Redis:
    """A server of our own that keeps nothing."""

    name = "redis"

    def __init__(self, home: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise NotAnswering("no redis-server here")
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/7"
        self.process = Process(
            "broker",
            [
                *(program, "--port", str(port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(home)),
            ],
            home=home,
            answers=lambda: listens(port),
        )

    def crash(self, dice: random.Random, away: float) -> None:
        self.process.kill(away)


# --- the site, its worker, the stores ---------------------------------------------------------


def environment(home: Path, *, database: str, broker: str, sender: str = "") -> dict[str, str]:
    """What site and worker are told: the run's database and broker, and nothing of ours."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ATTUNE_LRS", "CELERY_", "PYTEST_"))
    }
    data = home / "site"
    data.mkdir(exist_ok=True)
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": "tests.delivery.torture.settings",
        "ATTUNE_ENV_FILE": os.devnull,
        "ATTUNE_DATA_DIR": str(data),
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": broker,
        "TORTURE_SENDER": sender,
        "PYTHONPATH": str(ROOT),
        "LOG_LEVEL": "INFO",
    }


def site(home: Path, port: int, env: dict[str, str]) -> Process:
    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/torture/alive/", timeout=5).is_success
        except httpx.HTTPError:
            return False

    return Process(
        "site",
        [
            *(sys.executable, "-m", "gunicorn", "config.wsgi", "--preload", "--workers", "2"),
            *("--worker-class", "gthread", "--threads", "3", "--bind", f"127.0.0.1:{port}"),
            *("--worker-tmp-dir", str(home), "--keep-alive", "30"),
        ],
        home=home,
        answers=answers,
        env=env,
    )


def worker(home: Path, env: dict[str, str]) -> Process:
    """With beat inside. Whether it works is seen by what arrives: it answers nobody."""
    process = Process(
        "worker",
        [
            *(sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--beat"),
            # The pool that the settings choose for this broker.
            *("--concurrency", "2", "--loglevel", "INFO"),
            *("--schedule", str(home / "beat"), "--without-gossip", "--without-mingle"),
        ],
        home=home,
        answers=lambda: process.child is not None and process.child.poll() is None,
        env=env,
    )
    return process


def store(home: Path, port: int, **given: object) -> Process:
    options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    return Process(
        "store",
        [sys.executable, "-m", "tests.delivery.torture.store", "--port", str(port), *options],
        home=home,
        answers=lambda: listens(port),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def ralph(home: Path, port: int, *, username: str, password: str) -> Process:
    """A real record store; its environment is made by ``lrs/install.sh``."""

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/__lbheartbeat__", timeout=2).is_success
        except httpx.HTTPError:
            return False

    return Process(
        "ralph",
        [
            *(str(ROOT / ".lrs-venv" / "bin" / "python"), str(ROOT / "lrs" / "serve.py")),
            *("--port", str(port), "--data-dir", str(home / "ralph"), "--username", username),
        ],
        home=home,
        answers=answers,
        env={**os.environ, "LRS_PASSWORD": password},
    )
