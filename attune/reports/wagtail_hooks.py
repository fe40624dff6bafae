"""Where the screens of HR and trainers hang in Wagtail's admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button

from attune.curriculum.models import ModulePage
from attune.reports import urls
from attune.reports.access import assignable_engagements, reads_reports, writes_modules
from attune.reports.home import standing_panel_for
from attune.reports.module_changes import libraries_for_copies, may_ask_again


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern | URLResolver]:
    return [path("attune/reports/", include(urls))]


class ReportMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return reads_reports(request.user)


class AssignMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return (
            reads_reports(request.user)
            and assignable_engagements(request.user, on=timezone.now().date()).exists()
        )


class SharedModulesMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return writes_modules(request.user)


@hooks.register("register_reports_menu_item")
def completion_menu_item() -> MenuItem:
    return ReportMenuItem(
        gettext_lazy("Completion"),
        reverse("attune_reports:completion"),
        name="attune-completion",
        icon_name="table",
        order=50,
    )


@hooks.register("register_admin_menu_item")
def assign_menu_item() -> MenuItem:
    return AssignMenuItem(
        gettext_lazy("Assign people"),
        reverse("attune_reports:assign"),
        name="attune-assign",
        icon_name="user",
        order=8900,  # just above Reports
    )


@hooks.register("register_admin_menu_item")
def shared_modules_menu_item() -> MenuItem:
    return SharedModulesMenuItem(
        gettext_lazy("Shared modules"),
        reverse("attune_reports:shared_modules"),
        name="attune-shared-modules",
        icon_name="folder-open-inverse",
        order=150,  # beneath Pages
    )


@hooks.register("register_page_header_buttons")
def module_buttons(
    page: Any, user: Any, view_name: str, next_url: str | None = None
) -> Iterator[Button]:
    if page.specific_class is not ModulePage or not writes_modules(user):
        return
    if may_ask_again(user, page):
        yield Button(
            _("Ask everyone to take it again…"),
            url=reverse("attune_reports:ask_again", args=[page.pk]),
            icon_name="rotate",
            priority=70,
        )
    if page.live and libraries_for_copies(user, page):
        yield Button(
            _("Copy to my client…"),
            url=reverse("attune_reports:copy_module", args=[page.pk]),
            icon_name="copy",
            priority=75,
        )


@hooks.register("register_log_actions")
def log_actions(actions: Any) -> None:
    for name, label, message in (
        ("pause", gettext_lazy("Pause"), gettext_lazy("Paused")),
        ("resume", gettext_lazy("Resume"), gettext_lazy("Resumed")),
        ("exempt", gettext_lazy("Exempt"), gettext_lazy("Exempted")),
        ("withdraw", gettext_lazy("Withdraw a reason"), gettext_lazy("A reason withdrawn")),
    ):
        actions.register_action(f"attune_enrolments.{name}", label, message)


@hooks.register("construct_homepage_panels")
def standing_on_the_first_page(request: HttpRequest, panels: list[Any]) -> None:
    panel = standing_panel_for(request.user)
    if panel is not None:
        panels.append(panel)
