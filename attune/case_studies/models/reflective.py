"""A case to read and think about: the story of an engagement, questions, and reflections.

Nothing in it is right or wrong and nothing is marked. A reflection belongs to whoever wrote it;
it is seen by others only from when they share it until they take it back.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField, TranslatableField

from attune.case_studies.models.case import CaseRow
from attune.case_studies.reflective_blocks import StoryBody
from attune.curriculum.models import LearningUnitPage
from attune.enrolments.models import UnitProgress
from attune.people.access import reach_of
from attune.people.models import TeamMembership

MAX_CHARACTERS = 6_000


class ReflectiveCasePage(LearningUnitPage):
    """Complete when the reader has written enough on each question and says that they are done."""

    template = "attune_case_studies/reflective_case_page.html"
    unit_kind: ClassVar[str] = "case"
    parent_page_types: ClassVar[list[str]] = ["attune_curriculum.ModulePage"]
    subpage_types: ClassVar[list[str]] = []

    provenance = models.CharField(
        _("where the story comes from"),
        max_length=300,
        help_text=_(
            "Shown above it: “Told by both sides in 2025, names changed” or “Invented, from many”."
        ),
    )
    story = StreamField(StoryBody(), verbose_name=_("story"), blank=True)
    least_words = models.PositiveSmallIntegerField(
        _("words on each question"),
        default=40,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text=_("As many complete the case. People may write more."),
    )

    content_panels = [
        *LearningUnitPage.unit_panels,
        FieldPanel("provenance"),
        FieldPanel("story"),
        InlinePanel(
            "questions", label=_("question"), heading=_("Questions to think about"), min_num=1
        ),
        MultiFieldPanel([FieldPanel("least_words")], heading=_("Rules")),
    ]
    search_fields = [*LearningUnitPage.search_fields, index.SearchField("story")]
    translatable_fields = [
        *LearningUnitPage.unit_translatable_fields,
        TranslatableField("provenance"),
        TranslatableField("story"),
        TranslatableField("questions"),
        SynchronizedField("least_words", overridable=False),
    ]

    class Meta:
        verbose_name = _("case study to read")
        verbose_name_plural = _("case studies to read")

    def questions_in_order(self) -> list[ReflectionQuestion]:
        """A preview's rows come in no order of the database's."""
        return sorted(self.questions.all(), key=lambda row: (row.sort_order or 0, row.pk or 0))

    def completion_rule(self) -> str:
        return ngettext(
            "Read the story, write at least %(words)d words on the question, and finish.",
            "Read the story, write at least %(words)d words on each of the %(count)d questions, "
            "and finish.",
            (count := len(self.questions_in_order())),
        ) % {"words": self.least_words, "count": count}


class ReflectionQuestion(CaseRow):
    """Something to think about after the story. Its translation key is the same everywhere."""

    page = ParentalKey(ReflectiveCasePage, on_delete=models.CASCADE, related_name="questions")
    text = models.TextField(_("question"))
    hint = models.CharField(
        _("a way in"),
        max_length=300,
        blank=True,
        help_text=_("For who does not know where to begin. Never the answer."),
    )

    panels = [FieldPanel("text"), FieldPanel("hint")]
    translatable_fields = [TranslatableField("text"), TranslatableField("hint")]

    class Meta(CaseRow.Meta):
        verbose_name = _("question to think about")
        verbose_name_plural = _("questions to think about")
        constraints = [
            models.UniqueConstraint(
                fields=["translation_key", "locale"], name="reflection_question_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]


def words_in(text: str) -> int:
    """What is between spaces. Pasted blanks and line breaks count for nothing."""
    return len(text.split())


class ReflectionQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any, *, on: date | None = None) -> Self:
        """One's own; and what was shared, for the same team and for trainers of that client.

        HR and managers read no reflections, and the administrator only those that were shared.
        """
        reach = reach_of(user)
        shared = Q(shared_at__isnull=False)
        if reach.everything:
            return self.filter(shared | Q(progress__person=reach.person_id))
        allowed = Q(pk__in=[])
        if reach.person_id is not None:
            allowed |= Q(progress__person=reach.person_id)
            allowed |= shared & self._of_the_same_team(reach.person_id, on=on)
        if reach.authors_for:
            allowed |= shared & Q(progress__enrolment__engagement__client__in=reach.authors_for)
        return self.filter(allowed)

    @staticmethod
    def _of_the_same_team(person_id: int, *, on: date | None) -> Q:
        """The writer and the reader are both in a team of that engagement today."""
        day = on or timezone.now().date()
        mine = TeamMembership.objects.active(day).filter(person=person_id).values("team")
        theirs = TeamMembership.objects.active(day).filter(
            person=OuterRef("progress__person"),
            team__engagement=OuterRef("progress__enrolment__engagement"),
            team__in=mine,
        )
        return Q(Exists(theirs))

    def shared(self) -> Self:
        return self.filter(shared_at__isnull=False)


class Reflection(models.Model):
    """What somebody wrote on a question, as last saved. Private unless ``shared_at`` is set."""

    progress = models.ForeignKey(
        UnitProgress,
        verbose_name=_("progress"),
        on_delete=models.CASCADE,
        related_name="reflections",
    )
    question_key = models.UUIDField(_("question’s translation key"))
    text = models.TextField(_("reflection"), blank=True)
    words = models.PositiveIntegerField(_("words"), default=0)
    saved_at = models.DateTimeField(_("saved at"))
    shared_at = models.DateTimeField(_("shared at"), null=True, blank=True)
    sequence = models.PositiveBigIntegerField(
        _("sequence"), default=0, help_text=_("Of the last save; an earlier one is not taken.")
    )
    deed = models.UUIDField(_("deed"), default=uuid.uuid4, unique=True, editable=False)

    objects = ReflectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("reflection")
        verbose_name_plural = _("reflections")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["progress", "question_key"], name="reflection_once_per_question"
            ),
            models.CheckConstraint(
                condition=Q(shared_at__isnull=True) | Q(words__gte=1),
                name="reflection_shares_something",
            ),
        ]
        indexes = [
            models.Index(
                fields=["question_key"],
                condition=Q(shared_at__isnull=False),
                name="reflection_shared_by_question",
            )
        ]

    def __str__(self) -> str:
        return f"{self.progress} · {self.question_key}"

    @property
    def is_shared(self) -> bool:
        return self.shared_at is not None
