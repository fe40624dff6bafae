"""HR assigns: said first, then done; twice is once; nobody beyond their engagements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from attune.enrolments.models import Assignment, Enrolment
from attune.enrolments.services import exempt, withdraw
from attune.enrolments.states import State
from attune.reports.assigning import Change
from tests import factories
from tests.reports.conftest import Side, Sides

ASSIGN = "/admin/attune/reports/assign/"
DUE = "2027-03-15"


@pytest.fixture
def side(sides: Sides) -> Side:
    return sides.nordlicht


@pytest.fixture
def newcomers(side: Side) -> list[Any]:
    return [
        factories.agent(name, side.pair.team, location=side.pair.vendor_location)
        for name in ("Ana New", "Bea New")
    ]


def form(side: Side, **values: Any) -> dict[str, Any]:
    return {
        "programme": str(side.content.programme.translation_key),
        "due_on": DUE,
        "due_time": "18:00",
        "zone": "at-work",
        "note": "",
        **values,
    }


def post(client: Any, do: str, data: dict[str, Any], **query: Any) -> Any:
    address = ASSIGN + (f"?engagement={query['engagement']}" if query else "")
    return client.post(address, {**data, "do": do})


@pytest.mark.parametrize("who", ["hana", "ines", "administrator"])
def test_hr_of_both_sides_assigns_after_reading_what_changes(
    client: Any,
    as_user: Any,
    side: Side,
    newcomers: list[Any],
    request: pytest.FixtureRequest,
    who: str,
) -> None:
    person = request.getfixturevalue(who)
    as_user(client, person)
    data = form(side, people=[each.pk for each in newcomers], note="Before your first shift")
    engagement = side.pair.engagement.pk
    before = Enrolment.objects.count()
    told = post(client, "check", data, engagement=engagement)
    assert Enrolment.objects.count() == before, "reading must not write"
    assert "affects 2 people: 2 new" in " ".join(told.content.decode().split())
    assert "Ana New" in told.content.decode()

    done = post(client, "save", data, engagement=engagement)
    assert done.status_code == 302
    shown = " ".join(client.get(done["Location"]).content.decode().split())
    assert "is assigned to 2 people, 2 of them new" in shown
    for newcomer in newcomers:
        reason = Assignment.objects.get(enrolment__person=newcomer)
        assert reason.due_at == datetime(2027, 3, 15, 10, 0, tzinfo=UTC)  # 18:00 in Manila
        assert (reason.note, reason.assigned_by) == ("Before your first shift", person.user)


def test_twice_is_no_change(
    client: Any, as_user: Any, side: Side, newcomers: list[Any], hana: Any
) -> None:
    as_user(client, hana)
    data = form(side, teams=[side.pair.team.pk], note="Welcome")
    post(client, "save", data)
    rows = list(Assignment.objects.order_by("pk").values())
    states = list(Enrolment.objects.order_by("pk").values())
    told = post(client, "check", data)
    assert {step["change"] for step in told.context["steps"]} == {"none"}
    assert "Nothing would change" in told.content.decode()
    assert post(client, "save", data).status_code == 302
    assert "Nothing had to change" in client.get(f"{ASSIGN}done/").content.decode()
    assert list(Assignment.objects.order_by("pk").values()) == rows
    assert list(Enrolment.objects.order_by("pk").values()) == states


def test_a_later_date_moves_the_same_reason(
    client: Any, as_user: Any, side: Side, hana: Any, maria: Any
) -> None:
    as_user(client, hana)
    told = post(client, "check", form(side, people=[maria.pk]))
    assert [step["change"] for step in told.context["steps"]] == ["due_date"]
    post(client, "save", form(side, people=[maria.pk]))
    reason = Assignment.objects.get(enrolment=side.enrolment)
    assert reason.due_at == datetime(2027, 3, 15, 10, 0, tzinfo=UTC)
    side.enrolment.refresh_from_db()
    assert side.enrolment.due_at == reason.due_at


def test_what_assigning_does_depends_on_where_somebody_stands(
    client: Any, as_user: Any, side: Side, hana: Any
) -> None:
    now = timezone.now()

    def somebody(name: str) -> Enrolment:
        person = factories.agent(name, side.pair.team)
        return factories.enrol(person, side.content.programme, side.pair.engagement)

    withdraw(enrolment=somebody("B withdrawn"), now=now)
    exempt(enrolment=somebody("C exempt"), reason="Knows it", now=now)
    for name, expires_at in (
        ("D complete", None),
        ("E expired", now - timedelta(days=3)),
    ):
        Enrolment.objects.filter(pk=somebody(name).pk).update(
            state=State.COMPLETED, completed_at=now - timedelta(400), expires_at=expires_at
        )
    by_rule = somebody("F by rule")
    by_rule.assignments.update(reason=Assignment.Reason.RULE, reference="7")
    factories.agent("A new", side.pair.team)
    as_user(client, hana)
    data = form(side, teams=[side.pair.team.pk])
    told = post(client, "check", data)
    assert {step["person"].full_name: step["change"] for step in told.context["steps"]} == {
        "A new": Change.NEW,
        "B withdrawn": Change.RESUMES,
        "C exempt": Change.EXEMPT,
        "D complete": Change.DONE,
        "E expired": Change.NEXT_ROUND,
        "F by rule": Change.REASON,
        "Maria Santos": Change.DUE_DATE,
    }
    post(client, "save", data)
    newest = {
        each.person.full_name: (each.state, each.cycle)
        for each in Enrolment.objects.latest_cycle()
        .filter(engagement=side.pair.engagement)
        .select_related("person")
    }
    assert newest == {
        "A new": ("not_started", 1),
        "B withdrawn": ("not_started", 1),
        "C exempt": ("exempt", 1),
        "D complete": ("completed", 1),
        "E expired": ("not_started", 2),
        "F by rule": ("not_started", 1),
        "Maria Santos": ("not_started", 1),
    }
    again = post(client, "check", data)
    assert {step["change"] for step in again.context["steps"]} == {"none", "done", "exempt"}


def test_the_usual_date_is_the_programmes_own_at_the_end_of_the_persons_day(
    client: Any, as_user: Any, side: Side, ines: Any, newcomers: list[Any]
) -> None:
    """Ines sits in Bremen; the deadline is 18:00 where the people work."""
    in_berlin = factories.location(
        side.pair.vendor, "Hamburg", country="DE", time_zone="Europe/Berlin"
    )
    carla = factories.agent("Carla Onshore", side.pair.team, location=in_berlin)
    as_user(client, ines)
    data = form(side, people=[newcomers[0].pk, carla.pk], due_on="")
    post(client, "save", data)
    for person, zone in ((newcomers[0], side.pair.vendor_location), (carla, in_berlin)):
        due = Enrolment.objects.get(person=person).due_at.astimezone(zone.zone)
        assert (due.hour, due.minute) == (18, 0)
        today = timezone.now().astimezone(zone.zone).date()
        assert due.date() == today + timedelta(days=side.content.programme.due_after_days)


def test_a_named_zone_holds_for_everybody(
    client: Any, as_user: Any, side: Side, hana: Any, newcomers: list[Any]
) -> None:
    as_user(client, hana)
    post(client, "save", form(side, people=[newcomers[0].pk], zone="Europe/Berlin"))
    due = Enrolment.objects.get(person=newcomers[0]).due_at
    assert due == datetime(2027, 3, 15, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"due_on": "2020-01-01"}, "passed already"),
        ({"due_on": "2093-01-01"}, "more than two years"),
        ({"people": []}, "at least one person"),
        ({"zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"note": "x" * 301}, "at most 300"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    client: Any, as_user: Any, side: Side, hana: Any, maria: Any, values: Any, words: str
) -> None:
    before = list(Assignment.objects.values())
    data = {**form(side, people=[maria.pk]), **values}
    as_user(client, hana)
    for do in ("check", "save"):
        page = post(client, do, data)
        assert page.status_code == 200
        assert words in page.content.decode()
    assert list(Assignment.objects.values()) == before


def test_searching_keeps_what_is_chosen_and_writes_nothing(
    client: Any, as_user: Any, side: Side, hana: Any, newcomers: list[Any]
) -> None:
    as_user(client, hana)
    page = post(client, "find", form(side, people=[newcomers[0].pk], find="bea", note="Hello"))
    assert page.context["chosen"] == [newcomers[0]]
    assert page.context["offered"] == [newcomers[1]]
    assert 'value="Hello"' in page.content.decode()
    assert not page.context["form"].errors
    assert Enrolment.objects.count() == 2


def test_no_page_holds_one_option_per_person(
    client: Any, as_user: Any, side: Side, hana: Any
) -> None:
    for number in range(60):
        factories.agent(f"Agent {number:02}", side.pair.team)
    page = as_user(client, hana).get(ASSIGN)
    assert len(page.context["offered"]) == 50
    assert "The first 50 are shown" in page.content.decode()


def test_too_many_at_once_are_sent_team_by_team(
    client: Any, as_user: Any, side: Side, hana: Any, newcomers: list[Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr("attune.reports.assigning_views.AT_ONCE", 2)
    page = post(as_user(client, hana), "save", form(side, teams=[side.pair.team.pk]))
    assert "at most 2 at a time" in page.content.decode()
    assert not Enrolment.objects.filter(person__in=newcomers).exists()


def test_who_left_the_team_is_not_assigned_and_who_will_join_is(
    client: Any, as_user: Any, side: Side, hana: Any, newcomers: list[Any]
) -> None:
    today = timezone.now().date()
    gone, joining = newcomers
    gone.team_memberships.update(until_date=today - timedelta(days=1))
    joining.team_memberships.update(from_date=today + timedelta(days=7))
    as_user(client, hana)
    told = post(client, "check", form(side, teams=[side.pair.team.pk]))
    assert [step["person"].full_name for step in told.context["steps"]] == [
        "Bea New",
        "Maria Santos",
    ]


# --- Whom it refuses ---------------------------------------------------------------------


@pytest.mark.parametrize("who", ["klaus", "maria", "manager"])
def test_only_hr_assigns(
    client: Any, as_user: Any, side: Side, maria: Any, request: pytest.FixtureRequest, who: str
) -> None:
    if who == "manager":
        person = factories.person("Mona Manager")
        factories.employ(person, side.pair.vendor, "manager")
    else:
        person = request.getfixturevalue(who)
    before = list(Assignment.objects.values())
    as_user(client, person)
    assert client.get(ASSIGN).status_code == 302
    for do in ("check", "save"):
        refused = post(client, do, form(side, people=[maria.pk]))
        assert refused.status_code == 302
        assert "done" not in refused["Location"]
    assert list(Assignment.objects.values()) == before
    assert ASSIGN not in client.get("/admin/", follow=True).content.decode()


@pytest.mark.parametrize("who", ["hana", "ines"])
def test_another_tenants_engagement_people_teams_and_programme_do_not_exist(
    client: Any, as_user: Any, sides: Sides, request: pytest.FixtureRequest, who: str
) -> None:
    mine, theirs = sides.nordlicht, sides.cedar
    as_user(client, request.getfixturevalue(who))
    foreign = theirs.pair.engagement.pk
    assert client.get(ASSIGN, {"engagement": foreign}).status_code == 404
    assert client.get(ASSIGN, {"engagement": "x"}).status_code == 404
    data = form(theirs, people=[theirs.pair.agent.pk])
    assert post(client, "save", data, engagement=foreign).status_code == 404
    before = list(Assignment.objects.values())
    for values in (
        {"people": [theirs.pair.agent.pk]},
        {"people": [mine.pair.agent.pk, theirs.pair.agent.pk]},
        {"teams": [theirs.pair.team.pk]},
        {
            "people": [mine.pair.agent.pk],
            "programme": str(theirs.content.programme.translation_key),
        },
    ):
        for do in ("check", "save"):
            page = post(client, do, form(mine, **values))
            assert page.status_code == 200
            assert "Select a valid choice" in page.content.decode()
            for canary in (theirs.pair.agent.full_name, theirs.content.programme.title):
                assert canary not in page.content.decode()
    assert list(Assignment.objects.values()) == before


def test_colleagues_outside_the_engagement_are_not_offered(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    """The vendor's own people, but of another client's desk."""
    other = factories.engagement(
        sides.cedar.pair.client, sides.nordlicht.pair.vendor, name="Cedar with Habagat"
    )
    elsewhere = factories.agent("Elsewhere Ely", factories.team(other, "Cedar desk"))
    as_user(client, hana)
    mine = sides.nordlicht.pair.engagement.pk
    page = client.get(ASSIGN, {"engagement": mine})
    assert elsewhere.full_name not in page.content.decode()
    refused = post(client, "save", form(sides.nordlicht, people=[elsewhere.pk]), engagement=mine)
    assert "Select a valid choice" in refused.content.decode()
    assert not Enrolment.objects.filter(person=elsewhere).exists()


def test_an_engagement_that_has_ended_takes_nobody(
    client: Any, as_user: Any, side: Side, hana: Any
) -> None:
    type(side.pair.engagement).objects.filter(pk=side.pair.engagement.pk).update(
        ends_on=timezone.now().date() - timedelta(days=1)
    )
    as_user(client, hana)
    assert "no engagement to assign in" in client.get(ASSIGN).content.decode()
    assert client.get(ASSIGN, {"engagement": side.pair.engagement.pk}).status_code == 404


def test_the_result_page_without_a_result_leads_back(
    client: Any, as_user: Any, side: Side, hana: Any
) -> None:
    assert as_user(client, hana).get(f"{ASSIGN}done/")["Location"] == ASSIGN
