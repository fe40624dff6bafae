"""A record store that misbehaves on demand: the double for every line of the delivery table.

A real HTTP server in threads, keeping statements by id as a store must. ``faults`` is a list
of things to do instead of answering well, one per POST, used up in order. Beside them stand
lasting faults: ids that are refused or choke it, a limit per batch, credentials.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[["_Handler", list[dict[str, Any]]], None]


def answer(status: int, body: bytes = b"", *, store: bool = False, **headers: str) -> Fault:
    """Answer with this status; ``store=True`` takes the statements first."""

    def act(handler: _Handler, statements: list[dict[str, Any]]) -> None:
        if store:
            handler.double.store(statements)
        handler.reply(status, body, {name.replace("_", "-"): v for name, v in headers.items()})

    return act


def hang(*, store: bool) -> Fault:
    """Say nothing until the client goes away, before or after storing."""

    def act(handler: _Handler, statements: list[dict[str, Any]]) -> None:
        if store:
            handler.double.store(statements)
        handler.wait_for_client_to_leave()

    return act


def reset(*, store: bool) -> Fault:
    """Break the connection (RST), before or after storing."""

    def act(handler: _Handler, statements: list[dict[str, Any]]) -> None:
        if store:
            handler.double.store(statements)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        handler.close_connection = True

    return act


def truncate(*, store: bool) -> Fault:
    """Promise more bytes than are sent, and close."""

    def act(handler: _Handler, statements: list[dict[str, Any]]) -> None:
        if store:
            handler.double.store(statements)
        handler.send_response(200)
        handler.send_header("Content-Length", "4000")
        handler.end_headers()
        handler.wfile.write(b'["0')
        handler.wfile.flush()
        handler.close_connection = True

    return act


def flood(handler: _Handler, statements: list[dict[str, Any]]) -> None:
    """Answer without end."""
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b" " * 65536)


def drip(handler: _Handler, statements: list[dict[str, Any]]) -> None:
    """A byte now and then, each within the time-out, and no end."""
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    with contextlib.suppress(OSError):
        while not handler.double.closing.wait(0.2):
            handler.wfile.write(b" ")


@dataclass
class Double:
    """What the store holds and how it behaves. Ids are texts in lower case."""

    repeat: int = 204  # for known statements: 200, 204, 409; 201: 200 naming the new
    limit: int | None = None  # statements per POST; above it 413
    username: str = "key"
    password: str = "secret"
    versions: tuple[str, ...] = ("1.0.3",)
    readable: bool = True  # False: credentials that may only write
    faults: list[Fault] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    choking: set[str] = field(default_factory=set)
    before_answer: Callable[[], None] | None = None
    tokens: set[str] | None = None  # then these are taken, and no user name
    gzip: int = 200  # what it answers to compressed batches, where it does not take them
    clock_ahead: float = 0  # seconds, of its Date header
    pages: int = 50  # statements per page when asked for a period; 0: knows no periods
    heeds_period: bool = True
    elsewhere: str = ""  # where it says that the next page is, if not here
    looked_up: list[str] = field(default_factory=list)

    compressed: list[bool] = field(default_factory=list)  # per POST
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)
    posts: list[list[str]] = field(default_factory=list)
    most_at_once: int = 0
    port: int = 0
    _at_once: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/xAPI"

    def store(self, statements: list[dict[str, Any]]) -> None:
        with self._lock:
            for statement in statements:
                if statement["id"] not in self.stored:
                    self.stored[statement["id"]] = statement
                    self.writes[statement["id"]] += 1

    def refuses(self, statement: dict[str, Any]) -> bool:
        return statement["id"] in self.refused

    def plan(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def next_fault(self) -> Fault | None:
        with self._lock:
            return self.faults.pop(0) if self.faults else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: Double

    def log_message(self, *args: Any) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.double.clock_ahead)

    def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)
        self.wfile.flush()

    def wait_for_client_to_leave(self) -> None:
        self.connection.settimeout(0.05)
        while not self.double.closing.is_set():
            try:
                if not self.connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.close_connection = True

    def _allowed(self) -> bool:
        wanted = f"{self.double.username}:{self.double.password}".encode()
        given = self.headers.get("Authorization", "")
        if self.double.tokens is not None:
            if given.removeprefix("Bearer ") in self.double.tokens:
                return True
            # Careless, as some are: it repeats what it was sent.
            self.reply(401, f'{{"error": "no good: {given}"}}'.encode())
            return False
        if given == "Basic " + base64.b64encode(wanted).decode():
            return True
        self.reply(401, b'{"error": "who are you?"}')
        return False

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        compressed = self.headers.get("Content-Encoding") == "gzip"
        self.double.compressed.append(compressed)
        if compressed and self.double.gzip != 200:
            return self.reply(self.double.gzip, b"what is this?")
        statements = json.loads(gzip.decompress(body) if compressed else body)
        with self.double.counted():
            self.double.posts.append([statement["id"] for statement in statements])
            if self.double.before_answer:
                self.double.before_answer()
            if not self._allowed():
                return None
            fault = self.double.next_fault()
            if fault is not None:
                fault(self, statements)
                return None
            return self._take(statements)

    def _take(self, statements: list[dict[str, Any]]) -> None:
        double = self.double
        ids = [statement["id"] for statement in statements]
        if self.headers.get("X-Experience-API-Version") not in double.versions:
            return self.reply(400, b"X-Experience-API-Version is not supported")
        if double.limit is not None and len(ids) > double.limit:
            return self.reply(413, b"too many")
        if len(set(ids)) < len(ids):
            return self.reply(400, b"an id is there twice")
        if bad := [statement["id"] for statement in statements if double.refuses(statement)]:
            return self.reply(400, f"statement {bad[0]} is not to my taste".encode())
        if double.choking & set(ids):
            return self.reply(500, b"<html><h1>Oops</h1>something broke</html>")
        known = [s for s in statements if s["id"] in double.stored]
        differs = any(double.stored[s["id"]] != s for s in known)
        if differs or (known and double.repeat == 409):
            return self.reply(409, b'{"error": "a statement of this id exists"}')
        double.store(statements)
        if known and double.repeat == 201:
            new = [i for i in ids if i not in {s["id"] for s in known}]
            return self.reply(200, json.dumps(new).encode())
        if known and double.repeat == 204:
            return self.reply(204)
        return self.reply(200, json.dumps(ids).encode())

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.endswith("/about"):
            return self.reply(200, json.dumps({"version": self.double.versions}).encode())
        if not self._allowed():
            return None
        if not self.double.readable:
            return self.reply(403, b"you may write, not read")
        query = parse_qs(parts.query)
        if "since" in query or "page" in query:
            return self._page(query)
        if "limit" in query:
            return self.reply(200, b'{"statements": [], "more": ""}')
        asked = query.get("statementId", query.get("voidedStatementId", [""]))[0]
        self.double.looked_up.append(asked)
        statement = self.double.stored.get(asked)
        if statement is None:
            return self.reply(404, b"no such statement")
        # As stores do: properties of their own, another spelling of the same moment.
        held = statement | {
            "stored": "2026-01-01T00:00:00.000Z",
            "authority": {"objectType": "Agent", "account": {"homePage": "x:y", "name": "z"}},
            "version": "1.0.0",
            "timestamp": statement["timestamp"].replace("Z", "+00:00"),
        }
        return self.reply(200, json.dumps(held).encode())

    def _page(self, query: dict[str, list[str]]) -> None:
        """What is held, in pages; of the period if the double heeds it, by the deed's time."""
        double = self.double
        if not double.pages:
            return self.reply(400, b"since is not supported")
        since, until = (query.get(name, [""])[0] for name in ("since", "until"))
        first = int(query.get("page", ["0"])[0])
        voided = {
            held["object"]["id"]
            for held in double.stored.values()
            if held["object"].get("objectType") == "StatementRef"
        }
        held = [
            each
            for each in double.stored.values()
            if each["id"] not in voided
            and (not since or since < each["timestamp"] <= until or not double.heeds_period)
        ]
        piece = held[first : first + double.pages]
        more = double.elsewhere
        if not more and len(held) > first + double.pages:
            more = f"/xAPI/statements?page={first + double.pages}"
        self.reply(200, json.dumps({"statements": piece, "more": more}).encode())
        return None


@contextmanager
def serving(double: Double | None = None, *, port: int = 0) -> Iterator[Double]:
    """Run *double* on a free port (or on *port*) until the block ends."""
    double = double or Double()
    handler = type("Handler", (_Handler,), {"double": double})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    double.port = server.server_address[1]
    double.closing.clear()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        double.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
