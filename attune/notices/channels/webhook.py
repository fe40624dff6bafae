"""Posting to a webhook: one of the few modules that know HTTP.

The body is JSON::

    {"id": "…", "kind": "attune_notices.alert", "subject": "…", "text": "…",
     "language": "en", "written_at": "2026-03-02T09:30:00+00:00", "details": {…}}

``id`` is also the header ``Attune-Delivery`` and stays the same when a message is sent again,
so that a receiver can tell. ``Attune-Signature: t=SECONDS,v1=HEX`` is HMAC-SHA256 with the
shared secret over ``SECONDS.BODY``: a receiver computes it over the bytes it got, compares in
constant time, and refuses what is older than a few minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from attune.notices.channels.addresses import Network, NotAllowed, Reached, look_up
from attune.notices.channels.answers import Answer, Parcel, Verdict, decoded

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
LONGEST_ANSWER = 64 * 1024
LONGEST_WAIT = timedelta(hours=1)
#: About this one message; anything else that is no success is about the way.
_ABOUT_THE_MESSAGE = {400, 413, 415, 422}


class _Unreadable(Exception):
    """The answer was longer, or took longer, than we allow."""


def sign(secret: str, body: bytes, *, at: int) -> str:
    """The value of ``Attune-Signature``."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def body_of(parcel: Parcel) -> bytes:
    told = {
        "id": parcel.id,
        "kind": parcel.kind,
        "subject": parcel.subject,
        "text": parcel.body,
        "language": parcel.language,
        "written_at": parcel.written_at,
        "details": parcel.details,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


class Webhook:
    """One webhook. Use as a context manager; the connection is kept for further messages.

    :raises ValueError: *url* is no http(s) address, or holds a user name.
    """

    def __init__(
        self,
        *,
        url: str,
        secret: str = "",
        allowed: Sequence[Network] = (),
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        look_up: Callable[[str, int, Sequence[Network]], Reached] = look_up,
    ) -> None:
        self._parts = urlsplit(url)
        if self._parts.scheme not in ("http", "https") or not self._parts.hostname:
            raise ValueError("This is not the address of a webhook.")
        if self._parts.username or self._parts.password:
            raise ValueError("The address holds a user name or a password.")
        self._port = self._parts.port or (443 if self._parts.scheme == "https" else 80)
        self._secret = secret
        self._allowed = allowed
        self._look_up = look_up
        self._longest = connect_timeout + read_timeout
        self._client = httpx.Client(
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            verify=_trusted(),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            # What leads on could lead inside; a proxy would connect where we did not look.
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def send(self, parcel: Parcel) -> Answer:
        try:
            status, headers, said = self._post(parcel)
        except (NotAllowed, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            return Answer(Verdict.CLOSED, str(error))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Answer(Verdict.CLOSED, _words(error))
        except (httpx.HTTPError, _Unreadable) as error:
            return Answer(Verdict.CLOSED, _words(error), suspect=True)
        except OSError as error:  # the name is not known
            return Answer(Verdict.CLOSED, _words(error))
        return judge(status, headers.get("retry-after"), said, now=datetime.now(UTC))

    def _post(self, parcel: Parcel) -> tuple[int, httpx.Headers, bytes]:
        host = str(self._parts.hostname)
        reached = self._look_up(host, self._port, self._allowed)
        target = f"{self._parts.path or '/'}{'?' + self._parts.query if self._parts.query else ''}"
        body = body_of(parcel)
        headers = {
            "Host": self._parts.netloc,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # our bounds are on what is read
            "User-Agent": "Attune",
            "Attune-Delivery": parcel.id,
        }
        if self._secret:
            headers["Attune-Signature"] = sign(self._secret, body, at=int(time.time()))
        deadline = time.monotonic() + self._longest
        held = []
        size = 0
        with self._client.stream(
            "POST",
            f"{self._parts.scheme}://{reached.in_url}:{self._port}{target}",
            content=body,
            headers=headers,
            # The certificate is checked against the name, though we go to the address.
            extensions={"sni_hostname": host},
        ) as response:
            for chunk in response.iter_raw():
                held.append(chunk)
                size += len(chunk)
                if size > LONGEST_ANSWER:
                    raise _Unreadable(f"the answer is longer than {LONGEST_ANSWER} bytes")
                # The time-out is per piece; what drips would hold us for ever.
                if time.monotonic() > deadline:
                    raise _Unreadable(f"the answer took longer than {self._longest:.0f} s")
        return response.status_code, response.headers, b"".join(held)


def judge(status: int, retry_after: str | None, said: bytes, *, now: datetime) -> Answer:
    """What an answer means. Pure."""
    words = f"{status} {decoded(said[:2000])}".strip()
    if 200 <= status < 300:
        return Answer(Verdict.SENT, words)
    if 300 <= status < 400:
        return Answer(Verdict.CLOSED, f"{status}: it leads on to another address; enter that one.")
    if status in _ABOUT_THE_MESSAGE:
        return Answer(Verdict.REFUSED, words)
    return Answer(Verdict.CLOSED, words, wait=_wait(retry_after, now))


def _wait(retry_after: str | None, now: datetime) -> timedelta | None:
    """Both forms of RFC 9110, section 10.2.3; capped, and nothing where it is neither."""
    if not retry_after:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**6)), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), LONGEST_WAIT)


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _words(error: Exception) -> str:
    return f"{type(error).__name__.lstrip('_')}: {error}".rstrip(": ")
