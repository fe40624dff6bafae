"""What cases know of a person, for the person; and what goes when they are erased."""

from __future__ import annotations

from collections.abc import Iterator

from attune.case_studies.models import CaseAttempt, CaseDecision, Reflection
from attune.people.erasing.exporting import rows_of
from attune.people.hooks import Part
from attune.people.models import Person


def parts(person: Person) -> Iterator[Part]:
    yield Part("case-attempts", rows_of(CaseAttempt.objects.filter(person=person), "unit__title"))
    yield Part("case-decisions", rows_of(CaseDecision.objects.filter(attempt__person=person)))
    reflections = Reflection.objects.filter(progress__person=person)
    # Private, or shared with team and trainers: never with HR.
    yield Part("reflections", rows_of(reflections), private=True)


def erased(tombstone: Person) -> dict[str, int]:
    """Choices are keys of the case and stay; what somebody wrote in their own words goes."""
    return {"reflections": Reflection.objects.filter(progress__person=tombstone).delete()[0]}
