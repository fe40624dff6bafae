"""What the screens about the delivery of records share: who may, tabs, crumbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from attune.reports.access import zone_of
from attune.reports.drawing import zone_in_words
from attune.xapi.operating import may_operate
from attune.xapi.quarantine import Choice, rows


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    label: str
    url: str
    count: int | None = None


def record_tabs() -> list[Tab]:
    refused = rows(Choice()).order_by().count()
    given_up = rows(Choice(given_up=True)).order_by().count()
    quarantine = reverse("attune_reports:quarantine")
    return [
        Tab("delivery", _("Delivery"), reverse("attune_reports:delivery")),
        Tab("quarantine", _("Quarantine"), quarantine, refused),
        Tab("given_up", _("Given up"), f"{quarantine}?shelf=given-up", given_up),
        Tab("replays", _("Replays"), reverse("attune_reports:replays")),
    ]


class ForOperators(WagtailAdminTemplateMixin):
    """Only for those who may see lanes; asked before anything that the address names."""

    header_icon = "upload"
    tab = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_operate(request.user):
            raise PermissionDenied
        self.now = timezone.now()
        self.zone = zone_of(request.user)
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        here = [{"url": "", "label": self.get_page_title()}]
        return [*self.breadcrumbs_items, *self.above(), *here]

    def above(self) -> list[dict[str, str]]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given = {"tabs": record_tabs(), "tab": self.tab, "zone": zone_in_words(self.zone)}
        return super().get_context_data(**{**given, **kwargs})
