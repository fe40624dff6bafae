"""Ends the demo's services when their supervisor is gone without a word (``kill -9``).

A process of its own, in a session of its own. It reads ``+PID`` and ``-PID`` lines from
its standard input, whose other end only the supervisor holds: when that end closes, the
supervisor is gone, and every process still listed is ended. Works wherever pipes do.
Each listed process leads its own session, so its id is also that of its group.
"""

import os
import signal
import sys
import time


def is_ours(pid: int) -> bool:
    """Whether the process still runs and is the leader that was listed, not a later namesake."""
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


def end(pids: set[int], *, patience: float) -> None:
    """Ask each to end, and after ``patience`` seconds no longer ask."""
    for pid in filter(is_ours, pids):
        # The main process alone: Celery hangs when its whole group is told to stop.
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while any(map(is_ours, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in pids:
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def main() -> None:
    # Whoever stops the demo signals the supervisor; the guard outlives it by a moment.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pids: set[int] = set()
    for line in sys.stdin:
        sign, pid = line[0], int(line[1:])
        (pids.add if sign == "+" else pids.discard)(pid)
    end(pids, patience=float(sys.argv[1]))


if __name__ == "__main__":
    main()
