"""Speaking to a record store: the only module of the package that knows HTTP.

One connection kept alive per store, every time-out explicit, every answer read only up to
a bound. tincan's own sender is not used: it waits for ever on a silent server and opens a
connection per statement. Where a store asks for OAuth 2.0, a token is had for client id and
secret (RFC 6749, 4.4) and kept in memory; no secret is ever part of what is said or logged.
"""

from __future__ import annotations

import gzip
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx
from django.utils import timezone

from attune.xapi.answers import Answer, Verdict, classify, words
from attune.xapi.credentials import NoToken, TokenServer, basic, hidden, without
from attune.xapi.statements import format_timestamp

LONGEST_ANSWER = 256 * 1024  # bytes; the ids of a full batch take 4 KB
LONGEST_STATEMENT = 4 * 1024 * 1024
LONGEST_PAGE = 32 * 1024 * 1024
PAGE = 500  # statements asked for at once; a store may give fewer
COMPRESSION = 1  # of 9: statements repeat themselves, so the quickest already finds most of it


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
        tokens: TokenServer | None = None,
        version: str = "1.0.3",
        compresses: bool = False,
        connect_timeout: float = 5,
        read_timeout: float = 20,
    ) -> None:
        _check_address(endpoint, "a record store")
        self.compresses = compresses
        self._base = endpoint.rstrip("/")
        self._longest = connect_timeout + read_timeout
        self._tokens = tokens
        self._took_compressed = False
        headers = {
            "X-Experience-API-Version": version,
            # Our bounds are on what is read; nothing may swell afterwards.
            "Accept-Encoding": "identity",
            "User-Agent": "Attune",
        }
        if username or password:
            headers["Authorization"] = basic(username, password)
        self._secrets = hidden(password, headers.get("Authorization", ""))
        self._open = partial(_client, headers, connect_timeout, read_timeout)
        self._client = self._open()

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
        content = b"[" + b",".join(bodies) + b"]"
        about = {"Content-Type": "application/json"}
        compressed = self.compresses
        if compressed:
            content = gzip.compress(content, COMPRESSION)
            about["Content-Encoding"] = "gzip"
        try:
            status, headers, body = self._exchange(
                "POST", "/statements", longest=LONGEST_ANSWER, content=content, headers=about
            )
        except _FAILURES as error:
            return _failed(error)
        answer = classify(
            status,
            body,
            sent=ids,
            retry_after=headers.get("retry-after"),
            now=_their_now(headers),
        )
        if compressed and answer.verdict in (Verdict.DELIVERED, Verdict.PARTLY):
            self._took_compressed = True
        return answer

    def may_dislike_gzip(self, answer: Answer) -> bool:
        """Whether *answer* to a compressed batch may be about the compression.

        415 says so (RFC 9110, 15.5.16). Others say 400 or 422, or stumble: Ralph 5 answers 500.
        Once a compressed batch was taken on this connection, these are about something else.
        """
        if not self.compresses:
            return False
        return answer.status == 415 or (
            answer.status in (400, 422, 500, 501) and not self._took_compressed
        )

    def stop_compressing(self) -> None:
        """From now on plain, and on a new connection: who stumbled often lets the old one drop."""
        self.compresses = False
        self._client.close()
        self._client = self._open()

    def find(self, identifier: str) -> Found:
        """The statement with this id, voided or not."""
        for name in ("statementId", "voidedStatementId"):
            try:
                status, headers, body = self._exchange(
                    "GET", "/statements", longest=LONGEST_STATEMENT, params={name: identifier}
                )
            except _FAILURES as error:
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
                now=_their_now(headers),
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
        except _FAILURES as error:
            return Page(_failed(error), [])
        if status != 200:
            wait = headers.get("retry-after")
            now = _their_now(headers)
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
        except (*_FAILURES, ValueError):
            return None
        versions = said.get("version") if isinstance(said, dict) else None
        return [str(version) for version in versions] if isinstance(versions, list) else None

    def greet(self) -> Answer:
        """Ask for one statement, harmlessly: whether address and credentials are right."""
        try:
            status, headers, body = self._exchange(
                "GET", "/statements", longest=LONGEST_STATEMENT, params={"limit": "1"}
            )
        except _FAILURES as error:
            return _failed(error)
        if status == 200:
            try:
                if isinstance(json.loads(body), dict):
                    return Answer(Verdict.DELIVERED, "", 200)
            except ValueError:
                pass
            return Answer(Verdict.UNKNOWN, f"200, but no statements: {words(body)}", 200)
        return classify(
            status, body, sent=(), retry_after=headers.get("retry-after"), now=_their_now(headers)
        )

    def _exchange(
        self, method: str, path: str, *, longest: int, **request: Any
    ) -> tuple[int, httpx.Headers, bytes]:
        """Ask once; with a token that the store does not take (any more), once more.

        :raises httpx.HTTPError, httpx.InvalidURL, _Unreadable, NoToken: no answer.
        """
        if self._tokens is None:
            return self._ask(method, path, longest, request, self._secrets)
        began = time.monotonic()
        token = self._tokens.token()
        answer = self._ask_with(token, method, path, longest, request)
        if answer[0] != 401:
            return answer
        self._tokens.forget(token)
        # A store that took long to say 401 is asked again by the next run: the lease does not last.
        if time.monotonic() - began > self._longest / 2:
            return answer
        return self._ask_with(self._tokens.token(), method, path, longest, request)

    def _ask_with(
        self, token: str, method: str, path: str, longest: int, request: Mapping[str, Any]
    ) -> tuple[int, httpx.Headers, bytes]:
        headers = {**request.get("headers", {}), "Authorization": f"Bearer {token}"}
        return self._ask(method, path, longest, {**request, "headers": headers}, hidden(token))

    def _ask(
        self,
        method: str,
        path: str,
        longest: int,
        request: Mapping[str, Any],
        secrets: Sequence[bytes],
    ) -> tuple[int, httpx.Headers, bytes]:
        status, headers, body = _read(
            self._client, method, self._address(path), longest, self._longest, request
        )
        if method == "POST" or status >= 300:  # what may be repeated to a person, or logged
            body = without(body, secrets)
        return status, headers, body

    def _address(self, path: str) -> str:
        """Of a resource below the endpoint; a next page comes as a whole address."""
        return self._base + path if path.startswith("/") else path


def token_server(
    *,
    endpoint: str,
    client_id: str,
    secret: str,
    scope: str = "",
    connect_timeout: float = 5,
    read_timeout: float = 20,
) -> TokenServer:
    """The token server at *endpoint*, asked over HTTP within these time-outs (seconds).

    :raises ValueError: the endpoint is not an http(s) address.
    """
    _check_address(endpoint, "a token server")

    def ask(
        headers: Mapping[str, str], form: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            with _client(headers, connect_timeout, read_timeout) as client:
                seconds = connect_timeout + read_timeout
                return _read(client, "POST", endpoint, LONGEST_ANSWER, seconds, {"data": form})
        except (httpx.HTTPError, httpx.InvalidURL, _Unreadable) as error:
            raise NoToken(_failed(error)) from error

    return TokenServer(ask, endpoint=endpoint, client_id=client_id, secret=secret, scope=scope)


_FAILURES = (httpx.HTTPError, httpx.InvalidURL, _Unreadable, NoToken)


def _check_address(address: str, what: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address!r} is not the address of {what}")
    if parts.username or parts.password:
        raise ValueError(f"the address of {what} holds credentials; they have fields of their own")


def _client(headers: Mapping[str, str], connect: float, read: float) -> httpx.Client:
    return httpx.Client(
        headers=headers,
        verify=_trusted(),
        timeout=httpx.Timeout(read, connect=connect),
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        follow_redirects=False,
    )


def _read(
    client: httpx.Client,
    method: str,
    url: str,
    longest: int,
    seconds: float,
    request: Mapping[str, Any],
) -> tuple[int, httpx.Headers, bytes]:
    """Status, headers and body of an answer of at most *longest* bytes, read for *seconds*."""
    deadline = time.monotonic() + seconds
    chunks = []
    size = 0
    with client.stream(method, url, **request) as response:
        for chunk in response.iter_raw():
            chunks.append(chunk)
            size += len(chunk)
            if size > longest:
                raise _Unreadable(f"the answer is longer than {longest} bytes")
            # The time-out is per piece; a store that drips would hold us for ever.
            if time.monotonic() > deadline:
                raise _Unreadable(f"the answer took longer than {seconds:.0f} s")
    return response.status_code, response.headers, b"".join(chunks)


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: the list of authorities takes longer to read than a batch to send."""
    return httpx.create_ssl_context()


def _their_now(headers: httpx.Headers) -> datetime:
    """The store's clock, as its Date says: a moment in Retry-After is meant by that clock, and
    one that is a day ahead would have us wait for our longest. Ours, where it does not say."""
    try:
        said = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):  # an offset of many digits
        return timezone.now()
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _failed(error: Exception) -> Answer:
    """No answer, or half of one. What was never sent because of the settings pauses the lane."""
    if isinstance(error, NoToken):
        return error.answer
    settings_are_wrong = isinstance(
        error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError
    )
    verdict = Verdict.CLOSED if settings_are_wrong else Verdict.UNKNOWN
    name = type(error).__name__.lstrip("_")
    reached = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    return Answer(verdict, f"{name}: {error}".rstrip(": "), reached=reached)
