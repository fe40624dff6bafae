"""Make or change a rule: fill in, read what it would do to whom, save.

Nothing is written before the page that says what it does; and if that is no longer true when
somebody saves, the page is shown again with what is true now.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.log_actions import log

from attune.curriculum.models import ProgrammePage
from attune.enrolments.models import AssignmentRule
from attune.enrolments.rules.services import change_rule, make_rule
from attune.people.models import Engagement
from attune.reports import matrix, rule_preview
from attune.reports.access import assignable_engagements, managed_engagements, reads_reports
from attune.reports.rule_forms import RuleForm
from attune.reports.rule_views import RuleScreen
from attune.reports.rule_words import (
    came_of,
    differences,
    in_words,
    scope_in_words,
    terms_in_words,
)
from attune.tabular import spreadsheets


class EditScreen(RuleScreen, TemplateView):
    template_name = "attune_reports/rule_edit.html"
    action = ""

    def existing(self) -> AssignmentRule | None:
        return None

    @cached_property
    def engagement(self) -> Engagement | None:
        raise NotImplementedError

    @cached_property
    def programmes(self) -> list[matrix.Programme]:
        """Live programmes of the engagement's client."""
        if self.engagement is None:
            return []
        owned = set(
            ProgrammePage.objects.live()
            .owned_by([self.engagement.client_id])
            .values_list("translation_key", flat=True)
        )
        return [each for each in matrix.programmes_for(self.request.user) if each.key in owned]

    def form_for(self, engagement: Engagement, data: Any = None) -> RuleForm:
        existing = self.existing()
        initial: dict[str, Any] = {}
        if existing is None:
            initial = {"starts_on": self.now.date(), "due_days": 14}
        return RuleForm(
            data,
            # A row of its own: the form writes into it, and the history compares the two.
            instance=self.rules().get(pk=existing.pk) if existing else AssignmentRule(),
            engagement=engagement,
            programmes=self.programmes,
            user=self.request.user,
            now=self.now,
            initial=initial,
        )

    @property
    def is_ready(self) -> bool:
        return self.engagement is not None and bool(self.programmes or self.existing())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.form_for(self.engagement) if self.is_ready and self.engagement else None
        return self.render_to_response(self.get_context_data(form=form))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.is_ready or self.engagement is None:
            return self.get(request)
        form = self.form_for(self.engagement, request.POST)
        do = request.POST.get("do", "")
        if do == "edit" or not form.is_valid():
            if do == "edit":
                form.full_clean()
                form.errors.clear()
            return self.render_to_response(self.get_context_data(form=form))
        rule = form.rule()
        if do == "save":
            return self._save(form, rule)
        found = rule_preview.preview_of(rule, now=self.now)
        if do == "csv":
            return _csv(found)
        return self.render_to_response(self.get_context_data(form=form, rule=rule, found=found))

    def _save(self, form: RuleForm, rule: AssignmentRule) -> HttpResponseBase:
        # What was read is what is confirmed; if people have come or gone since, say so first.
        found = rule_preview.preview_of(rule, now=self.now)
        if found.tally.signature != self.request.POST.get("read", ""):
            return self.render_to_response(
                self.get_context_data(form=form, rule=rule, found=found, is_stale=True)
            )
        user, before = self.request.user, self.existing()
        if before is None:
            applied = make_rule(rule=rule, by=user, now=self.now)
        else:
            applied = change_rule(rule=rule, by=user, now=self.now)
        came = came_of(applied)
        changes = differences(before, rule) if before is not None else []
        log(
            instance=rule,
            action=self.action,
            user=user,
            data={"came": came, "changes": changes},
        )
        if applied.job is not None:
            messages.success(
                self.request,
                _("The rule is saved. A job brings everybody to it; you see here how far it is."),
            )
        else:
            messages.success(self.request, _("The rule is saved. %(came)s") % {"came": came})
        return redirect("attune_reports:rule", rule.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        form, found, rule = kwargs.get("form"), kwargs.get("found"), kwargs.get("rule")
        context |= {
            "engagement": self.engagement,
            "existing": self.existing(),
            "programmes": self.programmes,
            "media": form.media if form is not None else forms.Media(),
        }
        if found is not None and rule is not None and form is not None:
            context |= self._preview(form, rule, found)
        return context

    def _preview(
        self, form: RuleForm, rule: AssignmentRule, found: rule_preview.Preview
    ) -> dict[str, Any]:
        do = self.request.POST.get("do", "")
        number = do.removeprefix("page-") if do.startswith("page-") else "1"
        page = Paginator(found.lines, rule_preview.PER_PAGE).get_page(number)
        zone = rule.engagement.client_zone
        return {
            "tally": found.tally,
            "rests": not rule.is_in_force,
            "summary": in_words(found.tally),
            "figures": found.figures,
            "scope": scope_in_words(rule),
            "terms": terms_in_words(rule),
            "lines_page": page,
            "lines": rule_preview.drawn(list(page.object_list), client=zone, now=self.now),
            "carried": [
                (name, value) for name in form.fields for value in self.request.POST.getlist(name)
            ],
        }


def _csv(found: rule_preview.Preview) -> StreamingHttpResponse:
    lines = spreadsheets.csv_lines(rule_preview.headings(), rule_preview.values(found.lines))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rule-preview.csv"'
    return response


class NewRuleView(EditScreen):
    page_title = gettext_lazy("New rule")
    action = "attune_enrolments.rule_made"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if reads_reports(request.user) and not managed_engagements(request.user).exists():
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.crumbs(("", self.get_page_title()))

    @cached_property
    def engagements(self) -> list[Engagement]:
        rows = assignable_engagements(self.request.user, on=self.now.date())
        return list(rows.select_related("client", "vendor"))

    @cached_property
    def engagement(self) -> Engagement | None:
        chosen = self.request.GET.get("engagement", "")
        if chosen:
            number = int(chosen) if chosen.isascii() and chosen.isdigit() else 0
            rows = assignable_engagements(self.request.user, on=self.now.date())
            return get_object_or_404(rows.select_related("client", "vendor"), pk=min(number, 2**62))
        return self.engagements[0] if len(self.engagements) == 1 else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, engagements=self.engagements)


class ChangeRuleView(EditScreen):
    page_title = gettext_lazy("Change a rule")
    action = "attune_enrolments.rule_changed"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if reads_reports(request.user):
            may = managed_engagements(request.user).filter(pk=self.existing().engagement_id)
            if not may.exists():
                raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def existing(self) -> AssignmentRule:
        return self._existing

    @cached_property
    def _existing(self) -> AssignmentRule:
        return get_object_or_404(self.rules(), pk=self.kwargs["rule_id"])

    @cached_property
    def engagement(self) -> Engagement | None:
        engagement: Engagement = self._existing.engagement
        return engagement

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        url = reverse("attune_reports:rule", args=[self._existing.pk])
        return self.crumbs((url, self._existing.name), ("", self.get_page_title()))
