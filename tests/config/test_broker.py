"""The broker of files: whole messages or none, whoever dies while writing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection, Exchange, Queue

from config import broker

PUBLISHER = """
import sys
from pathlib import Path
from kombu import Connection
from config import broker
broker.use_whole_files()
options = broker.folder_broker(Path(sys.argv[1]))
queue = Connection("filesystem://", transport_options=options).SimpleQueue("work")
print("ready", flush=True)
while True:
    queue.put("x" * 100_000)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "broker"


@pytest.fixture
def work(tmp_path: Path) -> Queue:
    """A queue of the test's own: kombu remembers, for the process, what was bound."""
    name = f"work-{tmp_path.name}"
    return Queue(name, Exchange(name), routing_key=name)


@pytest.fixture
def wire(folder: Path) -> Iterator[Connection]:
    folder.mkdir()
    with Connection("filesystem://", transport_options=broker.folder_broker(folder)) as connection:
        yield connection


def messages(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.msg"))


def test_the_address_leads_to_our_transport(wire: Connection) -> None:
    assert isinstance(wire.transport, broker.Transport)


def test_a_message_arrives(wire: Connection, folder: Path, work: Queue) -> None:
    with wire.SimpleQueue(work) as queue:
        queue.put({"lane": 3})
        assert len(messages(folder)) == 1
        message = queue.get(timeout=2)
        message.ack()
    assert message.payload == {"lane": 3}
    assert not messages(folder)


@pytest.mark.parametrize("half", [b"", b'{"body": "eyJs', b"\xff\xfe"])
def test_half_a_message_is_dropped_and_the_next_arrives(
    wire: Connection, folder: Path, work: Queue, half: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with wire.SimpleQueue(work) as queue:
        (folder / f"0_killed.{work.name}.msg").write_bytes(half)
        queue.put("whole")
        assert queue.get(timeout=2).payload == "whole"
    assert "cannot be read was dropped" in caplog.text


def test_a_message_that_is_being_written_is_not_seen(
    wire: Connection, folder: Path, work: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment of the rename the content is there, and nothing has its name yet."""
    seen: list[tuple[bytes, list[Path]]] = []
    replace = Path.replace

    def watched(beside: Path, target: Path) -> Path:
        seen.append((beside.read_bytes(), messages(folder)))
        return replace(beside, target)

    with wire.SimpleQueue(work) as queue:
        monkeypatch.setattr(Path, "replace", watched)
        queue.put("whole")
    [(content, others)] = seen
    assert content.endswith(b"}")
    assert others == []


def test_a_broken_table_of_queues_is_mended_by_the_next_bind(
    wire: Connection, folder: Path, work: Queue
) -> None:
    (folder / "control").mkdir()
    (folder / "control" / f"{work.name}.exchange").write_bytes(b'[["work", ""')
    with wire.SimpleQueue(work) as queue:
        queue.put("whole")
        assert queue.get(timeout=2).payload == "whole"
    assert wire.default_channel.get_table(work.name) == [(work.name, "", work.name)]


def test_a_deleted_queue_leaves_the_table(wire: Connection, work: Queue) -> None:
    channel = wire.channel()
    name = work.name
    work(channel).declare()
    assert channel.get_table(name)
    channel._delete(name, name, name, "")
    assert channel.get_table(name) == []
    channel._delete(name, "never-declared", name, "")


def test_publishers_killed_at_random_leave_nothing_unreadable(folder: Path) -> None:
    folder.mkdir()
    for turn in range(3):
        publisher = subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, str(folder)], stdout=subprocess.PIPE
        )
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == b"ready\n"
        while len(messages(folder)) < 20 * (turn + 1):
            assert publisher.poll() is None
        os.kill(publisher.pid, signal.SIGKILL)
        publisher.wait()
        publisher.stdout.close()
    files = messages(folder)
    assert len(files) >= 60
    assert all(file.read_bytes().endswith(b"}") for file in files)
