"""wagtail-localize's addresses, guarded where they lead to questions.

Its views ask for a permission on the model, never for the row, and one of them lists all
rows of a snippet. Each address stands here once more, ahead of the package's own; what is
not about a question passes through untouched.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.admin.utils import unquote
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from wagtail.models import Page
from wagtail.permissions import policy_registry
from wagtail.snippets.views.snippets import get_snippet_model_from_url_params
from wagtail_localize.models import Translation, TranslationSource
from wagtail_localize.views import (
    edit_translation,
    report,
    snippets_api,
    submit_translations,
    update_translations,
)

from attune.quizzes.questions import Question
from attune.quizzes.viewsets import numbers

View = Callable[..., HttpResponse]


def may_translate(user: Any, key: Any) -> bool:
    """False where ``key`` is the translation key of a question that is not the user's."""
    of_that_key = Question.objects.filter(translation_key=key)
    return not of_that_key.exists() or of_that_key.editable_by(user).exists()


def guard_translation(view: View) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, translation_id: int, **kwargs: Any) -> HttpResponse:
        key = (
            Translation.objects.filter(pk=translation_id)
            .values_list("source__object_id", flat=True)
            .first()
        )
        if key is None or not may_translate(request.user, key):
            raise Http404
        return view(request, translation_id=translation_id, **kwargs)

    return inner


def guard_source(view: View) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, translation_source_id: int) -> HttpResponse:
        key = (
            TranslationSource.objects.filter(pk=translation_source_id)
            .values_list("object_id", flat=True)
            .first()
        )
        if key is None or not may_translate(request.user, key):
            raise Http404
        return view(request, translation_source_id=translation_source_id)

    return inner


def guard_snippet(view: View) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, app_label: str, model_name: str, pk: str) -> HttpResponse:
        model = get_snippet_model_from_url_params(app_label, model_name)
        if issubclass(model, Question):
            pks = numbers([unquote(pk)])
            theirs = model.objects.non_polymorphic().editable_by(request.user)
            if not pks or not theirs.filter(pk=pks[0]).exists():
                raise Http404
        return view(request, app_label=app_label, model_name=model_name, pk=pk)

    return inner


class SnippetsApi(snippets_api.SnippetViewSet):
    """Lists what the user may choose of questions; of other snippets, what they may see."""

    http_method_names = ["get", "head", "options"]

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        model = self.get_model()
        if issubclass(model, Question):
            return rows.choosable_by(self.request.user)
        if not policy_registry.get_by_type(model).user_has_any_permission(
            self.request.user, {"add", "change", "delete", "view"}
        ):
            return rows.none()
        return rows


class TranslationsReport(report.TranslationsReportView):
    """The report of translations, with only what the user may edit."""

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset()
        user = self.request.user
        if user.is_superuser:
            return found
        pages = policy_registry.get_by_type(Page).instances_user_has_permission_for(user, "change")
        questions = Question.objects.editable_by(user).non_polymorphic()
        return found.filter(
            Q(source__object_id__in=pages.order_by().values("translation_key"))
            | Q(source__object_id__in=questions.order_by().values("translation_key"))
        )


def guarded_urls() -> list[URLPattern]:
    one = "localize/translate/<int:translation_id>/"
    snippets = "localize/api/snippets/<slug:app_label>/<slug:model_name>/"
    edit = edit_translation
    return [
        path(
            "localize/submit/snippet/<slug:app_label>/<slug:model_name>/<str:pk>/",
            guard_snippet(submit_translations.SubmitSnippetTranslationView.as_view()),
        ),
        path(
            "localize/update/<int:translation_source_id>/",
            guard_source(update_translations.UpdateTranslationsView.as_view()),
        ),
        path(
            one + "strings/<int:string_segment_id>/edit/",
            guard_translation(edit.edit_string_translation),
        ),
        path(
            one + "overrides/<int:overridable_segment_id>/edit/",
            guard_translation(edit.edit_override),
        ),
        path(one + "pofile/download/", guard_translation(edit.download_pofile)),
        path(one + "pofile/upload/", guard_translation(edit.upload_pofile)),
        path(one + "machine_translate/", guard_translation(edit.machine_translate)),
        path(one + "preview/", guard_translation(edit.preview_translation)),
        path(one + "preview/<str:mode>/", guard_translation(edit.preview_translation)),
        path(one + "disable/", guard_translation(edit.stop_translation)),
        path(snippets, SnippetsApi.as_view({"get": "list"})),
        path(snippets + "<str:pk>/", SnippetsApi.as_view({"get": "retrieve"})),
        path("localize/reports/translations/", TranslationsReport.as_view()),
        path(
            "localize/reports/translations/results/",
            TranslationsReport.as_view(results_only=True),
        ),
    ]
