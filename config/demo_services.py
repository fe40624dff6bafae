"""Starts, watches and ends a handful of processes of our own, for ``manage.py demo``.

Each service leads a session of its own, so that Ctrl-C in a terminal reaches only the
supervisor, which then ends them one by one. A service that dies is started again and its
last lines are shown. If the supervisor itself is killed, ``config.demo_guard`` ends what
it had started. What the services are, the command says; here is only how they live.
"""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config import demo_guard

PATIENCE = 10.0  # seconds that a service has to end by itself
LIVED_WELL = 60.0  # seconds after which a death is the first again
ASKS_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOG_LIMIT = 5_000_000  # bytes, after which the next start begins a new file


class DemoError(Exception):
    """Why the demo cannot start or go on, in words for the person at the terminal."""


@dataclass(kw_only=True)
class Service:
    """One process: how to start it and how to ask whether it answers."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    answers: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    deaths: int = 0  # in a row, each soon after its start

    def last_lines(self, count: int = 12) -> str:
        if not self.log.exists():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()[-count:]
        return "\n".join(f"    | {line}" for line in lines)


@contextmanager
def only_one(lock_path: Path, *, patience: float = PATIENCE + 5) -> Iterator[int]:
    """Hold the demo's lock, or raise ``DemoError`` while another demo runs.

    The lock is the system's own: it is gone with the last process that held it, however
    that ended. The guard of a killed demo holds it too, until it has cleared up.
    """
    lock_path.parent.mkdir(parents=True, exist_ok=True)
    with lock_path.open("a+") as lock:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                lock.seek(0)
                pid = lock.read().strip()
                if is_running(pid) or time.monotonic() > deadline:
                    raise DemoError(
                        f"The demo is already running (process {pid}). End it with Ctrl-C in its"
                        f" terminal, or: kill {pid}"
                    ) from None
                time.sleep(0.2)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock.fileno()


def is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def require_free(port: int, *, what: str, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OverflowError:
            raise DemoError(f"{variable}={port} is no port: choose 1024 to 65535.") from None
        except OSError as error:
            raise DemoError(
                f"Port {port}, for {what}, cannot be used: {error.strerror}.\n"
                f"Choose another: make demo {variable}={port + 1}"
            ) from None


def http_status(port: int, path: str, headers: Mapping[str, str] | None = None) -> int:
    """The status with which a service of ours answers, 0 if it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


@dataclass(kw_only=True)
class Supervisor:
    """Keeps services running until it is told to stop."""

    say: Callable[[str], None]
    lock: int
    services: list[Service] = field(default_factory=list)
    guard: subprocess.Popen[bytes] | None = None
    patience: float = PATIENCE
    asked_at: float = float("-inf")

    def __enter__(self) -> "Supervisor":
        self.guard = subprocess.Popen(  # noqa: S603  (our own file)
            [sys.executable, "-I", demo_guard.__file__, str(self.patience)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[self.lock],
        )
        for number in ASKS_TO_END:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup: meant to outlive its terminal
            signal.signal(number, self._asked_to_end)
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._stop_politely()
        except KeyboardInterrupt:
            self.say("Ending at once.")
        finally:
            for number in ASKS_TO_END:
                signal.signal(number, signal.SIG_IGN)
            for service in self.services:
                self._clear(service)
            if self.guard and self.guard.stdin:
                self.guard.stdin.close()
                self.guard.wait()

    def _asked_to_end(self, number: int, frame: FrameType | None) -> None:
        """Interrupt once, and once more only if the person asks again after a while.

        One Ctrl-C may arrive as several signals: from the terminal, and passed on by make.
        """
        now = time.monotonic()
        if now - self.asked_at > 1.0:
            self.asked_at = now
            raise KeyboardInterrupt

    def run_once(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a step of the preparation to its end, its output on the terminal."""
        step = subprocess.Popen(  # noqa: S603  (commands come from our own code)
            command, env=dict(environment), stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._tell_guard("+", step.pid)
        try:
            code = step.wait()
        except KeyboardInterrupt:
            step.terminate()
            step.wait()
            raise
        finally:
            self._tell_guard("-", step.pid)
        if code:
            raise DemoError("The preparation failed (see above). Nothing is running.")

    def start(self, service: Service) -> None:
        service.log.parent.mkdir(parents=True, exist_ok=True)
        if service.log.exists() and service.log.stat().st_size > LOG_LIMIT:
            service.log.replace(service.log.with_suffix(".old.log"))
        with service.log.open("ab") as log:
            service.process = subprocess.Popen(  # noqa: S603  (commands come from our own code)
                service.command,
                env=dict(service.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        service.started_at = time.monotonic()
        self._tell_guard("+", service.process.pid)
        if service not in self.services:
            self.services.append(service)

    def wait_for(self, service: Service, *, seconds: float = 90.0) -> None:
        """Return when the service answers; say why not if it ends or takes too long."""
        assert service.process is not None  # noqa: S101  (started before it is waited for)
        deadline = time.monotonic() + seconds
        while not service.answers():
            code = service.process.poll()
            if code is not None or time.monotonic() > deadline:
                reason = "does not answer" if code is None else f"ended with code {code}"
                raise DemoError(
                    f"The {service.name} {reason}. Its last lines ({service.log}):\n"
                    f"{service.last_lines()}"
                )
            time.sleep(0.1)
        self.say(f"  The {service.name} answers.")

    def watch(self) -> None:
        """Start again what ends, until an interrupt comes."""
        while True:
            for service in self.services:
                self._look_after(service)
            time.sleep(0.5)

    def _look_after(self, service: Service) -> None:
        if service.process is not None:
            code = service.process.poll()
            if code is None:
                return
            self._clear(service)
            if time.monotonic() - service.started_at > LIVED_WELL:
                service.deaths = 0
            delay = min(2.0**service.deaths, 30.0)
            service.deaths += 1
            service.start_again_at = time.monotonic() + delay
            self.say(
                f"The {service.name} ended ({describe(code)}); starting it again in {delay:.0f} s."
                f" Its last lines ({service.log}):\n{service.last_lines()}"
            )
        if time.monotonic() >= service.start_again_at:
            self.start(service)
            self.say(f"The {service.name} is started again.")

    def _stop_politely(self) -> None:
        running = [
            one.process for one in self.services if one.process and one.process.poll() is None
        ]
        if running:
            self.say("\nEnding what this demo started ...")
        for process in running:
            process.terminate()  # the main process alone, see demo_guard
        deadline = time.monotonic() + self.patience
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))

    def _clear(self, service: Service) -> None:
        """Leave nothing of the service's group behind, whatever became of its leader."""
        if service.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(service.process.pid, signal.SIGKILL)
        service.process.wait()
        self._tell_guard("-", service.process.pid)
        service.process = None

    def _tell_guard(self, sign: str, pid: int) -> None:
        if self.guard and self.guard.stdin:
            with suppress(BrokenPipeError):
                self.guard.stdin.write(f"{sign}{pid}\n".encode())
                self.guard.stdin.flush()


def describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
