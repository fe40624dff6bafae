"""Organisations with their groups, engagements, and the hours of a location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from attune.people.groups import ensure_groups
from attune.people.models import (
    Engagement,
    Location,
    LocationHoliday,
    Organisation,
    WorkingHours,
)
from attune.people.services.authority import require_administrator, require_manager


@transaction.atomic
def establish_organisation(*, name: str, code: str, kind: str, by: Any) -> Organisation:
    """A client or vendor with its trainers' and readers' groups.

    The groups get Wagtail's ``access_admin`` and what higher floors registered in ``hooks``.
    """
    require_administrator(by=by)
    organisation = Organisation(name=name.strip(), code=code.strip(), kind=kind)
    organisation.full_clean()
    organisation.save()
    return ensure_groups(organisation=organisation)


@transaction.atomic
def establish_engagement(
    *,
    name: str,
    code: str,
    client: Organisation,
    vendor: Organisation,
    starts_on: date,
    by: Any,
    ends_on: date | None = None,
    distance: str = Engagement.Distance.OFFSHORE,
    client_time_zone: str = "UTC",
    is_simulated: bool = False,
) -> Engagement:
    """A vendor begins to work for a client. It opens the vendor's people to the client's HR."""
    require_administrator(by=by)
    engagement = Engagement(
        name=name.strip(),
        code=code.strip(),
        client=client,
        vendor=vendor,
        starts_on=starts_on,
        ends_on=ends_on,
        distance=distance,
        client_time_zone=client_time_zone,
        is_simulated=is_simulated,
    )
    engagement.full_clean()
    engagement.save()
    return engagement


@transaction.atomic
def set_working_hours(
    *, location: Location, hours: Iterable[tuple[int, time, time]], by: Any
) -> None:
    """Make these (weekday, opens, closes) the hours of the location, in its own zone.

    ``closes`` before ``opens`` is a shift that ends after midnight.
    """
    require_manager(by=by, organisation=location.organisation_id)
    rows = [
        WorkingHours(location=location, weekday=weekday, opens=opens, closes=closes)
        for weekday, opens, closes in hours
    ]
    for row in rows:
        if row.opens == row.closes:
            raise ValidationError(
                _("%(weekday)s: the hours begin and end at the same time.")
                % {"weekday": row.get_weekday_display()}
            )
        row.clean_fields()
    location.working_hours.all().delete()
    WorkingHours.objects.bulk_create(rows)


@transaction.atomic
def set_own_holidays(*, location: Location, days: Mapping[date, str], by: Any) -> None:
    """Make these (day → name) the location's days off beside its country's public holidays."""
    require_manager(by=by, organisation=location.organisation_id)
    location.own_holidays.exclude(day__in=days).delete()
    LocationHoliday.objects.bulk_create(
        [LocationHoliday(location=location, day=day, name=name) for day, name in days.items()],
        update_conflicts=True,
        update_fields=["name"],
        unique_fields=["location", "day"],
    )
