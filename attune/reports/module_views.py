"""A trainer's buttons on a module: ask everyone to take it again, copy it to my client."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import FormView, TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from attune.curriculum.models import ModuleLibraryPage, ModulePage
from attune.curriculum.services import client_of, copy_module
from attune.enrolments.services import publish_material_change
from attune.people.models import Engagement
from attune.reports.access import writes_modules, zone_of
from attune.reports.drawing import Clock, clock
from attune.reports.due import DueForm, due_at, zone_choices
from attune.reports.module_changes import (
    asked_again,
    libraries_for_copies,
    may_ask_again,
    shared_modules,
)


class ForTrainers(WagtailAdminTemplateMixin):
    header_icon = "doc-full"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not writes_modules(request.user):
            raise PermissionDenied
        self.now = timezone.now()
        self.find(**kwargs)
        return super().dispatch(request, *args, **kwargs)

    def find(self, **kwargs: Any) -> None:
        """What the address names. Asked for only after the role, so that ids tell nothing."""


# --- A material change ------------------------------------------------------------------------


class AskAgainForm(DueForm):
    field_order = ("reason", "due_on", "due_time", "zone")

    reason = forms.CharField(
        label=gettext_lazy("What has changed"),
        max_length=300,
        help_text=gettext_lazy("Learners read it as the reason why they take the module again."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            self.due_at = due_at(data["due_on"], data["due_time"], ZoneInfo(data["zone"]))
            self.refuse_the_past([self.due_at])
        return data


class AskAgainView(ForTrainers, FormView):  # type: ignore[type-arg]
    """Says whom it reaches before anything is done."""

    template_name = "attune_reports/ask_again.html"
    page_title = gettext_lazy("Ask everyone to take it again")
    form_class = AskAgainForm

    def find(self, **kwargs: Any) -> None:
        user = self.request.user
        self.module = get_object_or_404(
            ModulePage.objects.editable_by(user).select_related("locale"), pk=kwargs["page_id"]
        )
        if not may_ask_again(user, self.module):
            raise PermissionDenied

    @property
    def edit_url(self) -> str:
        return reverse("wagtailadmin_pages:edit", args=[self.module.pk])

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": self.edit_url, "label": self.module.title},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        client = client_of(self.module)
        engagements = Engagement.objects.filter(client=client) if client is not None else []
        zones = [each.client_time_zone for each in engagements]
        own = str(zone_of(self.request.user))
        return super().get_form_kwargs() | {
            "now": self.now,
            "zones": zone_choices(own, *zones, "UTC"),
        }

    @cached_property
    def reached(self) -> dict[str, int]:
        enrolments = asked_again(self.module)
        return {
            "people": enrolments.order_by().values("person").distinct().count(),
            "enrolments": enrolments.order_by().count(),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.get_form()
        if request.POST.get("do") == "edit" or not form.is_valid() or not self.reached["people"]:
            return self.form_invalid(form)
        if request.POST.get("do") != "publish":
            return self.render_to_response(
                self.get_context_data(form=form, confirming=True, due=self._clock(form))
            )
        publish_material_change(
            module=self.module,
            reason=form.cleaned_data["reason"],
            due_at=form.due_at,
            published_by=request.user,
            now=self.now,
        )
        people = self.reached["people"]
        messages.success(
            request,
            ngettext(
                "%(people)d person is asked to take “%(module)s” again.",
                "%(people)d people are asked to take “%(module)s” again.",
                people,
            )
            % {"people": people, "module": self.module.title},
        )
        return redirect(self.edit_url)

    def _clock(self, form: AskAgainForm) -> Clock:
        zone = ZoneInfo(form.cleaned_data["zone"])
        return clock(form.due_at, zone=zone, others=[zone_of(self.request.user)], now=self.now)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "module": self.module,
            "reached": self.reached,
            "back_url": self.edit_url,
            "media": context["form"].media,
        }


# --- Copies -------------------------------------------------------------------------------------


class SharedModulesView(ForTrainers, TemplateView):
    """The shared shelf, from which a trainer takes a copy to change."""

    template_name = "attune_reports/shared_modules.html"
    page_title = gettext_lazy("Shared modules")
    header_icon = "folder-open-inverse"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        modules = shared_modules(self.request.user).order_by("title", "pk")
        return super().get_context_data(**kwargs, modules=modules)


class CopyForm(forms.Form):
    library = forms.ModelChoiceField(
        label=gettext_lazy("Into the library"),
        queryset=ModuleLibraryPage.objects.none(),
        empty_label=None,
    )

    def __init__(self, *args: Any, libraries: list[ModuleLibraryPage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["library"]
        field.queryset = ModuleLibraryPage.objects.filter(pk__in=[each.pk for each in libraries])
        homes = {each.pk: each.get_parent().title for each in libraries}
        field.label_from_instance = lambda library: f"{homes[library.pk]} · {library.title}"


class CopyModuleView(ForTrainers, FormView):  # type: ignore[type-arg]
    template_name = "attune_reports/copy_module.html"
    page_title = gettext_lazy("Copy to my client")
    form_class = CopyForm

    def find(self, **kwargs: Any) -> None:
        user = self.request.user
        self.module = get_object_or_404(
            ModulePage.objects.choosable_by(user).live().select_related("locale"),
            pk=kwargs["page_id"],
        )
        self.libraries = libraries_for_copies(user, self.module)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:shared_modules"), "label": _("Shared modules")},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"libraries": self.libraries}

    def form_valid(self, form: CopyForm) -> HttpResponse:
        copy = copy_module(
            module=self.module, library=form.cleaned_data["library"], user=self.request.user
        )
        messages.success(
            self.request,
            _("“%(module)s” is copied as a draft, with all its units. It is yours to change.")
            % {"module": copy.title},
        )
        return redirect("wagtailadmin_pages:edit", copy.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            module=self.module,
            libraries=self.libraries,
            units=self.module.units().count(),
        )
