"""Exceptions for one person: a later date, credit for what they know, a reason withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.log_actions import log

from attune.curriculum.models import ModulePage
from attune.enrolments import services
from attune.enrolments.models import Assignment, AssignmentRule, Enrolment
from attune.enrolments.rules.services import leave_out
from attune.enrolments.services.exempt import OUTSIDE
from attune.enrolments.states import State
from attune.enrolments.structure import original_modules, places_in
from attune.reports.access import reported_enrolments
from attune.reports.due import DueForm, due_at, zone_choices, zones_at_work
from attune.reports.record_views import ConfirmForm, DeedView, ReasonForm


class ExtendForm(DueForm):
    """The new date, on a named clock, and why."""

    field_order = ("due_on", "due_time", "zone", "reason")
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("HR of both sides read it. Write nothing about health or family."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            self.due = self.moment()
            self.refuse_the_past([self.due])
        return data

    def moment(self) -> datetime:
        return due_at(
            self.cleaned_data["due_on"],
            self.cleaned_data["due_time"],
            ZoneInfo(self.cleaned_data["zone"]),
        )


class ExtendView(DeedView):
    form_class = ExtendForm
    log_action = "attune_enrolments.extend"
    button = gettext_lazy("Put off the due date")
    question = gettext_lazy("Give %(person)s a later date for “%(programme)s”?")
    explanation = gettext_lazy(
        "This date counts instead of those of all reasons that stand now, rules included. "
        "Who gave it, and why, stays on the record."
    )

    def get_form_kwargs(self) -> dict[str, Any]:
        engagement, person = self.enrolment.engagement, self.enrolment.person
        at_work = zones_at_work([person], engagement, on=self.now.date())[person.pk]
        names = zone_choices(str(at_work), engagement.client_time_zone, person.time_zone)
        return super().get_form_kwargs() | {"zones": names, "now": self.now}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"media": context["form"].media}

    def act(self, form: Any) -> None:
        services.extend(
            enrolment=self.enrolment,
            due_at=form.due,
            reason=form.cleaned_data["reason"],
            given_by=self.request.user,
            now=self.now,
        )

    def done_in_words(self) -> str:
        return _("“%(programme)s” is due later for %(person)s.") % self.words()


class CreditForm(forms.Form):
    modules = forms.MultipleChoiceField(
        label=gettext_lazy("What they know already"), widget=forms.CheckboxSelectMultiple
    )
    evidence = forms.CharField(
        label=gettext_lazy("What shows it"),
        max_length=300,
        help_text=gettext_lazy(
            "For instance the course, its date and where the certificate is kept. HR of both "
            "sides and the person read it."
        ),
    )

    def __init__(self, *args: Any, modules: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["modules"].choices = modules


class CreditView(DeedView):
    form_class = CreditForm
    log_action = "attune_enrolments.credit"
    button = gettext_lazy("Credit earlier training")
    question = gettext_lazy("Credit %(person)s with modules of “%(programme)s”?")
    explanation = gettext_lazy(
        "The modules count as done in this programme, marked as waived, with what you write "
        "here. There is no button yet that takes a credit back."
    )
    is_serious = True

    def fits(self) -> bool:
        return super().fits() and self.enrolment.programme_id is not None and bool(self.open)

    @cached_property
    def open(self) -> dict[str, ModulePage]:
        """Key → module of the programme that is not counted yet, in the programme's order."""
        programme = self.enrolment.programme_id
        keys = [place.key for place in places_in([programme])[programme]] if programme else []
        counted = set(
            self.enrolment.modules.filter(state__in=[State.COMPLETED, State.EXEMPT]).values_list(
                "module_key", flat=True
            )
        )
        modules = original_modules(keys)
        return {str(key): modules[key] for key in keys if key in modules and key not in counted}

    def get_form_kwargs(self) -> dict[str, Any]:
        choices = [(key, module.title) for key, module in self.open.items()]
        return super().get_form_kwargs() | {"modules": choices}

    @transaction.atomic
    def act(self, form: Any) -> None:
        self.credited = len(form.cleaned_data["modules"])
        for key in form.cleaned_data["modules"]:
            services.waive_module(
                enrolment=self.enrolment,
                module=self.open[key],
                reason=form.cleaned_data["evidence"],
                waived_as=OUTSIDE,
                now=self.now,
            )

    def done_in_words(self) -> str:
        return ngettext(
            "%(n)d module is credited to %(person)s.",
            "%(n)d modules are credited to %(person)s.",
            self.credited,
        ) % {"n": self.credited, **self.words()}


class WithdrawView(DeedView):
    """Take one reason back; with the last one the enrolment goes."""

    log_action = "attune_enrolments.withdraw"
    button = gettext_lazy("Withdraw this reason")
    question = gettext_lazy("Withdraw a reason for “%(programme)s” from %(person)s?")
    is_serious = True

    def find(self, **kwargs: Any) -> Enrolment:
        self.assignment = get_object_or_404(
            Assignment.objects.filter(
                enrolment__in=reported_enrolments(self.request.user)
            ).select_related(
                "enrolment__person",
                "enrolment__programme",
                "enrolment__engagement__client",
                "enrolment__engagement__vendor",
            ),
            pk=kwargs["assignment_id"],
        )
        return self.assignment.enrolment

    def get_form_class(self) -> type[forms.Form]:
        # A rule would give it again the same night: the person is left out, and it says why.
        return ReasonForm if self.rule is not None else ConfirmForm

    @cached_property
    def rule(self) -> AssignmentRule | None:
        """The rule in force that gives this reason, if one does."""
        each = self.assignment
        if each.reason != Assignment.Reason.RULE or not each.reference.isdecimal():
            return None
        return AssignmentRule.objects.filter(
            pk=int(each.reference), engagement=self.enrolment.engagement_id, is_active=True
        ).first()

    def fits(self) -> bool:
        return self.assignment.withdrawn_at is None

    @property
    def explanation(self) -> str:
        if self.rule is not None:
            said = _("The rule “%(rule)s” leaves them out from now on.") % {"rule": self.rule.name}
            return f"{said} {self._what_remains()}"
        return self._what_remains()

    def _what_remains(self) -> str:
        left = self.enrolment.assignments.filter(
            ~Q(pk=self.assignment.pk), withdrawn_at__isnull=True
        ).count()
        if left:
            return _(
                "Other reasons remain, so it stays assigned; the earliest of their dates counts."
            )
        if self.enrolment.state == State.COMPLETED:
            return _("It is the last reason. What was completed stays completed.")
        return _(
            "It is the last reason, so it is no longer assigned. What was learned is kept, "
            "and goes on from there if it is assigned again."
        )

    def act(self, form: Any) -> None:
        if self.rule is None:
            services.withdraw_assignment(assignment=self.assignment, now=self.now)
            return
        reason = form.cleaned_data["reason"]
        user, person = self.request.user, self.enrolment.person
        leave_out(rule=self.rule, person=person, reason=reason, by=user, now=self.now)
        log(
            instance=self.rule,
            action="attune_enrolments.rule_left_out",
            user=user,
            data={"person": person.pk},
        )

    def done_in_words(self) -> str:
        return _("The reason is withdrawn from %(person)s.") % self.words()
