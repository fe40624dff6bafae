"""Speaking to a record store: the only module of the package that knows HTTP.

One connection kept alive per store, every time-out explicit, every answer read only up to
a bound. tincan's own sender is not used: it waits for ever on a silent server and opens a
connection per statement.
"""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx
from django.utils import timezone

from attune.xapi.answers import Answer, Verdict, classify, words
from attune.xapi.statements import format_timestamp

LONGEST_ANSWER = 256 * 1024  # bytes; the ids of a full batch take 4 KB
LONGEST_STATEMENT = 4 * 1024 * 1024
LONGEST_PAGE = 32 * 1024 * 1024
PAGE = 500  # statements asked for at once; a store may give fewer


class _Unreadable(Exception):
    """The answer was longer, or took longer, than we allow."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the store holds under an id: a statement, nothing, or no answer that says."""

    answer: Answer
    statement: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of what the store holds of a period, and where the next one is (or nothing)."""

    answer: Answer
    statements: list[Mapping[str, Any]]
    more: str = ""


_NOTHING = Found(Answer(Verdict.REFUSED, "404: no statement of this id", 404))


class RecordStore:
    """A connection to one store. Use as a context manager.

    :raises ValueError: the endpoint is not an http(s) address, or the credentials cannot
        be written into a header.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        username: str = "",
        password: str = "",
        version: str = "1.0.3",
        connect_timeout: float = 5,
        read_timeout: float = 20,
    ) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{endpoint!r} is not the address of a record store")
        if parts.username or parts.password:
            raise ValueError("the endpoint holds credentials; they have fields of their own")
        self._base = endpoint.rstrip("/")
        self._longest = connect_timeout + read_timeout
        headers = {
            "X-Experience-API-Version": version,
            # Our bounds are on what is read; nothing may swell afterwards.
            "Accept-Encoding": "identity",
            "User-Agent": "Attune",
        }
        if username or password:
            credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {credentials}"
        self._client = httpx.Client(
            headers=headers,
            verify=_trusted(),
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def post(self, bodies: Sequence[bytes], *, ids: Sequence[str]) -> Answer:
        """Send statements as one batch. Never raises for what a store or a network may do."""
        try:
            status, headers, body = self._exchange(
                "POST",
                "/statements",
                longest=LONGEST_ANSWER,
                content=b"[" + b",".join(bodies) + b"]",
                headers={"Content-Type": "application/json"},
            )
        except (httpx.HTTPError, httpx.InvalidURL, _Unreadable) as error:
            return _failed(error)
        return classify(
            status,
            body,
            sent=ids,
            retry_after=headers.get("retry-after"),
            now=timezone.now(),
        )

    def find(self, identifier: str) -> Found:
        """The statement with this id, voided or not."""
        for name in ("statementId", "voidedStatementId"):
            try:
                status, headers, body = self._exchange(
                    "GET", "/statements", longest=LONGEST_STATEMENT, params={name: identifier}
                )
            except (httpx.HTTPError, httpx.InvalidURL, _Unreadable) as error:
                return Found(_failed(error))
            if status != 404:
                break
        if status == 404:
            return _NOTHING
        if status != 200:
            answer = classify(
                status,
                body,
                sent=(identifier,),
                retry_after=headers.get("retry-after"),
                now=timezone.now(),
            )
            return Found(answer)
        try:
            statement = json.loads(body)
        except ValueError:
            statement = None
        # Ralph answers a question about one statement with a list of one, or of none.
        if isinstance(statement, dict) and isinstance(statement.get("statements"), list):
            if not statement["statements"]:
                return _NOTHING
            statement = statement["statements"][0]
        if not isinstance(statement, dict):
            return Found(Answer(Verdict.UNKNOWN, f"200, but no statement: {words(body)}", 200))
        return Found(Answer(Verdict.DELIVERED, "", 200), statement)

    def page(self, *, since: datetime, until: datetime, more: str = "") -> Page:
        """What the store says it holds of a period, a piece at a time (*more* from the last).

        By the specification the period is that of storing; some stores mean the deed's. A
        statement that was taken back is in no page.
        """
        try:
            status, headers, body = self._exchange(
                "GET",
                self._elsewhere(more) if more else "/statements",
                longest=LONGEST_PAGE,
                params=None
                if more
                else {
                    "since": format_timestamp(since),
                    "until": format_timestamp(until),
                    "limit": str(PAGE),
                },
            )
        except (httpx.HTTPError, httpx.InvalidURL, _Unreadable) as error:
            return Page(_failed(error), [])
        if status != 200:
            wait = headers.get("retry-after")
            now = timezone.now()
            return Page(classify(status, body, sent=(), retry_after=wait, now=now), [])
        try:
            said = json.loads(body)
            held = said["statements"]
            following = said.get("more") or ""
            if not isinstance(held, list) or not all(isinstance(each, dict) for each in held):
                raise TypeError("no list of statements")
        except (ValueError, TypeError, KeyError, AttributeError):
            unreadable = Answer(Verdict.UNKNOWN, f"200, but no statements: {words(body)}", 200)
            return Page(unreadable, [])
        return Page(Answer(Verdict.DELIVERED, "", 200), held, str(following))

    def _elsewhere(self, more: str) -> str:
        """The address of the next page, which must be the same store's: it gets our credentials."""
        address = urljoin(self._base + "/", more)
        if urlsplit(address)[:2] != urlsplit(self._base)[:2]:
            raise _Unreadable(f"the next page is said to be elsewhere: {more[:200]}")
        return address

    def versions(self) -> list[str] | None:
        """The xAPI versions that the store says it speaks; ``None`` if it does not say."""
        try:
            status, _, body = self._exchange("GET", "/about", longest=LONGEST_ANSWER)
            said = json.loads(body) if status == 200 else None
        except (httpx.HTTPError, httpx.InvalidURL, _Unreadable, ValueError):
            return None
        versions = said.get("version") if isinstance(said, dict) else None
        return [str(version) for version in versions] if isinstance(versions, list) else None

    def greet(self) -> Answer:
        """Ask for one statement, harmlessly: whether address and credentials are right."""
        try:
            status, headers, body = self._exchange(
                "GET", "/statements", longest=LONGEST_STATEMENT, params={"limit": "1"}
            )
        except (httpx.HTTPError, httpx.InvalidURL, _Unreadable) as error:
            return _failed(error)
        if status == 200:
            try:
                if isinstance(json.loads(body), dict):
                    return Answer(Verdict.DELIVERED, "", 200)
            except ValueError:
                pass
            return Answer(Verdict.UNKNOWN, f"200, but no statements: {words(body)}", 200)
        return classify(
            status, body, sent=(), retry_after=headers.get("retry-after"), now=timezone.now()
        )

    def _exchange(
        self, method: str, path: str, *, longest: int, **request: Any
    ) -> tuple[int, httpx.Headers, bytes]:
        deadline = time.monotonic() + self._longest
        chunks = []
        size = 0
        address = self._base + path if path.startswith("/") else path
        with self._client.stream(method, address, **request) as response:
            for chunk in response.iter_raw():
                chunks.append(chunk)
                size += len(chunk)
                if size > longest:
                    raise _Unreadable(f"the answer is longer than {longest} bytes")
                # The time-out is per piece; a store that drips would hold us for ever.
                if time.monotonic() > deadline:
                    raise _Unreadable(f"the answer took longer than {self._longest:.0f} s")
        return response.status_code, response.headers, b"".join(chunks)


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: the list of authorities takes longer to read than a batch to send."""
    return httpx.create_ssl_context()


def _failed(error: Exception) -> Answer:
    """No answer, or half of one. What was never sent because of the settings pauses the lane."""
    settings_are_wrong = isinstance(
        error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError
    )
    verdict = Verdict.CLOSED if settings_are_wrong else Verdict.UNKNOWN
    name = type(error).__name__.lstrip("_")
    reached = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    return Answer(verdict, f"{name}: {error}".rstrip(": "), reached=reached)
