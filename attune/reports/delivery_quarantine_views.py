"""What record stores refused: the list, as a page and as a file, and one statement of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.models import ModelLogEntry

from attune.reports.delivery_choosing import GIVEN_UP, QuarantineForm
from attune.reports.delivery_screens import ForOperators
from attune.reports.delivery_words import copy_mark, kind_in_words, moment
from attune.reports.drawing import zone_in_words
from attune.tabular import spreadsheets
from attune.xapi import quarantine, trail

PER_PAGE = 50
DEEDS_IN_HISTORY = 50


class QuarantineView(ForOperators, TemplateView):
    """Filters, the statements that they leave, and what can be done with them."""

    template_name = "attune_reports/quarantine.html"

    @cached_property
    def form(self) -> QuarantineForm:
        return QuarantineForm(self.request.GET, zone=self.zone)

    @property
    def tab(self) -> str:  # type: ignore[override]
        return "given_up" if self.form.is_given_up else "quarantine"

    def get_page_title(self) -> str:
        return _("Statements that were given up") if self.form.is_given_up else _("Quarantine")

    def above(self) -> list[dict[str, str]]:
        return [{"url": reverse("attune_reports:delivery"), "label": _("Delivery of records")}]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        match request.GET.get("export"):
            case "csv":
                return self.as_csv()
            case "xlsx":
                return self.as_xlsx()
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = quarantine.rows(self.form.choice()).select_related("record", "lane", "given_up")
        page = Paginator(found, PER_PAGE).get_page(self.request.GET.get("p"))
        return super().get_context_data(
            **kwargs,
            form=self.form,
            path=self.request.path,
            narrows=self.form.narrows,
            is_given_up=self.form.is_given_up,
            rows=[self._row(each) for each in page.object_list],
            page_obj=page,
            total=page.paginator.count,
            page_url=self.form.query(p=""),
            clear_url=self.request.path + (f"?shelf={GIVEN_UP}" if self.form.is_given_up else ""),
            csv_url=self.form.query(export="csv"),
            xlsx_url=self.form.query(export="xlsx"),
            hidden=self.form.chosen().items(),
            seen=self.now.isoformat(),
        )

    def _row(self, delivery: Any) -> dict[str, Any]:
        copy = trail.copy_of(delivery)
        return {
            "delivery": delivery,
            "url": reverse("attune_reports:quarantined", args=[delivery.pk]),
            "kind": kind_in_words(delivery.record.kind),
            "about": trail.about(delivery.record.body),
            "occurred": moment(delivery.record.occurred_at, self.zone),
            "refused": moment(delivery.quarantined_at, self.zone),
            "given_up": moment(copy.at, self.zone) if copy.state == "given up" else "",
        }

    # --- The same as a file ----------------------------------------------------------------

    def headings(self) -> list[str]:
        zone = {"zone": zone_in_words(self.zone)}
        shelf = [_("Given up (%(zone)s)") % zone, _("By"), _("Note")]
        return [
            _("Record store"),
            _("Kind"),
            _("About"),
            _("Statement id"),
            _("Client"),
            _("Engagement"),
            _("Occurred (%(zone)s)") % zone,
            _("Refused (%(zone)s)") % zone,
            _("The store’s words"),
            *(shelf if self.form.is_given_up else []),
        ]

    def values(self) -> Iterator[list[spreadsheets.Value]]:
        found = quarantine.rows(self.form.choice()).select_related("record", "lane", "given_up")
        for each in found.iterator(chunk_size=500):
            record = each.record
            row: list[spreadsheets.Value] = [
                each.lane.name,
                kind_in_words(record.kind),
                trail.about(record.body),
                str(record.statement_id),
                record.client,
                record.engagement,
                self._plain(record.occurred_at),
                self._plain(each.quarantined_at),
                each.answer,
            ]
            if self.form.is_given_up:
                row += [self._plain(each.given_up.at), each.given_up.by, each.given_up.note]
            yield row

    def _plain(self, at: Any) -> Any:
        return at.astimezone(self.zone).replace(tzinfo=None)

    def filename(self) -> str:
        name = "given-up" if self.form.is_given_up else "quarantine"
        return f"{name}-{self.now.astimezone(self.zone):%Y-%m-%d}"

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
            title=self.get_page_title(),
            widths=[24, 22, 40, 38, 16, 20, 18, 18, 60],
        )
        output.seek(0)
        return FileResponse(
            output,
            as_attachment=True,
            content_type=spreadsheets.XLSX_TYPE,
            filename=f"{self.filename()}.xlsx",
        )


class QuarantinedView(ForOperators, TemplateView):
    """One statement that one store refused: what it says, what the store said, what was done."""

    template_name = "attune_reports/quarantined.html"
    page_title = gettext_lazy("Statement")

    def above(self) -> list[dict[str, str]]:
        shelf = f"?shelf={GIVEN_UP}" if self.copy.state == "given up" else ""
        return [
            {"url": reverse("attune_reports:delivery"), "label": _("Delivery of records")},
            {"url": reverse("attune_reports:quarantine") + shelf, "label": _("Quarantine")},
        ]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        found = quarantine.delivery_of(kwargs["delivery_id"])
        if found is None:
            messages.warning(
                request,
                _("It is no longer there: its record store was deleted, and with it what it held."),
            )
            return redirect("attune_reports:quarantine")
        self.delivery = found
        self.copy = trail.copy_of(found)
        return super().get(request, *args, **kwargs)

    @property
    def tab(self) -> str:  # type: ignore[override]
        return "given_up" if self.copy.state == "given up" else "quarantine"

    def get_page_title(self) -> str:
        record = self.delivery.record
        verb, about = trail.verb_in_words(record.verb), trail.about(record.body)
        return f"{verb}: {about}" if about else kind_in_words(record.kind)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        record, state = self.delivery.record, self.copy.state
        voiding = quarantine.voided_by(record)
        copies = [trail.copy_of(each) for each in quarantine.standing_elsewhere(self.delivery)]
        return super().get_context_data(
            **kwargs,
            delivery=self.delivery,
            record=record,
            lane=self.delivery.lane,
            copy=self.copy,
            mark=copy_mark(self.copy),
            kind=kind_in_words(record.kind),
            body=json.dumps(json.loads(record.body), indent=2, ensure_ascii=False)
            if record.body
            else "",
            copies=[
                {"copy": each, "mark": copy_mark(each), "at": moment(each.at, self.zone)}
                for each in copies
            ],
            held_by=[each.lane for each in copies if each.state == "delivered"],
            voiding=voiding,
            is_refused=state == "quarantined",
            is_given_up=state == "given up",
            history=self._history(voiding),
            shelf=GIVEN_UP if state == "given up" else "",
        )

    def _history(self, voiding: Any) -> list[dict[str, str]]:
        """What happened to it, oldest first: when, what, and who where it was somebody."""
        delivery, record = self.delivery, self.delivery.record
        lines = [
            (record.occurred_at, _("Happened"), "", ""),
            (record.recorded_at, _("Recorded"), "", ""),
        ]
        if delivery.quarantined_at is not None:
            lines.append((delivery.quarantined_at, _("Refused by the store"), "", delivery.answer))
        if delivery.delivered_at is not None:
            lines.append((delivery.delivered_at, _("Delivered"), "", ""))
        if self.copy.state == "given up":
            given_up = delivery.given_up
            lines.append((given_up.at, _("Given up"), given_up.by, given_up.note))
        if voiding is not None:
            words = str(voiding.statement_id)
            lines.append((voiding.recorded_at, _("Voided by a statement of its own"), "", words))
        deeds = ModelLogEntry.objects.for_instance(delivery).select_related("user")
        for deed in deeds.order_by("-timestamp")[:DEEDS_IN_HISTORY]:
            if deed.action == "attune_xapi.give_up" and self.copy.state == "given up":
                continue  # stands there with its note
            note = str(deed.data.get("note", ""))
            lines.append((deed.timestamp, deed.message, deed.user_display_name, note))
        lines.sort(key=lambda line: line[0])
        return [
            {"at": moment(at, self.zone), "what": str(what), "who": who, "words": words}
            for at, what, who, words in lines
        ]
