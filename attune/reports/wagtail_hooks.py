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

from attune.case_studies.models import CaseAttempt, CaseStudyPage
from attune.curriculum.models import ModulePage
from attune.quizzes.affected import affected
from attune.quizzes.hooks import question_buttons
from attune.quizzes.models import QuizPage
from attune.quizzes.questions import Question
from attune.reports import urls
from attune.reports.access import assignable_engagements, reads_reports, writes_modules
from attune.reports.home import standing_panel_for
from attune.reports.item_analysis import quizzes_counted, reads_item_analysis
from attune.reports.module_changes import libraries_for_copies, may_ask_again
from attune.xapi.operating import may_operate


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern | URLResolver]:
    return [path("attune/reports/", include(urls))]


class ReportMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return reads_reports(request.user)


class AnalysisMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return reads_item_analysis(request.user)


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


@hooks.register("register_reports_menu_item")
def item_analysis_menu_item() -> MenuItem:
    return AnalysisMenuItem(
        gettext_lazy("Item analysis"),
        reverse("attune_reports:item_analysis"),
        name="attune-item-analysis",
        icon_name="order",
        order=60,
    )


@hooks.register("register_reports_menu_item")
def case_paths_menu_item() -> MenuItem:
    return AnalysisMenuItem(
        gettext_lazy("Paths through case studies"),
        reverse("attune_reports:case_paths"),
        name="attune-case-paths",
        icon_name="redirect",
        order=65,
    )


class RecordsMenuItem(MenuItem):
    """Leads to all screens about the delivery of records: they have tabs among themselves."""

    def is_shown(self, request: HttpRequest) -> bool:
        return may_operate(request.user)


@hooks.register("register_reports_menu_item")
def records_menu_item() -> MenuItem:
    return RecordsMenuItem(
        gettext_lazy("Delivery of records"),
        reverse("attune_reports:delivery"),
        name="attune-records",
        icon_name="upload",
        order=80,
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


class RulesMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return reads_reports(request.user)


@hooks.register("register_admin_menu_item")
def rules_menu_item() -> MenuItem:
    return RulesMenuItem(
        gettext_lazy("Assignment rules"),
        reverse("attune_reports:rules"),
        name="attune-rules",
        icon_name="list-ul",
        order=8910,  # beneath Assign people
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


class RegradeMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return writes_modules(request.user)


@hooks.register("register_reports_menu_item")
def regrade_menu_item() -> MenuItem:
    return RegradeMenuItem(
        gettext_lazy("Regrade"),
        reverse("attune_reports:regrades"),
        name="attune-regrade",
        icon_name="rotate",
        order=60,
    )


def regrade_button(user: Any, question: Question) -> Iterator[Button]:
    """Once it was answered, a question may have been graded by a key that is mended now."""
    if question.pk and affected(question.translation_key).exists():
        yield Button(
            _("Regrade answers…"),
            url=reverse("attune_reports:regrade", args=[question.pk]),
            icon_name="rotate",
            priority=70,
        )


question_buttons.append(regrade_button)


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


@hooks.register("register_page_header_buttons")
def quiz_buttons(
    page: Any, user: Any, view_name: str, next_url: str | None = None
) -> Iterator[Button]:
    if page.specific_class is not QuizPage or not reads_item_analysis(user):
        return
    # Of its copies alone there may be attempts too; then the list of quizzes has them.
    if quizzes_counted(user, {page.translation_key}).exists():
        yield Button(
            _("Item analysis"),
            url=reverse("attune_reports:quiz_items", args=[page.translation_key]),
            icon_name="order",
            priority=70,
        )


@hooks.register("register_page_header_buttons")
def case_buttons(
    page: Any, user: Any, view_name: str, next_url: str | None = None
) -> Iterator[Button]:
    if page.specific_class is not CaseStudyPage or not reads_item_analysis(user):
        return
    attempts = CaseAttempt.objects.countable_by(user).filter(case_key=page.translation_key)
    if attempts.exists():
        yield Button(
            _("Paths people take"),
            url=reverse("attune_reports:case_path", args=[page.translation_key]),
            icon_name="redirect",
            priority=70,
        )


@hooks.register("register_snippet_listing_buttons")
def usage_buttons(snippet: Any, user: Any, next_url: str | None = None) -> Iterator[Button]:
    if isinstance(snippet, Question) and writes_modules(user):
        yield Button(
            _("Where it is asked"),
            url=reverse("attune_reports:question_usage", args=[snippet.pk]),
            icon_name="order",
            priority=60,
        )


@hooks.register("register_log_actions")
def log_actions(actions: Any) -> None:
    for name, label, message in (
        ("pause", gettext_lazy("Pause"), gettext_lazy("Paused")),
        ("resume", gettext_lazy("Resume"), gettext_lazy("Resumed")),
        ("exempt", gettext_lazy("Exempt"), gettext_lazy("Exempted")),
        ("withdraw", gettext_lazy("Withdraw a reason"), gettext_lazy("A reason withdrawn")),
        ("extend", gettext_lazy("Put off the due date"), gettext_lazy("Due date put off")),
        ("credit", gettext_lazy("Credit training"), gettext_lazy("Earlier training credited")),
        ("rule_made", gettext_lazy("Make a rule"), gettext_lazy("Made")),
        ("rule_changed", gettext_lazy("Change a rule"), gettext_lazy("Changed")),
        ("rule_off", gettext_lazy("Switch a rule off"), gettext_lazy("Switched off")),
        ("rule_on", gettext_lazy("Switch a rule on"), gettext_lazy("Switched on")),
        ("rule_left_out", gettext_lazy("Leave somebody out"), gettext_lazy("Left out")),
        ("rule_back_in", gettext_lazy("Take somebody back in"), gettext_lazy("Taken back in")),
        (
            "withdraw_result",
            gettext_lazy("Withdraw a result"),
            gettext_lazy("A module’s result withdrawn"),
        ),
    ):
        actions.register_action(f"attune_enrolments.{name}", label, message)
    for name, label, message in (
        ("attune_xapi.pause", gettext_lazy("Pause"), gettext_lazy("Paused")),
        ("attune_xapi.resume", gettext_lazy("Resume"), gettext_lazy("Resumed")),
        ("attune_xapi.try", gettext_lazy("Try now"), gettext_lazy("Tried at once")),
        ("attune_xapi.send_again", gettext_lazy("Send again"), gettext_lazy("Sent again")),
        ("attune_xapi.void", gettext_lazy("Void"), gettext_lazy("Voided")),
        ("attune_xapi.give_up", gettext_lazy("Give up"), gettext_lazy("Given up")),
        (
            "attune_xapi.take_back",
            gettext_lazy("Put back into quarantine"),
            gettext_lazy("Put back into quarantine"),
        ),
        (
            "attune_reports.read_statements",
            gettext_lazy("Read learning records"),
            gettext_lazy("Learning records read"),
        ),
    ):
        actions.register_action(name, label, message)


@hooks.register("construct_homepage_panels")
def standing_on_the_first_page(request: HttpRequest, panels: list[Any]) -> None:
    panel = standing_panel_for(request.user)
    if panel is not None:
        panels.append(panel)
