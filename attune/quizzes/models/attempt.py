"""Attempts: what was asked, as it was asked, and what was answered.

An attempt refers to the quiz and its questions by translation key and rests on frozen
definitions, so that neither an edit nor a translation alters what was answered.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from attune.curriculum.models import FrozenContent
from attune.enrolments.models import Enrolment
from attune.people.models import Person
from attune.quizzes.models.quiz import QuizPage
from attune.quizzes.querysets import AttemptQuestionQuerySet, QuizAttemptQuerySet
from attune.quizzes.questions import Item, item_for

GRACE = timedelta(seconds=30)
"""For what was sent in time and came late: a slow line, a server that was busy."""


class QuizAttempt(models.Model):
    """One try at a quiz, in one language, counted within the cycle of its module."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        AWAITING = "awaiting", _("Awaiting marking")
        HANDED_IN = "handed_in", _("Handed in")

    class ClosedBy(models.TextChoices):
        LEARNER = "learner", _("The learner")
        CLOCK = "clock", _("The time limit")
        ROUND = "round", _("A new round of the module")

    deed = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="quiz_attempts"
    )
    quiz_key = models.UUIDField(_("quiz’s translation key"))
    unit = models.ForeignKey(
        QuizPage,
        verbose_name=_("quiz"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="attempts",
        help_text=_("The page as it was opened, in that language. The key is what counts."),
    )
    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("earned through"),
        on_delete=models.PROTECT,
        related_name="quiz_attempts",
    )
    cycle = models.PositiveSmallIntegerField(_("cycle"), default=1)
    number = models.PositiveSmallIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    language = models.CharField(_("language"), max_length=12)
    # What the learner was told when it began; a later change of the quiz leaves it alone.
    pass_mark = models.PositiveSmallIntegerField(_("pass mark in percent"))
    started_at = models.DateTimeField(_("started at"))
    due_at = models.DateTimeField(
        _("time is up at"),
        null=True,
        blank=True,
        help_text=_("By the server’s clock, extra time included, grace not."),
    )
    closed_by = models.CharField(
        _("closed by"), max_length=10, choices=ClosedBy, default=ClosedBy.LEARNER
    )
    handed_in_at = models.DateTimeField(_("handed in at"), null=True, blank=True)
    # Told to the markers when it was handed in; a later change of the quiz leaves it alone.
    second_marker = models.BooleanField(_("second marker"), default=False)
    marking_due_at = models.DateTimeField(_("to be marked until"), null=True, blank=True)
    settled_at = models.DateTimeField(
        _("marked at"), null=True, blank=True, help_text=_("When the last needed mark was given.")
    )
    told_at = models.DateTimeField(
        _("learner told at"), null=True, blank=True, help_text=_("That the marked result is there.")
    )
    raw = models.FloatField(_("points"), null=True, blank=True)
    maximum = models.FloatField(_("points possible"), null=True, blank=True)
    scaled = models.FloatField(
        _("share"), null=True, blank=True, help_text=_("Points of those possible, from 0 to 1.")
    )
    passed = models.BooleanField(_("passed"), null=True)

    objects = QuizAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["-cycle", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "quiz_key", "cycle", "number"], name="attempt_number_once"
            ),
            models.UniqueConstraint(
                fields=["person", "quiz_key", "cycle"],
                condition=Q(state="open"),
                name="attempt_one_open",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="open",
                    handed_in_at__isnull=True,
                    raw__isnull=True,
                    scaled__isnull=True,
                    passed__isnull=True,
                )
                | Q(
                    state="awaiting",
                    handed_in_at__isnull=False,
                    raw__isnull=True,
                    scaled__isnull=True,
                    passed__isnull=True,
                )
                | Q(
                    state="handed_in",
                    handed_in_at__isnull=False,
                    raw__isnull=False,
                    maximum__isnull=False,
                    scaled__isnull=False,
                    passed__isnull=False,
                ),
                name="attempt_handed_in_has_result",
            ),
            models.CheckConstraint(
                condition=Q(raw__isnull=True) | Q(raw__gte=0, raw__lte=F("maximum")),
                name="attempt_points_within_possible",
            ),
            models.CheckConstraint(
                condition=Q(scaled__isnull=True) | Q(scaled__gte=0, scaled__lte=1),
                name="attempt_scaled_is_a_share",
            ),
            models.CheckConstraint(
                condition=~Q(passed=True) | Q(raw__gt=0), name="attempt_zero_never_passes"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, cycle__gte=1), name="attempt_counts_from_one"
            ),
        ]
        indexes = [
            models.Index(fields=["quiz_key", "state"], name="attempt_by_quiz"),
            # What the sweep asks for every minute.
            models.Index(fields=["due_at"], condition=Q(state="open"), name="attempt_open_by_due"),
            models.Index(
                fields=["settled_at"],
                condition=Q(settled_at__isnull=False, told_at__isnull=True),
                name="attempt_to_be_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.unit or self.quiz_key} · {self.number}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_awaiting(self) -> bool:
        return self.state == self.State.AWAITING

    def is_over(self, now: datetime) -> bool:
        """Its time is up. What is on its way within ``GRACE`` is still taken."""
        return self.due_at is not None and now > self.due_at + GRACE

    @property
    def duration(self) -> timedelta | None:
        return None if self.handed_in_at is None else self.handed_in_at - self.started_at

    @property
    def percent(self) -> int | None:
        """The result in whole percent, never rounded up to a mark that was missed."""
        return None if self.scaled is None else int(self.scaled * 100 + 1e-9)


class AttemptQuestion(models.Model):
    """A question as an attempt shows it, with the answer as last saved."""

    attempt = models.ForeignKey(
        QuizAttempt,
        verbose_name=_("attempt"),
        on_delete=models.CASCADE,
        related_name="questions",
    )
    position = models.PositiveSmallIntegerField(_("position"))
    section = models.CharField(_("section"), max_length=150, blank=True)
    question_key = models.UUIDField(_("question’s translation key"), db_index=True)
    frozen = models.ForeignKey(
        FrozenContent,
        verbose_name=_("as it was"),
        on_delete=models.PROTECT,
        related_name="attempt_questions",
    )
    option_order = models.JSONField(_("order of options"), default=list, blank=True)
    weight = models.PositiveSmallIntegerField(_("points possible"), default=1)
    response = models.JSONField(_("answer"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    sequence = models.PositiveBigIntegerField(
        _("sequence"), default=0, help_text=_("Of the last save; an earlier one is not taken.")
    )
    saves = models.PositiveIntegerField(_("saves"), default=0)
    flagged = models.BooleanField(_("flagged for later"), default=False)
    shown_at = models.DateTimeField(
        _("answer shown at"),
        null=True,
        blank=True,
        help_text=_("From then on the answer stays as it is."),
    )
    key = models.ForeignKey(
        FrozenContent,
        verbose_name=_("graded by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="regraded_questions",
        help_text=_("The version whose key counts, where a wrong key was mended afterwards."),
    )
    raw = models.FloatField(_("points"), null=True, blank=True)
    success = models.BooleanField(_("right"), null=True)
    needs_marking = models.BooleanField(
        _("marked by a person"),
        default=False,
        help_text=_("Set when it was handed in. It waits for as long as it has no points."),
    )

    objects = AttemptQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question of an attempt")
        verbose_name_plural = _("questions of attempts")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "position"], name="attempt_question_position_once"
            ),
            models.UniqueConstraint(
                fields=["attempt", "question_key"], name="attempt_question_once"
            ),
            models.CheckConstraint(
                condition=Q(raw__isnull=True) | Q(raw__gte=0, raw__lte=F("weight")),
                name="attempt_question_points_within",
            ),
        ]
        indexes = [
            models.Index(
                fields=["attempt"],
                condition=Q(needs_marking=True, raw__isnull=True),
                name="attempt_question_to_mark",
            )
        ]

    def __str__(self) -> str:
        return f"{self.attempt} · {self.position}"

    @property
    def is_answered(self) -> bool:
        return self.response is not None

    @property
    def item(self) -> Item:
        """Who answers for the question as it was. Needs ``frozen`` to be loaded."""
        kept: Item | None = self.__dict__.get("_item")
        if kept is None:
            kept = self.__dict__["_item"] = item_for(self.frozen.body)
        return kept

    @property
    def graded_by(self) -> Item:
        """Who answers for the version whose key counts. Needs ``frozen`` and ``key``."""
        if self.key is None or self.key_id == self.frozen_id:
            return self.item
        kept: Item | None = self.__dict__.get("_graded_by")
        if kept is None:
            kept = self.__dict__["_graded_by"] = item_for(self.key.body)
        return kept

    @property
    def version_id(self) -> int:
        """Which version's key counts."""
        return int(self.key_id or self.frozen_id)

    def form(self, data: Any = None) -> Any:
        """The learner's form, bound to ``data`` where there is any."""
        item = self.item
        if item.answer_form is None:
            raise TypeError(f"{type(item).__name__} has no answer form.")
        return item.answer_form(data, item=item, order=self.option_order, response=self.response)
