"""What the screens share: who may come in, lists, and forms that call one service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic import IndexView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton

from attune.people.access import Reach, reach_of
from attune.people.screens.export import harmless

URLS = "attune_people_admin"
WIDE = "attune-if-wide"
"""Columns that a telephone does without: the row's own page has them."""


def reads_people(user: Any) -> bool:
    """HR, managers and the administrator look at people; trainers and agents do not."""
    return reach_of(user).reads_results


def manages_people(user: Any) -> bool:
    reach = reach_of(user)
    return reach.everything or bool(reach.manages)


class ForReaders:
    """Wagtail's refusal for whoever has no business here at all."""

    request: HttpRequest
    may_enter: Callable[[Any], bool] = staticmethod(reads_people)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not type(self).may_enter(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    @cached_property
    def reach(self) -> Reach:
        return reach_of(self.request.user)

    def visible(self, queryset: Any, pk: int) -> Any:
        """The row if the user may see it, else 404: its existence is not told."""
        return get_object_or_404(queryset.visible_to(self.request.user), pk=pk)

    def require(self, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    def require_manageable(self, row: Any) -> None:
        """Refuse what the user may see but not change."""
        rows = type(row)._default_manager.manageable_by(self.request.user)
        self.require(rows.filter(pk=row.pk).exists())


class ForManagers(ForReaders):
    may_enter = staticmethod(manages_people)


class ForAdministrators(ForReaders):
    may_enter = staticmethod(lambda user: reach_of(user).everything)


def trail(*steps: tuple[Any, str]) -> list[dict[str, Any]]:
    """The breadcrumbs from the admin's home to a screen."""
    home = {"url": reverse_lazy("wagtailadmin_home"), "label": _("Home")}
    return [home, *({"label": label, "url": url} for label, url in steps)]


class Listing(ForReaders, IndexView):
    """A list of what the user may see; searched, filtered, exported as they see it."""

    template_name = "attune_people/admin/listing.html"
    paginate_by = 50
    add_item_label: Any = _("Add")
    may_add: Callable[[Any], bool] = staticmethod(manages_people)
    any_permission_required = None  # ours, not Wagtail's per-model permissions
    empty_message: Any = ""

    def get_base_queryset(self) -> models.QuerySet[Any]:
        return self.model._default_manager.visible_to(self.request.user)

    def get_add_url(self) -> str | None:
        if self.add_url_name and type(self).may_add(self.request.user):
            return reverse(self.add_url_name)
        return None

    def get_edit_url(self, instance: Any) -> str:
        return reverse(self.edit_url_name, args=[instance.pk])

    def get_list_buttons(self, instance: Any) -> list[Any]:
        return []  # the name leads to the screen where everything else is

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not self.add_url:
            return []
        return [HeaderButton(self.add_item_label, url=self.add_url, icon_name="plus")]

    @cached_property
    def no_results_message(self) -> Any:
        if self.is_searching or self.is_filtering:
            return _("Nobody and nothing matches. Take away a filter or search for less.")
        return self.empty_message

    def preprocess_field_value(self, field: str, value: Any, export_format: str) -> Any:
        value = super().preprocess_field_value(field, value, export_format)
        if export_format == self.FORMAT_CSV and isinstance(value, str):
            return harmless(value)
        return value  # in XLSX Wagtail writes every text as text


class Form(WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]
    """A form that calls one service; what the service refuses is said at the field."""

    template_name = "attune_people/admin/form.html"
    submit_label: Any = _("Save")
    explanation: Any = ""
    success_message: Any = ""

    def act(self, form: Any) -> Any:
        """Do it. May raise ``ValidationError``."""
        raise NotImplementedError

    def get_success_url(self) -> str:
        raise NotImplementedError

    def get_success_message(self, outcome: Any) -> Any:
        return self.success_message

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            outcome = self.act(form)
        except ValidationError as error:
            show(error, on=form)
            return self.form_invalid(form)
        if message := self.get_success_message(outcome):
            messages.success(self.request, message)
        return redirect(self.get_success_url())

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("Nothing was saved. The fields below say what to change."))
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context["form"]
        return {
            **context,
            "action_url": self.request.path,
            "submit_button_label": self.submit_label,
            "submit_button_active_label": self.submit_label,
            "explanation": self.explanation,
            "media": form.media,
        }


def save_whole(form: Any) -> Any:
    """Save a model form after checking what it shows and what was set beside it.

    Django leaves constraints out that name a field which is not on the form.
    """
    form.instance.full_clean()
    return form.save()


def show(error: ValidationError, *, on: forms.BaseForm) -> None:
    """Put a service's refusal where the form can show it."""
    if not hasattr(error, "error_dict"):
        on.add_error(None, error)
        return
    for field, errors in error.error_dict.items():
        on.add_error(field if field in on.fields and field != NON_FIELD_ERRORS else None, errors)
