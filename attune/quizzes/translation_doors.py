"""wagtail-localize's addresses, guarded by who may edit what is translated.

Its views ask for a permission on the model, or only for the one to translate at all, never
for the row; one of them lists all rows of a snippet, and its report lists everybody's work.
Each address stands here once more, ahead of the package's own. Trainers are granted the
permission to translate by this package, so the doors that it opens are guarded here, those
to pages too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
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


def may_translate(user: Any, source: TranslationSource) -> bool:
    """May the user edit what the source is the source of?"""
    try:
        instance = source.get_source_instance()
    except ObjectDoesNotExist:
        return False
    if isinstance(instance, Page):
        return bool(instance.permissions_for_user(user).can_edit())
    policy = policy_registry.get(instance)
    return bool(policy.user_has_permission_for_instance(user, "change", instance))


def guard_translation(view: View) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, translation_id: int, **kwargs: Any) -> HttpResponse:
        translation = get_object_or_404(Translation, pk=translation_id)
        if not may_translate(request.user, translation.source):
            raise Http404
        return view(request, translation_id=translation_id, **kwargs)

    return inner


def guard_source(view: View) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, translation_source_id: int) -> HttpResponse:
        source = get_object_or_404(TranslationSource, pk=translation_source_id)
        if not may_translate(request.user, source):
            raise Http404
        return view(request, translation_source_id=translation_source_id)

    return inner


def guard_snippet(view: View) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, app_label: str, model_name: str, pk: str) -> HttpResponse:
        model = get_snippet_model_from_url_params(app_label, model_name)
        snippet = get_object_or_404(model, pk=(numbers([unquote(pk)]) or [0])[0])
        policy = policy_registry.get(snippet)
        if not policy.user_has_permission_for_instance(request.user, "change", snippet):
            raise Http404
        return view(request, app_label=app_label, model_name=model_name, pk=pk)

    return inner


def guard_page(view: View) -> View:
    @functools.wraps(view)
    def inner(request: HttpRequest, page_id: int) -> HttpResponse:
        page = get_object_or_404(Page, pk=page_id)
        if not page.permissions_for_user(request.user).can_edit():
            raise Http404
        return view(request, page_id=page_id)

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
            "localize/submit/page/<int:page_id>/",
            guard_page(submit_translations.SubmitPageTranslationView.as_view()),
        ),
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
