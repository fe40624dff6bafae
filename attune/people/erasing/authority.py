"""Who may take out everything about a person, and erase them."""

from __future__ import annotations

from typing import Any

from attune.people.access import reach_of
from attune.people.models import Organisation, Person
from attune.people.services.authority import NotAllowed


def may_erase(*, person: Person, by: Any) -> bool:
    """The administrator, and HR of the only vendor that the person ever worked for.

    Nobody erases themself, an administrator, or what is erased already. Whoever also works
    or worked elsewhere is the administrator's to erase: others have a stake in the records.
    """
    if person.erased_at is not None or (person.user is not None and person.user.is_superuser):
        return False
    if by is None:
        return True
    reach = reach_of(by)
    if person.pk == reach.person_id:
        return False
    if reach.everything:
        return True
    employers = set(person.memberships.values_list("organisation", "organisation__kind"))
    return (
        len(employers) == 1
        and {kind for _pk, kind in employers} == {Organisation.Kind.VENDOR}
        and {pk for pk, _kind in employers} <= reach.manages
    )


def require_eraser(*, person: Person, by: Any) -> None:
    if not may_erase(person=person, by=by):
        raise NotAllowed("This person’s data is not yours to take out or to erase.")
