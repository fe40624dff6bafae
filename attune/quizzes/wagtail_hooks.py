"""What quizzes add to the Wagtail admin."""

from __future__ import annotations

from typing import Any

from wagtail import hooks
from wagtail.snippets.models import register_snippet

from attune.quizzes.models import QuestionLogEntry
from attune.quizzes.questions import Question
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


# Before wagtail-localize's own, so that these addresses are found first.
@hooks.register("register_admin_urls", order=-100)
def translation_urls() -> list[Any]:
    return guarded_urls()
