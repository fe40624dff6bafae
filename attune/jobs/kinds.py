"""Kinds of job: what higher floors declare here, in their ``apps.py``, without being known.

A kind works in **steps**. Each step is one transaction in which its deed and the place to
go on from are written together, so that a kill loses one step at most and repeats none. A
kind that must be all or nothing has a single step, and does beforehand, outside of any
transaction, in ``prepare``, what can be done without writing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from attune.jobs.models import Job


class JobFailed(Exception):
    """The job cannot be done. The message is for the person who asked."""


class Cancelled(Exception):
    """Somebody asked for an end; raised from :meth:`Work.tell`."""


class Work(Protocol):
    """What a handler is given."""

    job: Job
    prepared: Any
    """What ``prepare`` returned; None for a kind without."""

    def tell(self, done: int, total: int, words: str = "") -> None:
        """Say how far it is, as often as one likes; it is written about once a second.

        :raises Cancelled: somebody asked for an end. Let it pass: the step is taken back.
        """


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step did. ``cursor`` is where the next one begins: any JSON value."""

    cursor: Any = None
    done: int = 0
    total: int = 0
    words: str = ""
    finished: bool = False
    result: dict[str, Any] | None = None
    rows: Sequence[Any] = ()
    """More of the result, kept beside it piece by piece: JSON values."""
    errors: Sequence[Sequence[str]] = ()
    """Where, what, why: offered as a table to whoever asked."""


Step = Callable[[Work, Any], Progress]
Prepare = Callable[[Work], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job. ``name`` begins with the label of the app that declares it."""

    name: str
    label: Any
    step: Step
    prepare: Prepare | None = None
    page: Callable[[Job], str] | None = None
    """The address where the result is used; it asks by itself who may open it."""
    keeps: timedelta = timedelta(days=30)
    """How long a finished job is kept."""
    can_cancel: bool = True


@dataclass
class Registry:
    kinds: dict[str, Kind] = field(default_factory=dict)

    def add(self, *kinds: Kind) -> None:
        """Declaring the same kind twice is a mistake, unless it is the very same."""
        for kind in kinds:
            if self.kinds.setdefault(kind.name, kind) is not kind:
                raise ValueError(f"There are two kinds of job called {kind.name!r}.")

    def get(self, name: str) -> Kind | None:
        return self.kinds.get(name)


registry = Registry()
