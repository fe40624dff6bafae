"""A mail server and a webhook for tests: real sockets, real dialogues, faults on demand."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Taken:
    sender: str
    to: str
    message: EmailMessage
    connection: int


@dataclass
class Script:
    """How the server behaves; changed while it runs."""

    greeting: bytes = b"220 sink ESMTP\r\n"
    sender: dict[str, bytes] = field(default_factory=dict)
    recipients: dict[str, bytes] = field(default_factory=dict)
    data: bytes | None = None
    #: Takes the message and hangs up before it says so.
    hangs_up_after_taking: bool = False
    hangs_up_at_data: str = ""
    says_nothing: bool = False
    #: Called with each message that was taken, before the answer.
    taken: Callable[[Taken], None] | None = None


class MailSink:
    """What was taken stands in ``mails``; ``connections`` counts them."""

    def __init__(self) -> None:
        self.script = Script()
        self.mails: list[Taken] = []
        self.connections = 0
        self.port = 0
        self._server: socketserver.ThreadingTCPServer | None = None
        self._lock = threading.Lock()
        self.open: set[Any] = set()

    def start(self) -> None:
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with sink._lock:
                    sink.connections += 1
                    number = sink.connections
                sink.open.add(self.connection)
                try:
                    sink._talk(self, number)
                except (OSError, ValueError):
                    pass
                finally:
                    sink.open.discard(self.connection)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in list(self.open):
            connection.close()

    def _talk(self, handler: Any, number: int) -> None:
        def say(line: bytes) -> None:
            handler.wfile.write(line)
            handler.wfile.flush()

        if self.script.says_nothing:
            handler.rfile.read(1)
            return
        say(self.script.greeting)
        sender = to = ""
        while line := handler.rfile.readline():
            verb, _space, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    say(b"250-sink\r\n250 SIZE 10000000\r\n")
                case "MAIL":
                    sender = rest.split("<")[1].split(">")[0]
                    say(self.script.sender.get(sender, b"250 sender ok\r\n"))
                case "RCPT":
                    to = rest.split("<")[1].split(">")[0]
                    say(self.script.recipients.get(to, b"250 recipient ok\r\n"))
                case "DATA":
                    if self.script.hangs_up_at_data == to:
                        return
                    say(b"354 go on\r\n")
                    body = b""
                    while (text := handler.rfile.readline()) != b".\r\n":
                        if not text:
                            return
                        body += text[1:] if text.startswith(b"..") else text
                    if self.script.data is not None:
                        say(self.script.data)
                        continue
                    message = email.message_from_bytes(body, policy=email.policy.default)
                    taken = Taken(sender, to, message, number)
                    with self._lock:
                        self.mails.append(taken)
                        count = len(self.mails)
                    if self.script.taken is not None:
                        self.script.taken(taken)
                    if self.script.hangs_up_after_taking:
                        return
                    say(f"250 queued as {count}\r\n".encode())
                case "QUIT":
                    say(b"221 bye\r\n")
                    return
                case _:
                    say(b"250 ok\r\n")


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    sink = MailSink()
    sink.start()
    try:
        yield sink
    finally:
        sink.stop()


@dataclass
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Hook:
    """A webhook: answers with ``status``, ``headers`` and ``body``."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    drips: bool = False
    posts: list[Posted] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/s3cret?team=ops"


@contextmanager
def hook() -> Iterator[Hook]:
    made = Hook()
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.posts.append(Posted(self.path, dict(self.headers), body))
            self.send_response(made.status)
            for name, text in made.headers.items():
                self.send_header(name, text)
            if made.drips:
                self.send_header("Content-Length", "100000")
                self.end_headers()
                while not stopped.wait(0.02):
                    try:
                        self.wfile.write(b".")
                    except OSError:
                        return
                return
            self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield made
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
