"""Word to higher floors that people work elsewhere, or as something else, from now on."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from attune.people import hooks


def places_changed(*person_ids: int, now: datetime | None = None) -> None:
    """Call it when every row of the deed is written, inside its transaction."""
    for handler in hooks.places_changed:
        handler(person_ids, now or timezone.now())
