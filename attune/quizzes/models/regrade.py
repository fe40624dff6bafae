"""A regrade: answers to one question graded again by another version of it.

The rows say what became of every answer, so that a regrade can be read years later, goes
on after a kill where it stopped, and is undone by another regrade.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from attune.curriculum.models import FrozenContent
from attune.people.models import Organisation
from attune.quizzes.models.attempt import AttemptQuestion, QuizAttempt
from attune.quizzes.querysets import RegradeQuerySet, RegradeRowQuerySet
from attune.quizzes.questions import Question
from attune.quizzes.regrading import Effect, Outcome


class Regrade(models.Model):
    """Who had which question's answers graded by which version, when and why. The audit."""

    class Target(models.TextChoices):
        PUBLISHED = "published", _("The question as it is published now")
        SHOWN = "shown", _("The question as each learner was shown it")
        VERSION = "version", _("One earlier version, for the answers in its language")

    deed = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    question_key = models.UUIDField(_("question’s translation key"), db_index=True)
    question = models.ForeignKey(
        Question,
        verbose_name=_("question"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="regrades",
    )
    title = models.CharField(_("short name"), max_length=150)
    owner = models.ForeignKey(
        Organisation,
        verbose_name=_("bank"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    target = models.CharField(_("graded by"), max_length=10, choices=Target)
    # At most one for each language; none where each answer goes back to what was shown.
    versions = models.ManyToManyField(
        FrozenContent, verbose_name=_("versions"), related_name="regrades", blank=True
    )
    keeps_completions = models.BooleanField(
        _("whoever has completed the quiz keeps that"), default=True
    )
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("asked by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    asked_at = models.DateTimeField(_("asked at"))
    total = models.PositiveIntegerField(_("answers"), default=0)
    reached = models.BigIntegerField(
        _("reached"), default=0, help_text=_("Answers up to this one are done.")
    )
    worked_at = models.DateTimeField(_("last worked at"), null=True, blank=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = RegradeQuerySet.as_manager()

    class Meta:
        verbose_name = _("regrade")
        verbose_name_plural = _("regrades")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["question_key"],
                condition=Q(finished_at__isnull=True),
                name="regrade_one_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="regrade_has_a_reason"),
        ]
        indexes = [
            # What the sweep asks for every few seconds.
            models.Index(
                fields=["asked_at"], condition=Q(finished_at__isnull=True), name="regrade_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} · {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


class RegradeRow(models.Model):
    """One answer in a regrade: by which versions, and what it was worth before and after."""

    regrade = models.ForeignKey(
        Regrade, verbose_name=_("regrade"), on_delete=models.CASCADE, related_name="rows"
    )
    attempt = models.ForeignKey(
        QuizAttempt, verbose_name=_("attempt"), on_delete=models.CASCADE, related_name="regrades"
    )
    answer = models.ForeignKey(
        AttemptQuestion, verbose_name=_("answer"), on_delete=models.CASCADE, related_name="regrades"
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    effect = models.CharField(_("effect"), max_length=10, choices=Effect, default=Effect.NONE)
    why = models.CharField(_("why"), max_length=300, blank=True)
    version_before = models.ForeignKey(
        FrozenContent, verbose_name=_("graded by"), on_delete=models.PROTECT, related_name="+"
    )
    version_after = models.ForeignKey(
        FrozenContent, verbose_name=_("graded now by"), on_delete=models.PROTECT, related_name="+"
    )
    raw_before = models.FloatField(_("points before"), null=True, blank=True)
    raw_after = models.FloatField(_("points"), null=True, blank=True)
    scaled_before = models.FloatField(_("share before"), null=True, blank=True)
    scaled_after = models.FloatField(_("share"), null=True, blank=True)
    passed_before = models.BooleanField(_("passed before"), null=True)
    passed_after = models.BooleanField(_("passed"), null=True)
    # Which statements this regrade took back and told anew: the next one takes those back.
    told_answer = models.BooleanField(_("answer told anew"), default=False)
    told_result = models.BooleanField(_("result told anew"), default=False)
    reopened = models.BooleanField(
        _("completion taken back"), default=False, help_text=_("The quiz is to be done again.")
    )

    objects = RegradeRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("regraded answer")
        verbose_name_plural = _("regraded answers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["regrade", "answer"], name="regrade_answer_once")
        ]
        indexes = [
            models.Index(fields=["regrade", "effect", "outcome"], name="regrade_row_by_effect")
        ]

    def __str__(self) -> str:
        return f"{self.attempt} · {self.get_outcome_display()}"
