"""What case studies add to the Wagtail admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLResolver, include, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogFormatter

from attune.case_studies.admin import urls
from attune.case_studies.admin.screens import URLS, may_edit
from attune.case_studies.models import CaseStudyPage
from attune.case_studies.models.writing import NOT_PUBLISHED


@hooks.register("register_admin_urls")
def case_urls() -> list[URLResolver]:
    urlpatterns = (urls.urlpatterns, urls.app_name)
    return [path("attune/case-studies/", include(urlpatterns, namespace=URLS))]


def _scenes_button(page: Any, user: Any, *, priority: int) -> Iterator[Button]:
    if issubclass(page.specific_class or type(page), CaseStudyPage) and may_edit(user, page):
        yield Button(
            _("Scenes and map"),
            reverse(f"{URLS}:scenes", args=[page.pk]),
            icon_name="site",
            priority=priority,
        )


@hooks.register("register_page_header_buttons")
def in_the_header(
    page: Any, user: Any, view_name: str, next_url: str | None = None
) -> Iterator[Button]:
    yield from _scenes_button(page, user, priority=5)


@hooks.register("register_page_listing_more_buttons")
def in_the_listing(page: Any, user: Any, next_url: str | None = None) -> Iterator[Button]:
    yield from _scenes_button(page, user, priority=3)


@hooks.register("register_log_actions")
def own_log(actions: Any) -> None:
    actions.register_action(NOT_PUBLISHED)(NotPublishedFormatter)


class NotPublishedFormatter(LogFormatter):
    label = _("Not published on schedule")

    def format_message(self, log_entry: Any) -> str:
        return gettext("Not published on schedule: %(errors)s") % {
            "errors": log_entry.data.get("errors", "")
        }
