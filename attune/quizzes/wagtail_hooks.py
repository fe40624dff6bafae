"""What quizzes add to the Wagtail admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import URLResolver, include, path, reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.sidebar import LinkMenuItem
from wagtail.log_actions import LogFormatter
from wagtail.snippets.models import register_snippet

from attune.quizzes import exchange_views
from attune.quizzes.models import QuestionLogEntry
from attune.quizzes.questions import Question
from attune.quizzes.screens import urls
from attune.quizzes.screens.access import URLS, grants_attempts, marks_answers
from attune.quizzes.screens.grants import EXHAUSTED
from attune.quizzes.screens.marking import QUEUE
from attune.quizzes.screens.queue import waiting_for
from attune.quizzes.services.write_questions import IMPORTED
from attune.quizzes.translation_doors import guarded_urls
from attune.quizzes.viewsets import (
    DeleteQuestions,
    QuestionChooserViewSet,
    QuestionViewSetGroup,
)

register_snippet(QuestionViewSetGroup)

# After Wagtail's own, whose place it takes for questions.
hooks.register("register_bulk_action", DeleteQuestions, order=100)


@hooks.register("register_admin_viewset")
def chooser() -> QuestionChooserViewSet:
    return QuestionChooserViewSet("attune_question_chooser", url_prefix="questions/choose")


@hooks.register("register_log_actions")
def own_log(actions: Any) -> None:
    actions.register_model(Question, QuestionLogEntry)
    actions.register_action(IMPORTED, gettext_lazy("Import"), gettext_lazy("Imported from a file"))
    actions.register_action("attune_quizzes.regrade")(RegradeFormatter)


class RegradeFormatter(LogFormatter):
    label = gettext_lazy("Regrade")

    def format_message(self, log_entry: Any) -> str:
        counts = log_entry.data.get("counts", {})
        return gettext(
            "Regraded %(done)d answers: %(passed)d newly passed, %(failed)d newly failed, "
            "%(score)d other scores changed. Reason: %(reason)s"
        ) % {
            "done": counts.get("done", 0),
            "passed": counts.get("effect_passed", 0),
            "failed": counts.get("effect_failed", 0),
            "score": counts.get("effect_score", 0),
            "reason": log_entry.data.get("reason", ""),
        }


class ExchangeMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return exchange_views.writes_questions(request.user)


@hooks.register("register_attune_questions_menu_item")
def import_menu_item() -> MenuItem:
    return ExchangeMenuItem(
        gettext_lazy("Import"),
        reverse("attune_question_exchange:import"),
        name="attune-question-import",
        icon_name="upload",
        order=900,
    )


@hooks.register("register_attune_questions_menu_item")
def export_menu_item() -> MenuItem:
    return ExchangeMenuItem(
        gettext_lazy("Export"),
        reverse("attune_question_exchange:export"),
        name="attune-question-export",
        icon_name="download",
        order=910,
    )


@hooks.register("register_admin_urls")
def exchange_urls() -> list[Any]:
    return [path("attune/questions/", include(exchange_views))]


# Before wagtail-localize's own, so that these addresses are found first.
@hooks.register("register_admin_urls", order=-100)
def translation_urls() -> list[Any]:
    return guarded_urls()


@hooks.register("register_admin_urls")
def screen_urls() -> list[URLResolver]:
    return [path("attune/quizzes/", include((urls.urlpatterns, urls.app_name), namespace=URLS))]


class MarkingMenuItem(MenuItem):
    """Says how many answers wait for this marker."""

    def is_shown(self, request: HttpRequest) -> bool:
        return marks_answers(request.user)

    def render_component(self, request: HttpRequest) -> LinkMenuItem:
        count = waiting_for(request.user).count()
        return LinkMenuItem(
            self.name,
            f"{self.label} ({count})" if count else str(self.label),
            self.url,
            icon_name=self.icon_name,
            classname=self.classname,
            attrs=self.attrs,
        )


class ExhaustedMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return grants_attempts(request.user)


@hooks.register("register_admin_menu_item")
def marking_menu_item() -> MenuItem:
    return MarkingMenuItem(
        QUEUE, reverse(f"{URLS}:queue"), name="attune-marking", icon_name="edit", order=8850
    )


@hooks.register("register_admin_menu_item")
def exhausted_menu_item() -> MenuItem:
    return ExhaustedMenuItem(
        EXHAUSTED,
        reverse(f"{URLS}:exhausted"),
        name="attune-exhausted",
        icon_name="rotate",
        order=8860,
    )


@hooks.register("register_log_actions")
def grant_log(actions: Any) -> None:
    for name, label, message in (
        ("grant_attempt", _("Grant an attempt"), _("Another attempt granted")),
        ("extra_time", _("Give extra time"), _("Extra time given")),
        ("extra_time_ended", _("End extra time"), _("Extra time ended")),
    ):
        actions.register_action(f"attune_quizzes.{name}", label, message)
