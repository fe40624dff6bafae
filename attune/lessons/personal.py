"""What lessons know of a person, for the person. Nothing of it is in their own words."""

from __future__ import annotations

from collections.abc import Iterator

from attune.lessons.models import SelfCheckAnswer
from attune.people.erasing.exporting import rows_of
from attune.people.hooks import Part
from attune.people.models import Person


def parts(person: Person) -> Iterator[Part]:
    answers = SelfCheckAnswer.objects.filter(progress__person=person)
    yield Part("self-check-answers", rows_of(answers, "progress__unit__title"))
