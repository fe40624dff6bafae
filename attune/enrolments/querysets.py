"""Querysets of what people owe and have earned. Results are visible by result."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When

from attune.enrolments.states import EXPIRY_WINDOW, LEARNABLE_STATES, OPEN_STATES, State
from attune.people.access import results_within


class EnrolmentQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(results_within(user))

    def learnable(self) -> Self:
        return self.filter(state__in=LEARNABLE_STATES)

    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def overdue(self, now: datetime) -> Self:
        return self.open().filter(due_at__lt=now)

    def latest_cycle(self) -> Self:
        """Only the newest cycle of each (person, programme, engagement)."""
        newer = self.model._default_manager.filter(
            person=models.OuterRef("person"),
            programme_key=models.OuterRef("programme_key"),
            engagement=models.OuterRef("engagement"),
            cycle__gt=models.OuterRef("cycle"),
        )
        return self.filter(~models.Exists(newer))

    def with_standing(self, now: datetime) -> Self:
        """Adds ``standing`` (a ``State`` value) and ``is_overdue``, as ``states.standing_at``."""
        done = Q(state=State.COMPLETED)
        return self.annotate(
            standing_state=Case(
                When(done & Q(expires_at__lte=now), then=Value(State.EXPIRED.value)),
                When(
                    done & Q(expires_at__lte=now + EXPIRY_WINDOW),
                    then=Value(State.EXPIRING.value),
                ),
                default=F("state"),
                output_field=models.CharField(),
            ),
            is_overdue=Case(
                When(Q(state__in=OPEN_STATES, due_at__lt=now), then=Value(True)),
                default=Value(False),
                output_field=models.BooleanField(),
            ),
        )


class ThroughEnrolmentQuerySet(models.QuerySet[Any]):
    """Rows that belong to one enrolment: visible to whoever may see that enrolment."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(
            results_within(user, engagement="enrolment__engagement", person="enrolment__person")
        )


class EvidenceQuerySet(models.QuerySet[Any]):
    """Evidence is the person's; others see it where it was earned or where it is counted."""

    def visible_to(self, user: Any) -> Self:
        earned = results_within(user, engagement="enrolment__engagement", person="person")
        counted = results_within(user, engagement="credits__enrolment__engagement", person="person")
        return self.filter(pk__in=self.model._default_manager.filter(earned | counted).values("pk"))

    def current(self) -> Self:
        """Only the newest cycle of each (person, content)."""
        newer = self.model._default_manager.filter(
            person=models.OuterRef("person"),
            module_key=models.OuterRef("module_key"),
            cycle__gt=models.OuterRef("cycle"),
        )
        return self.filter(~models.Exists(newer))
