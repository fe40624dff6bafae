"""A token server that issues tokens for client id and secret, and misbehaves on demand."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote_plus


@dataclass
class TokenDouble:
    """``answers`` are given instead of a token, one per request: (status, body, headers)."""

    client_id: str = "attune & co"
    secret: str = "p:ss word+%"
    scope: str = ""
    lifetime: Any = 3600
    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    requests: int = 0
    store: set[str] | None = None  # a store that is told of each token
    port: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    def plan(self, status: int, body: bytes = b"", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, body, named))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: TokenDouble

    def log_message(self, *args: Any) -> None:
        pass

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        double = self.double
        double.requests += 1
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if double.answers:
            return self.reply(*double.answers.pop(0))
        wanted = f"{quote_plus(double.client_id)}:{quote_plus(double.secret)}".encode()
        given = self.headers.get("Authorization", "")
        if given != "Basic " + base64.b64encode(wanted).decode():
            said = {"error": "invalid_client", "error_description": f"{given} is not known here"}
            return self.reply(401, json.dumps(said).encode())
        if form.get("grant_type") != ["client_credentials"]:
            return self.reply(400, b'{"error": "unsupported_grant_type"}')
        if form.get("scope", [""]) != [double.scope]:
            return self.reply(400, b'{"error": "invalid_scope"}')
        token = f"token-number-{len(double.issued)}-of-{double.port}"
        double.issued.append(token)
        if double.store is not None:
            double.store.add(token)
        said = {"access_token": token, "token_type": "bearer"}
        if double.lifetime is not None:
            said["expires_in"] = double.lifetime
        return self.reply(200, json.dumps(said).encode())


@contextmanager
def issuing(double: TokenDouble | None = None) -> Iterator[TokenDouble]:
    """Run *double* on a free port until the block ends."""
    double = double or TokenDouble()
    handler = type("Handler", (_Handler,), {"double": double})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    double.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
