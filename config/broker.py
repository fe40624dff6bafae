"""The broker that needs no server, made safe against a process that dies while it writes.

Kombu's filesystem transport opens a message under its final name and fills it afterwards, and
rewrites its table of queues in place. A worker that looks in between, or that starts after a
publisher was killed there, reads half of it and ends. Here a file appears whole or not at all
(written beside, then renamed), and a message that cannot be read is dropped with a warning:
every message is a hint, and the sweeps find what it stood for.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem, virtual
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

logger = logging.getLogger(__name__)


def folder_broker(folder: Path) -> dict[str, str | float]:
    """Transport options for ``filesystem://``: hints are files in ``folder``, on one machine."""
    return {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.1,
    }


def use_whole_files() -> None:
    """Have ``filesystem://`` mean the transport of this module, in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"


def write_whole(file: Path, payload: Any) -> None:
    """*payload* as JSON in *file*, which others see complete or not at all."""
    beside = file.with_name(f".{file.name}.{uuid4().hex}")
    try:
        beside.write_bytes(str_to_bytes(dumps(payload)))
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kw: Any) -> None:  # type: ignore[override]  # as kombu’s
        # The name begins with the moment, since a reader takes the first in order.
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        write_whole(Path(self.data_folder_out, name), payload)

    def _get(self, queue: str) -> Any:  # type: ignore[override]  # as kombu’s own does
        while True:
            try:
                return super()._get(queue)
            except ValueError as error:  # not JSON, or not even text; Empty ends the loop
                logger.warning("A message that cannot be read was dropped: %s", error)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._change_table(exchange, lambda rows: rows if row in rows else [row, *rows])

    def _delete(
        self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any
    ) -> None:
        virtual.Channel._delete(self, queue)
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        if self._exchange_file(exchange).exists():
            self._change_table(exchange, lambda rows: [other for other in rows if other != row])

    def get_table(self, exchange: str) -> list[Any]:
        try:
            return list(super().get_table(exchange))
        except ValueError as error:
            # Written by an earlier version that was killed; every worker binds again at its start.
            logger.warning("The table of exchange %s cannot be read: %s", exchange, error)
            return []

    def _change_table(self, exchange: str, change: Callable[[list[Any]], list[Any]]) -> None:
        file = self._exchange_file(exchange)
        with _alone(self.control_folder):
            before = self.get_table(exchange)
            after = change(before)
            if after != before:
                write_whole(file, after)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; a lock that its owner's death releases."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Transport(filesystem.Transport):
    Channel = Channel
