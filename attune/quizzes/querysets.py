"""Querysets of attempts. Results are visible by result: through the enrolment they count for."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from django.db import models

from attune.people.access import results_within


class QuizAttemptQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(
            results_within(user, engagement="enrolment__engagement", person="person")
        )

    def at(self, *, person_id: int, quiz_key: UUID, cycle: int) -> Self:
        """One person's attempts at one quiz, in one cycle."""
        return self.filter(person=person_id, quiz_key=quiz_key, cycle=cycle)

    def open(self) -> Self:
        return self.filter(state="open")

    def handed_in(self) -> Self:
        return self.filter(state="handed_in")


class AttemptQuestionQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(
            results_within(
                user,
                engagement="attempt__enrolment__engagement",
                person="attempt__person",
            )
        )

    def answered(self) -> Self:
        return self.filter(response__isnull=False)
