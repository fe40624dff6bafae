"""Where higher floors add what people must know of them. Filled in their ``apps.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
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

places_changed: list[Callable[[Sequence[int], datetime], None]] = []
"""``handler(person_ids, now)``: these people's jobs, roles, locations or teams have changed.

Called once a deed, after all of its rows are written, inside the same transaction. For many
people the handlers put off what takes long. Idempotent.
"""
