"""Who may write: asked by every service before it touches a row."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied

from attune.people.access import can_manage_people_of
from attune.people.models import Organisation, Person


class NotAllowed(PermissionDenied):
    """The user asked for a change in an organisation that is not theirs to manage."""


def require_manager(*, by: Any, organisation: Organisation | int) -> None:
    """Refuse ``by`` unless they manage the organisation. None is the site itself."""
    pk = organisation if isinstance(organisation, int) else organisation.pk
    if by is not None and not can_manage_people_of(by, pk):
        raise NotAllowed("This organisation is not yours to manage.")


def require_administrator(*, by: Any) -> None:
    if by is not None and not (by.is_active and by.is_superuser):
        raise NotAllowed("Only the administrator may do this.")


def lock_person(person: Person) -> Person:
    """Hold the person's row until the transaction ends; the row as it is now.

    Everything about one person's jobs and teams takes turns on it, which is what keeps
    dated rows from overlapping. ``no_key``: rows that point at the person can still be
    inserted by others meanwhile.
    """
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)
