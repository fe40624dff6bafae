"""What can come of sending one message: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from types import TracebackType
from typing import Any, Protocol, Self

LONGEST_WORDS = 500


class Verdict(Enum):
    SENT = "sent"
    REFUSED = "refused"  # this message, for good
    LATER = "later"  # this message, another time
    CLOSED = "closed"  # the way itself: nobody answers, or not to us


@dataclass(frozen=True, slots=True)
class Answer:
    """``words`` are the server's, or ours where it said nothing. ``wait``: it asked for so long.

    ``suspect`` says that the way broke down over this very message, which may be the reason.
    """

    verdict: Verdict
    words: str
    wait: timedelta | None = None
    suspect: bool = False

    def __post_init__(self) -> None:
        tidy = " ".join(self.words.split())
        object.__setattr__(self, "words", tidy[:LONGEST_WORDS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A message as a channel needs it. ``id`` stays the same however often it is sent."""

    id: str
    kind: str
    key: str
    to: str  # an e-mail address; for a webhook a name, which is not sent
    subject: str
    body: str
    language: str
    written_at: str  # ISO 8601
    details: Mapping[str, Any] = field(default_factory=dict)


class Connection(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def send(self, parcel: Parcel) -> Answer: ...


def decoded(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
