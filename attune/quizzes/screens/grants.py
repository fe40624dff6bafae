"""Attempts exhausted, and what may be given then: another attempt; and extra time."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from attune.people.access import reach_of
from attune.people.models import Person
from attune.people.screens.base import URLS as PEOPLE_URLS
from attune.people.screens.base import Form, ForManagers, ForReaders, trail
from attune.quizzes.models import AttemptGrant, ExtraTime, QuizAttempt
from attune.quizzes.screens.access import URLS, grants_attempts, moment_for
from attune.quizzes.services import CannotGrant, grant_attempt, set_extra_time

EXHAUSTED = gettext_lazy("Attempts exhausted")
PER_PAGE = 50


def exhausted_for(user: Any) -> Any:
    return (
        QuizAttempt.objects.grantable_by(user)
        .exhausted()
        .select_related("person", "unit", "enrolment__engagement")
    )


class ForGranters(ForReaders):
    may_enter = staticmethod(grants_attempts)


class Exhausted(ForGranters, WagtailAdminTemplateMixin, TemplateView):
    """Who cannot go on: those who have waited longest first."""

    template_name = "attune_quizzes/admin/exhausted.html"
    page_title = EXHAUSTED
    header_icon = "rotate"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return trail((EXHAUSTED, ""))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        attempts = exhausted_for(self.request.user).order_by("handed_in_at", "pk")
        page = Paginator(attempts, PER_PAGE).get_page(self.request.GET.get("p"))
        rows = [
            {
                "attempt": attempt,
                "quiz": attempt.unit.title if attempt.unit else _("A deleted quiz"),
                "since": moment_for(self.request.user, attempt.settled_at or attempt.handed_in_at),
            }
            for attempt in page
        ]
        return super().get_context_data(**kwargs, page=page, rows=rows)


class GrantForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy(
            "Kept with your name. Write what an auditor needs to know, nothing about health "
            "or family."
        ),
    )


class GrantAttempt(ForGranters, Form):
    page_title = gettext_lazy("Grant another attempt")
    header_icon = "rotate"
    template_name = "attune_quizzes/admin/grant.html"
    form_class = GrantForm
    submit_label = gettext_lazy("Grant another attempt")

    @cached_property
    def attempt(self) -> QuizAttempt:
        rows = QuizAttempt.objects.grantable_by(self.request.user).filter(
            state=QuizAttempt.State.HANDED_IN
        )
        found: QuizAttempt = get_object_or_404(
            rows.select_related("person", "unit", "enrolment__engagement"),
            deed=self.kwargs["deed"],
        )
        return found

    @property
    def quiz_title(self) -> str:
        return self.attempt.unit.title if self.attempt.unit else _("A deleted quiz")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return trail((EXHAUSTED, self.get_success_url()), (self.attempt.person.full_name, ""))

    def act(self, form: Any) -> AttemptGrant:
        try:
            return grant_attempt(
                attempt=self.attempt,
                reason=form.cleaned_data["reason"],
                granted_by=self.request.user,
                now=timezone.now(),
            )
        except CannotGrant as refused:
            raise ValidationError(str(refused)) from refused

    def get_success_message(self, outcome: Any) -> str:
        return _("%(person)s can try “%(quiz)s” once more.") % {
            "person": self.attempt.person.full_name,
            "quiz": self.quiz_title,
        }

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:exhausted")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        attempt = self.attempt
        earlier = QuizAttempt.objects.at(
            person_id=attempt.person_id, quiz_key=attempt.quiz_key, cycle=attempt.cycle
        ).order_by("number")
        grants = AttemptGrant.objects.at(
            person_id=attempt.person_id, quiz_key=attempt.quiz_key, cycle=attempt.cycle
        )
        return super().get_context_data(
            **kwargs,
            attempt=attempt,
            quiz_title=self.quiz_title,
            # Only what was earned where the user may give: not for another client or vendor.
            attempts=[
                (each, moment_for(self.request.user, each.handed_in_at))
                for each in earlier.grantable_by(self.request.user)
            ],
            grants=[
                (each, moment_for(self.request.user, each.granted_at))
                for each in grants.filter(enrolment=attempt.enrolment_id).order_by("granted_at")
            ],
            back_url=self.get_success_url(),
        )


class ExtraTimeForm(forms.Form):
    percent = forms.IntegerField(
        label=gettext_lazy("Extra time in percent"),
        required=False,
        min_value=5,
        max_value=300,
        help_text=gettext_lazy("50 makes thirty minutes forty-five. Empty: none."),
    )


class ExtraTimeOf(ForManagers, Form):
    """For HR of the employer alone: what a body needs is nobody else's business. Never for
    oneself."""

    page_title = gettext_lazy("Extra time")
    header_icon = "time"
    form_class = ExtraTimeForm
    explanation = gettext_lazy(
        "In every quiz with a time limit, from the next attempt on. The reason stays with you: "
        "there is no field for it here. Neither clients nor trainers see this."
    )
    success_message = gettext_lazy("Saved. It holds from the next attempt on.")

    @cached_property
    def person(self) -> Person:
        people = Person.objects.manageable_by(self.request.user).exclude(pk=self.reach.person_id)
        found: Person = get_object_or_404(people, pk=self.kwargs["person_id"])
        return found

    def get_page_subtitle(self) -> str:
        return self.person.full_name

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        people = (_("People"), reverse(f"{PEOPLE_URLS}:people"))
        return trail(people, (self.person.full_name, self.get_success_url()), (self.page_title, ""))

    def get_initial(self) -> dict[str, Any]:
        visible = ExtraTime.objects.visible_to(self.request.user)
        given = visible.filter(person=self.person).values_list("percent", flat=True).first()
        return {"percent": given}

    def act(self, form: Any) -> ExtraTime | None:
        try:
            return set_extra_time(
                person=self.person,
                percent=form.cleaned_data["percent"],
                granted_by=self.request.user,
                now=timezone.now(),
            )
        except CannotGrant as refused:
            raise ValidationError(str(refused)) from refused

    def get_success_url(self) -> str:
        return reverse(f"{PEOPLE_URLS}:person", args=[self.person.pk])


def extra_time_link(user: Any, person: Person) -> tuple[str, str] | None:
    """For the person's page, where it is for this user to give."""
    if person.pk == reach_of(user).person_id:
        return None
    if not Person.objects.manageable_by(user).filter(pk=person.pk).exists():
        return None
    return _("Extra time in quizzes"), reverse(f"{URLS}:extra_time", args=[person.pk])
