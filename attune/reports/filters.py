"""What the completion matrix can be narrowed to. Every choice is one that the reader sees."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet

from attune.enrolments.models import Enrolment
from attune.enrolments.states import State
from attune.people.models import Engagement, Location, Team
from attune.reports import matrix
from attune.reports.access import reported_engagements

OVERDUE = "overdue"
STATE_CHOICES = [
    (OVERDUE, _("Overdue")),
    *((state.value, state.label) for state in State),
]


class TeamChoiceField(django_filters.fields.ModelChoiceField):
    def label_from_instance(self, team: Any) -> str:
        return f"{team.name} · {team.engagement.name}"


class TeamFilter(django_filters.ModelChoiceFilter):
    field_class = TeamChoiceField


class LocationChoiceField(django_filters.fields.ModelChoiceField):
    def label_from_instance(self, location: Any) -> str:
        return f"{location.name} · {location.organisation.name}"


class LocationFilter(django_filters.ModelChoiceFilter):
    field_class = LocationChoiceField


def _engagements(request: HttpRequest) -> QuerySet[Engagement]:
    return reported_engagements(request.user)


def _teams(request: HttpRequest) -> QuerySet[Team]:
    return Team.objects.filter(engagement__in=reported_engagements(request.user)).select_related(
        "engagement"
    )


def _locations(request: HttpRequest) -> QuerySet[Location]:
    return Location.objects.visible_to(request.user).select_related("organisation")


class CompletionFilterSet(WagtailFilterSet):
    """``programme`` is always set; without a choice it is the one with most people in it."""

    programme = django_filters.ChoiceFilter(
        label=_("Programme"), method="keep_all", empty_label=None
    )
    engagement = django_filters.ModelChoiceFilter(
        label=_("Engagement"), empty_label=_("All"), queryset=_engagements
    )
    team = TeamFilter(
        label=_("Team today"), empty_label=_("All"), method="in_team", queryset=_teams
    )
    location = LocationFilter(
        label=_("Location today"), empty_label=_("All"), method="at_location", queryset=_locations
    )
    state = django_filters.ChoiceFilter(
        label=_("State"),
        empty_label=_("All but withdrawn"),
        choices=STATE_CHOICES,
        method="keep_all",
    )
    name = django_filters.CharFilter(
        label=_("Name contains"),
        field_name="person__full_name",
        lookup_expr="icontains",
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    class Meta:
        model = Enrolment
        fields: list[str] = []

    def __init__(
        self, data: QueryDict, *, request: HttpRequest, programmes: list[matrix.Programme]
    ) -> None:
        data = data.copy()
        if not data.get("programme") and programmes:
            data["programme"] = str(max(programmes, key=lambda each: each.enrolments).key)
        super().__init__(data, Enrolment.objects.none(), request=request)
        several = len({programme.client for programme in programmes}) > 1
        self.filters["programme"].extra["choices"] = [
            (str(each.key), f"{each.title} · {each.client}" if several else each.title)
            for each in programmes
        ]
        self.programmes = {each.key: each for each in programmes}

    @property
    def about(self) -> matrix.Programme | None:
        """The programme chosen, or None if there is none or the choice is not one."""
        chosen = self.form.cleaned_data.get("programme") if self.is_valid() else None
        return self.programmes.get(UUID(chosen)) if chosen else None

    @property
    def has_several_engagements(self) -> bool:
        """Whether rows have to say whose they are."""
        return len(self.form.fields["engagement"].queryset[:2]) > 1

    @property
    def narrows(self) -> bool:
        """Whether anything but the programme is chosen."""
        values = self.form.cleaned_data if self.is_valid() else {}
        return any(value for name, value in values.items() if name != "programme")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self._in_state(super().filter_queryset(queryset))

    def keep_all(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset

    def _in_state(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # Not a method of the filter: it has to act where nothing is chosen, too.
        state = self.form.cleaned_data.get("state")
        if not state:
            return queryset.exclude(state=State.WITHDRAWN)
        if state == OVERDUE:
            return queryset.filter(is_overdue=True)
        return queryset.filter(standing_state=state)

    def in_team(self, queryset: Any, name: str, team: Team | None) -> Any:
        return matrix.in_team(queryset, team, on=timezone.now().date()) if team else queryset

    def at_location(self, queryset: Any, name: str, location: Location | None) -> Any:
        if location is None:
            return queryset
        return matrix.at_location(queryset, location.pk, on=timezone.now().date())
