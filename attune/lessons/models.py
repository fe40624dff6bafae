"""A lesson: text and examples to read, confirmed at the end."""

from typing import Any, ClassVar

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.search import index
from wagtail_localize.fields import TranslatableField

from attune.curriculum.models import LearningUnitPage
from attune.lessons.blocks import LessonBody, self_checks_in


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
