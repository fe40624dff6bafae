"""Where higher floors add what people must know of them. Filled in their ``apps.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attune.people.models import Person

trainer_permissions: list[str] = ["wagtailadmin.access_admin"]
"""``app_label.codename`` of every model permission that a trainer needs."""

reader_permissions: list[str] = ["wagtailadmin.access_admin"]
"""``app_label.codename`` of every model permission that HR and managers need."""

person_links: list[Callable[[Any, Person], tuple[str, str] | None]] = []
"""``handler(user, person)``: words and address of a screen about the person, for that user;
None where it is not theirs. Shown on the person's page to whoever may see it."""

person_merged: list[Callable[[Person, Person], None]] = []
"""``handler(gone, kept)``: an invited person turned out to be somebody with an account.

Handlers move what they hold of ``gone`` to ``kept``, inside the same transaction. ``gone``
never signed in, so it can have been assigned something but cannot have done anything; it is
deleted afterwards unless something still points at it.
"""

jobs_followed: list[Callable[[Sequence[int], date, datetime], int]] = []
"""``handler(person_ids, day, now)``: bring what these people owe to what their jobs of that day
allow; the number of changes. Called within the transaction that changed jobs, for some
hundred people at a time, and every night for everybody who has an account. Idempotent.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of what is known of a person: rows with the same keys, under a name.

    ``name`` is a file's name without its ending; values are what JSON can hold, or days and
    moments. ``private`` is what nobody but the person reads here: HR does not get it by an
    export either, only the administrator does, who answers for it.
    """

    name: str
    rows: Iterable[dict[str, Any]]
    private: bool = False


person_parts: list[Callable[[Person], Iterable[Part]]] = []
"""``handler(person)``: everything that a package knows of the person, for the person."""

person_erased: list[Callable[[Person], dict[str, int]]] = []
"""``handler(tombstone)``: somebody was erased, and records that have to stay hang at
``tombstone`` by now. Take out whatever the person wrote or others wrote about them; numbers of
rows by kind. Called inside the transaction that erases.

Which rows stay is said by their key to the person: ``PROTECT`` keeps them for the tombstone,
``CASCADE`` lets them go.
"""

places_changed: list[Callable[[Sequence[int], datetime], None]] = []
"""``handler(person_ids, now)``: these people's jobs, roles, locations or teams have changed.

Called once a deed, after all of its rows are written, inside the same transaction. For many
people the handlers put off what takes long. Idempotent.
"""
