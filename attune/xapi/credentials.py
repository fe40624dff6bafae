"""How we are let in: HTTP Basic, or a token for client id and secret (OAuth 2.0, RFC 6749, 4.4).

No HTTP here: ``lrs`` asks. Tokens are kept in memory for as long as they are valid, by every
process for itself. Neither a secret nor a token is ever part of what is said or logged.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from django.utils import timezone
from django.utils.translation import gettext as _

from attune.xapi.answers import Answer, Verdict, classify

SHORTEST_HIDDEN = 4  # characters: shorter ones stand in every answer by chance
TOKEN_LIFETIME = 300.0  # seconds, where the server does not say
LONGEST_TOKEN_LIFETIME = 86_400.0
_TOKEN = re.compile(r"[\x21-\x7e]+")

#: Headers and form out; status, headers and body back.
Ask = Callable[[Mapping[str, str], Mapping[str, str]], tuple[int, Mapping[str, str], bytes]]


class NoToken(Exception):
    """No token was had; ``answer`` says why, and what that means for the lane."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.message)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float  # of the monotonic clock


#: What this process has been given, by who asked for it where. The secrets are hashed.
_tokens: dict[tuple[str, str, str, bytes], _Token] = {}


class TokenServer:
    """Where client id and secret are changed for a token. ``ask`` speaks HTTP.

    A 4xx of the token server means that the settings are wrong and pauses the lane, as the
    store's own does; an unreachable or confused one leaves the outcome open and is asked again.
    """

    def __init__(
        self, ask: Ask, *, endpoint: str, client_id: str, secret: str, scope: str = ""
    ) -> None:
        self._ask = ask
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        # Encoded as in a form before they are joined (RFC 6749, 2.3.1).
        authorization = basic(quote_plus(client_id), quote_plus(secret))
        self._headers = {
            "Authorization": authorization,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Attune",
        }
        self._secrets = hidden(secret, quote_plus(secret), authorization)
        self._key = (endpoint, client_id, scope, hashlib.sha256(secret.encode()).digest())

    def token(self) -> str:
        """One that is valid for a while yet: the one that we have, or a new one.

        :raises NoToken: the server gave none.
        """
        held = _tokens.get(self._key)
        if held is None or held.until <= time.monotonic():
            held = _tokens[self._key] = self._fetch()
        return held.text

    def forget(self, token: str) -> None:
        """The store does not take *token*: do not offer it again."""
        held = _tokens.get(self._key)
        if held is not None and held.text == token:
            _tokens.pop(self._key, None)

    def _fetch(self) -> _Token:
        asked = time.monotonic()
        try:
            status, headers, body = self._ask(self._headers, self._form)
        except NoToken as error:
            raise NoToken(_of_the_server(error.answer, error.answer.verdict)) from error
        if status == 200:
            return _token_in(body, asked)
        answer = classify(
            status,
            without(body, self._secrets),
            sent=(),
            retry_after=headers.get("retry-after"),
            now=timezone.now(),
        )
        is_open = answer.verdict is Verdict.UNKNOWN or status < 300
        raise NoToken(_of_the_server(answer, Verdict.UNKNOWN if is_open else Verdict.CLOSED))


def _of_the_server(answer: Answer, verdict: Verdict) -> Answer:
    # Not reached: the store itself was not asked, and so no statement can be to blame.
    return Answer(
        verdict,
        _("The token server: %s") % answer.message,
        retry_after=answer.retry_after,
        reached=False,
    )


def _token_in(body: bytes, asked: float) -> _Token:
    """The token in a good answer (RFC 6749, 5.1). A bad one is not repeated: it may hold one."""
    try:
        said = json.loads(body)
        text, kind = said["access_token"], str(said.get("token_type", "bearer"))
    except (ValueError, TypeError, KeyError, AttributeError):
        said, text, kind = {}, None, ""
    if not isinstance(text, str) or not _TOKEN.fullmatch(text) or kind.lower() != "bearer":
        message = _("200, but with no token that can be used.")
        raise NoToken(_of_the_server(Answer(Verdict.UNKNOWN, message), Verdict.UNKNOWN))
    lifetime = _lifetime(said.get("expires_in"))
    # Given up before it runs out: the last batch is on its way for a while, and clocks differ.
    return _Token(text, asked + lifetime - min(60.0, lifetime / 5))


def _lifetime(said: object) -> float:
    """Seconds; some servers write the number as a text, and some write nothing."""
    try:
        lifetime = float(said)  # type: ignore[arg-type]  # whatever is no number raises
    except (TypeError, ValueError):
        return TOKEN_LIFETIME
    if not math.isfinite(lifetime) or lifetime <= 0:
        return TOKEN_LIFETIME
    return min(lifetime, LONGEST_TOKEN_LIFETIME)


def basic(username: str, password: str) -> str:
    """The value of an ``Authorization`` header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def hidden(*secrets: str) -> list[bytes]:
    """What must not be repeated in an answer's words: as it is, and as a header has it."""
    parts = [part for secret in secrets for part in (secret, secret.partition(" ")[2])]
    return [part.encode() for part in parts if len(part) >= SHORTEST_HIDDEN]


def without(body: bytes, secrets: Sequence[bytes]) -> bytes:
    """*body* with each of *secrets* dotted out: a careless server repeats what it was sent."""
    for secret in secrets:
        body = body.replace(secret, "•••".encode())
    return body
