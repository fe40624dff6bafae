"""One person's writes follow each other: two tabs, a double click, a sweep beside a hand-in."""

from __future__ import annotations

from attune.people.models import Person


def lock_person(person_id: int) -> None:
    """Hold the person's row until the transaction ends.

    ``no_key``: rows that point at the person can still be inserted by others meanwhile.
    SQLite ignores it, since its transactions take turns anyway.
    """
    Person.objects.select_for_update(no_key=True).values_list("pk").get(pk=person_id)
