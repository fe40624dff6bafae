"""What somebody was given beyond the rules of a quiz: another attempt, more time."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from attune.enrolments.models import Enrolment
from attune.people.models import Person
from attune.quizzes.models.quiz import QuizPage
from attune.quizzes.querysets import AttemptGrantQuerySet, ExtraTimeQuerySet


class Concession(models.Model):
    """What all of these remember: who gave it, and when."""

    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("granted by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    granted_at = models.DateTimeField(_("granted at"))

    class Meta:
        abstract = True


class AttemptGrant(Concession):
    """One more attempt at a quiz, in one cycle, with who gave it and why. Never changed."""

    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="attempt_grants"
    )
    quiz_key = models.UUIDField(_("quiz’s translation key"))
    unit = models.ForeignKey(
        QuizPage,
        verbose_name=_("quiz"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="attempt_grants",
    )
    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("given for"),
        on_delete=models.PROTECT,
        related_name="attempt_grants",
    )
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    after_number = models.PositiveSmallIntegerField(
        _("after attempt"),
        default=0,
        help_text=_("Where only the first result counts, that of the next attempt does then."),
    )
    reason = models.CharField(_("reason"), max_length=300)

    objects = AttemptGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("granted attempt")
        verbose_name_plural = _("granted attempts")
        ordering = ["granted_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="attempt_grant_has_a_reason")
        ]
        indexes = [
            models.Index(fields=["person", "quiz_key", "cycle"], name="attempt_grant_by_person")
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.unit or self.quiz_key}"


class ExtraTime(Concession):
    """More time in every timed quiz, for one person. The reason stays with HR.

    Attempts that are open keep the time that they were begun with.
    """

    person = models.OneToOneField(
        Person, verbose_name=_("person"), on_delete=models.CASCADE, related_name="extra_time"
    )
    percent = models.PositiveSmallIntegerField(
        _("extra time in percent"),
        validators=[MinValueValidator(5), MaxValueValidator(300)],
        help_text=_("50 makes thirty minutes forty-five."),
    )

    objects = ExtraTimeQuerySet.as_manager()

    class Meta:
        verbose_name = _("extra time")
        verbose_name_plural = _("extra time")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=5, percent__lte=300), name="extra_time_within_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.percent} %"
