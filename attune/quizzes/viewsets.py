"""Questions in the Wagtail admin: one set of views per type, one chooser for all of them.

Wagtail's snippet views know permissions per model only. Here every address that names a
question passes one guard, in ``QuestionViewSet.get_urlpatterns``, which answers 404 for
another client's question; so a view that Wagtail adds later passes it too. Lists and
choosers are filtered by the same querysets.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, reverse
from django.utils.functional import cached_property, classproperty
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from modelcluster.models import get_all_child_relations
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, LiveStatusTagColumn, LocaleColumn
from wagtail.admin.views.generic import chooser as chooser_views
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.snippets.bulk_actions.delete import DeleteBulkAction
from wagtail.snippets.views import chooser as snippet_chooser_views
from wagtail.snippets.views import snippets as snippet_views
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from attune.people.access import can_author_for
from attune.quizzes.hooks import question_buttons
from attune.quizzes.questions import Question, question_types

View = Callable[..., HttpResponse]


def bank_of(question: Question) -> str:
    return question.owner.name if question.owner is not None else str(_("Shared bank"))


def type_of(question: Question) -> str:
    return str(question._meta.verbose_name)


def numbers(ids: Any) -> list[int]:
    """Those of the given texts that can be primary keys."""
    return [int(each) for each in ids if str(each).isdecimal() and len(str(each)) < 19]


# --- Views of one type --------------------------------------------------------------------


class QuestionIndexView(snippet_views.IndexView):
    """The own and the shared bank; only what may be edited has a link to its form."""

    def get_edit_url(self, instance: Question) -> str | None:
        if not self.user_has_permission_for_instance("change", instance):
            return None
        url: str | None = super().get_edit_url(instance)
        return url

    def get_delete_url(self, instance: Question) -> str | None:
        if not self.user_has_permission_for_instance("delete", instance):
            return None
        url: str | None = super().get_delete_url(instance)
        return url


class QuestionEditView(snippet_views.EditView):
    """The form of a question, with what higher floors offer for it."""

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        buttons: list[Any] = super().header_more_buttons
        for offered in question_buttons:
            buttons += offered(self.request.user, self.object)
        return buttons


class QuestionCopyView(snippet_views.CopyView):
    """A copy is other content: a key of its own, in the own bank, and it remembers its origin.

    Wagtail's copy view hands the original itself to the form.
    """

    copy_url_name: str | None = None  # the viewset fills it in

    @cached_property
    def source(self) -> Question:
        found: Question = self.get_object()
        latest: Question = found.get_latest_revision_as_object()
        return latest

    def get_initial_form_instance(self) -> Question:
        copy: Question = self.model()
        for field in self.model._meta.concrete_fields:
            if field.name in self.copied_fields:
                setattr(copy, field.attname, getattr(self.source, field.attname))
        copy.locale = self.source.locale
        copy.copied_from = self.source.translation_key
        if not can_author_for(self.request.user, copy.owner_id):
            copy.owner = None
        if self.request.method != "POST":
            self.source.copy_all_child_relations(copy)
            for relation in get_all_child_relations(self.model):
                for child in getattr(copy, relation.get_accessor_name()).all():
                    if hasattr(child, "translation_key"):
                        child.translation_key = uuid.uuid4()
        return copy

    @cached_property
    def copied_fields(self) -> set[str]:
        """What makes up the content: the type says so where it says what is translated."""
        return {field.field_name for field in self.model.translatable_fields}

    def get_add_url(self) -> str:
        return reverse(str(self.copy_url_name), args=[quote(self.kwargs[self.pk_url_kwarg])])


class GuardedChooserCreateView(snippet_chooser_views.SnippetCreateView):
    """Questions are written in their own form, not in a chooser."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404


class ChoosableMixin:
    """For all views of a chooser: what the user may choose, and nothing else."""

    model_class: Any
    request: HttpRequest

    def choosable(self) -> Any:
        return self.model_class.objects.choosable_by(self.request.user)

    def get_object_list(self) -> Any:
        return self.choosable().select_related("owner", "locale")

    def get_object(self, pk: Any) -> Any:
        return self.choosable().get(pk=(numbers([pk]) or [0])[0])

    def get_objects(self, pks: Any) -> Any:
        return self.choosable().filter(pk__in=numbers(pks))


class QuestionColumnsMixin:
    @property
    def columns(self) -> list[Any]:
        return [
            *super().columns,  # type: ignore[misc]
            Column("type", label=gettext_lazy("Type"), accessor=type_of),
            Column("bank", label=gettext_lazy("Bank"), accessor=bank_of),
            LiveStatusTagColumn(sort_key=None),
        ]


class TypeChooseView(ChoosableMixin, snippet_chooser_views.ChooseView):
    pass


class TypeChooseResultsView(ChoosableMixin, snippet_chooser_views.ChooseResultsView):
    pass


class TypeChosenView(ChoosableMixin, snippet_chooser_views.SnippetChosenView):
    pass


class TypeChosenMultipleView(ChoosableMixin, snippet_chooser_views.SnippetChosenMultipleView):
    pass


class TypeChooserViewSet(snippet_chooser_views.SnippetChooserViewSet):
    """Wagtail registers a chooser for each snippet type; it is filtered like ours."""

    choose_view_class = TypeChooseView
    choose_results_view_class = TypeChooseResultsView
    chosen_view_class = TypeChosenView
    chosen_multiple_view_class = TypeChosenMultipleView
    create_view_class = GuardedChooserCreateView
    # The chooser of the base serves foreign keys, whatever the type.
    register_widget = False


class QuestionViewSet(SnippetViewSet):
    """The views of one question type."""

    icon = "help"
    index_view_class = QuestionIndexView
    edit_view_class = QuestionEditView
    copy_view_class = QuestionCopyView
    chooser_viewset_class = TypeChooserViewSet
    list_display = [
        "title",
        LocaleColumn(),
        Column("bank", label=gettext_lazy("Bank"), accessor=bank_of),
        "topic",
        "difficulty",
        LiveStatusTagColumn(sort_key=None),
    ]
    list_filter = ["topic", "difficulty", "live"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.model.objects.choosable_by(request.user).select_related("owner", "locale")

    def get_urlpatterns(self) -> list[URLPattern]:
        patterns: list[URLPattern] = super().get_urlpatterns()
        for pattern in patterns:
            pattern.callback = self.guarded(pattern.callback, copies=pattern.name == "copy")
        return patterns

    def guarded(self, view: View, *, copies: bool) -> View:
        """The view, unless the question that it names is another client's: then 404.

        Copying only reads, so that questions of the shared bank may be copied.
        """

        @functools.wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "pk" in kwargs:
                questions = self.model.objects.non_polymorphic()
                theirs = (
                    questions.choosable_by(request.user)
                    if copies
                    else questions.editable_by(request.user)
                )
                pks = numbers([unquote(str(kwargs["pk"]))])
                if not pks or not theirs.filter(pk=pks[0]).exists():
                    raise Http404
            return view(request, *args, **kwargs)

        return inner


class QuestionViewSetGroup(SnippetViewSetGroup):
    """“Questions” in the menu, with whatever types are installed."""

    menu_label = gettext_lazy("Questions")
    menu_icon = "help"
    menu_name = "questions"
    menu_order = 250
    submenu_hook = "register_attune_questions_menu_item"

    @property
    def items(self) -> list[QuestionViewSet]:
        return [QuestionViewSet(model=model) for model in question_types()]


# --- The chooser for quizzes ---------------------------------------------------------------


class QuestionChooseView(QuestionColumnsMixin, ChoosableMixin, chooser_views.ChooseView):
    pass


class QuestionChooseResultsView(
    QuestionColumnsMixin, ChoosableMixin, chooser_views.ChooseResultsView
):
    pass


class QuestionChosenView(ChoosableMixin, chooser_views.ChosenView):
    pass


class QuestionChosenMultipleView(ChoosableMixin, chooser_views.ChosenMultipleView):
    pass


class QuestionChooserViewSet(ChooserViewSet):
    """Chooses a question of any type; it is the widget of ``QuizQuestion.question``."""

    model = Question
    icon = "help"
    per_page = 20
    choose_one_text = gettext_lazy("Choose a question")
    choose_another_text = gettext_lazy("Choose another question")
    edit_item_text = gettext_lazy("Edit this question")
    choose_view_class = QuestionChooseView
    choose_results_view_class = QuestionChooseResultsView
    chosen_view_class = QuestionChosenView
    chosen_multiple_view_class = QuestionChosenMultipleView
    create_view_class = GuardedChooserCreateView


# --- Many at once ----------------------------------------------------------------------------


class DeleteQuestions(DeleteBulkAction):
    """Wagtail's bulk deletion lists what one may not touch by name; this does not know of it."""

    @classproperty
    def models(cls) -> list[type[Question]]:
        return question_types()

    def get_all_objects_in_listing_query(self, parent_id: Any) -> Any:
        return self.model.objects.editable_by(self.request.user).values_list("pk", flat=True)

    def get_queryset(self, model: Any, object_ids: Any) -> Any:
        theirs = model.objects.editable_by(self.request.user).filter(pk__in=numbers(object_ids))
        if not theirs.exists():
            raise Http404
        return list(theirs)

    def check_perm(self, snippet: Any) -> bool:
        return can_author_for(self.request.user, snippet.owner_id)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except ProtectedError:
            messages.error(
                self.request,
                _("Nothing was deleted: a quiz still asks one of these questions."),
            )
            raise PermissionDenied from None
        return response


def question_or_404(user: Any, pk: Any, model: type[Question] = Question) -> Question:
    """A question that the user may edit."""
    found: Question = get_object_or_404(
        model.objects.editable_by(user), pk=(numbers([pk]) or [0])[0]
    )
    return found
