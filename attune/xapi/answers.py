"""What a record store's answer means, and how long to wait after a bad one.

Pure. The one table of the package's delivery rules: every status, readable or not, becomes
one of six verdicts. Codes that speak of a *statement* refuse it; codes that speak of the
*settings* pause the lane; everything else leaves the outcome unknown, and the same bytes
are sent again, for ever.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

REFUSING = frozenset({400, 413, 422})
UNCERTAIN = frozenset({408, 425, 429})

FIRST_WAIT = 1.0  # seconds
LONGEST_WAIT = 30.0  # a healed store is found within this; the outbox drains within a minute
LONGEST_RETRY_AFTER = 300.0  # a store may ask for more, and is asked again all the same
PAUSED_PROBE = 20.0  # seconds between two tries of a paused lane
WORDS = 1000  # characters kept of what a store says


class Verdict(StrEnum):
    DELIVERED = "delivered"
    PARTLY = "partly"  # it names some of the ids: those are delivered, ask again for the rest
    REFUSED = "refused"  # something in this batch is not acceptable: bisect, quarantine
    CONFLICT = "conflict"  # an id in this batch is known: bisect, compare
    CLOSED = "closed"  # the settings are wrong: pause
    UNKNOWN = "unknown"  # it may have been stored or not: send again


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict with the store's own words. ``status`` is ``None`` when none was read."""

    verdict: Verdict
    message: str
    status: int | None = None
    retry_after: float | None = None
    reached: bool = True
    named: frozenset[str] = frozenset()  # with PARTLY: the ids that it names

    @property
    def may_be_one_statement(self) -> bool:
        """Whether an unknown outcome may come from one statement that the store chokes on.

        Not when nobody answered the door, nor when the store says that it has enough of us.
        """
        return self.reached and self.status not in (408, 425, 429, 503)


def classify(
    status: int,
    body: bytes,
    *,
    sent: Collection[str],
    retry_after: str | None = None,
    now: datetime,
) -> Answer:
    """The verdict on posting a batch whose statement ids are *sent*."""
    if status == HTTPStatus.NO_CONTENT:
        return Answer(Verdict.DELIVERED, "", status)
    if status == HTTPStatus.OK:
        return _stored(body, sent)
    message = f"{status} {_phrase(status)}: {words(body)}".rstrip(": ")
    wait = parse_retry_after(retry_after, now=now)
    if status in REFUSING:
        return Answer(Verdict.REFUSED, message, status)
    if status == HTTPStatus.CONFLICT:
        return Answer(Verdict.CONFLICT, message, status)
    if status in UNCERTAIN or status >= 500 or status < 300:
        return Answer(Verdict.UNKNOWN, message, status, wait)
    # 401, 403, 404; also redirects, 405, 407, 410, 415 …: none is about a statement.
    return Answer(Verdict.CLOSED, message, status, wait)


def _stored(body: bytes, sent: Collection[str]) -> Answer:
    """200 counts only with the ids of what was sent: a login page is answered 200 too.

    Ralph names only what is new to it, where a batch holds known statements as well.
    """
    try:
        ids = json.loads(body)
    except ValueError:
        ids = None
    if not isinstance(ids, list):
        return Answer(Verdict.UNKNOWN, f"200, but no list of ids: {words(body)}", 200)
    named = frozenset(str(item).lower() for item in ids)
    if named >= set(sent):
        return Answer(Verdict.DELIVERED, "", 200)
    if named <= set(sent):
        message = f"200, but {len(sent) - len(named)} of {len(sent)} ids are not in it"
        return Answer(Verdict.PARTLY, message, 200, named=named)
    return Answer(Verdict.UNKNOWN, f"200, but with ids that were not sent: {words(body)}", 200)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def words(body: bytes) -> str:
    """What a store says, as one line that a person can read: tags and repeated space removed."""
    text = body[: 8 * WORDS].decode("utf-8", "replace").replace("\x00", " ")
    if "<" in text:
        text = re.sub(r"<(script|style)\b.*?</\1\s*>", " ", text, flags=re.DOTALL | re.IGNORECASE)
        text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    return " ".join(text.split())[:WORDS]


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from either form of Retry-After (RFC 9110, 10.2.3), within our cap."""
    if not value:
        return None
    text = value.strip()
    if re.fullmatch(r"\d{1,9}", text):
        seconds = float(text)
    else:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, OverflowError):  # an offset of many digits
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def wait_after(failures: int, *, retry_after: float | None, dice: random.Random) -> timedelta:
    """How long to rest after *failures* failures in a row (1 for the first).

    Doubling from a second to half a minute, spread over its upper half so that the
    installations of one store do not return together. A Retry-After is a lower bound.
    """
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 10))
    seconds = longest * dice.uniform(0.5, 1.0)
    if retry_after is not None:
        seconds = max(retry_after * dice.uniform(1.0, 1.1), FIRST_WAIT * dice.uniform(0.5, 1.0))
    return timedelta(seconds=seconds)


def wait_while_paused(*, dice: random.Random) -> timedelta:
    """How long until a paused lane is tried again."""
    return timedelta(seconds=PAUSED_PROBE * dice.uniform(0.75, 1.0))
