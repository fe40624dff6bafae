"""One person's writes follow each other: two tabs, a double click, a sweep beside a hand-in."""

from __future__ import annotations

from collections.abc import Iterable

from attune.people.models import Person


def lock_person(person_id: int) -> None:
    """Hold the person's row until the transaction ends.

    ``no_key``: rows that point at the person can still be inserted by others meanwhile.
    SQLite ignores it, since its transactions take turns anyway.
    """
    Person.objects.select_for_update(no_key=True).values_list("pk").get(pk=person_id)


def lock_people(person_ids: Iterable[int]) -> None:
    """The same for many, always in the same order, so that two jobs never wait for each other."""
    list(
        Person.objects.select_for_update(no_key=True)
        .filter(pk__in=set(person_ids))
        .order_by("pk")
        .values_list("pk")
    )
