"""Assignment rules in the admin: the list, one rule's page, switching it off and on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton
from wagtail.models import ModelLogEntry

from attune.enrolments.models import Assignment, AssignmentRule, Enrolment, RuleException
from attune.enrolments.rules.scope import given_by
from attune.enrolments.rules.services import APPLY
from attune.jobs.models import Job
from attune.people.models import Person
from attune.reports.access import (
    assignable_engagements,
    managed_engagements,
    reads_reports,
    zone_of,
)
from attune.reports.drawing import clock, day_in, mark_of, zone_in_words
from attune.reports.rule_words import scope_in_words, state_in_words, terms_in_words
from attune.tabular import spreadsheets

PER_PAGE = 50
SHOWN_EXCEPTIONS = 100
SHOWN_HISTORY = 50


class RuleScreen(WagtailAdminTemplateMixin):
    """For HR of both sides; whatever is another tenant's is not there."""

    request: HttpRequest
    header_icon = "list-ul"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not reads_reports(request.user):
            raise PermissionDenied
        self.now = timezone.now()
        return super().dispatch(request, *args, **kwargs)

    def rules(self) -> QuerySet[AssignmentRule]:
        return AssignmentRule.objects.visible_to(self.request.user).select_related(
            "programme__locale", "engagement__client", "engagement__vendor", "team", "location"
        )

    def crumbs(self, *items: tuple[str, Any]) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:rules"), "label": _("Assignment rules")},
            *({"url": url, "label": label} for url, label in items),
        ]


class RulesView(RuleScreen, TemplateView):
    template_name = "attune_reports/rules.html"
    page_title = gettext_lazy("Assignment rules")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]

    @cached_property
    def may_make(self) -> bool:
        return assignable_engagements(self.request.user, on=self.now.date()).exists()

    @cached_property
    def header_buttons(self) -> list[Any]:
        if not self.may_make:
            return []
        return [
            HeaderButton(_("New rule"), url=reverse("attune_reports:new_rule"), icon_name="plus")
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        paginator = Paginator(self.rules().order_by("-is_active", "name", "pk"), PER_PAGE)
        page = paginator.get_page(self.request.GET.get("p"))
        covered = covered_by(page.object_list)
        return super().get_context_data(
            **kwargs,
            page_obj=page,
            index_url=reverse("attune_reports:rules"),
            may_make=self.may_make,
            rows=[
                {
                    "rule": rule,
                    "scope": scope_in_words(rule),
                    "terms": terms_in_words(rule),
                    "state": state_in_words(rule),
                    "covered": covered.get(rule.reference, 0),
                }
                for rule in page.object_list
            ],
        )


def covered_by(rules: Any) -> dict[str, int]:
    """Reference of a rule → how many people owe by it. One query."""
    rows = Assignment.objects.filter(
        reason=Assignment.Reason.RULE,
        reference__in=[rule.reference for rule in rules],
        withdrawn_at__isnull=True,
    )
    counted = rows.order_by().values("reference")
    return dict(
        counted.annotate(people=Count("enrolment__person", distinct=True)).values_list(
            "reference", "people"
        )
    )


class OneRule(RuleScreen):
    kwargs: dict[str, Any]

    @cached_property
    def rule(self) -> AssignmentRule:
        return get_object_or_404(self.rules(), pk=self.kwargs["rule_id"])

    @cached_property
    def may_change(self) -> bool:
        return managed_engagements(self.request.user).filter(pk=self.rule.engagement_id).exists()

    @property
    def rule_url(self) -> str:
        return reverse("attune_reports:rule", args=[self.rule.pk])


class RuleView(OneRule, TemplateView):
    """Who is covered, who is left out, and what became of the rule."""

    template_name = "attune_reports/rule.html"

    def get_page_title(self) -> str:
        return self.rule.name

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.crumbs(("", self.rule.name))

    def get(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        self.zone = zone_of(request.user)
        if request.GET.get("export") == "csv":
            return self._csv()
        return super().get(request, *args, **kwargs)

    def covered(self) -> QuerySet[Assignment]:
        """What it has given; of people in several rounds the newest is the one it speaks of."""
        newest = Enrolment.objects.latest_cycle().filter(
            engagement=self.rule.engagement_id, programme_key=self.rule.programme_key
        )
        return (
            given_by(self.rule)
            .filter(enrolment__in=newest)
            .select_related("enrolment__person")
            .order_by("enrolment__person__full_name", "pk")
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule = self.rule
        page = Paginator(self.covered(), PER_PAGE).get_page(self.request.GET.get("p"))
        exceptions = rule.exceptions.select_related("person", "made_by__attune_person")
        return super().get_context_data(
            **kwargs,
            rule=rule,
            scope=scope_in_words(rule),
            terms=terms_in_words(rule),
            state=state_in_words(rule),
            may_change=self.may_change,
            zone=zone_in_words(self.zone),
            page_obj=page,
            index_url=self.rule_url,
            rows=[self._row(each) for each in page.object_list],
            exceptions=[self._exception(each) for each in exceptions[:SHOWN_EXCEPTIONS]],
            history=list(self._history()),
            job=Job.objects.filter(kind=APPLY, subject__startswith=f"{rule.pk}:")
            .order_by("-asked_at", "-pk")
            .first(),
        )

    def _row(self, each: Assignment) -> dict[str, Any]:
        enrolment = each.enrolment
        others = [enrolment.person.zone, self.rule.engagement.client_zone]
        due = enrolment.due_at
        return {
            "person": enrolment.person,
            "mark": mark_of(enrolment.standing(self.now)),
            "due": clock(due, zone=self.zone, others=others, now=self.now) if due else None,
            "since": day_in(each.assigned_at, self.zone),
        }

    def _exception(self, each: RuleException) -> dict[str, Any]:
        by = each.made_by
        return {
            "exception": each,
            "by": (getattr(by, "attune_person", None) or by) if by is not None else "",
            "on": day_in(each.made_at, self.zone),
        }

    def _history(self) -> Iterator[dict[str, Any]]:
        entries = ModelLogEntry.objects.for_instance(self.rule).select_related(
            "user__attune_person"
        )
        shown = list(entries[:SHOWN_HISTORY])
        # The log holds numbers, not names: whoever is erased is gone from it, too.
        about = {entry.data["person"] for entry in shown if "person" in entry.data}
        names = dict(Person.objects.filter(pk__in=about).values_list("pk", "full_name"))
        for entry in shown:
            by = entry.user
            yield {
                "what": entry.message,
                "by": (getattr(by, "attune_person", None) or by) if by is not None else "",
                "on": clock(entry.timestamp, zone=self.zone, others=[], now=self.now),
                "changes": entry.data.get("changes", []),
                "came": entry.data.get("came") or names.get(entry.data.get("person"), ""),
            }

    def _csv(self) -> StreamingHttpResponse:
        head = [_("Person"), _("State"), _("Overdue"), _("Due (%(zone)s)") % {"zone": self.zone}]
        lines = spreadsheets.csv_lines(head, self._values())
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="rule-{self.rule.pk}.csv"'
        return response

    def _values(self) -> Iterator[list[spreadsheets.Value]]:
        for each in self.covered().iterator(chunk_size=2000):
            standing = each.enrolment.standing(self.now)
            due = each.enrolment.due_at
            yield [
                each.enrolment.person.full_name,
                standing.label,
                _("Yes") if standing.overdue else _("No"),
                due.astimezone(self.zone).replace(tzinfo=None) if due else None,
            ]
