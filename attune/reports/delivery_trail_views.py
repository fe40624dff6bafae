"""Where somebody's learning records have got to: of one person, or of one enrolment.

Results are visible by result: shown are the statements of the enrolments that the reader
reports on, and no other. Which stores there are, and what they answer, is the operators'.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.log_actions import log

from attune.enrolments.models import Enrolment
from attune.people.access import reach_of
from attune.people.models import Person
from attune.reports.access import (
    reads_reports,
    reported_engagements,
    reported_enrolments,
    zone_of,
)
from attune.reports.delivery_words import copies_mark, copy_mark, kind_in_words, moment
from attune.reports.drawing import zone_in_words
from attune.xapi import operating, trail

PER_PAGE = 50
NEWEST = "newest"


class StatementsView(WagtailAdminTemplateMixin, TemplateView):
    """Statements in the order of what happened, with how each stands."""

    template_name = "attune_reports/statements.html"
    header_icon = "upload"
    person: Person
    enrolment: Enrolment | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not reads_reports(request.user):
            raise PermissionDenied
        self.zone = zone_of(request.user)
        self.find(**kwargs)
        return super().dispatch(request, *args, **kwargs)

    def find(self, **kwargs: Any) -> None:
        self.person = get_object_or_404(
            Person.objects.visible_to(self.request.user), pk=kwargs["person_id"]
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        log(instance=self.person, action="attune_reports.read_statements", user=request.user)
        return super().get(request, *args, **kwargs)

    def get_page_title(self) -> str:
        return _("Learning records")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        person = reverse("attune_reports:person", args=[self.person.pk])
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:completion"), "label": _("Completion")},
            {"url": person, "label": self.person.full_name},
            {"url": "", "label": self.get_page_title()},
        ]

    def statements(self) -> Any:
        """Of the enrolments that the reader reports on; the administrator reads all there are."""
        user = self.request.user
        registrations: Any = None
        engagements: list[str] | None = None
        if not reach_of(user).everything:
            mine = reported_enrolments(user).filter(person=self.person)
            registrations = mine.order_by().values_list("registration", flat=True)
            engagements = list(reported_engagements(user).values_list("code", flat=True))
        if self.enrolment is not None:
            registrations = [self.enrolment.registration]
        return trail.statements_of(
            actor=self.person.pseudonym, registrations=registrations, engagements=engagements
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = self.statements()
        newest_first = self.request.GET.get("order") == NEWEST
        if newest_first:
            found = found.reverse()
        page = Paginator(found, PER_PAGE).get_page(self.request.GET.get("p"))
        is_operator = operating.may_operate(self.request.user)
        order = f"order={NEWEST}&" if newest_first else ""
        return super().get_context_data(
            **kwargs,
            person=self.person,
            enrolment=self.enrolment,
            rows=[self._row(each, is_operator) for each in trail.told(list(page.object_list))],
            page_obj=page,
            page_url=f"?{order}p=",
            newest_first=newest_first,
            is_operator=is_operator,
            zone=zone_in_words(self.zone),
            back_url=reverse("attune_reports:person", args=[self.person.pk]),
        )

    def _row(self, told: trail.Told, is_operator: bool) -> dict[str, Any]:
        row: dict[str, Any] = {
            "told": told,
            "kind": kind_in_words(told.kind),
            "at": moment(told.occurred_at, self.zone),
            "mark": copies_mark(told.copies),
        }
        if is_operator:
            row["copies"] = [
                {"copy": copy, "mark": copy_mark(copy), "at": moment(copy.at, self.zone)}
                for copy in told.copies
            ]
        return row


class EnrolmentStatementsView(StatementsView):
    """The statements of one enrolment, all of which carry its registration."""

    def find(self, **kwargs: Any) -> None:
        self.enrolment = get_object_or_404(
            reported_enrolments(self.request.user).select_related(
                "person", "programme", "engagement"
            ),
            pk=kwargs["enrolment_id"],
        )
        self.person = self.enrolment.person
