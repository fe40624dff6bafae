"""The completion matrix in Wagtail's Reports: one page on screen, all of it as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, partial
from tempfile import TemporaryFile
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.views.reports import ReportView
from wagtail.admin.widgets.button import HeaderButton

from attune.enrolments.models import Enrolment
from attune.enrolments.states import Standing
from attune.reports import matrix
from attune.reports.access import assignable_engagements, reads_reports, zone_of
from attune.reports.drawing import clock, legend, mark_of, mark_of_cell, zone_in_words
from attune.reports.filters import CompletionFilterSet
from attune.tabular import spreadsheets

WIDTHS = [28, 30, 22, 18, 16, 10, 17, 10, 10, 10, 16]


class PeoplePaginator(WagtailPaginator):
    verbose_name = gettext_lazy("enrolment")
    verbose_name_plural = gettext_lazy("enrolments")


class CompletionMatrixView(ReportView):
    template_name = "attune_reports/completion_matrix.html"
    page_title = gettext_lazy("Completion")
    header_icon = "table"
    model = Enrolment
    permission_policy = None
    filterset_class = CompletionFilterSet
    paginator_class = PeoplePaginator
    index_url_name = "attune_reports:completion"
    # The files are offered once in the page, where the filters they follow stand.
    show_export_buttons = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not reads_reports(request.user):
            raise PermissionDenied
        self.now = timezone.now()
        self.zone = zone_of(request.user)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.is_export and self.programme is not None:
            rows = matrix.all_rows(self.get_filtered_queryset(), self.modules, now=self.now)
            return self.as_spreadsheet(rows, request.GET["export"])
        self.is_export: bool = False
        return super().get(request, *args, **kwargs)

    # --- What is shown ------------------------------------------------------------------

    @cached_property
    def filters(self) -> CompletionFilterSet:
        return CompletionFilterSet(
            self.request.GET,
            request=self.request,
            programmes=matrix.programmes_for(self.request.user),
        )

    @cached_property
    def programme(self) -> matrix.Programme | None:
        return self.filters.about

    @cached_property
    def modules(self) -> list[matrix.Column]:
        return matrix.columns_of(self.programme) if self.programme else []

    def get_filtered_queryset(self) -> Any:
        """Nothing at all where a filter is not one: a slip must never show more."""
        if self.programme is None:
            return Enrolment.objects.none()
        enrolments = matrix.enrolments_in(self.request.user, self.programme, now=self.now)
        return self.filters.filter_queryset(enrolments)

    @cached_property
    def active_filters(self) -> list[Any]:
        return []  # The form itself stands above the table and shows what is chosen.

    def decorate_paginated_queryset(self, object_list: Any) -> list[dict[str, Any]]:
        rows = matrix.rows_of(list(object_list), self.modules, now=self.now)
        # Thousands of cells, but few that differ: each is put into words once.
        mark = cache(partial(mark_of_cell, zone=self.zone))
        return [
            {
                "enrolment": row.enrolment,
                "person": row.enrolment.person,
                "engagement": row.enrolment.engagement,
                "team": row.team,
                "location": row.location,
                "mark": mark_of(row.standing),
                "due": self._due(row.enrolment),
                "marks": [mark(cell) for cell in row.cells],
            }
            for row in rows
        ]

    def _due(self, enrolment: Enrolment) -> Any:
        if enrolment.due_at is None:
            return None
        others = [enrolment.engagement.client_zone]
        return clock(enrolment.due_at, zone=self.zone, others=others, now=self.now)

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(*args, **kwargs)
        shown = context["object_list"]
        context |= {
            "programme": self.programme,
            "modules": self.modules,
            "narrows": self.filters.narrows,
            "figures": matrix.figures(self.object_list) if context["items_count"] else None,
            "legend": legend(),
            "zone": zone_in_words(self.zone),
            "simulated_word": _("simulated"),
            "several_engagements": self.filters.has_several_engagements,
            "overdue_word": _("Overdue"),
            "has_simulated": any(each.engagement.is_simulated for each in shown),
            "csv_url": self.csv_export_url,
            "xlsx_url": self.xlsx_export_url,
            "may_assign": self.may_assign,
        }
        return context

    @cached_property
    def may_assign(self) -> bool:
        on = self.now.date()
        return assignable_engagements(self.request.user, on=on).exists()

    @cached_property
    def header_buttons(self) -> list[Any]:
        if not self.may_assign:
            return []
        return [
            HeaderButton(_("Assign people"), url=reverse("attune_reports:assign"), icon_name="plus")
        ]

    # --- The same as a file ---------------------------------------------------------------

    def headings(self) -> list[str]:
        columns = [
            _("Person"),
            _("Engagement"),
            _("Team today"),
            _("Location today"),
            _("State"),
            _("Overdue"),
            _("Due (%(zone)s)") % {"zone": self.zone},
            _("Required modules done"),
            _("Required modules"),
            _("Simulated"),
        ]
        for number, module in enumerate(self.modules, 1):
            title = f"{number}. {module.title}"
            if not module.required:
                title = _("%(module)s (optional)") % {"module": title}
            columns += [title, _("%(module)s: completed on") % {"module": title}]
        return columns

    def values(self, rows: Iterable[matrix.Row]) -> Iterator[list[spreadsheets.Value]]:
        """What the table says, typed. Moments are in the reader's zone, as on the screen."""
        yes, no, words = _("Yes"), _("No"), cache(_in_words)
        for row in rows:
            enrolment = row.enrolment
            due = matrix.local(enrolment.due_at, self.zone)
            line: list[spreadsheets.Value] = [
                enrolment.person.full_name,
                enrolment.engagement.name,
                row.team,
                row.location,
                row.standing.label,
                yes if row.standing.overdue else no,
                due.replace(tzinfo=None) if due else None,
                enrolment.modules_done,
                enrolment.modules_required,
                yes if enrolment.engagement.is_simulated else no,
            ]
            for cell in row.cells:
                done = matrix.local(cell.completed_at, self.zone)
                line += [words(cell.standing, cell.note), done.date() if done else None]
            yield line

    def get_filename(self) -> str:
        title = slugify(self.programme.title) if self.programme else ""
        return f"completion-{title or 'programme'}-{self.now:%Y-%m-%d}"

    def write_csv_response(self, rows: Iterable[matrix.Row]) -> StreamingHttpResponse:
        lines = spreadsheets.csv_lines(self.headings(), self.values(rows))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.get_filename()}.csv"'
        return response

    def write_xlsx_response(self, rows: Iterable[matrix.Row]) -> FileResponse:
        output = TemporaryFile()  # noqa: SIM115  (FileResponse closes it when it is sent)
        spreadsheets.write_xlsx(
            output,
            self.headings(),
            self.values(rows),
            title=self.programme.title if self.programme else "",
            widths=WIDTHS,
        )
        output.seek(0)
        return FileResponse(
            output,
            as_attachment=True,
            content_type=spreadsheets.XLSX_TYPE,
            filename=f"{self.get_filename()}.xlsx",
        )


def _in_words(standing: Standing, note: str) -> str:
    words = [standing.label]
    if note:
        words.append(note)
    if standing.overdue:
        words.append(_("overdue"))
    return ", ".join(words)
