"""The path report in Wagtail's Reports: all case studies, and one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Max, Min
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from attune.case_studies.models import CaseAttempt
from attune.case_studies.querysets import CaseAttemptQuerySet
from attune.people.access import counted_within
from attune.people.models import Engagement
from attune.reports.access import zone_of
from attune.reports.case_names import CaseNames, names_of, titles_of
from attune.reports.case_paths import Cell, Paths
from attune.reports.case_slices import first_attempts, gathered, released
from attune.reports.item_analysis import periods_between, reads_item_analysis
from attune.safety.small_cells import MINIMUM, in_fives
from attune.tabular import spreadsheets

PER_PAGE = 50


class PathsForm(forms.Form):
    """What the attempts can be narrowed to. Whole quarters, so that no day tells on anybody."""

    engagement = forms.ModelChoiceField(
        label=gettext_lazy("Engagement"),
        queryset=Engagement.objects.none(),
        required=False,
        empty_label=gettext_lazy("All"),
    )
    period = forms.ChoiceField(label=gettext_lazy("Begun"), required=False)

    def __init__(self, data: Any, *, user: Any, attempts: CaseAttemptQuerySet, zone: ZoneInfo):
        super().__init__(data, auto_id="filter_%s")
        self.zone = zone
        self.counted = attempts
        engagement: Any = self.fields["engagement"]
        engagement.queryset = Engagement.objects.filter(
            counted_within(user, engagement="")
        ).order_by("name")
        span = attempts.aggregate(first=Min("started_at"), last=Max("started_at"))
        found = (
            periods_between(span["first"].astimezone(zone), span["last"].astimezone(zone))
            if span["first"]
            else []
        )
        self.periods = {each.code: each for each in found}
        period: Any = self.fields["period"]
        period.choices = [
            ("", _("At any time")),
            *((each.code, each.words) for each in self.periods.values()),
        ]

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        if chosen.get("engagement") and chosen.get("period"):
            raise forms.ValidationError(
                _(
                    "Choose an engagement or a time, not both: together they could single out "
                    "few people. Nothing is counted until one of them is cleared."
                )
            )
        return chosen

    @property
    def narrows(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def narrowed(self) -> CaseAttemptQuerySet:
        """The attempts that are counted: none at all where a filter is not one."""
        if not self.is_valid():
            return self.counted.none()
        chosen, attempts = self.cleaned_data, self.counted
        if chosen["engagement"]:
            attempts = attempts.filter(enrolment__engagement=chosen["engagement"])
        if chosen["period"]:
            begin, end = self.periods[chosen["period"]].bounds(self.zone)
            attempts = attempts.filter(started_at__gte=begin, started_at__lt=end)
        return attempts


class ForPathReaders(WagtailAdminTemplateMixin, TemplateView):
    """Filters, and the attempts that they leave."""

    header_icon = "redirect"
    page_title = gettext_lazy("Paths through case studies")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not reads_item_analysis(request.user):
            raise PermissionDenied
        self.zone = zone_of(request.user)
        if not self.countable().exists():
            self.nothing_to_count()
        return super().dispatch(request, *args, **kwargs)

    def nothing_to_count(self) -> None:
        """Asked for only after the role, so that keys tell nothing."""

    def countable(self) -> CaseAttemptQuerySet:
        found: CaseAttemptQuerySet = CaseAttempt.objects.countable_by(self.request.user)
        return found

    @cached_property
    def form(self) -> PathsForm:
        return PathsForm(
            self.request.GET, user=self.request.user, attempts=self.countable(), zone=self.zone
        )

    def filters(self, **more: str) -> str:
        """What is chosen, as it stands in the address."""
        chosen = {
            name: self.request.GET[name] for name in self.form.fields if name in self.request.GET
        }
        query = urlencode(chosen | more)
        return f"?{query}" if query else ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        here = [{"url": "", "label": self.get_page_title()}]
        return [*self.breadcrumbs_items, *self.above(), *here]

    def above(self) -> list[dict[str, str]]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            form=self.form,
            narrows=self.form.narrows,
            least=MINIMUM,
            path=self.request.path,
        )


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the list. ``people`` is ``None`` where there are too few to count."""

    name: CaseNames
    people: int | None
    url: str


class CasesView(ForPathReaders):
    """Every case study that somebody has begun."""

    template_name = "attune_reports/case_paths.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts = dict(
            first_attempts(self.form.narrowed())
            .order_by()
            .values_list("case_key")
            .annotate(people=Count("pk"))
        )
        names = titles_of(counts)
        rows = [
            CaseRow(
                names[key],
                in_fives(people) if people >= MINIMUM else None,
                reverse("attune_reports:case_path", args=[key]) + self.filters(),
            )
            for key, people in counts.items()
        ]
        rows.sort(key=lambda row: (row.name.title.casefold(), row.url))
        page = Paginator(rows, PER_PAGE).get_page(self.request.GET.get("p"))
        return super().get_context_data(
            **kwargs, rows=page.object_list, page_obj=page, page_url=self.filters(p="")
        )


class CasePathView(ForPathReaders):
    """One case, scene by scene."""

    template_name = "attune_reports/case_path.html"

    def nothing_to_count(self) -> None:
        raise Http404

    def countable(self) -> CaseAttemptQuerySet:
        return super().countable().filter(case_key=self.kwargs["case_key"])

    @cached_property
    def names(self) -> CaseNames:
        return names_of(self.kwargs["case_key"])

    @cached_property
    def paths(self) -> Paths:
        if not self.form.is_valid():
            return Paths(0)
        chosen = self.form.cleaned_data
        return released(
            gathered(self.countable(), self.names, self.zone),
            engagement=chosen["engagement"].pk if chosen["engagement"] else None,
            period=self.form.periods[chosen["period"]] if chosen["period"] else None,
        )

    def get_page_title(self) -> str:
        return self.names.title

    def above(self) -> list[dict[str, str]]:
        url = reverse("attune_reports:case_paths") + self.filters()
        return [{"url": url, "label": str(self.page_title)}]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        wanted = request.GET.get("export")
        if self.paths.enough and wanted == "csv":
            return self.as_csv()
        if self.paths.enough and wanted == "xlsx":
            return self.as_xlsx()
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        paths, names = self.paths, self.names
        return super().get_context_data(
            **kwargs,
            paths=paths,
            scenes=[
                {
                    "title": names.scene(each.scene),
                    "figures": each,
                    "cells": [(names.choice(each.scene, cell.key), cell) for cell in each.cells],
                }
                for each in paths.scenes
            ],
            endings=[(names.ending(cell.key), cell) for cell in paths.endings],
            again=[(names.again(cell.key), cell) for cell in paths.again],
            csv_url=self.filters(export="csv"),
            xlsx_url=self.filters(export="xlsx"),
        )

    # --- The same as a file ----------------------------------------------------------------

    def headings(self) -> list[str]:
        return [
            _("What"),
            _("Scene"),
            _("Choice or ending"),
            _("People (to the nearest five)"),
            _("Share in per cent (in steps of five)"),
            _("Median seconds"),
        ]

    def values(self) -> Iterator[list[spreadsheets.Value]]:
        names = self.names
        for scene in self.paths.scenes:
            title = names.scene(scene.scene)
            yield [_("Scene"), title, None, _shown(scene.people), None, scene.seconds]
            for cell in scene.cells:
                yield _line(_("Choice"), title, names.choice(scene.scene, cell.key), cell)
        for cell in self.paths.endings:
            yield _line(_("Ending"), None, names.ending(cell.key), cell)
        for cell in self.paths.again:
            yield _line(_("Tried again from"), names.again(cell.key), None, cell)

    def filename(self) -> str:
        return f"paths-{slugify(self.names.title) or 'case'}-{timezone.localdate():%Y-%m-%d}"

    def as_csv(self) -> StreamingHttpResponse:
        lines = spreadsheets.csv_lines(self.headings(), self.values())
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.filename()}.csv"'
        return response

    def as_xlsx(self) -> FileResponse:
        output = TemporaryFile()  # noqa: SIM115  (FileResponse closes it when it is sent)
        spreadsheets.write_xlsx(
            output,
            self.headings(),
            self.values(),
            title=self.names.title,
            widths=[18, 40, 60, 14, 14, 14],
        )
        output.seek(0)
        return FileResponse(
            output,
            as_attachment=True,
            content_type=spreadsheets.XLSX_TYPE,
            filename=f"{self.filename()}.xlsx",
        )


def _shown(people: int | None) -> spreadsheets.Value:
    return _("hidden") if people is None else people


def _line(what: str, scene: str | None, name: str | None, cell: Cell) -> list[spreadsheets.Value]:
    return [what, scene, name, _shown(cell.people), cell.share, None]
