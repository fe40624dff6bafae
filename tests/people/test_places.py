"""A location's part of the country and days off of its own; word that places have changed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from attune.people import hooks
from attune.people.models import LocationHoliday
from attune.people.services.authority import NotAllowed
from attune.people.services.organisations import set_own_holidays
from attune.people.services.teams import join_team, move_team
from tests import factories
from tests.factories import as_user


def _filled_in(**fields: str) -> dict[str, str]:
    return {"name": "Manila", "country": "PH", "subdivision": "", "time_zone": "Asia/Manila"} | (
        fields
    )


@pytest.mark.parametrize(
    "line", ["24.12.2026 Christmas Eve", "2026-13-01", "Christmas", "2026-02-30"]
)
def test_a_day_that_is_none_is_refused_and_named(
    client: Any, nordlicht_habagat: Any, line: str
) -> None:
    place = nordlicht_habagat.vendor_location
    url = reverse("attune_people_admin:change_location", args=[place.pk])
    answer = as_user(client, nordlicht_habagat.vendor_hr).post(
        url, _filled_in(own_holidays=f"2026-12-24 Fine\n{line}")
    )
    assert answer.status_code == 200
    assert "Not a day" in answer.content.decode()
    assert not LocationHoliday.objects.exists()


def test_own_days_off_are_written_shown_and_taken_away(client: Any, nordlicht_habagat: Any) -> None:
    place = nordlicht_habagat.vendor_location
    url = reverse("attune_people_admin:change_location", args=[place.pk])
    as_user(client, nordlicht_habagat.vendor_hr)
    written = "2026-12-24 Christmas Eve\n\n2026-12-31\n2026-12-24 Bisperas ng Pasko"
    client.post(url, _filled_in(subdivision="mnl", own_holidays=written))
    rows = list(LocationHoliday.objects.values_list("day", "name"))
    assert rows == [(date(2026, 12, 24), "Bisperas ng Pasko"), (date(2026, 12, 31), "")]
    place.refresh_from_db()
    assert place.subdivision == "MNL"
    assert "2026-12-24 Bisperas ng Pasko" in client.get(url).content.decode()
    client.post(url, _filled_in(own_holidays="2026-12-31 New Year’s Eve"))
    assert [str(each) for each in LocationHoliday.objects.all()] == ["2026-12-31 New Year’s Eve"]


def test_only_who_manages_the_place_writes_its_days(
    nordlicht_habagat: Any, cedar_deccan: Any
) -> None:
    with pytest.raises(NotAllowed):
        set_own_holidays(
            location=nordlicht_habagat.vendor_location,
            days={date(2026, 12, 24): ""},
            by=cedar_deccan.vendor_hr.user,
        )
    assert not LocationHoliday.objects.exists()


def test_a_move_between_teams_is_told_once_when_it_is_whole(
    nordlicht_habagat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, ...]] = []
    monkeypatch.setattr(hooks, "places_changed", [lambda ids, now: told.append(tuple(ids))])
    by, maria = nordlicht_habagat.vendor_hr.user, nordlicht_habagat.agent
    other = factories.team(nordlicht_habagat.engagement, "Second line")
    move_team(row=maria.team_memberships.get(), to=other, on=date(2026, 11, 23), by=by)
    assert told == [(maria.pk,)]
    ana = factories.agent("Ana Lim", other)
    elsewhere = factories.engagement(
        nordlicht_habagat.client, nordlicht_habagat.vendor, code="second"
    )
    join_team(person=ana, team=factories.team(elsewhere), from_date=date(2026, 11, 23), by=by)
    assert told == [(maria.pk,), (ana.pk,)]
