"""A quiz and its rows in order: fixed questions, and draws from the bank."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Orderable, TranslatableMixin
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField, TranslatableField

from attune.curriculum.models import PROSE_FEATURES, LearningUnitPage
from attune.curriculum.topics import Topic
from attune.quizzes.bank import Draw
from attune.quizzes.forms import QuizPageForm
from attune.quizzes.questions import Question
from attune.quizzes.questions.base import Difficulty

LONGEST_DRAW = 50


class FeedbackPolicy(models.TextChoices):
    """When the right answers and the explanations are shown."""

    AFTER_EACH = "after_each", _("After each question, which then stays as answered")
    AT_END = "at_end", _("After each attempt")
    AFTER_LAST_ATTEMPT = "after_last_attempt", _("After passing, or after the last attempt")
    NEVER = "never", _("Never, only the score")


class ResultPolicy(models.TextChoices):
    """Which attempt counts. A completion that was earned stays, whatever comes after it."""

    BEST = "best", _("The best")
    LAST = "last", _("The last")
    FIRST = "first", _("The first; further ones are practice")


class QuizPage(LearningUnitPage):
    """Complete when an attempt reaches the pass mark."""

    template = "attune_quizzes/quiz_page.html"
    base_form_class = QuizPageForm
    unit_kind: ClassVar[str] = "quiz"
    feedback_policies = FeedbackPolicy
    result_policies = ResultPolicy
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
    wait_minutes = models.PositiveIntegerField(
        _("minutes between attempts"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(60 * 24 * 30)],
        help_text=_("Time to read up before the next attempt. Empty: at once."),
    )
    time_limit = models.PositiveSmallIntegerField(
        _("time limit in minutes"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(600)],
        help_text=_(
            "When it is up, what was answered is handed in. People with extra time get theirs. "
            "Empty: no limit."
        ),
    )
    result_counts = models.CharField(
        _("the result that counts"),
        max_length=10,
        choices=ResultPolicy,
        default=ResultPolicy.BEST,
    )
    second_marker = models.BooleanField(
        _("second marker wanted"),
        default=False,
        help_text=_(
            "Written answers are marked by two people and get the mean. Where the two are more "
            "than a quarter of the points apart, a third person decides."
        ),
    )
    marking_days = models.PositiveSmallIntegerField(
        _("marking due within days"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("Of handing in, for answers that a person marks."),
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
                FieldPanel("wait_minutes"),
                FieldPanel("time_limit"),
                FieldPanel("result_counts"),
                FieldPanel("shuffle_options"),
                FieldPanel("feedback"),
                FieldRowPanel([FieldPanel("second_marker"), FieldPanel("marking_days")]),
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
        SynchronizedField("wait_minutes", overridable=False),
        SynchronizedField("time_limit", overridable=False),
        SynchronizedField("result_counts", overridable=False),
        SynchronizedField("second_marker", overridable=False),
        SynchronizedField("marking_days", overridable=False),
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
        if self.time_limit is not None:
            words.append(
                ngettext(
                    "You have %(count)d minute for it.",
                    "You have %(count)d minutes for it.",
                    self.time_limit,
                )
                % {"count": self.time_limit}
            )
        words.append(
            {
                ResultPolicy.LAST: gettext("Your last result counts."),
                ResultPolicy.FIRST: gettext("Your first result counts."),
            }.get(ResultPolicy(self.result_counts), gettext("Your best result counts."))
        )
        return " ".join(words)


class QuizQuestion(TranslatableMixin, Orderable):
    """A place in a quiz: one question, or so many drawn from the bank for each attempt.

    Translatable itself: each language has its own question. A draw is the same in every
    language, and takes what the bank has in the language of the attempt.
    """

    page = ParentalKey(QuizPage, on_delete=models.CASCADE, related_name="quiz_questions")
    section = models.CharField(
        _("section"),
        max_length=150,
        blank=True,
        help_text=_("A heading: a new section of the quiz begins here."),
    )
    question = models.ForeignKey(
        Question,
        verbose_name=_("question"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="quiz_rows",
    )
    draw_count = models.PositiveSmallIntegerField(
        _("or draw so many"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DRAW)],
        help_text=_(
            "Questions drawn at random for each attempt, from the own and the shared bank."
        ),
    )
    draw_tag = models.SlugField(_("with the tag"), max_length=60, blank=True, allow_unicode=True)
    draw_topic = models.CharField(
        _("on the topic"), max_length=20, choices=Topic, blank=True, default=""
    )
    draw_difficulty = models.PositiveSmallIntegerField(
        _("of the difficulty"), choices=Difficulty, null=True, blank=True
    )
    draw_unseen = models.BooleanField(
        _("draw others than in the learner’s last attempt"),
        default=True,
        help_text=_("As far as the bank has others."),
    )
    weight = models.PositiveSmallIntegerField(
        _("points"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )

    panels = [
        FieldPanel("question"),
        FieldRowPanel([FieldPanel("weight"), FieldPanel("section")]),
        FieldRowPanel(
            [
                FieldPanel("draw_count"),
                FieldPanel("draw_tag"),
                FieldPanel("draw_topic"),
                FieldPanel("draw_difficulty"),
            ]
        ),
        FieldPanel("draw_unseen"),
    ]
    translatable_fields = [
        TranslatableField("section"),
        TranslatableField("question"),
        SynchronizedField("draw_count", overridable=False),
        SynchronizedField("draw_tag", overridable=False),
        SynchronizedField("draw_topic", overridable=False),
        SynchronizedField("draw_difficulty", overridable=False),
        SynchronizedField("draw_unseen", overridable=False),
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
            models.CheckConstraint(
                condition=Q(question__isnull=False, draw_count__isnull=True)
                # A comparison with nothing is not false, so it must be said.
                | Q(question__isnull=True, draw_count__isnull=False, draw_count__gte=1),
                name="quiz_row_asks_or_draws",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.page} · {self.question or self.draw_words()}"

    @property
    def is_draw(self) -> bool:
        return self.draw_count is not None

    def draw(self) -> Draw:
        return Draw(
            count=self.draw_count or 0,
            tag=self.draw_tag,
            topic=self.draw_topic,
            difficulty=self.draw_difficulty,
        )

    def draw_words(self) -> str:
        """“3 questions, tag escalation”: a draw in the words of the editor."""
        count = self.draw_count or 0
        words = [ngettext("%(count)d question", "%(count)d questions", count) % {"count": count}]
        if self.draw_tag:
            words.append(gettext("tag %(tag)s") % {"tag": self.draw_tag})
        if self.draw_topic:
            words.append(str(Topic(self.draw_topic).label))
        if self.draw_difficulty is not None:
            words.append(str(Difficulty(self.draw_difficulty).label))
        return ", ".join(words)
