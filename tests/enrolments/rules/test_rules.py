"""Rules give, move and withdraw; whatever the order of events, the outcome is the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune.enrolments import services
from attune.enrolments.models import (
    Assignment,
    AssignmentRule,
    Enrolment,
    EnrolmentModule,
    ModuleEvidence,
)
from attune.enrolments.rules.compare import Change, Tally, empty_tally, preview
from attune.enrolments.rules.follow import follow_all, follow_people, follow_rule, follow_the_day
from attune.enrolments.rules.models import RuleException
from attune.enrolments.rules.scope import Scope, chunks
from attune.enrolments.rules.services import (
    change_rule,
    leave_out,
    make_rule,
    switch_off,
    switch_on,
    take_back_in,
)
from attune.enrolments.services.assign import count_what_is_earned
from attune.enrolments.states import State
from attune.people.models import LocationHoliday, MembershipRole, WorkingHours
from attune.people.services import change_roles, end_membership
from attune.people.services.teams import join_team, leave_team, move_team
from attune.xapi.models import StatementRecord
from tests import factories
from tests.factories import Role

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)  # a Monday; 10:00 in Manila
TODAY = date(2026, 11, 23)
MANILA = ZoneInfo("Asia/Manila")


@pytest.fixture(autouse=True)
def _office_hours(nordlicht_habagat: Any) -> None:
    WorkingHours.objects.bulk_create(
        WorkingHours(
            location=nordlicht_habagat.vendor_location,
            weekday=weekday,
            opens=time(9),
            closes=time(18),
        )
        for weekday in range(5)
    )


def rule_for(pair: Any, content: Any, **fields: Any) -> AssignmentRule:
    return AssignmentRule(
        **{
            "name": "Everyone learns etiquette",
            "engagement": pair.engagement,
            "programme": content.programme,
            "programme_key": content.programme.translation_key,
            "starts_on": TODAY,
            "due_days": 14,
            **fields,
        }
    )


def made(pair: Any, content: Any, **fields: Any) -> AssignmentRule:
    rule = rule_for(pair, content, **fields)
    make_rule(rule=rule, by=None, now=NOW)
    return rule


def given_by(rule: AssignmentRule) -> dict[int, datetime | None]:
    """Person id → due date, of the rule's live assignments."""
    rows = Assignment.objects.filter(
        reason="rule", reference=str(rule.pk), withdrawn_at__isnull=True
    )
    return dict(rows.values_list("enrolment__person", "due_at"))


def seen(rule: AssignmentRule, *, now: datetime = NOW) -> Tally:
    tally = empty_tally()
    for steps in preview(Scope(rule, now=now)):
        tally.count(steps, now=now)
    return tally


def at_six(day: date) -> datetime:
    return datetime.combine(day, time(18), tzinfo=MANILA)


# --- Giving ---------------------------------------------------------------


def test_everybody_in_the_engagement_is_given_it_once(
    nordlicht_habagat: Any, cedar_deccan: Any, nordlicht_content: Any
) -> None:
    maria = nordlicht_habagat.agent
    rule = made(nordlicht_habagat, nordlicht_content)
    assert given_by(rule) == {maria.pk: at_six(date(2026, 12, 7))}
    enrolment = Enrolment.objects.get(person=maria)
    assert enrolment.due_at == at_six(date(2026, 12, 7))
    assert enrolment.modules_required == 1
    assert StatementRecord.objects.filter(kind="registered").count() == 1
    assert seen(rule).affected == 0
    follow_all(now=NOW)
    assert Assignment.objects.count() == Enrolment.objects.count() == 1
    assert StatementRecord.objects.filter(kind="registered").count() == 1


def test_a_rule_adds_a_reason_to_what_a_person_has_given(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    maria = nordlicht_habagat.agent
    sooner = NOW + timedelta(days=3)
    services.assign(
        person=maria,
        programme=nordlicht_content.programme,
        engagement=nordlicht_habagat.engagement,
        now=NOW,
        due_at=sooner,
    )
    rule = rule_for(nordlicht_habagat, nordlicht_content)
    assert seen(rule).changes == {Change.REASON: 1}
    make_rule(rule=rule, by=None, now=NOW)
    enrolment = Enrolment.objects.get()
    assert enrolment.due_at == sooner
    assert enrolment.assignments.count() == 2
    switch_off(rule=rule, withdraw=True, by=None, now=NOW)
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.due_at) == (State.NOT_STARTED, sooner)


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        ({"role": Role.AGENT}, True),
        ({"role": Role.MANAGER}, False),
        ({"hired_since": date(2024, 1, 8)}, True),
        ({"hired_since": date(2024, 1, 9)}, False),
        ({"starts_on": TODAY + timedelta(days=1)}, False),
    ],
)
def test_who_is_in_the_scope(
    nordlicht_habagat: Any, nordlicht_content: Any, fields: Any, covered: bool
) -> None:
    rule = made(nordlicht_habagat, nordlicht_content, **fields)
    assert bool(given_by(rule)) is covered


def test_team_and_location_narrow_it(nordlicht_habagat: Any, nordlicht_content: Any) -> None:
    other = factories.team(nordlicht_habagat.engagement, "Second line")
    elsewhere = factories.location(
        nordlicht_habagat.vendor, "Cebu", country="PH", time_zone="Asia/Manila"
    )
    pedro = factories.agent("Pedro Cruz", other, location=elsewhere)
    by_team = made(nordlicht_habagat, nordlicht_content, team=other)
    by_place = made(nordlicht_habagat, nordlicht_content, location=elsewhere)
    by_both = made(
        nordlicht_habagat, nordlicht_content, location=elsewhere, team=nordlicht_habagat.team
    )
    assert [set(given_by(rule)) for rule in (by_team, by_place, by_both)] == [
        {pedro.pk},
        {pedro.pk},
        set(),
    ]


def test_a_programme_that_is_not_published_is_given_to_nobody(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    nordlicht_content.programme.unpublish()
    rule = made(nordlicht_habagat, nordlicht_content)
    assert given_by(rule) == {}


def test_an_engagement_that_has_ended_asks_for_nothing(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = made(nordlicht_habagat, nordlicht_content)
    assert given_by(rule)
    nordlicht_habagat.engagement.ends_on = TODAY - timedelta(days=1)
    nordlicht_habagat.engagement.save()
    follow_all(now=NOW)
    assert given_by(rule) == {}


# --- By when ---------------------------------------------------------------


def test_who_joins_later_has_as_many_days(nordlicht_habagat: Any, nordlicht_content: Any) -> None:
    rule = made(nordlicht_habagat, nordlicht_content, starts_on=date(2026, 1, 1))
    joined = date(2026, 11, 20)
    pedro = factories.person("Pedro Cruz")
    factories.employ(
        pedro, nordlicht_habagat.vendor, Role.AGENT, location=nordlicht_habagat.vendor_location
    )
    factories.put_in_team(pedro, nordlicht_habagat.team, from_date=joined)
    follow_people([pedro.pk], now=NOW)
    assert given_by(rule)[pedro.pk] == at_six(date(2026, 12, 4))


def test_due_dates_move_off_holidays_and_the_places_own_days(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    # 30 November is Bonifacio Day in the Philippines.
    rule = made(nordlicht_habagat, nordlicht_content, due_on=date(2026, 11, 30))
    maria = nordlicht_habagat.agent.pk
    assert given_by(rule)[maria] == at_six(date(2026, 12, 1))
    LocationHoliday.objects.create(
        location=nordlicht_habagat.vendor_location, day=date(2026, 12, 1), name="Moving house"
    )
    follow_all(now=NOW)
    assert given_by(rule)[maria] == at_six(date(2026, 12, 2))
    rule.moved = "previous"
    rule.hour = "last_minute"
    change_rule(rule=rule, by=None, now=NOW)
    assert given_by(rule)[maria] == datetime(2026, 11, 27, 23, 59, tzinfo=MANILA)
    assert Enrolment.objects.get().due_at == given_by(rule)[maria]


def test_a_date_that_was_put_off_stays_put_off_until_a_later_reason(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = made(nordlicht_habagat, nordlicht_content)
    enrolment = Enrolment.objects.get()
    later = NOW + timedelta(days=60)
    for _twice in range(2):
        services.extend(
            enrolment=enrolment, due_at=later, reason="Night shifts", given_by=None, now=NOW
        )
    assert enrolment.extensions.count() == 1
    rule.due_days = 20
    change_rule(rule=rule, by=None, now=NOW)
    enrolment.refresh_from_db()
    assert enrolment.due_at == later
    sooner = NOW + timedelta(days=2)
    services.assign(
        person=enrolment.person,
        programme=nordlicht_content.programme,
        engagement=enrolment.engagement,
        now=NOW + timedelta(hours=1),
        due_at=sooner,
    )
    enrolment.refresh_from_db()
    assert enrolment.due_at == sooner


@pytest.mark.parametrize(("due_at", "reason"), [(NOW, "Shifts"), (NOW + timedelta(days=1), "  ")])
def test_an_extension_needs_a_reason_and_a_future(
    nordlicht_habagat: Any, nordlicht_content: Any, due_at: datetime, reason: str
) -> None:
    made(nordlicht_habagat, nordlicht_content)
    with pytest.raises(ValueError, match=r"reason|future"):
        services.extend(
            enrolment=Enrolment.objects.get(),
            due_at=due_at,
            reason=reason,
            given_by=None,
            now=NOW,
        )


# --- Leaving and coming back ---------------------------------------------------------------


def _joins(pair: Any, day: date, name: str = "Pedro Cruz") -> tuple[Any, Any]:
    pedro = factories.person(name)
    factories.employ(pedro, pair.vendor, Role.AGENT, location=pair.vendor_location)
    row = join_team(person=pedro, team=pair.team, from_date=day, by=pair.vendor_hr.user)
    return pedro, row


def test_joining_a_team_gives_and_leaving_withdraws_what_was_learnt_is_kept(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    now = timezone.now()
    today = now.astimezone(MANILA).date()
    rule = made(nordlicht_habagat, nordlicht_content, starts_on=today)
    pedro, row = _joins(nordlicht_habagat, today)
    assert pedro.pk in given_by(rule)
    enrolment = Enrolment.objects.get(person=pedro)
    Enrolment.objects.filter(pk=enrolment.pk).update(state=State.IN_PROGRESS)
    EnrolmentModule.objects.create(enrolment=enrolment, module_key=UUID(int=7), started_at=now)
    by = nordlicht_habagat.vendor_hr.user
    leave_team(row=row, until_date=today - timedelta(days=1), by=by)
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.due_at) == (State.WITHDRAWN, None)
    assert pedro.pk not in given_by(rule)
    join_team(person=pedro, team=nordlicht_habagat.team, from_date=today, by=by)
    enrolment.refresh_from_db()
    assert enrolment.state == State.IN_PROGRESS
    assert enrolment.due_at == given_by(rule)[pedro.pk]
    assert Enrolment.objects.filter(person=pedro).count() == 1


def test_moving_between_teams_of_the_scope_changes_nothing(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    today = timezone.now().astimezone(MANILA).date()
    rule = made(nordlicht_habagat, nordlicht_content, starts_on=today - timedelta(days=9))
    pedro, row = _joins(nordlicht_habagat, today - timedelta(days=5))
    before = list(Assignment.objects.filter(enrolment__person=pedro).values())
    other = factories.team(nordlicht_habagat.engagement, "Second line")
    move_team(row=row, to=other, on=today, by=nordlicht_habagat.vendor_hr.user)
    assert list(Assignment.objects.filter(enrolment__person=pedro).values()) == before
    assert pedro.pk in given_by(rule)


def test_the_end_of_a_job_withdraws_what_is_open(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = made(nordlicht_habagat, nordlicht_content)
    maria = nordlicht_habagat.agent
    end_membership(
        membership=maria.memberships.get(),
        left_on=TODAY - timedelta(days=1),
        by=nordlicht_habagat.vendor_hr.user,
        now=NOW,
    )
    assert given_by(rule) == {}
    assert Enrolment.objects.get(person=maria).state == State.WITHDRAWN


def test_what_was_completed_stays_completed(nordlicht_habagat: Any, nordlicht_content: Any) -> None:
    rule = made(nordlicht_habagat, nordlicht_content)
    Enrolment.objects.update(state=State.COMPLETED, completed_at=NOW)
    switch_off(rule=rule, withdraw=True, by=None, now=NOW)
    assert Enrolment.objects.get().state == State.COMPLETED
    assert given_by(rule) == {}


def test_a_day_that_is_reached_brings_people_in_and_out(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    maria = nordlicht_habagat.agent
    row = maria.team_memberships.get()
    row.until_date = TODAY
    row.save()
    rule = made(nordlicht_habagat, nordlicht_content)
    # In Manila the 24th has begun, in the server's zone it has not.
    assert follow_all(now=datetime(2026, 11, 23, 15, 59, tzinfo=UTC)) == 0
    assert follow_all(now=datetime(2026, 11, 23, 16, 1, tzinfo=UTC)) == 1
    assert given_by(rule) == {}


def test_a_first_day_brings_training_that_morning_where_it_is(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = made(nordlicht_habagat, nordlicht_content)
    pedro = factories.person("Pedro Cruz")
    factories.employ(
        pedro, nordlicht_habagat.vendor, Role.AGENT, location=nordlicht_habagat.vendor_location
    )
    factories.put_in_team(pedro, nordlicht_habagat.team, from_date=date(2026, 11, 24))
    follow_the_day(now=datetime(2026, 11, 23, 15, 59, tzinfo=UTC))
    assert pedro.pk not in given_by(rule)
    follow_the_day(now=datetime(2026, 11, 23, 16, 1, tzinfo=UTC))
    assert given_by(rule)[pedro.pk] == at_six(date(2026, 12, 9))  # the 8th is a holiday


# --- People's deeds ---------------------------------------------------------------


def test_switched_off_it_may_leave_what_it_gave(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = made(nordlicht_habagat, nordlicht_content)
    standing = given_by(rule)
    switch_off(rule=rule, withdraw=False, by=None, now=NOW)
    follow_all(now=NOW)
    assert given_by(rule) == standing
    switch_off(rule=rule, withdraw=True, by=None, now=NOW)
    assert given_by(rule) == {}
    switch_on(rule=rule, by=None, now=NOW)
    assert given_by(rule) == standing


def test_whoever_is_left_out_stays_out_until_taken_back(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = made(nordlicht_habagat, nordlicht_content)
    maria = nordlicht_habagat.agent
    with pytest.raises(ValueError, match="reason"):
        leave_out(rule=rule, person=maria, reason=" ", by=None, now=NOW)
    assert given_by(rule)
    leave_out(rule=rule, person=maria, reason="On loan", by=None, now=NOW)
    follow_all(now=NOW)
    assert given_by(rule) == {}
    take_back_in(exception=RuleException.objects.get(), now=NOW)
    assert set(given_by(rule)) == {maria.pk}


def test_the_preview_says_what_saving_does(nordlicht_habagat: Any, nordlicht_content: Any) -> None:
    now, today = NOW, TODAY
    other = factories.team(nordlicht_habagat.engagement, "Second line")
    pedro = factories.agent("Pedro Cruz", other)
    rule = made(nordlicht_habagat, nordlicht_content)
    rule.team, rule.due_days = other, 30
    ana = factories.agent("Ana Lim", other)
    tally = seen(rule)
    assert (tally.new, tally.moves, tally.leaves, tally.covered) == (1, 1, 1, 2)
    applied = change_rule(rule=rule, by=None, now=now)
    assert applied.tally is not None
    assert applied.tally.signature == tally.signature
    assert set(given_by(rule)) == {pedro.pk, ana.pk}
    assert seen(rule).affected == 0
    assert today == TODAY


# --- Rounds ---------------------------------------------------------------


def _completes(enrolment: Enrolment, at: datetime, *, module: Any) -> None:
    evidence = ModuleEvidence.objects.create(
        person=enrolment.person,
        module_key=module.translation_key,
        cycle=enrolment.cycle,
        enrolment=enrolment,
        state=State.COMPLETED,
        started_at=at,
        completed_at=at,
    )
    count_what_is_earned(enrolment=enrolment, now=at)
    assert enrolment.state == State.COMPLETED, evidence


def test_repeated_every_so_many_months_on_the_persons_calendar(
    nordlicht_habagat: Any, nordlicht_content: Any
) -> None:
    rule = made(nordlicht_habagat, nordlicht_content, repeat_months=3)
    enrolment = Enrolment.objects.get()
    # 1 December in Manila, still 30 November by UTC.
    _completes(enrolment, datetime(2026, 11, 30, 17, tzinfo=UTC), module=nordlicht_content.module)
    enrolment.refresh_from_db()
    assert enrolment.state == State.COMPLETED
    assert follow_all(now=datetime(2027, 2, 28, 15, tzinfo=UTC)) == 0
    assert follow_all(now=datetime(2027, 2, 28, 17, tzinfo=UTC)) == 1
    again = Enrolment.objects.get(cycle=2)
    assert (again.state, again.modules_done) == (State.NOT_STARTED, 0)
    assert again.due_at == at_six(date(2027, 3, 15))
    assert again.assignments.get().reason == Assignment.Reason.RULE
    # However late the sweep comes, and however often, the round and its date are the same.
    assert follow_all(now=datetime(2027, 3, 4, tzinfo=UTC)) == 0
    assert Enrolment.objects.count() == 2
    enrolment.refresh_from_db()
    assert enrolment.state == State.COMPLETED
    assert rule.repeat_months == 3


# --- Any order ---------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["join", "leave", "move", "role", "edit", "off", "on", "place", "out", "in", "sweep"]
        ),
        st.integers(0, 2),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=9,
)


@given(events=EVENTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_events_gives_what_asking_from_nothing_gives(
    nordlicht_habagat: Any, nordlicht_content: Any, events: list[tuple[str, int, int]]
) -> None:
    with transaction.atomic():
        _play(nordlicht_habagat, nordlicht_content, events)
        transaction.set_rollback(True)


def _play(pair: Any, content: Any, events: list[tuple[str, int, int]]) -> None:
    now = timezone.now()
    today = now.astimezone(MANILA).date()
    by = pair.vendor_hr.user
    teams = [pair.team, factories.team(pair.engagement, "Second line")]
    people = [factories.person(f"Player {each}") for each in range(3)]
    for person in people:
        factories.employ(person, pair.vendor, Role.AGENT, location=pair.vendor_location)
    rules = [
        rule_for(pair, content, starts_on=today - timedelta(days=30)),
        rule_for(pair, content, team=teams[1], role=Role.MANAGER, due_days=3, starts_on=today),
    ]
    for rule in rules:
        make_rule(rule=rule, by=None, now=now)
    for what, who, n in events:
        _event(what, people[who], rules[n % 2], n, teams=teams, by=by, today=today, now=now)
    for rule in rules:
        rule.refresh_from_db()
    standing = [given_by(rule) for rule in rules]
    in_force = [rule for rule in rules if rule.is_active]
    for rule, given_now in zip(rules, standing, strict=True):
        assert given_now == (_from_nothing(rule, now=now) if rule in in_force else {})
    # The enrolment's state and date follow from the reasons that it has.
    for enrolment in Enrolment.objects.filter(person__in=people):
        dues = [given_now.get(enrolment.person_id) for given_now in standing]
        live = [due for due in dues if due is not None]
        assert enrolment.due_at == min(live, default=None)
        assert (enrolment.state == State.WITHDRAWN) is (not live)


def _event(
    what: str, person: Any, rule: Any, n: int, *, teams: Any, by: Any, today: date, now: datetime
) -> None:
    rows = person.team_memberships.filter(until_date__isnull=True)
    row = rows.select_related("team__engagement", "person").first()
    try:
        if what == "join":
            join_team(person=person, team=teams[n % 2], from_date=today - timedelta(days=n), by=by)
        elif what == "leave" and row is not None:
            leave_team(row=row, until_date=today - timedelta(days=n - 1), by=by)
        elif what == "move" and row is not None:
            move_team(row=row, to=teams[n % 2], on=today, by=by)
        elif what == "role":
            roles = [Role.AGENT] if n % 2 else [Role.AGENT, Role.MANAGER]
            change_roles(membership=person.memberships.get(), roles=roles, by=by, now=now)
        elif what == "edit":
            rule.due_days = 5 + n
            change_rule(rule=rule, by=None, now=now)
        elif what == "off":
            switch_off(rule=rule, withdraw=True, by=None, now=now)
        elif what == "on":
            switch_on(rule=rule, by=None, now=now)
        elif what == "place":
            LocationHoliday.objects.get_or_create(
                location=person.memberships.get().location, day=today + timedelta(days=5 + n)
            )
            follow_all(now=now)
        elif what == "out":
            leave_out(rule=rule, person=person, reason="Elsewhere", by=None, now=now)
        elif what == "in":
            for exception in RuleException.objects.filter(rule=rule, person=person):
                take_back_in(exception=exception, now=now)
        elif what == "sweep":
            follow_all(now=now)
    except ValidationError:
        pass  # refused: nothing has happened


def _from_nothing(rule: AssignmentRule, *, now: datetime) -> dict[int, datetime | None]:
    """What the rule gives where nothing was ever given."""
    with transaction.atomic():
        Assignment.objects.all().delete()
        EnrolmentModule.objects.all().delete()
        StatementRecord.objects.all().delete()
        Enrolment.objects.all().delete()
        for ids in chunks(rule):
            follow_rule(Scope(rule, now=now), ids)
        found = given_by(rule)
        transaction.set_rollback(True)
    return found


# --- Cost ---------------------------------------------------------------


def test_many_people_cost_as_many_queries_as_few(
    nordlicht_habagat: Any, nordlicht_content: Any, django_assert_max_num_queries: Any
) -> None:
    for n in range(40):
        factories.agent(
            f"Agent {n}", nordlicht_habagat.team, location=nordlicht_habagat.vendor_location
        )
    rule = rule_for(nordlicht_habagat, nordlicht_content)
    rule.made_at = NOW
    rule.save()
    people = list(
        MembershipRole.objects.filter(role=Role.AGENT).values_list("membership__person", flat=True)
    )
    with django_assert_max_num_queries(30):
        follow_rule(Scope(rule, now=NOW), people)
    with django_assert_max_num_queries(15):
        follow_people(people, now=NOW)
    assert len(given_by(rule)) == 41


def test_where_there_is_no_rule_a_change_of_team_costs_one_query(
    nordlicht_habagat: Any, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        follow_people([nordlicht_habagat.agent.pk], now=NOW)
