"""Querysets of attempts. Results are visible by result: through the enrolment they count for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from attune.curriculum.models import ClientHomePage
from attune.enrolments.models import ModuleEvidence, UnitProgress
from attune.enrolments.states import State
from attune.people.access import counted_within, knows_keys_of, reach_of, results_within
from attune.people.models import Person


class QuizAttemptQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(
            results_within(user, engagement="enrolment__engagement", person="person")
        )

    def countable_by(self, user: Any) -> Self:
        """Attempts that may be counted for the user, in figures that name nobody."""
        return self.concluded().filter(counted_within(user, engagement="enrolment__engagement"))

    def with_key_known_to(self, user: Any) -> Self:
        """Those of clients whose right answers the user may read."""
        clients = knows_keys_of(user)
        if clients is None:
            return self
        return self.filter(enrolment__engagement__client__in=clients)

    def at(self, *, person_id: int, quiz_key: UUID, cycle: int) -> Self:
        """One person's attempts at one quiz, in one cycle."""
        return self.filter(person=person_id, quiz_key=quiz_key, cycle=cycle)

    def open(self) -> Self:
        return self.filter(state="open")

    def handed_in(self) -> Self:
        return self.filter(state="handed_in")

    def to_be_told(self, *, since: datetime) -> Self:
        """Marked since then, and their learners do not know yet."""
        return self.handed_in().filter(settled_at__gte=since, told_at__isnull=True)

    def exhausted(self) -> Self:
        """The last attempt of everybody who may not try again and has not passed.

        In the newest round of the module alone. A trainer may have lowered the number of
        attempts since, so the stored state is not all that is asked.
        """
        rows = self.model._default_manager
        here = {
            "person": OuterRef("person"),
            "quiz_key": OuterRef("quiz_key"),
            "cycle": OuterRef("cycle"),
        }
        progress = UnitProgress.objects.filter(
            person=OuterRef("person"), unit_key=OuterRef("quiz_key"), cycle=OuterRef("cycle")
        )
        grants = (
            self.model._meta.apps.get_model("attune_quizzes", "AttemptGrant")
            .objects.filter(**here)
            .order_by()
            .values("quiz_key")
            .annotate(count=Count("pk"))
            .values("count")
        )
        later_round = ModuleEvidence.objects.filter(
            person=OuterRef("person"),
            module_key=OuterRef("module_key"),
            cycle__gt=OuterRef("cycle"),
        )
        return (
            self.handed_in()
            .annotate(
                granted=Coalesce(Subquery(grants), 0),
                module_key=Subquery(progress.values("module_key")[:1]),
            )
            .filter(
                ~Exists(rows.filter(**here, number__gt=OuterRef("number"))),
                ~Exists(later_round),
                Exists(progress.exclude(state=State.COMPLETED)),
                Exists(progress.filter(state=State.ATTEMPTS_EXHAUSTED))
                | Q(number__gte=F("unit__attempts_allowed") + F("granted")),
            )
            .exclude(enrolment__state__in=[State.WITHDRAWN, State.EXEMPT])
        )

    def grantable_by(self, user: Any) -> Self:
        """Attempts after which the user may give another: HR of either side of the engagement,
        and trainers of its client. Never one's own."""
        reach = reach_of(user)
        others = self if reach.person_id is None else self.exclude(person=reach.person_id)
        if reach.everything:
            return others
        return others.filter(
            Q(enrolment__engagement__client__in=reach.manages | reach.authors_for)
            | Q(enrolment__engagement__vendor__in=reach.manages)
        )

    def concluded(self) -> Self:
        """Ended by the learner or the clock, whether or not an answer still waits for its mark.

        Not those that lay open until a new round closed them: nobody worked at them to the end.
        """
        return self.filter(state__in=("handed_in", "awaiting")).exclude(closed_by="round")


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

    def awaiting_marks(self) -> Self:
        """Handed in, and without the marks that they need."""
        return self.filter(needs_marking=True, raw__isnull=True, attempt__state="awaiting")

    def markable_by(self, user: Any) -> Self:
        """Answers that the user may read as a marker, marked already or not.

        Trainers of the client whose quiz it is; in shared modules (and where the quiz is gone)
        trainers of the client in whose engagement it was answered. Nobody marks their own.
        """
        reach = reach_of(user)
        rows = self.filter(needs_marking=True)
        if reach.person_id is not None:
            rows = rows.exclude(attempt__person=reach.person_id)
        if reach.everything:
            return rows
        if not reach.authors_for:
            return rows.none()
        homes = ClientHomePage.objects.annotate(
            quiz_path=models.ExpressionWrapper(
                OuterRef("attempt__unit__path"), output_field=models.CharField()
            )
        ).filter(quiz_path__startswith=F("path"))
        return rows.filter(
            Exists(homes.filter(organisation__in=reach.authors_for))
            | (~Exists(homes) & Q(attempt__enrolment__engagement__client__in=reach.authors_for))
        )


class MarkQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Marks of results that the user may see. What a marker may see: ``markable_by``."""
        return self.filter(
            results_within(
                user,
                engagement="question__attempt__enrolment__engagement",
                person="question__attempt__person",
            )
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """How many attempts somebody was given, and the number of the one before the last of them."""

    count: int = 0
    after: int = 0


class AttemptGrantQuerySet(models.QuerySet[Any]):
    def so_far(self) -> Granted:
        found = self.order_by().aggregate(count=Count("pk"), after=Max("after_number"))
        return Granted(count=found["count"], after=found["after"] or 0)

    def visible_to(self, user: Any) -> Self:
        return self.filter(
            results_within(user, engagement="enrolment__engagement", person="person")
        )

    def at(self, *, person_id: int, quiz_key: UUID, cycle: int) -> Self:
        return self.filter(person=person_id, quiz_key=quiz_key, cycle=cycle)


class ExtraTimeQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """For whoever manages the person: what a body needs is nobody else's business."""
        return self.filter(person__in=Person.objects.manageable_by(user))


class RegradeQuerySet(models.QuerySet[Any]):
    def editable_by(self, user: Any) -> Self:
        """Regrades of the banks that the user writes for; of the shared one the administrator's."""
        reach = reach_of(user)
        return self if reach.everything else self.filter(owner__in=reach.authors_for)

    def unfinished(self) -> Self:
        return self.filter(finished_at__isnull=True)


class RegradeRowQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        """Rows whose learner the user may see: results are visible by result."""
        return self.filter(
            results_within(
                user, engagement="attempt__enrolment__engagement", person="attempt__person"
            )
        )
