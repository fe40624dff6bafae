"""Where a question is asked: the quizzes that hold it, or have drawn it, and how it does there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from attune.quizzes.analysis.flags import MIN_ATTEMPTS
from attune.quizzes.analysis.gathering import family_of, question_roots, quiz_roots
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.questions import Question
from attune.reports.item_analysis import QuizName, names_of
from attune.reports.module_views import ForTrainers


@dataclass(frozen=True, slots=True)
class Use:
    """A quiz that asks the question. ``asked`` counts first and repeated attempts."""

    key: UUID
    name: QuizName
    is_fixed: bool
    asked: int
    url: str


def uses_of(question: Question, user: Any) -> list[Use]:
    """The quizzes that ask a question, its copies or its translations. Seven queries.

    Of what the user may build with or count, and no other: a question of the shared bank
    does not tell one client of another's quizzes.
    """
    roots = question_roots()
    copies = quiz_roots()
    root = roots.get(question.translation_key, question.translation_key)
    keys = family_of(question.translation_key, roots)
    fixed = set(
        QuizPage.objects.choosable_by(user)
        .filter(quiz_questions__question__translation_key__in=keys)
        .order_by()
        .values_list("translation_key", flat=True)
    )
    asked = dict(
        AttemptQuestion.objects.filter(
            question_key__in=keys, attempt__in=QuizAttempt.objects.countable_by(user).order_by()
        )
        .order_by()
        .values_list("attempt__quiz_key")
        .annotate(number=Count("pk"))
    )
    families: dict[UUID, set[UUID]] = {}
    for key in fixed | asked.keys():
        families.setdefault(copies.get(key, key), set()).add(key)
    names = names_of(families.items())
    found = [
        Use(
            key=family,
            name=names[family],
            is_fixed=bool(members & fixed),
            asked=sum(asked.get(key, 0) for key in members),
            url=reverse("attune_reports:question_items", args=[family, root]),
        )
        for family, members in families.items()
    ]
    return sorted(found, key=lambda use: (-use.asked, use.name.title.casefold()))


class QuestionUsageView(ForTrainers, TemplateView):
    template_name = "attune_reports/question_usage.html"
    page_title = gettext_lazy("Where it is asked")
    header_icon = "help"

    def find(self, **kwargs: Any) -> None:
        self.question = get_object_or_404(
            Question.objects.choosable_by(self.request.user), pk=kwargs["pk"]
        )

    def get_page_subtitle(self) -> str:
        return str(self.question)

    @cached_property
    def list_url(self) -> str:
        """The list of questions of this type, from which one comes."""
        return reverse(type(self.question).snippet_viewset.get_url_name("list"))

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": self.list_url, "label": self.question._meta.verbose_name_plural},
            {"url": "", "label": self.get_page_title(), "sublabel": self.get_page_subtitle()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            question=self.question,
            uses=uses_of(self.question, self.request.user),
            least=MIN_ATTEMPTS,
        )
