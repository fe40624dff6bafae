"""How the delivery of records is doing, lane by lane, and the switches beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.log_actions import log

from attune.reports.delivery_chart import Chart, chart_of, number
from attune.reports.delivery_screens import ForOperators
from attune.reports.delivery_words import age_in_words, lane_mark, lane_sentence, moment
from attune.xapi import health, operating

SPANS = (
    ("hour", gettext_lazy("Last hour"), 12, timedelta(minutes=5)),
    ("day", gettext_lazy("Last 24 hours"), 24, timedelta(hours=1)),
)


class DeliveryView(ForOperators, TemplateView):
    """Every lane: state, what waits, how fast, what went wrong."""

    template_name = "attune_reports/delivery.html"
    page_title = gettext_lazy("Delivery of records")
    tab = "delivery"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        reports = health.lane_reports(self.now)
        charts = {lane.lane: [] for lane in reports}  # type: dict[int, list[Chart]]
        for _name, title, bars, length in SPANS:
            found = health.counts(self.now, bars=bars, length=length)
            for lane in reports:
                counts = [
                    (each.since, each.delivered, each.quarantined, each.failures)
                    for each in found.get(lane.lane, ())
                ]
                charts[lane.lane].append(
                    chart_of(counts, title=str(title), length=length, zone=self.zone)
                )
        return super().get_context_data(
            **kwargs,
            lanes=[self._lane(each, charts[each.lane]) for each in reports],
            add_url=reverse("attune_xapi_lane:add"),
            settings_url=reverse("attune_xapi_lane:index"),
        )

    def _lane(self, report: health.LaneReport, charts: list[Chart]) -> dict[str, Any]:
        page = "inspect" if report.from_environment else "edit"
        oldest = report.oldest_waiting_age
        return {
            "report": report,
            "mark": lane_mark(report),
            "sentence": lane_sentence(report),
            "host": urlsplit(report.endpoint).netloc,
            "waiting": number(report.waiting),
            "oldest": age_in_words(oldest) if oldest is not None else "",
            "delivered": number(report.delivered),
            "quarantined": number(report.quarantined),
            "set_aside": number(report.set_aside),
            "error_at": moment(report.last_error_at, self.zone),
            "is_past": bool(
                report.last_error_at
                and report.last_success_at
                and report.last_success_at > report.last_error_at
            ),
            "success_at": moment(report.last_success_at, self.zone),
            "charts": charts,
            "quarantine_url": f"{reverse('attune_reports:quarantine')}?lane={report.lane}",
            "settings_url": reverse(f"attune_xapi_lane:{page}", args=[report.lane]),
            "may_switch": not report.from_environment,
            "may_try": report.state in ("paused", "backing off"),
        }


class LaneDeedView(ForOperators, View):
    """Pause, resume or try one lane now. Undone by its opposite, which stands in its place."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, lane_id: int, deed: str) -> HttpResponse:
        name = operating.lane_names().get(lane_id)
        act = {
            "pause": operating.pause,
            "resume": operating.resume,
            "try": operating.try_now,
        }.get(deed)
        if act is None:
            raise Http404
        if name is None:
            messages.warning(request, _("This record store is gone: somebody has deleted it."))
            return redirect("attune_reports:delivery")
        try:
            done = act(lane_id)
        except operating.SetByEnvironment:
            messages.error(
                request,
                _("“%(lane)s” is set by the environment (ATTUNE_LRS_…) and is switched there.")
                % {"lane": name},
            )
            return redirect("attune_reports:delivery")
        if done:
            log(
                instance=operating.lane_of(lane_id),
                action=f"attune_xapi.{deed}",
                user=request.user,
            )
        self._say(deed, name, done)
        return redirect("attune_reports:delivery")

    def _say(self, deed: str, lane: str, done: bool) -> None:
        if not done:
            messages.info(
                self.request,
                _("Nothing was done: “%(lane)s” had been switched meanwhile.") % {"lane": lane},
            )
            return
        words = {
            "pause": _(
                "“%(lane)s” is paused. The batch that is being sent is the last; everything "
                "else waits until it is resumed."
            ),
            "resume": _("“%(lane)s” is resumed. What was recorded meanwhile follows."),
            "try": _("“%(lane)s” is tried again now. Look again in a few seconds."),
        }
        messages.success(self.request, words[deed] % {"lane": lane})
