"""A person's jobs and teams: one small form each, for whoever manages the employer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from attune.people.models import Membership, Team, TeamMembership
from attune.people.screens import forms
from attune.people.screens.base import URLS, Form, ForReaders
from attune.people.screens.people import OnePerson, people_trail
from attune.people.services import (
    add_membership,
    change_membership,
    end_membership,
    join_team,
    leave_team,
    move_team,
)


class AddJob(OnePerson, Form):
    page_title = _("Add a job")
    header_icon = "plus"
    form_class = forms.JobForm
    success_message = _("The job has been added.")

    def get_form_kwargs(self) -> dict[str, Any]:
        # For people whom the user's organisations know; anybody else is invited anew.
        known = Membership.objects.manageable_by(self.request.user).filter(person=self.person)
        self.require(self.reach.everything or known.exists())
        return {**super().get_form_kwargs(), "user": self.request.user}

    def act(self, form: Any) -> Membership:
        return add_membership(
            person=self.person, by=self.request.user, now=timezone.now(), **form.cleaned_data
        )


class OfAPerson(ForReaders):
    """A screen about a dated row of a person: visible to the user, else 404."""

    kwargs: dict[str, Any]
    page_title: Any

    @cached_property
    def row(self) -> Any:
        raise NotImplementedError

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:person", args=[self.row.person_id])

    def get_page_subtitle(self) -> str:
        return str(self.row.person)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return people_trail((str(self.row.person), self.get_success_url()), (self.page_title, ""))


class OneJob(OfAPerson):
    @cached_property
    def row(self) -> Membership:
        row = self.visible(
            Membership.objects.select_related("person", "organisation"), self.kwargs["pk"]
        )
        self.require_manageable(row)
        return row


class ChangeJob(OneJob, Form):
    page_title = _("Change the job")
    header_icon = "edit"
    form_class = forms.JobForm
    success_message = _("The job has been changed.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "user": self.request.user,
            "membership": self.row,
        }

    def get_initial(self) -> dict[str, Any]:
        row = self.row
        return {
            "roles": list(row.roles.values_list("role", flat=True)),
            "job_title": row.job_title,
            "location": row.location_id,
            "hired_on": row.hired_on,
            "external_id": row.external_id,
        }

    def act(self, form: Any) -> Membership:
        return change_membership(
            membership=self.row, by=self.request.user, now=timezone.now(), **form.cleaned_data
        )


class EndJob(OneJob, Form):
    page_title = _("End the job")
    header_icon = "minus"
    form_class = forms.EndJobForm
    submit_label = _("End the job")
    explanation = _(
        "The person leaves the teams of this employer on the same day. When no job remains, "
        "the account is closed; a new job opens it again."
    )
    success_message = _("The end of the job has been saved.")

    def get_initial(self) -> dict[str, Any]:
        return {"left_on": self.row.left_on or timezone.localdate()}

    def act(self, form: Any) -> Membership:
        return end_membership(
            membership=self.row, by=self.request.user, now=timezone.now(), **form.cleaned_data
        )


class JoinTeam(OnePerson, Form):
    page_title = _("Add to a team")
    header_icon = "group"
    form_class = forms.JoinTeamForm
    success_message = _("The team has been saved.")

    def get_form_kwargs(self) -> dict[str, Any]:
        self.require_manageable(self.person)
        return {
            **super().get_form_kwargs(),
            "teams": Team.objects.manageable_by(self.request.user),
        }

    def act(self, form: Any) -> TeamMembership:
        return join_team(person=self.person, by=self.request.user, **form.cleaned_data)


class OneTeamRow(OfAPerson):
    @cached_property
    def row(self) -> TeamMembership:
        row = self.visible(
            TeamMembership.objects.select_related("person", "team__engagement"), self.kwargs["pk"]
        )
        self.require_manageable(row.team)
        return row


class MoveTeam(OneTeamRow, Form):
    page_title = _("Move to another team")
    header_icon = "resubmit"
    form_class = forms.JoinTeamForm
    submit_label = _("Move")
    explanation = _(
        "The day before is the last in the team of today. What was done there stays counted there."
    )
    success_message = _("The move has been saved.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "teams": Team.objects.manageable_by(self.request.user)
            .filter(engagement=self.row.team.engagement_id)
            .exclude(pk=self.row.team_id),
        }

    def act(self, form: Any) -> TeamMembership:
        return move_team(
            row=self.row,
            to=form.cleaned_data["team"],
            on=form.cleaned_data["from_date"],
            by=self.request.user,
        )


class LeaveTeam(OneTeamRow, Form):
    page_title = _("Leave the team")
    header_icon = "minus"
    form_class = forms.LeaveTeamForm
    submit_label = _("Save the last day")
    success_message = _("The last day in the team has been saved.")

    def get_initial(self) -> dict[str, Any]:
        return {"until_date": self.row.until_date or timezone.localdate() - timedelta(days=1)}

    def act(self, form: Any) -> TeamMembership | None:
        return leave_team(row=self.row, by=self.request.user, **form.cleaned_data)
