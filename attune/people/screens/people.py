"""The list of people, adding somebody, and the page of one person."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.fields import BooleanField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from attune.people.erasing.authority import may_erase
from attune.people.hooks import person_links
from attune.people.models import (
    Location,
    Membership,
    MembershipRole,
    Organisation,
    Person,
    Team,
    TeamMembership,
)
from attune.people.screens import forms
from attune.people.screens.base import URLS, WIDE, Form, ForManagers, ForReaders, Listing, trail
from attune.people.services import (
    MailNotSent,
    correct_invitation,
    create_person,
    invite,
    join_team,
    update_person,
)
from attune.people.services.persons import may_describe

PEOPLE = (_("People"), f"{URLS}:people")


def people_trail(*steps: tuple[Any, str]) -> list[dict[str, Any]]:
    return trail((PEOPLE[0], reverse(PEOPLE[1])), *steps)


def with_details(people: QuerySet[Any], *, user: Any, reach: Any, on: date) -> QuerySet[Any]:
    """People with the jobs and teams that ``user`` may see, in a fixed number of queries.

    ``shows_address``: the address is shown to an employer of today (and the administrator),
    not to a client, nor to an employer of the past.
    """
    jobs = (
        Membership.objects.visible_to(user)
        .select_related("organisation", "location")
        .prefetch_related("roles")
        .order_by("-hired_on", "pk")
    )
    teams = (
        TeamMembership.objects.visible_to(user)
        .select_related("team__engagement")
        .order_by("-from_date", "pk")
    )
    employed = Membership.objects.filter(
        person=OuterRef("pk"), organisation__in=reach.organisations
    ).unfinished(on)
    return (
        people.select_related("user")
        .prefetch_related(
            Prefetch("memberships", queryset=jobs, to_attr="jobs"),
            Prefetch("team_memberships", queryset=teams, to_attr="team_rows"),
        )
        .annotate(
            shows_address=Value(True, output_field=BooleanField())
            if reach.everything
            else Exists(employed)
        )
    )


def running(rows: list[Any], on: date) -> list[Any]:
    """Jobs or team rows that have not ended by ``on``."""
    return [row for row in rows if (end := _end(row)) is None or end >= on]


def _end(row: Any) -> date | None:
    end: date | None = row.left_on if isinstance(row, Membership) else row.until_date
    return end


def status_of(person: Any, on: date) -> str:
    """Where somebody stands, in words."""
    jobs = running(person.jobs, on)
    if not jobs:
        last = max((job.left_on for job in person.jobs), default=None)
        return gettext("Left on %s") % date_format(last) if last else gettext("No job")
    if not person.has_accepted:
        if person.invited_at is None:
            return gettext("Not invited yet")
        return gettext("Invited on %s") % date_format(timezone.localtime(person.invited_at))
    if all(job.hired_on > on for job in jobs):
        return gettext("Starts on %s") % date_format(min(job.hired_on for job in jobs))
    return gettext("Active")


class PeopleFilters(WagtailFilterSet):
    organisation = django_filters.ModelChoiceFilter(
        label=_("Organisation"), queryset=lambda request: visible(Organisation, request)
    )
    role = django_filters.ChoiceFilter(label=_("Role"), choices=MembershipRole.Role.choices)
    location = django_filters.ModelChoiceFilter(
        label=_("Location"), queryset=lambda request: visible(Location, request)
    )
    team = django_filters.ModelChoiceFilter(
        label=_("Team today"), queryset=lambda request: visible(Team, request)
    )
    active = django_filters.ChoiceFilter(
        label=_("Working today"), choices=[("yes", _("Yes")), ("no", _("No"))]
    )

    class Meta:
        model = Person
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """All that is chosen about jobs must be true of one and the same visible job."""
        chosen = self.form.cleaned_data
        today = timezone.now().date()
        jobs = Membership.objects.visible_to(self.request.user).filter(person=OuterRef("pk"))
        about_jobs = {
            "organisation": chosen["organisation"],
            "roles__role": chosen["role"],
            "location": chosen["location"],
        }
        wanted = {lookup: value for lookup, value in about_jobs.items() if value}
        if wanted or chosen["active"] == "yes":
            jobs = jobs.filter(**wanted)
            if chosen["active"] == "yes":
                jobs = jobs.active(today)
            queryset = queryset.filter(Exists(jobs))
        if chosen["active"] == "no":
            queryset = queryset.exclude(Exists(jobs.filter(**wanted).active(today)))
        if chosen["team"]:
            rows = TeamMembership.objects.visible_to(self.request.user).active(today)
            queryset = queryset.filter(
                Exists(rows.filter(person=OuterRef("pk"), team=chosen["team"]))
            )
        return queryset


def visible(model: Any, request: HttpRequest | None) -> QuerySet[Any]:
    if request is None:
        return model.objects.none()
    return model.objects.visible_to(request.user)


class People(Listing):
    model = Person
    page_title = _("People")
    header_icon = "group"
    index_url_name = f"{URLS}:people"
    index_results_url_name = f"{URLS}:people_results"
    add_url_name = f"{URLS}:add_person"
    edit_url_name = f"{URLS}:person"
    add_item_label = _("Add a person")
    filterset_class = PeopleFilters
    is_searchable = True
    default_ordering = "full_name"
    export_filename = "people"
    list_export = (
        "full_name",
        "email",
        "organisation",
        "roles",
        "job_title",
        "location",
        "team",
        "status",
    )
    export_headings = {
        "email": _("E-mail address"),
        "organisation": _("Organisation"),
        "roles": _("Roles"),
        "job_title": _("Job title"),
        "location": _("Location"),
        "team": _("Team"),
        "status": _("Status"),
    }
    empty_message = _(
        "There is nobody here yet. Add the first person; they get an invitation by e-mail. "
        "Whoever has left stays on this list, so that results keep a name."
    )

    @cached_property
    def today(self) -> date:
        return timezone.now().date()

    @cached_property
    def columns(self) -> list[Column]:
        return [
            TitleColumn(
                "full_name",
                label=_("Name"),
                accessor="full_name",
                get_url=self.get_edit_url,
                sort_key="full_name",
            ),
            Column("organisation", label=_("Works for"), accessor=self._employers),
            Column("roles", label=_("Roles"), accessor=self._roles, classname=WIDE),
            Column("location", label=_("Location"), accessor=self._locations, classname=WIDE),
            Column("team", label=_("Team"), accessor=self._teams, classname=WIDE),
            Column("status", label=_("Status"), accessor=lambda p: status_of(p, self.today)),
        ]

    def get_base_queryset(self) -> QuerySet[Any]:
        return with_details(
            super().get_base_queryset(),
            user=self.request.user,
            reach=self.reach,
            on=self.today,
        )

    def search_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.is_searching:
            return queryset
        address = f"user__{get_user_model().get_email_field_name()}__icontains"
        # Addresses are found by those who are shown them; else a search would tell.
        return queryset.filter(
            Q(full_name__icontains=self.search_query)
            | Q(Q(**{address: self.search_query}), shows_address=True)
            | Q(invited_email__icontains=self.search_query, shows_address=True)
        )

    def to_row_dict(self, item: Any) -> dict[str, str]:
        return {
            "full_name": item.full_name,
            "email": item.email if item.shows_address else "",
            "organisation": self._employers(item),
            "roles": self._roles(item),
            "job_title": _joined(job.job_title for job in running(item.jobs, self.today)),
            "location": self._locations(item),
            "team": self._teams(item),
            "status": status_of(item, self.today),
        }

    def _employers(self, person: Any) -> str:
        jobs = running(person.jobs, self.today) or person.jobs[:1]
        return _joined(job.organisation.name for job in jobs)

    def _roles(self, person: Any) -> str:
        return _joined(
            str(role.get_role_display())
            for job in running(person.jobs, self.today)
            for role in job.roles.all()
        )

    def _locations(self, person: Any) -> str:
        return _joined(
            job.location.name for job in running(person.jobs, self.today) if job.location
        )

    def _teams(self, person: Any) -> str:
        return _joined(row.team.name for row in running(person.team_rows, self.today))


def _joined(words: Any) -> str:
    return ", ".join(dict.fromkeys(word for word in words if word))


class AddPerson(ForManagers, Form):
    """The answer is the same whether or not the address has an account elsewhere."""

    page_title = _("Add a person")
    header_icon = "user"
    form_class = forms.AddPersonForm
    submit_label = _("Add and invite")
    person: Person

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return people_trail((self.page_title, ""))

    def act(self, form: Any) -> Person:
        now = timezone.now()
        values = dict(form.cleaned_data)
        team = values.pop("team")
        with transaction.atomic():
            self.person = create_person(**values, by=self.request.user, now=now)
            if team is not None:
                join_team(
                    person=self.person,
                    team=team,
                    from_date=max(values["hired_on"], team.engagement.starts_on),
                    by=self.request.user,
                )
        return self.person

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if form.is_valid() and not self.person.has_accepted:
            send_invitation(self.request, self.person)
        return response

    def get_success_message(self, outcome: Person) -> str:
        return gettext("%s has been added.") % outcome

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:person", args=[self.person.pk])


def send_invitation(request: HttpRequest, person: Person) -> None:
    try:
        invite(person=person, by=request.user, now=timezone.now())
    except MailNotSent:
        messages.warning(
            request,
            _("The invitation could not be sent: the mail server did not answer. Send it again."),
        )
    else:
        messages.success(request, gettext("An invitation was sent to %s.") % person.invited_email)


class OnePerson(ForReaders):
    """A screen about a person whom the user may see; 404 otherwise."""

    kwargs: dict[str, Any]

    @cached_property
    def person(self) -> Any:
        rows = with_details(
            Person.objects.all(),
            user=self.request.user,
            reach=self.reach,
            on=timezone.now().date(),
        )
        return self.visible(rows, self.kwargs["pk"])

    def get_success_url(self) -> str:
        return reverse(f"{URLS}:person", args=[self.person.pk])

    def get_page_subtitle(self) -> str:
        return str(self.person)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        here = reverse(f"{URLS}:person", args=[self.person.pk])
        return people_trail((str(self.person), here), (self.page_title, ""))  # type: ignore[attr-defined]


class PersonPage(OnePerson, WagtailAdminTemplateMixin, TemplateView):
    """Everything that the user may know of one person, and what they may do."""

    template_name = "attune_people/admin/person.html"
    page_title = _("Person")
    header_icon = "user"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return people_trail((str(self.person), ""))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person, user = self.person, self.request.user
        today = timezone.now().date()
        manageable = set(
            Membership.objects.manageable_by(user)
            .filter(person=person)
            .values_list("pk", flat=True)
        )
        teams = set(Team.objects.manageable_by(user).values_list("pk", flat=True))
        manages = bool(manageable)
        return {
            **super().get_context_data(**kwargs),
            "person": person,
            "status": status_of(person, today),
            "language": dict(settings.LANGUAGES).get(person.language, person.language),
            "jobs": [(job, job.pk in manageable) for job in person.jobs],
            "teams": [
                (row, row.team_id in teams and row in running(person.team_rows, today))
                for row in person.team_rows
            ],
            "manages": manages,
            "links": [link for handler in person_links if (link := handler(user, person))],
            "may_describe": may_describe(person=person, by=user),
            "may_invite": manages
            and may_describe(person=person, by=user)
            and not person.has_accepted,
            "may_join": manages and bool(teams),
            "may_erase": may_erase(person=person, by=user),
        }


class DescribePerson(OnePerson, Form):
    page_title = _("Name, language and time zone")
    header_icon = "user"
    form_class = forms.DescribeForm
    success_message = _("Saved.")

    def get_initial(self) -> dict[str, Any]:
        person = self.person
        self.require(may_describe(person=person, by=self.request.user))
        return {
            "full_name": person.full_name,
            "language": person.language,
            "time_zone": person.time_zone,
        }

    def act(self, form: Any) -> Person:
        return update_person(person=self.person, by=self.request.user, **form.cleaned_data)


class CorrectAddress(OnePerson, Form):
    page_title = _("Correct the address")
    header_icon = "mail"
    form_class = forms.AddressForm
    submit_label = _("Save and invite again")
    explanation = _(
        "Possible until the invitation is accepted. Later the address is the person’s own, and "
        "the administrator changes it."
    )

    def get_initial(self) -> dict[str, Any]:
        self.require_manageable(self.person)
        self.require(may_describe(person=self.person, by=self.request.user))
        return {"email": self.person.email}

    def act(self, form: Any) -> Person:
        return correct_invitation(
            person=self.person, email=form.cleaned_data["email"], by=self.request.user
        )

    def get_success_message(self, outcome: Person) -> str:
        send_invitation(self.request, outcome)
        return ""


class InviteAgain(OnePerson, View):
    http_method_names = ["post"]
    page_title = ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.require_manageable(self.person)
        self.require(may_describe(person=self.person, by=request.user))
        if self.person.has_accepted:
            messages.error(request, _("This person has accepted the invitation already."))
        else:
            send_invitation(request, self.person)
        return redirect(self.get_success_url())
