"""A lesson: text and examples to read, confirmed at the end, and its self-checks' answers."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.search import index
from wagtail_localize.fields import TranslatableField

from attune.curriculum.models import LearningUnitPage
from attune.enrolments.models import UnitProgress
from attune.lessons.blocks import LessonBody, self_checks_in
from attune.people.access import results_within


class SelfCheckAnswerQuerySet(models.QuerySet[Any]):
    """Answers are seen by whoever may see the progress that they belong to."""

    def visible_to(self, user: Any) -> Self:
        return self.filter(
            results_within(
                user,
                engagement="progress__enrolment__engagement",
                person="progress__enrolment__person",
            )
        )


class LessonPage(LearningUnitPage):
    """Complete when the reader confirms the end and has answered each self-check."""

    template = "attune_lessons/lesson_page.html"
    unit_kind: ClassVar[str] = "lesson"
    parent_page_types: ClassVar[list[str]] = ["attune_curriculum.ModulePage"]
    subpage_types: ClassVar[list[str]] = []

    body = StreamField(LessonBody(), verbose_name=_("body"), blank=True)

    content_panels = [*LearningUnitPage.unit_panels, FieldPanel("body")]
    search_fields = [*LearningUnitPage.search_fields, index.SearchField("body")]
    translatable_fields = [
        *LearningUnitPage.unit_translatable_fields,
        TranslatableField("body"),
    ]

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")

    def self_checks(self) -> dict[str, Any]:
        """Block id → self-check value, in the order of the page."""
        return self_checks_in(self.body)

    def completion_rule(self) -> str:
        count = len(self.self_checks())
        if not count:
            return gettext("Read to the end and confirm that you have done so.")
        return ngettext(
            "Answer the self-check, read to the end and confirm that you have done so.",
            "Answer all %(count)d self-checks, read to the end and confirm that you have done so.",
            count,
        ) % {"count": count}


class SelfCheckAnswer(models.Model):
    """What a learner chose in a self-check; the last choice stays, each is recorded by xAPI."""

    progress = models.ForeignKey(
        UnitProgress,
        verbose_name=_("progress"),
        on_delete=models.CASCADE,
        related_name="self_check_answers",
    )
    # StreamField gives a block the same id in every translation of the page.
    block_id = models.CharField(_("block"), max_length=36)
    chosen = models.JSONField(_("chosen options"), help_text=_("Positions, counted from 0."))
    correct = models.BooleanField(_("fits"))
    answered_at = models.DateTimeField(_("answered at"))
    times = models.PositiveIntegerField(_("times answered"), default=1)

    objects = SelfCheckAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("self-check answer")
        verbose_name_plural = _("self-check answers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["progress", "block_id"], name="self_check_answered_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.progress} · {self.block_id}"
