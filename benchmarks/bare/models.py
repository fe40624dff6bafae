"""The same StreamField as a lesson's, on a page that knows no learner."""

from wagtail.fields import StreamField
from wagtail.models import Page

from attune.lessons.blocks import LessonBody


class BarePage(Page):
    template = "benchmarks_bare/bare_page.html"
    body = StreamField(LessonBody(), blank=True)
