"""Marks that people give to answers which no program can grade."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from attune.quizzes.models.attempt import AttemptQuestion
from attune.quizzes.querysets import MarkQuerySet


class Mark(models.Model):
    """What one person gave to one answer. ``points`` is a list of
    ``{"criterion": str, "points": float, "of": float}``, as the rubric was when they marked.
    """

    question = models.ForeignKey(
        AttemptQuestion,
        verbose_name=_("answer"),
        on_delete=models.CASCADE,
        related_name="marks",
    )
    marker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("marked by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    number = models.PositiveSmallIntegerField(
        _("number"),
        help_text=_("First, second, or third: the one that decides where two were far apart."),
    )
    points = models.JSONField(_("points per criterion"), default=list)
    share = models.FloatField(_("share"), help_text=_("Of the full marks, from 0 to 1."))
    comment = models.TextField(_("comment to the learner"), blank=True, max_length=2000)
    marked_at = models.DateTimeField(_("marked at"))

    objects = MarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        ordering = ["question", "number"]
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="mark_number_once"),
            models.UniqueConstraint(fields=["question", "marker"], name="mark_once_by_marker"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=3), name="mark_first_to_third"
            ),
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=1), name="mark_share_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question} · {self.number}"

    def says(self, points: list[dict[str, Any]], comment: str) -> bool:
        """Whether it is this very mark: a second click changes nothing."""
        return bool(self.points == points) and self.comment == comment
