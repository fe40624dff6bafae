"""What HR does to a rule that stands: switch it off and on, take somebody back in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.log_actions import log

from attune.enrolments.models import AssignmentRule, RuleException
from attune.enrolments.rules.services import switch_off, switch_on, take_back_in
from attune.reports.access import reads_reports
from attune.reports.rule_views import OneRule, covered_by
from attune.reports.rule_words import came_of


class SwitchOffForm(forms.Form):
    what = forms.ChoiceField(
        label=gettext_lazy("What it has given"),
        widget=forms.RadioSelect,
        choices=[
            (
                "withdraw",
                gettext_lazy("Withdraw it from everybody. What they have learnt is kept."),
            ),
            (
                "leave",
                gettext_lazy("Leave it. It stays due, also for people who leave the scope."),
            ),
        ],
    )


class SwitchView(OneRule, FormView):  # type: ignore[type-arg]
    template_name = "attune_reports/switch_rule.html"
    form_class: type[forms.Form] = forms.Form
    button: Any = ""
    explanation: Any = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if reads_reports(request.user) and not self.may_change:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self) -> str:
        return str(self.button)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return self.crumbs((self.rule_url, self.rule.name), ("", self.button))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            rule=self.rule,
            button=self.button,
            explanation=self.explanation,
            back_url=self.rule_url,
            covered=covered_by([self.rule]).get(self.rule.reference, 0),
        )

    def act(self, form: Any) -> None:
        raise TypeError(f"{type(self).__name__} does not say what it does.")

    def form_valid(self, form: Any) -> HttpResponse:
        self.act(form)
        return redirect(self.rule_url)


class SwitchOffView(SwitchView):
    form_class = SwitchOffForm
    button = gettext_lazy("Switch off")
    explanation = gettext_lazy(
        "From then on it gives nothing to anybody. It can be switched on again."
    )

    def act(self, form: Any) -> None:
        withdraw = form.cleaned_data["what"] == "withdraw"
        applied = switch_off(rule=self.rule, withdraw=withdraw, by=self.request.user, now=self.now)
        came = came_of(applied) if withdraw else _("What it gave was left.")
        log(
            instance=self.rule,
            action="attune_enrolments.rule_off",
            user=self.request.user,
            data={"came": came},
        )
        messages.success(self.request, _("The rule is switched off. %(came)s") % {"came": came})


class SwitchOnView(SwitchView):
    button = gettext_lazy("Switch on")
    explanation = gettext_lazy("It gives again what it asks for, to whoever is in its scope today.")

    def act(self, form: Any) -> None:
        came = came_of(switch_on(rule=self.rule, by=self.request.user, now=self.now))
        log(
            instance=self.rule,
            action="attune_enrolments.rule_on",
            user=self.request.user,
            data={"came": came},
        )
        messages.success(self.request, _("The rule is in force. %(came)s") % {"came": came})


class TakeBackInView(SwitchView):
    """An exception ends."""

    button = gettext_lazy("Take back in")

    @cached_property
    def exception(self) -> RuleException:
        rows = RuleException.objects.filter(rule__in=self.rules()).select_related("person", "rule")
        return get_object_or_404(rows, pk=self.kwargs["exception_id"])

    @cached_property
    def rule(self) -> AssignmentRule:
        return get_object_or_404(self.rules(), pk=self.exception.rule_id)

    @property
    def explanation(self) -> str:
        return _("The rule asks for %(person)s again, if they are in its scope.") % {
            "person": self.exception.person.full_name
        }

    def act(self, form: Any) -> None:
        person = self.exception.person.full_name
        person_id = self.exception.person_id
        take_back_in(exception=self.exception, now=self.now)
        log(
            instance=self.rule,
            action="attune_enrolments.rule_back_in",
            user=self.request.user,
            data={"person": person_id},
        )
        messages.success(
            self.request, _("The rule counts for %(person)s again.") % {"person": person}
        )
