"""Organisations with their locations, engagements with their teams."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from attune.people.models import Engagement, Location, Organisation, Team, TeamMembership
from attune.people.screens import forms
from attune.people.screens.base import (
    URLS,
    WIDE,
    ForAdministrators,
    Form,
    ForReaders,
    Listing,
    save_whole,
    trail,
)
from attune.people.services import (
    establish_engagement,
    establish_organisation,
    set_own_holidays,
    set_working_hours,
)


def _is_administrator(user: Any) -> bool:
    return bool(user.is_superuser)


def organisation_trail(*steps: tuple[Any, str]) -> list[dict[str, Any]]:
    return trail((_("Organisations"), reverse(f"{URLS}:organisations")), *steps)


def engagement_trail(*steps: tuple[Any, str]) -> list[dict[str, Any]]:
    return trail((_("Engagements"), reverse(f"{URLS}:engagements")), *steps)


# --- Organisations and locations ---------------------------------------------------------


class Organisations(Listing):
    model = Organisation
    page_title = _("Organisations")
    header_icon = "home"
    index_url_name = f"{URLS}:organisations"
    index_results_url_name = f"{URLS}:organisations_results"
    add_url_name = f"{URLS}:add_organisation"
    edit_url_name = f"{URLS}:organisation"
    add_item_label = _("Add an organisation")
    may_add = staticmethod(_is_administrator)
    is_searchable = True
    search_fields = ("name", "code")
    default_ordering = "name"
    empty_message = _("There is no organisation yet. The administrator adds clients and vendors.")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn(
                "name",
                label=_("Name"),
                accessor="name",
                get_url=self.get_edit_url,
                sort_key="name",
            ),
            Column("kind", label=_("Kind"), accessor="get_kind_display", sort_key="kind"),
            Column("code", label=_("Short code"), accessor="code"),
        ]


class OneOrganisation(ForReaders):
    kwargs: dict[str, Any]
    page_title: Any

    @cached_property
    def organisation(self) -> Organisation:
        return self.visible(Organisation.objects, self.kwargs["pk"])

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:organisation", args=[self.organisation.pk])

    def get_page_subtitle(self) -> str:
        return str(self.organisation)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return organisation_trail(
            (str(self.organisation), self.get_success_url()), (self.page_title, "")
        )


class OrganisationPage(OneOrganisation, WagtailAdminTemplateMixin, TemplateView):
    template_name = "attune_people/admin/organisation.html"
    page_title = _("Organisation")
    header_icon = "home"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return organisation_trail((str(self.organisation), ""))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, organisation = self.request.user, self.organisation
        rows = Organisation.objects.manageable_by(user).filter(pk=organisation.pk)
        engagements = Engagement.objects.visible_to(user).filter(
            Q(client=organisation) | Q(vendor=organisation)
        )
        return {
            **super().get_context_data(**kwargs),
            "organisation": organisation,
            "locations": Location.objects.visible_to(user)
            .filter(organisation=organisation)
            .prefetch_related("working_hours"),
            "engagements": engagements.select_related("client", "vendor"),
            "manages": rows.exists(),
            "is_administrator": self.reach.everything,
        }


class AddOrganisation(ForAdministrators, Form):
    page_title = _("Add an organisation")
    header_icon = "home"
    form_class = forms.OrganisationForm
    success_message = _("The organisation has been added.")
    organisation: Organisation

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return organisation_trail((self.page_title, ""))

    def act(self, form: Any) -> Organisation:
        self.organisation = establish_organisation(by=self.request.user, **form.cleaned_data)
        return self.organisation

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:organisation", args=[self.organisation.pk])


class RenameOrganisation(OneOrganisation, Form):
    page_title = _("Rename")
    header_icon = "edit"
    form_class = forms.RenameOrganisationForm
    success_message = _("Saved.")

    def get_form_kwargs(self) -> dict[str, Any]:
        organisation = self.organisation  # 404 first: a refusal would tell that it exists
        self.require(self.reach.everything)
        return {**super().get_form_kwargs(), "instance": organisation}

    def act(self, form: Any) -> Organisation:
        return save_whole(form)


class AddLocation(OneOrganisation, Form):
    template_name = "attune_people/admin/location_form.html"
    page_title = _("Add a location")
    header_icon = "site"
    form_class = forms.LocationForm
    success_message = _("The location has been added.")

    def get_form_kwargs(self) -> dict[str, Any]:
        self.require_manageable(self.organisation)
        return {
            **super().get_form_kwargs(),
            "instance": Location(organisation=self.organisation),
        }

    def act(self, form: Any) -> Location:
        return save_location(form, by=self.request.user)


class ChangeLocation(ForReaders, Form):
    template_name = "attune_people/admin/location_form.html"
    page_title = _("Location")
    header_icon = "site"
    form_class = forms.LocationForm
    success_message = _("Saved.")

    @cached_property
    def location(self) -> Location:
        row = self.visible(Location.objects.select_related("organisation"), self.kwargs["pk"])
        self.require_manageable(row)
        return row

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.location}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return organisation_trail(
            (str(self.location.organisation), self.get_success_url()), (str(self.location), "")
        )

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:organisation", args=[self.location.organisation_id])

    def act(self, form: Any) -> Location:
        return save_location(form, by=self.request.user)


@transaction.atomic
def save_location(form: Any, *, by: Any) -> Location:
    location: Location = save_whole(form)
    set_working_hours(location=location, hours=form.hours(), by=by)
    set_own_holidays(location=location, days=form.cleaned_data["own_holidays"], by=by)
    return location


# --- Engagements and teams -------------------------------------------------------------


class Engagements(Listing):
    model = Engagement
    page_title = _("Engagements")
    header_icon = "link"
    index_url_name = f"{URLS}:engagements"
    index_results_url_name = f"{URLS}:engagements_results"
    add_url_name = f"{URLS}:add_engagement"
    edit_url_name = f"{URLS}:engagement"
    add_item_label = _("Add an engagement")
    may_add = staticmethod(_is_administrator)
    is_searchable = True
    search_fields = ("name", "code", "client__name", "vendor__name")
    default_ordering = "name"
    empty_message = _(
        "There is no engagement yet. The administrator adds one for each vendor that works for "
        "a client; from then on the client’s HR sees the people of its teams."
    )

    def get_base_queryset(self) -> QuerySet[Any]:
        return super().get_base_queryset().select_related("client", "vendor")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn(
                "name",
                label=_("Name"),
                accessor="name",
                get_url=self.get_edit_url,
                sort_key="name",
            ),
            Column("client", label=_("Client"), accessor="client.name", sort_key="client__name"),
            Column("vendor", label=_("Vendor"), accessor="vendor.name", sort_key="vendor__name"),
            Column(
                "distance", label=_("Distance"), accessor="get_distance_display", classname=WIDE
            ),
            Column(
                "starts_on",
                label=_("Starts on"),
                accessor="starts_on",
                sort_key="starts_on",
                classname=WIDE,
            ),
            Column(
                "ends_on",
                label=_("Ends on"),
                accessor="ends_on",
                sort_key="ends_on",
                classname=WIDE,
            ),
        ]


class OneEngagement(ForReaders):
    kwargs: dict[str, Any]
    page_title: Any

    @cached_property
    def engagement(self) -> Engagement:
        return self.visible(
            Engagement.objects.select_related("client", "vendor"), self.kwargs["pk"]
        )

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:engagement", args=[self.engagement.pk])

    def get_page_subtitle(self) -> str:
        return str(self.engagement)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return engagement_trail(
            (str(self.engagement), self.get_success_url()), (self.page_title, "")
        )


class EngagementPage(OneEngagement, WagtailAdminTemplateMixin, TemplateView):
    template_name = "attune_people/admin/engagement.html"
    page_title = _("Engagement")
    header_icon = "link"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return engagement_trail((str(self.engagement), ""))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, today = self.request.user, timezone.now().date()
        members = TeamMembership.objects.visible_to(user).active(today).select_related("person")
        teams = (
            Team.objects.visible_to(user)
            .filter(engagement=self.engagement)
            .prefetch_related(
                Prefetch(
                    "memberships",
                    queryset=members.order_by("person__full_name"),
                    to_attr="members_today",
                )
            )
            .annotate(people_ever=Count("memberships__person", distinct=True))
        )
        return {
            **super().get_context_data(**kwargs),
            "engagement": self.engagement,
            "teams": teams,
            "manages": self.reach.everything or self.engagement.vendor_id in self.reach.manages,
            "is_administrator": self.reach.everything,
        }


class AddEngagement(ForAdministrators, Form):
    page_title = _("Add an engagement")
    header_icon = "link"
    form_class = forms.EngagementForm
    explanation = _(
        "From the first day the client’s HR and managers see the people of its teams and what "
        "they achieve in it. The two parties cannot be changed later."
    )
    success_message = _("The engagement has been added. Add its teams next.")
    engagement: Engagement

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return engagement_trail((self.page_title, ""))

    def act(self, form: Any) -> Engagement:
        self.engagement = establish_engagement(by=self.request.user, **form.cleaned_data)
        return self.engagement

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:engagement", args=[self.engagement.pk])


class ChangeEngagement(OneEngagement, Form):
    page_title = _("Change")
    header_icon = "edit"
    form_class = forms.ChangeEngagementForm
    success_message = _("Saved.")

    def get_form_kwargs(self) -> dict[str, Any]:
        engagement = self.engagement
        self.require(self.reach.everything)
        return {**super().get_form_kwargs(), "instance": engagement}

    def act(self, form: Any) -> Engagement:
        return save_whole(form)


class AddTeam(OneEngagement, Form):
    page_title = _("Add a team")
    header_icon = "group"
    form_class = forms.TeamForm
    success_message = _("The team has been added.")

    def get_form_kwargs(self) -> dict[str, Any]:
        engagement = self.engagement
        self.require(self.reach.everything or engagement.vendor_id in self.reach.manages)
        return {**super().get_form_kwargs(), "instance": Team(engagement=engagement)}

    def act(self, form: Any) -> Team:
        return save_whole(form)


class RenameTeam(ForReaders, Form):
    page_title = _("Rename the team")
    header_icon = "group"
    form_class = forms.TeamForm
    success_message = _("Saved.")

    @cached_property
    def team(self) -> Team:
        row = self.visible(Team.objects.select_related("engagement"), self.kwargs["pk"])
        self.require_manageable(row)
        return row

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.team}

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:engagement", args=[self.team.engagement_id])

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return engagement_trail(
            (str(self.team.engagement), self.get_success_url()), (str(self.team), "")
        )

    def act(self, form: Any) -> Team:
        return save_whole(form)
