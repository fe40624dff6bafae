"""The demo's supervisor, with real processes: nothing outlives it, and nothing else is touched."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.demo_services import DemoError, http_status, only_one, require_free

# A supervisor over two services that write their process ids and would run for ever. The
# second ignores the polite signal, and both have a child that ignores it too.
PROGRAM = """
import sys
from pathlib import Path
from config.demo_services import Service, Supervisor, only_one

folder = Path(sys.argv[1])
child = '''
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
signal.pause()
'''
service = '''
import os, signal, subprocess, sys
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
below = subprocess.Popen([sys.executable, "-c", sys.argv[3]], stdout=subprocess.PIPE)
below.stdout.readline()
print("these are my last words", flush=True)
with open(sys.argv[1], "a") as pids:
    print(os.getpid(), below.pid, file=pids, flush=True)
signal.pause()
'''

def make(name):
    pids = folder / name
    pids.unlink(missing_ok=True)
    return Service(
        name=name, command=[sys.executable, "-c", service, str(pids), name, child],
        environment={}, log=folder / f"{name}.log", answers=pids.exists,
    )

def say(text):
    print(text, flush=True)

with only_one(folder / "lock") as lock:
    try:
        with Supervisor(say=say, lock=lock, patience=0.5) as supervisor:
            services = [make("meek"), make("stubborn")]
            for one in services:
                supervisor.start(one)
            for one in services:
                supervisor.wait_for(one)
            say("ready")
            supervisor.watch()
    except KeyboardInterrupt:
        say("ended")
"""


class Run:
    """A supervisor started in ``folder``, read line by line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        # A supervisor that falls silent ends, and with it the wait for its words.
        self.watchdog = threading.Timer(60, self.process.kill)
        self.watchdog.start()
        self.heard: list[str] = []
        self.hear("ready")

    def hear(self, words: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.heard.append(line)
            if words in line:
                return
        pytest.fail(f"never said {words!r}: {self.heard}")

    def pids(self, name: str) -> list[int]:
        lines = (self.folder / name).read_text().splitlines()
        return [int(word) for word in lines[-1].split()]

    def everyone(self) -> list[int]:
        return self.pids("meek") + self.pids("stubborn")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Run]]:
    runs: list[Run] = []

    def start_one() -> Run:
        runs.append(Run(tmp_path))
        return runs[-1]

    yield start_one
    for run in runs:
        run.watchdog.cancel()
        run.process.kill()
        run.process.wait()


def wait_until_gone(pids: list[int]) -> None:
    """Return when every process is gone: the system wakes us, no clock does."""
    for pid in pids:
        try:
            watch = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            ready, _, _ = select.select([watch], [], [], 15)
        finally:
            os.close(watch)
        assert ready, f"process {pid} still runs"


pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="waits for processes as Linux does"
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_it_started(start: Callable[[], Run], number: int) -> None:
    run = start()
    run.process.send_signal(number)
    run.hear("ended")
    assert run.process.wait(15) == 0
    wait_until_gone(run.everyone())


def test_one_ctrl_c_that_arrives_twice_is_still_orderly(start: Callable[[], Run]) -> None:
    run = start()
    run.process.send_signal(signal.SIGINT)
    run.hear("Ending what this demo started")
    run.process.send_signal(signal.SIGTERM)
    run.hear("ended")
    assert "Ending at once.\n" not in run.heard
    assert run.process.wait(15) == 0
    wait_until_gone(run.everyone())


def test_what_a_killed_supervisor_leaves_behind_is_ended(start: Callable[[], Run]) -> None:
    run = start()
    run.process.kill()
    run.process.wait()
    wait_until_gone(run.everyone())


def test_a_killed_run_does_not_hinder_the_next(start: Callable[[], Run]) -> None:
    first = start()
    left_behind = first.everyone()
    first.process.kill()
    first.process.wait()
    second = start()  # waits for the guard of the first to clear up
    wait_until_gone(left_behind)
    assert second.process.poll() is None
    assert not set(left_behind) & set(second.everyone())


def test_a_service_that_dies_is_started_again_and_its_last_words_shown(
    start: Callable[[], Run],
) -> None:
    run = start()
    leader, below = run.pids("meek")
    os.kill(leader, signal.SIGKILL)
    run.hear("signal SIGKILL")
    run.hear("these are my last words")
    run.hear("The meek is started again.")
    # What it had started itself does not go on beside its successor.
    wait_until_gone([leader, below])


def test_only_one_demo_runs_at_a_time(start: Callable[[], Run], tmp_path: Path) -> None:
    run = start()
    with (
        pytest.raises(DemoError, match=rf"already running \(process {run.process.pid}\)"),
        only_one(tmp_path / "lock"),
    ):
        pass


def test_a_taken_port_is_named_and_another_proposed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=rf"Port {port}.*\n.*LRS_PORT={port + 1}"):
            require_free(port, what="the store", variable="LRS_PORT")
    require_free(port, what="the store", variable="LRS_PORT")


def test_a_service_that_does_not_answer_has_no_status() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    assert http_status(port, "/") == 0
