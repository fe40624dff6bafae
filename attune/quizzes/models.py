"""A quiz, its questions in order, and the attempts at it.

Question types live in ``questions``. An attempt refers to the quiz and its questions by
translation key and rests on frozen definitions, so that neither an edit nor a translation
alters what was answered. Writes happen in ``services``.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Orderable, TranslatableMixin
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField, TranslatableField

from attune.curriculum.models import PROSE_FEATURES, FrozenContent, LearningUnitPage
from attune.enrolments.models import Enrolment
from attune.people.models import Person
from attune.quizzes.forms import QuizPageForm
from attune.quizzes.querysets import AttemptQuestionQuerySet, QuizAttemptQuerySet
from attune.quizzes.question_log import QuestionLogEntry
from attune.quizzes.questions import Item, Question, QuestionTag, item_for

__all__ = [
    "AttemptQuestion",
    "FeedbackPolicy",
    "Question",
    "QuestionLogEntry",
    "QuestionTag",
    "QuizAttempt",
    "QuizPage",
    "QuizQuestion",
]


class FeedbackPolicy(models.TextChoices):
    """When the right answers and the explanations are shown."""

    AT_END = "at_end", _("After each attempt")
    AFTER_LAST_ATTEMPT = "after_last_attempt", _("After passing, or after the last attempt")
    NEVER = "never", _("Never, only the score")


class QuizPage(LearningUnitPage):
    """Complete when an attempt reaches the pass mark."""

    template = "attune_quizzes/quiz_page.html"
    base_form_class = QuizPageForm
    unit_kind: ClassVar[str] = "quiz"
    feedback_policies = FeedbackPolicy
    parent_page_types: ClassVar[list[str]] = ["attune_curriculum.ModulePage"]
    subpage_types: ClassVar[list[str]] = []

    introduction = RichTextField(_("introduction"), features=PROSE_FEATURES, blank=True)
    pass_mark = models.PositiveSmallIntegerField(
        _("pass mark in percent"),
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    attempts_allowed = models.PositiveSmallIntegerField(
        _("attempts"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("Empty: as many as it takes."),
    )
    shuffle_options = models.BooleanField(
        _("shuffle options"),
        default=True,
        help_text=_("Each attempt shows the options in an order of its own."),
    )
    feedback = models.CharField(
        _("answers and explanations are shown"),
        max_length=30,
        choices=FeedbackPolicy,
        default=FeedbackPolicy.AT_END,
    )

    content_panels = [
        *LearningUnitPage.unit_panels,
        FieldPanel("introduction"),
        MultiFieldPanel(
            [
                FieldPanel("pass_mark"),
                FieldPanel("attempts_allowed"),
                FieldPanel("shuffle_options"),
                FieldPanel("feedback"),
            ],
            heading=_("Rules"),
        ),
        InlinePanel("quiz_questions", label=_("question"), heading=_("Questions, in order")),
    ]
    search_fields = [*LearningUnitPage.search_fields, index.SearchField("introduction")]
    translatable_fields = [
        *LearningUnitPage.unit_translatable_fields,
        TranslatableField("introduction"),
        TranslatableField("quiz_questions"),
        SynchronizedField("pass_mark", overridable=False),
        SynchronizedField("attempts_allowed", overridable=False),
        SynchronizedField("shuffle_options", overridable=False),
        SynchronizedField("feedback", overridable=False),
    ]

    class Meta:
        verbose_name = _("quiz")
        verbose_name_plural = _("quizzes")

    def completion_rule(self) -> str:
        words = [
            gettext("Reach %(mark)d %% of the points in one attempt.") % {"mark": self.pass_mark}
        ]
        if self.attempts_allowed is not None:
            words.append(
                ngettext(
                    "You have %(count)d attempt.",
                    "You have %(count)d attempts.",
                    self.attempts_allowed,
                )
                % {"count": self.attempts_allowed}
            )
        words.append(gettext("Your best result counts."))
        return " ".join(words)


class QuizQuestion(TranslatableMixin, Orderable):
    """A question's place in a quiz. Translatable itself: each language has its own question."""

    page = ParentalKey(QuizPage, on_delete=models.CASCADE, related_name="quiz_questions")
    question = models.ForeignKey(
        Question,
        verbose_name=_("question"),
        on_delete=models.PROTECT,
        related_name="quiz_rows",
    )
    weight = models.PositiveSmallIntegerField(
        _("points"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )

    panels = [FieldPanel("question"), FieldPanel("weight")]
    translatable_fields = [
        TranslatableField("question"),
        SynchronizedField("weight", overridable=False),
    ]

    class Meta(Orderable.Meta):
        verbose_name = _("question in a quiz")
        verbose_name_plural = _("questions in a quiz")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="quiz_question_once_per_language"
            ),
            models.CheckConstraint(condition=Q(weight__gte=1), name="quiz_question_has_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.page} · {self.question}"


class QuizAttempt(models.Model):
    """One try at a quiz, in one language, counted within the cycle of its module."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        HANDED_IN = "handed_in", _("Handed in")

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
    handed_in_at = models.DateTimeField(_("handed in at"), null=True, blank=True)
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
        indexes = [models.Index(fields=["quiz_key", "state"], name="attempt_by_quiz")]

    def __str__(self) -> str:
        return f"{self.person} · {self.unit or self.quiz_key} · {self.number}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

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
    raw = models.FloatField(_("points"), null=True, blank=True)
    success = models.BooleanField(_("right"), null=True)

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

    def form(self, data: Any = None) -> Any:
        """The learner's form, bound to ``data`` where there is any."""
        item = self.item
        if item.answer_form is None:
            raise TypeError(f"{type(item).__name__} has no answer form.")
        return item.answer_form(data, item=item, order=self.option_order, response=self.response)
