"""A due date with its time and the zone that it is meant in.

A deadline given to people in two places needs a named clock. The usual one is each
person's own place of work, so that nobody's 18:00 lies in the middle of the night.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets import AdminDateInput

from attune.people.models import Engagement, Membership, Person

END_OF_DAY = time(18, 0)
LONGEST = timedelta(days=730)
AT_WORK = "at-work"
AT_WORK_LABEL = _("Each person’s own place of work")


def due_at(on: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, at, tzinfo=zone)


def zones_at_work(
    people: Iterable[Person], engagement: Engagement, *, on: date
) -> dict[int, ZoneInfo]:
    """Person id → the zone of where they work for the engagement, else their own. One query."""
    people = list(people)
    zones = {person.pk: person.time_zone for person in people}
    places = (
        Membership.objects.unfinished(on)
        .filter(
            person__in=list(zones),
            organisation__in=[engagement.client_id, engagement.vendor_id],
            location__isnull=False,
        )
        .order_by("-hired_on", "-pk")
        .values_list("person", "location__time_zone")
    )
    # The job that began first is read last, and stands.
    zones.update(dict(places))
    return {person: ZoneInfo(name) for person, name in zones.items()}


class DueForm(forms.Form):
    """Date, time and zone; ``zones`` are the names on offer, the first one the usual."""

    due_on = forms.DateField(label=_("Due date"), widget=AdminDateInput())
    due_time = forms.TimeField(
        label=_("Time"),
        initial=END_OF_DAY,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    zone = forms.ChoiceField(label=_("On the clock of"))

    def __init__(self, *args: Any, zones: list[tuple[str, Any]], now: datetime, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.now = now
        field = cast("forms.ChoiceField", self.fields["zone"])
        field.choices = zones
        field.initial = zones[0][0]

    def clean_due_on(self) -> date | None:
        on: date | None = self.cleaned_data["due_on"]
        if on is not None and on > (self.now + LONGEST).date():
            raise forms.ValidationError(_("This is more than two years away."))
        return on

    def refuse_the_past(self, moments: Iterable[datetime]) -> None:
        if any(moment <= self.now for moment in moments):
            self.add_error("due_on", _("This moment has passed already. Choose a later one."))


def zone_choices(*names: str) -> list[tuple[str, str]]:
    """Zones by name, each once, in the order given."""
    return [(name, name.replace("_", " ")) for name in dict.fromkeys(names)]
