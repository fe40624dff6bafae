"""A learner's record, and what HR may do in it: withdraw a reason, pause, resume, exempt.

Each deed is read once more before it is done, is sent by POST, and goes through the
service of ``enrolments``. Who did it is kept in Wagtail's log; why stands on the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.log_actions import log

from attune.enrolments import services
from attune.enrolments.models import Assignment, AssignmentRule, Enrolment
from attune.enrolments.states import OPEN_STATES, State
from attune.people.access import person_of
from attune.people.models import Engagement, Membership, Person, TeamMembership
from attune.reports.access import (
    assignable_engagements,
    may_act_on,
    people_of,
    reads_reports,
    reported_engagements,
    reported_enrolments,
    zone_of,
)
from attune.reports.drawing import Clock, Mark, clock, day_in, mark_of, zone_in_words
from attune.reports.learner_record import Entry, record_of


class LearnerRecordView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "attune_reports/person.html"
    header_icon = "user"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not reads_reports(request.user):
            raise PermissionDenied
        self.now = timezone.now()
        self.zone = zone_of(request.user)
        self.person = get_object_or_404(
            Person.objects.visible_to(request.user), pk=kwargs["person_id"]
        )
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self) -> str:
        return self.person.full_name

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:completion"), "label": _("Completion")},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, on = self.request.user, self.now.date()
        entries = record_of(self.person, user=user, now=self.now)
        self.rules = _rules_of([reason for entry in entries for reason in entry.reasons])
        jobs = (
            Membership.objects.visible_to(user)
            .filter(person=self.person)
            .select_related("organisation", "location")
        )
        teams = (
            TeamMembership.objects.active(on)
            .filter(person=self.person, team__engagement__in=reported_engagements(user))
            .select_related("team__engagement")
        )
        return super().get_context_data(
            **kwargs,
            person=self.person,
            is_me=person_of(user) == self.person,
            jobs=[job for job in jobs if job.left_on is None or job.left_on >= on],
            past_jobs=[job for job in jobs if job.left_on is not None and job.left_on < on],
            teams=teams,
            zone=zone_in_words(self.zone),
            their_zone=zone_in_words(self.person.zone),
            entries=[self._entry(entry) for entry in entries],
            assign_in=self._assignable(),
        )

    def _assignable(self) -> Engagement | None:
        """An engagement in which this person could be assigned something, if there is one."""
        for engagement in assignable_engagements(self.request.user, on=self.now.date()):
            if people_of(engagement, on=self.now.date()).filter(pk=self.person.pk).exists():
                return engagement
        return None

    def _entry(self, entry: Entry) -> dict[str, Any]:
        enrolment = entry.enrolment
        rules = self.rules
        return {
            "entry": entry,
            "enrolment": enrolment,
            "extension": self._extension(enrolment),
            "engagement": enrolment.engagement,
            "title": entry.outline.page.title if entry.outline else _("A deleted programme"),
            "mark": mark_of(entry.standing),
            "due": self._clock(enrolment.due_at, enrolment),
            "completed": day_in(enrolment.completed_at, self.zone),
            "expires": day_in(enrolment.expires_at, self.zone),
            "enrolled": day_in(enrolment.enrolled_at, self.zone),
            "reasons": [self._reason(reason, enrolment, rules) for reason in entry.reasons],
            "modules": self._modules(entry),
            "earlier": [
                {
                    "cycle": each.cycle,
                    "mark": self._mark(each),
                    "completed": day_in(each.completed_at, self.zone),
                }
                for each in entry.earlier
            ],
        }

    def _mark(self, enrolment: Enrolment) -> Mark:
        return mark_of(enrolment.standing(self.now))

    def _clock(self, moment: datetime | None, enrolment: Enrolment) -> Clock | None:
        if moment is None:
            return None
        others = [self.person.zone, enrolment.engagement.client_zone]
        return clock(moment, zone=self.zone, others=others, now=self.now)

    def _extension(self, enrolment: Enrolment) -> dict[str, Any] | None:
        """The date that was put off last, why and by whom."""
        rows = list(enrolment.extensions.all())
        if not rows:
            return None
        by = rows[-1].given_by
        return {
            "row": rows[-1],
            "by": (getattr(by, "attune_person", None) or by) if by is not None else "",
            "on": day_in(rows[-1].given_at, self.zone),
        }

    def _reason(
        self, reason: Assignment, enrolment: Enrolment, rules: dict[str, AssignmentRule]
    ) -> dict[str, Any]:
        by = reason.assigned_by
        return {
            "reason": reason,
            "rule": rules.get(reason.reference) if reason.reason == "rule" else None,
            "by": (getattr(by, "attune_person", None) or by) if by is not None else "",
            "on": day_in(reason.assigned_at, self.zone),
            "due": self._clock(reason.due_at, enrolment),
        }

    def _modules(self, entry: Entry) -> list[dict[str, Any]]:
        if entry.outline is None:
            return []
        rows = []
        for row in entry.outline.modules:
            cell = entry.cells.get(row.key)
            rows.append(
                {
                    "row": row,
                    "mark": mark_of(row.standing, note=cell.note if cell else ""),
                    "completed": day_in(cell.completed_at if cell else None, self.zone),
                    "expires": day_in(row.expires_at, self.zone),
                    "why": [] if row.is_done else row.why,
                    "withdrawable": entry.withdrawable.get(row.key),
                }
            )
        return rows


def _rules_of(reasons: Sequence[Assignment]) -> dict[str, AssignmentRule]:
    """Reference → the rule behind it. One query where there is a rule at all."""
    numbers = [
        int(each.reference)
        for each in reasons
        if each.reason == Assignment.Reason.RULE and each.reference.isdecimal()
    ]
    if not numbers:
        return {}
    return {rule.reference: rule for rule in AssignmentRule.objects.filter(pk__in=numbers)}


# --- Deeds ----------------------------------------------------------------------------------


class ConfirmForm(forms.Form):
    """Nothing to fill in: reading is what it asks for."""


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy(
            "The person and HR of both sides read it. Write what they need to know, "
            "nothing about health or family."
        ),
    )


class DeedView(WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]
    """Confirm and do one thing to one enrolment."""

    template_name = "attune_reports/confirm_deed.html"
    form_class: type[forms.Form] = ConfirmForm
    header_icon = "user"
    log_action = ""
    log_data: dict[str, Any] | None = None
    question: Any = ""
    explanation: Any = ""
    button: Any = ""
    is_serious = False
    fitting_states: frozenset[State] = OPEN_STATES

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not reads_reports(request.user):
            raise PermissionDenied
        self.now = timezone.now()
        self.enrolment = self.find(**kwargs)
        if not may_act_on(request.user, self.enrolment):
            raise PermissionDenied
        if not self.fits():
            messages.warning(
                request,
                _("Nothing was done: it is “%(state)s” now.") % {"state": self.state_in_words()},
            )
            return redirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def find(self, **kwargs: Any) -> Enrolment:
        enrolments = reported_enrolments(self.request.user).select_related(
            "person", "programme", "engagement__client", "engagement__vendor"
        )
        return get_object_or_404(enrolments, pk=kwargs["enrolment_id"])

    def fits(self) -> bool:
        return self.enrolment.state in self.fitting_states

    def state_in_words(self) -> str:
        return self.enrolment.standing(self.now).label

    def act(self, form: Any) -> None:
        raise TypeError(f"{type(self).__name__} does not say what it does.")

    def form_valid(self, form: Any) -> HttpResponse:
        self.act(form)
        log(
            instance=self.enrolment,
            action=self.log_action,
            user=self.request.user,
            data=self.log_data,
        )
        messages.success(self.request, self.done_in_words())
        return redirect(self.get_success_url())

    def done_in_words(self) -> str:
        return _("Done.")

    def get_success_url(self) -> str:
        return reverse("attune_reports:person", args=[self.enrolment.person_id])

    def get_page_title(self) -> str:
        return str(self.button)

    @cached_property
    def programme_title(self) -> str:
        programme = self.enrolment.programme
        return programme.title if programme is not None else _("A deleted programme")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_reports:completion"), "label": _("Completion")},
            {"url": self.get_success_url(), "label": self.enrolment.person.full_name},
            {"url": "", "label": self.get_page_title()},
        ]

    def words(self) -> dict[str, str]:
        return {
            "person": self.enrolment.person.full_name,
            "programme": self.programme_title,
            "engagement": self.enrolment.engagement.name,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            question=str(self.question) % self.words(),
            explanation=str(self.explanation) % self.words(),
            button=self.button,
            is_serious=self.is_serious,
            back_url=self.get_success_url(),
            enrolment=self.enrolment,
        )


class PauseView(DeedView):
    form_class = ReasonForm
    log_action = "attune_enrolments.pause"
    question = gettext_lazy("Pause “%(programme)s” for %(person)s?")
    explanation = gettext_lazy(
        "Nothing is due and nothing counts as overdue until it is resumed. "
        "What was learned so far is kept."
    )
    button = gettext_lazy("Pause")

    def act(self, form: Any) -> None:
        services.pause(enrolment=self.enrolment, reason=form.cleaned_data["reason"], now=self.now)

    def done_in_words(self) -> str:
        return _("“%(programme)s” is paused for %(person)s.") % self.words()


class ResumeView(DeedView):
    log_action = "attune_enrolments.resume"
    fitting_states = frozenset({State.PAUSED})
    question = gettext_lazy("Resume “%(programme)s” for %(person)s?")
    explanation = gettext_lazy(
        "It goes on where it was paused, with the due date it had. "
        "If that has passed, it is overdue at once: assign it again with a later date."
    )
    button = gettext_lazy("Resume")

    def act(self, form: Any) -> None:
        services.resume(enrolment=self.enrolment, now=self.now)

    def done_in_words(self) -> str:
        return _("“%(programme)s” goes on for %(person)s.") % self.words()


class ExemptView(DeedView):
    form_class = ReasonForm
    log_action = "attune_enrolments.exempt"
    question = gettext_lazy("Exempt %(person)s from “%(programme)s”?")
    explanation = gettext_lazy(
        "They need not take it, and it is on record why. "
        "There is no button yet that takes an exemption back."
    )
    button = gettext_lazy("Exempt")
    is_serious = True

    def fits(self) -> bool:
        return super().fits() and self.enrolment.programme_id is not None

    def act(self, form: Any) -> None:
        services.exempt(enrolment=self.enrolment, reason=form.cleaned_data["reason"], now=self.now)

    def done_in_words(self) -> str:
        return _("%(person)s is exempt from “%(programme)s”.") % self.words()
