"""A trainer's screens for files of cases: try one, take it over, write one.

An address that names a page answers 404 to whoever does not write for its client.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from attune.case_studies.casting import case_of
from attune.case_studies.exchange import json_format, twee_writing
from attune.case_studies.exchange.contract import FileRefused, Unreadable
from attune.case_studies.models import CaseImport, CaseStudyPage
from attune.case_studies.services.import_case import (
    FORMATS,
    AlreadyApplied,
    apply_import,
    plan_import,
)
from attune.case_studies.services.write_case import CaseRefused
from attune.case_studies.wording import in_words
from attune.curriculum.models import ModulePage
from attune.tabular.reading import MAX_BYTES

KEPT = timedelta(days=7)
"""How long a file waits to be taken over."""
SHOWN = 200

PARTS = {
    "case": gettext_lazy("Case"),
    "meter": gettext_lazy("Meter"),
    "competency": gettext_lazy("Competency"),
    "scene": gettext_lazy("Scene"),
    "ending": gettext_lazy("Ending"),
}
FIELDS = {
    "title": gettext_lazy("title"),
    "introduction": gettext_lazy("introduction"),
    "pass_score": gettext_lazy("score to reach"),
    "label": gettext_lazy("label"),
    "lowest": gettext_lazy("lowest"),
    "highest": gettext_lazy("highest"),
    "start": gettext_lazy("start"),
    "unit": gettext_lazy("unit"),
    "shown": gettext_lazy("shown to the learner"),
    "choices": gettext_lazy("choices"),
    "condition": gettext_lazy("condition"),
    "otherwise": gettext_lazy("otherwise"),
    "place": gettext_lazy("place"),
    "client_time": gettext_lazy("time at the client"),
    "vendor_time": gettext_lazy("time at the help desk"),
    "body": gettext_lazy("situation"),
    "summary": gettext_lazy("summary"),
    "score": gettext_lazy("score"),
    "order": gettext_lazy("its place in the order"),
}
VERDICTS = (
    ("new", gettext_lazy("New")),
    ("changed", gettext_lazy("Changed")),
    ("removed", gettext_lazy("Not in the file: removed")),
)


class OfPage(WagtailAdminTemplateMixin):
    """For whoever may edit the case, or add one beneath the module."""

    header_icon = "doc-full-inverse"
    request: HttpRequest
    kwargs: dict[str, Any]

    @cached_property
    def place(self) -> Any:
        """A case study, or a module. 404 for another client's."""
        user = self.request.user
        pk = self.kwargs["page_id"]
        found = CaseStudyPage.objects.editable_by(user).filter(pk=pk).first()
        return found or get_object_or_404(ModulePage.objects.editable_by(user), pk=pk)

    @property
    def is_case(self) -> bool:
        return isinstance(self.place, CaseStudyPage)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        may = self.place.permissions_for_user(request.user)
        if not (may.can_edit() if self.is_case else may.can_add_subpage()):
            raise PermissionDenied
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_page_subtitle(self) -> str:
        return str(self.place.get_admin_display_title())

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        if self.is_case:
            back = reverse("wagtailadmin_pages:edit", args=[self.place.pk])
        else:
            back = reverse("wagtailadmin_explore", args=[self.place.pk])
        return [
            *self.breadcrumbs_items,
            {"url": back, "label": self.place.get_admin_display_title()},
            {"url": "", "label": self.get_page_title()},
        ]


class ImportForm(forms.Form):
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=list(FORMATS.items()))
    file = forms.FileField(label=gettext_lazy("File"), max_length=200)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file has more than %(most)d MB. Split it.")
                % {"most": MAX_BYTES // 1_000_000}
            )
        return file


class ImportView(OfPage, FormView):  # type: ignore[type-arg]  # generic in the stubs only
    """Choose a file. What comes of it is shown before anything is written."""

    template_name = "attune_case_studies/exchange/import.html"
    page_title = gettext_lazy("Import a case study")
    form_class = ImportForm

    def form_valid(self, form: Any) -> HttpResponse:
        now = timezone.now()
        CaseImport.objects.waiting().filter(uploaded_at__lt=now - KEPT).delete()
        file = form.cleaned_data["file"]
        user: Any = self.request.user
        kept = CaseImport.objects.create(
            place=self.place,
            format=form.cleaned_data["format"],
            file_name=str(file.name)[-200:],
            body=file.read(),
            uploaded_by=user,
            uploaded_at=now,
        )
        return redirect("attune_case_exchange:tried", page_id=self.place.pk, deed=kept.deed)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = CaseImport.objects.of(self.request.user).waiting().filter(place=self.place.pk)
        return super().get_context_data(
            **kwargs,
            place=self.place,
            is_case=self.is_case,
            waiting=waiting.defer("body").order_by("-uploaded_at")[:10],
        )


class TriedView(OfPage, TemplateView):
    """The report of a file: what is new, changed and refused. Then the deed."""

    template_name = "attune_case_studies/exchange/tried.html"
    page_title = gettext_lazy("Import a case study")

    @cached_property
    def kept(self) -> CaseImport:
        found: CaseImport = get_object_or_404(
            CaseImport.objects.of(self.request.user).filter(place=self.place.pk),
            deed=self.kwargs["deed"],
        )
        return found

    def post(self, request: HttpRequest, page_id: int, deed: UUID) -> HttpResponse:
        if request.POST.get("do") == "discard":
            self.kept.delete()
            messages.success(request, _("The file was discarded. Nothing was written."))
            return redirect("attune_case_exchange:import", page_id=page_id)
        try:
            page = apply_import(deed=self.kept.deed, user=request.user, now=timezone.now())
        except AlreadyApplied:
            messages.warning(request, _("This file was imported before. Nothing was done twice."))
            return redirect("attune_case_exchange:tried", page_id=page_id, deed=deed)
        except (FileRefused, CaseRefused):
            return redirect("attune_case_exchange:tried", page_id=page_id, deed=deed)
        messages.success(request, _("Imported as a draft. Look at it, then publish it."))
        return redirect("wagtailadmin_pages:edit", page.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(
            **kwargs, place=self.place, kept=self.kept, format=FORMATS[self.kept.format]
        )
        if self.kept.applied_at is not None or self.kept.body is None:
            return context
        try:
            plan = plan_import(
                form=self.kept.format,
                body=bytes(self.kept.body),
                place=self.place,
                user=self.request.user,
            )
        except Unreadable as error:
            return context | {"refused": _lines(error.reasons)}
        except FileRefused as error:
            return context | {"refused": [{"line": 0, "place": "", "message": str(error)}]}
        except CaseRefused as error:
            return context | {
                "refused": [{"line": 0, "place": "", "message": each} for each in error.problems]
            }
        return context | {
            "plan": plan,
            "page": plan.page,
            "notes": _lines(plan.notes[:SHOWN]),
            "more_notes": max(0, len(plan.notes) - SHOWN),
            "findings": [in_words(each) for each in plan.findings[:SHOWN]],
            "lists": [
                {"verdict": verdict, "label": label, "lines": lines}
                for verdict, label in VERDICTS
                if (lines := [_line(each) for each in plan.differences if each.verdict == verdict])
            ],
        }


def _lines(notes: Any) -> list[dict[str, Any]]:
    return [{"line": each.line, "place": each.place, "message": each.message} for each in notes]


def _line(each: Any) -> dict[str, Any]:
    return {
        "part": PARTS[each.part],
        "key": each.key,
        "title": each.title,
        "fields": ", ".join(str(FIELDS.get(name, name)) for name in each.fields),
    }


class ExportView(OfPage, TemplateView):
    """What each format carries of the latest draft; then the file."""

    template_name = "attune_case_studies/exchange/export.html"
    page_title = gettext_lazy("Export the case study")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.is_case:
            raise Http404
        case = case_of(self.place.get_latest_revision_as_object())
        wanted = request.GET.get("download", "")
        if wanted == "twee":
            return self.as_file(twee_writing.write(case).text, "text/plain", "twee")
        if wanted == "json":
            return self.as_file(json_format.write(case).text, "application/json", "json")
        written = twee_writing.write(case)
        return self.render_to_response(
            self.get_context_data(
                place=self.place,
                case=case,
                left_out=_lines(written.notes[:SHOWN]),
                more=max(0, len(written.notes) - SHOWN),
            )
        )

    def as_file(self, text: str, content_type: str, extension: str) -> HttpResponse:
        name = get_valid_filename(self.place.slug or "case")
        return HttpResponse(
            text.encode(),
            content_type=f"{content_type}; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}.{extension}"',
                "X-Content-Type-Options": "nosniff",
            },
        )


app_name = "attune_case_exchange"
urlpatterns = [
    path("<int:page_id>/import/", ImportView.as_view(), name="import"),
    path("<int:page_id>/import/<uuid:deed>/", TriedView.as_view(), name="tried"),
    path("<int:page_id>/export/", ExportView.as_view(), name="export"),
]
