"""People → Import: a file is uploaded, its columns are confirmed, it is tried, then taken over.

An address that names an import answers 404 to whoever does not manage its employer.
"""

from __future__ import annotations

import io
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import get_valid_filename
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from attune.jobs.models import Job
from attune.people.importing import jobs
from attune.people.importing.columns import COLUMNS
from attune.people.importing.days import parse_day
from attune.people.importing.invitations import owe_again, owed
from attune.people.importing.models import DateOrder, ImportInvitation, PeopleImport
from attune.people.importing.report import faulty_lines, label, report_of
from attune.people.importing.services import (
    DAYS,
    choose_columns,
    dates_in,
    keep_file,
    plan_import,
)
from attune.people.importing.tables import Table, read_table
from attune.people.screens import forms
from attune.people.screens.base import URLS, Form, ForManagers
from attune.people.screens.people import people_trail
from attune.tabular.reading import FileRefused
from attune.tabular.spreadsheets import XLSX_TYPE, csv_lines, write_xlsx

HEADINGS = {
    "refused": _("Refused"),
    "leaves": _("Leave"),
    "changed": _("Changed"),
    "new": _("New"),
    "unchanged": _("Unchanged"),
}
CSV_TYPE = "text/csv; charset=utf-8"


class UploadImport(ForManagers, Form):
    """Choose an employer and a file. Nothing is written before its report was read."""

    template_name = "attune_people/admin/import.html"
    page_title = _("Import people")
    header_icon = "upload"
    form_class = forms.ImportForm
    submit_label = _("Read the file")
    kept: PeopleImport

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return people_trail((self.page_title, ""))

    def act(self, form: Any) -> PeopleImport:
        data = dict(form.cleaned_data)
        file = data.pop("file")
        try:
            self.kept = keep_file(
                file_name=str(file.name),
                body=file.read(),
                by=self.request.user,
                now=timezone.now(),
                **data,
            )
        except FileRefused as error:
            raise ValidationError({"file": str(error)}) from error
        return self.kept

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:import_columns", args=[self.kept.deed])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = (
            PeopleImport.objects.visible_to(self.request.user)
            .select_related("organisation", "uploaded_by__attune_person")
            .defer("body")
        )
        return {
            **super().get_context_data(**kwargs),
            "waiting": mine.waiting().filter(uploaded_by=self.request.user)[:10],
            "done": mine.filter(applied_at__isnull=False)[:10],
            "columns": COLUMNS,
        }


class OneImport(ForManagers, WagtailAdminTemplateMixin):
    """A screen about a file for an employer that the user manages; 404 otherwise."""

    kwargs: dict[str, Any]
    page_title = _("Import people")
    header_icon = "upload"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if type(self).may_enter(request.user):
            self.kept  # noqa: B018  (404 before anything else is looked at)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def kept(self) -> PeopleImport:
        rows = PeopleImport.objects.visible_to(self.request.user).select_related("organisation")
        kept: PeopleImport = get_object_or_404(rows, deed=self.kwargs["deed"])
        return kept

    def get_page_subtitle(self) -> str:
        return self.kept.file_name

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        here = reverse(f"{URLS}:import_people")
        return people_trail((self.page_title, here), (self.kept.file_name, ""))

    def table(self) -> Table:
        """The file as it was uploaded; it was read then, so it can be read now."""
        if self.kept.body is None:
            raise Http404
        return read_table(bytes(self.kept.body))


class ImportColumns(OneImport, TemplateView):
    """Which column holds what, and in which order dates are written: shown, then confirmed."""

    template_name = "attune_people/admin/import_columns.html"
    errors: list[str]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.kept.applied_at is not None:
            return redirect(f"{URLS}:import_report", deed=self.kept.deed)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, deed: UUID) -> HttpResponse:
        kept = self.kept
        if kept.applied_at is not None or _at_work(kept) is not None:
            messages.warning(request, _("It is being read just now, or was imported already."))
            return redirect(f"{URLS}:import_report", deed=deed)
        table = self.table()
        chosen = [request.POST.get(f"column_{place}", "") for place in range(len(table.headings))]
        order = request.POST.get("date_order", "")
        try:
            if order not in DateOrder.values:
                raise ValidationError(gettext("Say in which order dates are written."))
            choose_columns(kept=kept, columns=chosen, date_order=order, by=request.user)
        except ValidationError as error:
            messages.error(request, _("Nothing was saved. The words below say what to change."))
            context = self.get_context_data(errors=error.messages, chosen=chosen, order=order)
            return self.render_to_response(context, status=422)
        if kept.lines > jobs.IN_THE_REQUEST:
            jobs.ask_to_try(kept, user=request.user, now=timezone.now())
        return redirect(f"{URLS}:import_report", deed=deed)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kept, table = self.kept, self.table()
        chosen = kwargs.get("chosen") or kept.columns
        evidence = dates_in(kept, table, chosen)
        order = kwargs.get("order") or kept.date_order or evidence.order
        choices = sorted(((each.name, str(each.label)) for each in COLUMNS), key=lambda x: x[1])
        return {
            **super().get_context_data(**kwargs),
            "kept": kept,
            "format": table.format_in_words,
            "columns": [
                {
                    "place": place,
                    "heading": heading,
                    "examples": _examples(table.column(place)),
                    "chosen": chosen[place],
                }
                for place, heading in enumerate(table.headings)
            ],
            "choices": choices,
            "unknown": sum(1 for name in chosen if not name),
            "has_dates": any(name in DAYS for name in chosen),
            "evidence": evidence,
            "orders": [
                {
                    "value": each.value,
                    "label": each.label,
                    "chosen": each.value == order,
                    "reading": parse_day(evidence.sample, each.value) if evidence.sample else None,
                }
                for each in DateOrder
            ],
        }


def _examples(cells: list[str]) -> list[str]:
    found = dict.fromkeys(cell[:40] for cell in cells[:2000] if cell)
    return list(found)[:3]


def _at_work(kept: PeopleImport) -> Job | None:
    for kind in (jobs.APPLY, jobs.TRY):
        job: Job | None = Job.objects.about(kind, str(kept.deed)).unfinished().first()
        if job is not None:
            return job
    return None


class ImportReport(OneImport, TemplateView):
    """What the file would do, then the deed, then what it did."""

    template_name = "attune_people/admin/import_report.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.kept.date_order:
            return redirect(f"{URLS}:import_columns", deed=self.kept.deed)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, deed: UUID) -> HttpResponse:
        done = getattr(self, f"do_{request.POST.get('do', '')}", None)
        back = redirect(f"{URLS}:import_report", deed=deed)
        if done is None:
            return back
        if self.kept.applied_at is not None and done != self.do_invite:
            messages.warning(request, _("This file was imported before. Nothing was done twice."))
            return back
        if _at_work(self.kept) is not None:
            messages.warning(request, _("It is at work just now. Cancel that first."))
            return back
        return done() or back

    def do_discard(self) -> HttpResponse:
        self.kept.delete()
        messages.success(self.request, _("The file was discarded. Nothing was imported."))
        return redirect(f"{URLS}:import_people")

    def do_again(self) -> None:
        if self.kept.lines > jobs.IN_THE_REQUEST:
            jobs.ask_to_try(self.kept, user=self.request.user, now=timezone.now())

    def do_invite(self) -> None:
        """What waits or was not sent goes out (again); what was sent is not sent twice."""
        owe_again(self.kept)
        jobs.ask_to_invite(self.kept, user=self.request.user, now=timezone.now())

    def do_apply(self) -> None:
        kept, posted = self.kept, self.request.POST
        kept.without_faulty = posted.get("without_faulty") == "yes"
        kept.leavers = {}
        if posted.get("leavers") == "confirmed":
            try:
                last = date.fromisoformat(posted.get("left_on", ""))
            except ValueError:
                messages.error(
                    self.request, _("Nothing was imported: give the leavers’ last day at work.")
                )
                return
            named = [int(each) for each in posted.getlist("leaver") if each.isdigit()]
            kept.leavers = {"jobs": named, "left_on": last.isoformat()}
        kept.save(update_fields=["without_faulty", "leavers"])
        jobs.ask_to_apply(kept, user=self.request.user, now=timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kept = self.kept
        context = {**super().get_context_data(**kwargs), "kept": kept}
        applying = Job.objects.about(jobs.APPLY, str(kept.deed)).first()
        if kept.applied_at is not None:
            return context | self._of_what_was_done(applying)
        context["format"] = self.table().format_in_words
        job = _at_work(kept)
        if job is not None:
            return context | self._at_work(job)
        if applying is not None and not applying.is_done:
            context["stopped"] = applying
        return context | self._of_the_trial()

    def _at_work(self, job: Job) -> dict[str, Any]:
        mine = Job.objects.visible_to(self.request.user).filter(pk=job.pk).exists()
        return {"job": job, "job_is_mine": mine, "importing": job.kind == jobs.APPLY}

    def _of_the_trial(self) -> dict[str, Any]:
        kept = self.kept
        if kept.lines <= jobs.IN_THE_REQUEST:
            report = report_of(plan_import(kept, by=self.request.user))
            return _shown(report)
        tried = Job.objects.about(jobs.TRY, str(kept.deed)).first()
        if tried is None:
            return {"again": True}
        if not tried.is_done:
            return {"again": True, "stopped": tried}
        return _shown(tried.result) | {"again": True, "tried_at": tried.finished_at}

    def _of_what_was_done(self, applying: Job | None) -> dict[str, Any]:
        counts = self.kept.result
        states = owed(self.kept)
        sending = Job.objects.about(jobs.INVITE, str(self.kept.deed)).first()
        context: dict[str, Any] = {
            "counts": in_words(
                counts | {"leaves": counts.get("leaves", 0) + counts.get("ended", 0)}
            ),
            "invitations": [
                {"state": state, "label": label, "count": states[state]}
                for state, label in ImportInvitation.State.choices
                if states[state]
            ],
            "may_send": bool(states["waiting"] or states["failed"] or states["sending"]),
        }
        if sending is not None and not sending.is_finished:
            return context | self._at_work(sending) | {"inviting": True, "importing": False}
        if sending is not None and not sending.is_done:
            context["stopped"] = sending
        return context


def _shown(report: dict[str, Any]) -> dict[str, Any]:
    return {
        "report": report,
        "counts": in_words(report["counts"]),
        "faults": [{**each, "label": label(each["column"])} for each in report["faults"]],
        "lists": [
            {
                **each,
                "label": HEADINGS[each["verdict"]],
                "lines": [
                    {
                        **line,
                        "changes": [
                            (label(column), was, becomes)
                            for column, was, becomes in line["changes"]
                        ],
                    }
                    for line in each["lines"]
                ],
            }
            for each in report["lists"]
        ],
        "today": timezone.localdate(),
    }


def in_words(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"verdict": verdict, "label": words, "count": counts.get(verdict, 0)}
        for verdict, words in HEADINGS.items()
    ]


class ImportErrors(OneImport, View):
    """The refused lines as a CSV with the reasons in front; mended, it can be imported."""

    def get(self, request: HttpRequest, deed: UUID) -> HttpResponse | StreamingHttpResponse:
        table = self.table()
        plan = plan_import(self.kept, by=request.user)
        headings, rows = faulty_lines(table, plan.faults)
        return StreamingHttpResponse(
            csv_lines(headings, rows), headers=_headers(gettext("faulty-lines"), "csv", CSV_TYPE)
        )


class ImportTemplate(ForManagers, View):
    """Every column with a note and an example. Lines that begin with # are not read."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        headings = [str(column.label) for column in COLUMNS]
        notes = [str(column.note) for column in COLUMNS]
        example = [column.example for column in COLUMNS]
        rows = [[f"# {notes[0]}", *notes[1:]], [f"# {example[0]}", *example[1:]]]
        name = gettext("people-template")
        if kind == "csv":
            body = b"".join(csv_lines(headings, rows))
            return HttpResponse(body, headers=_headers(name, "csv", CSV_TYPE))
        if kind != "xlsx":
            raise Http404
        output = io.BytesIO()
        write_xlsx(output, headings, rows, title=gettext("People"), widths=[24])
        return HttpResponse(output.getvalue(), headers=_headers(name, "xlsx", XLSX_TYPE))


def _headers(name: str, extension: str, content_type: str) -> dict[str, str]:
    day = timezone.now().date().isoformat()
    return {
        "Content-Type": content_type,
        "Content-Disposition": (
            f'attachment; filename="{get_valid_filename(name)}-{day}.{extension}"'
        ),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
