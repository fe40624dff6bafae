"""Attempts at a case: where a learner stands, and every decision on the way there.

An attempt refers to its case by translation key and rests on a frozen graph, so that neither an
edit nor a translation moves the ground under somebody who is half-way through.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from attune.case_studies.models.case import CaseStudyPage
from attune.case_studies.querysets import CaseAttemptQuerySet, CaseDecisionQuerySet
from attune.curriculum.models import FrozenContent
from attune.enrolments.models import Enrolment
from attune.people.models import Person


class CaseAttempt(models.Model):
    """One way through a case, in one language, counted within the cycle of its module."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        FINISHED = "finished", _("Finished")

    deed = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="case_attempts"
    )
    case_key = models.UUIDField(_("case’s translation key"))
    unit = models.ForeignKey(
        CaseStudyPage,
        verbose_name=_("case study"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="attempts",
        help_text=_("The page as it was opened, in that language. The key is what counts."),
    )
    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("earned through"),
        on_delete=models.PROTECT,
        related_name="case_attempts",
    )
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    number = models.PositiveSmallIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    language = models.CharField(_("language"), max_length=12)
    frozen = models.ForeignKey(
        FrozenContent,
        verbose_name=_("as it was"),
        on_delete=models.PROTECT,
        related_name="case_attempts",
    )
    place = models.CharField(
        _("place"), max_length=60, help_text=_("Key of the scene or the ending that was reached.")
    )
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    ending_key = models.CharField(_("ending"), max_length=60, blank=True)
    score = models.PositiveSmallIntegerField(
        _("score"), null=True, blank=True, help_text=_("Of 100.")
    )
    passed = models.BooleanField(_("passed"), null=True)
    competencies = models.JSONField(
        _("competencies"),
        default=dict,
        blank=True,
        help_text=_("By name: earned, lowest and highest possible points, and the share of them."),
    )
    replay_of = models.ForeignKey(
        "self",
        verbose_name=_("tried again from"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replays",
    )
    replay_position = models.PositiveSmallIntegerField(
        _("from the decision"),
        null=True,
        blank=True,
        help_text=_("The first decision that is taken anew; those before it are repeated."),
    )

    objects = CaseAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt at a case")
        verbose_name_plural = _("attempts at cases")
        ordering = ["-cycle", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "case_key", "cycle", "number"], name="case_attempt_number_once"
            ),
            models.UniqueConstraint(
                fields=["person", "case_key", "cycle"],
                condition=Q(state="open"),
                name="case_attempt_one_open",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="open",
                    finished_at__isnull=True,
                    ending_key="",
                    score__isnull=True,
                    passed__isnull=True,
                )
                | (
                    Q(
                        state="finished",
                        finished_at__isnull=False,
                        score__isnull=False,
                        passed__isnull=False,
                    )
                    & ~Q(ending_key="")
                ),
                name="case_attempt_finished_has_result",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=100),
                name="case_attempt_score_of_hundred",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, cycle__gte=1), name="case_attempt_counts_from_one"
            ),
            models.CheckConstraint(condition=~Q(place=""), name="case_attempt_is_somewhere"),
            models.CheckConstraint(
                condition=Q(replay_of__isnull=True)
                | Q(replay_position__isnull=False, replay_position__gte=1),
                name="case_attempt_replay_says_from_where",
            ),
        ]
        indexes = [models.Index(fields=["case_key", "state"], name="case_attempt_by_case")]

    def __str__(self) -> str:
        return f"{self.person} · {self.unit or self.case_key} · {self.number}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def duration(self) -> timedelta | None:
        return None if self.finished_at is None else self.finished_at - self.started_at


class CaseDecision(models.Model):
    """One choice on the path of an attempt. Never changed, never taken back."""

    attempt = models.ForeignKey(
        CaseAttempt, verbose_name=_("attempt"), on_delete=models.CASCADE, related_name="decisions"
    )
    position = models.PositiveSmallIntegerField(_("position"), help_text=_("Counted from 1."))
    scene_key = models.CharField(_("scene"), max_length=60)
    choice_key = models.CharField(_("choice"), max_length=60)
    offered = models.JSONField(_("offered"), default=list)
    before = models.JSONField(_("meters before"), default=dict, blank=True)
    after = models.JSONField(_("meters after"), default=dict, blank=True)
    shown_at = models.DateTimeField(_("shown at"))
    decided_at = models.DateTimeField(_("decided at"))
    seconds = models.FloatField(_("seconds"))
    repeated = models.BooleanField(
        _("repeated"),
        default=False,
        help_text=_("Brought along from an earlier attempt, not decided anew."),
    )

    objects = CaseDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "position"], name="case_decision_position_once"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1), name="case_decision_counts_from_one"
            ),
            models.CheckConstraint(condition=Q(seconds__gte=0), name="case_decision_takes_time"),
            models.CheckConstraint(
                condition=~Q(scene_key="") & ~Q(choice_key=""), name="case_decision_says_what"
            ),
        ]
        indexes = [models.Index(fields=["scene_key", "choice_key"], name="case_decision_by_choice")]

    def __str__(self) -> str:
        return f"{self.attempt} · {self.position}: {self.scene_key}/{self.choice_key}"
