"""Querysets of attempts at cases. Results are visible by result: through their enrolment."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

from django.db import models

from attune.people.access import counted_within, results_within


class CaseAttemptQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(
            results_within(user, engagement="enrolment__engagement", person="person")
        )

    def countable_by(self, user: Any) -> Self:
        """Attempts that may be counted for the user, in figures that name nobody."""
        return self.filter(counted_within(user, engagement="enrolment__engagement"))

    def at(self, *, person_id: int, case_key: UUID, cycle: int) -> Self:
        """One person's attempts at one case, in one cycle."""
        return self.filter(person=person_id, case_key=case_key, cycle=cycle)

    def open(self) -> Self:
        return self.filter(state="open")

    def finished(self) -> Self:
        return self.filter(state="finished")


class CaseDecisionQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(
            results_within(
                user,
                engagement="attempt__enrolment__engagement",
                person="attempt__person",
            )
        )

    def countable_by(self, user: Any) -> Self:
        """Decisions that may be counted for the user, in figures that name nobody."""
        return self.filter(counted_within(user, engagement="attempt__enrolment__engagement"))

    def taken(self) -> Self:
        """Decided by somebody; what a later try brought along from an earlier one is not."""
        return self.filter(repeated=False)
