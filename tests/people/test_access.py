"""Who sees whom: each queryset for each of the cast, and that an outsider never sees."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune.people.access import (
    can_author_for,
    can_manage_people_of,
    forget_reach,
    reach_of,
    results_within,
)
from attune.people.models import (
    Engagement,
    Location,
    Membership,
    Organisation,
    Person,
    Team,
    TeamMembership,
)
from tests import factories
from tests.factories import Role

MODELS = [Person, Organisation, Location, Engagement, Team, Membership, TeamMembership]
TODAY = timezone.now().date()
YESTERDAY = TODAY - timedelta(days=1)


def seen_by(user):
    return {
        model: set(model.objects.visible_to(user).values_list("pk", flat=True)) for model in MODELS
    }


def keys(*rows):
    return {row.pk for row in rows}


def jobs(*people):
    return set(Membership.objects.filter(person__in=people).values_list("pk", flat=True))


def team_rows(*people):
    return set(TeamMembership.objects.filter(person__in=people).values_list("pk", flat=True))


def test_an_agent_sees_themself_and_where_they_work(cast):
    pair = cast.nordlicht
    assert seen_by(pair.agent.user) == {
        Person: keys(pair.agent),
        Organisation: keys(pair.client, pair.vendor),
        Location: keys(pair.vendor_location),
        Engagement: keys(pair.engagement),
        Team: keys(pair.team),
        Membership: jobs(pair.agent),
        TeamMembership: team_rows(pair.agent),
    }


def test_vendor_hr_sees_its_organisation(cast):
    pair = cast.nordlicht
    assert seen_by(pair.vendor_hr.user) == {
        Person: keys(pair.agent, pair.vendor_hr),
        Organisation: keys(pair.client, pair.vendor),
        Location: keys(pair.vendor_location),
        Engagement: keys(pair.engagement),
        Team: keys(pair.team),
        Membership: jobs(pair.agent, pair.vendor_hr),
        TeamMembership: team_rows(pair.agent),
    }


def test_client_hr_sees_its_own_and_the_people_of_its_engagements(cast):
    pair = cast.nordlicht
    assert seen_by(pair.client_hr.user) == {
        Person: keys(pair.agent, pair.client_hr, pair.trainer),
        Organisation: keys(pair.client, pair.vendor),
        Location: keys(pair.client_location, pair.vendor_location),
        Engagement: keys(pair.engagement),
        Team: keys(pair.team),
        Membership: jobs(pair.agent, pair.client_hr, pair.trainer),
        TeamMembership: team_rows(pair.agent),
    }


def test_a_trainer_sees_themself_and_for_whom_they_write(cast):
    pair = cast.nordlicht
    assert seen_by(pair.trainer.user) == {
        Person: keys(pair.trainer),
        Organisation: keys(pair.client, pair.vendor),
        Location: keys(pair.client_location),
        Engagement: keys(pair.engagement),
        Team: set(),
        Membership: jobs(pair.trainer),
        TeamMembership: set(),
    }


def test_the_administrator_sees_everything(cast):
    everything = {model: set(model.objects.values_list("pk", flat=True)) for model in MODELS}
    assert seen_by(cast.administrator.user) == everything


@pytest.mark.parametrize("state", ["anonymous", "inactive", "nobody"])
def test_whoever_is_nobody_here_sees_nothing(cast, state):
    user = AnonymousUser()
    if state == "inactive":
        user = cast.nordlicht.vendor_hr.user
        user.is_active = False
    if state == "nobody":
        user = factories.user("host@example.test")
    assert set().union(*seen_by(user).values()) == set()


def test_the_vendor_s_people_for_another_client_are_not_this_client_s(cast):
    """Habagat also works for Cedar & Pine: Nordlicht's HR sees none of that."""
    pair = cast.nordlicht
    other = factories.engagement(cast.cedar.client, pair.vendor, code="cedar-habagat")
    desk = factories.team(other, "Cedar desk at Habagat")
    cebu = factories.location(pair.vendor, "Cebu", country="PH", time_zone="Asia/Manila")
    rosa = factories.agent("Rosa Lim", desk, location=cebu)
    seen = seen_by(pair.client_hr.user)
    assert rosa.pk not in seen[Person]
    assert not jobs(rosa) & seen[Membership]
    assert cebu.pk not in seen[Location]
    assert not keys(other) & seen[Engagement]
    assert rosa.pk in seen_by(pair.vendor_hr.user)[Person]
    assert rosa.pk in seen_by(cast.cedar.client_hr.user)[Person]


def test_a_second_job_elsewhere_stays_out_of_sight(cast):
    """Maria also works for Deccan: neither employer sees the other job, nor do the clients."""
    pair, other = cast.nordlicht, cast.cedar
    second = factories.employ(pair.agent, other.vendor, Role.AGENT, location=other.vendor_location)
    row = factories.put_in_team(pair.agent, other.team)
    for reader in (pair.vendor_hr, pair.client_hr):
        seen = seen_by(reader.user)
        assert second.pk not in seen[Membership]
        assert row.pk not in seen[TeamMembership]
        assert other.vendor_location.pk not in seen[Location]
        assert other.vendor.pk not in seen[Organisation]
    for reader in (other.vendor_hr, other.client_hr):
        seen = seen_by(reader.user)
        assert seen[Membership] & jobs(pair.agent) == {second.pk}
        assert seen[TeamMembership] & team_rows(pair.agent) == {row.pk}


def test_who_has_left_is_still_seen_but_not_managed(cast):
    pair = cast.nordlicht
    pair.agent.memberships.update(left_on=YESTERDAY)
    user = pair.vendor_hr.user
    assert pair.agent in Person.objects.visible_to(user)
    assert pair.agent not in Person.objects.manageable_by(user)
    assert pair.vendor_hr in Person.objects.manageable_by(user)


@pytest.mark.parametrize(
    ("hired_on", "left_on", "reaches"),
    [
        (TODAY, None, True),
        (TODAY, TODAY, True),
        (YESTERDAY, TODAY, True),
        (YESTERDAY, YESTERDAY, False),
        (TODAY + timedelta(days=1), None, False),
    ],
)
def test_reach_follows_the_days_of_the_job(cast, hired_on, left_on, reaches):
    hr = cast.nordlicht.vendor_hr
    hr.memberships.update(hired_on=hired_on, left_on=left_on)
    assert bool(reach_of(hr.user).manages) == reaches
    assert (cast.nordlicht.agent in Person.objects.visible_to(hr.user)) == reaches


def test_reach_is_that_of_the_day_that_is_asked_about(cast):
    hr = cast.nordlicht.vendor_hr
    assert reach_of(hr.user).manages
    assert not reach_of(hr.user, on=date(2020, 1, 1)).manages
    assert reach_of(hr.user).manages


def test_reach_costs_two_queries_once(cast, django_assert_num_queries):
    user = type(cast.nordlicht.vendor_hr.user).objects.get(pk=cast.nordlicht.vendor_hr.user.pk)
    with django_assert_num_queries(2):
        reach_of(user)
        reach_of(user)


def test_reach_is_forgotten_also_behind_a_lazy_request_user(cast):
    user = cast.nordlicht.vendor_hr.user
    lazy = SimpleLazyObject(lambda: user)
    assert reach_of(lazy).manages
    cast.nordlicht.vendor_hr.memberships.update(left_on=YESTERDAY)
    assert reach_of(lazy).manages, "kept for the request"
    forget_reach([lazy])
    assert not reach_of(lazy).manages


def test_a_manager_reads_but_does_not_manage(cast):
    manager = factories.person("Mona Manager")
    factories.employ(manager, cast.nordlicht.vendor, Role.MANAGER)
    assert cast.nordlicht.agent in Person.objects.visible_to(manager.user)
    assert not Person.objects.manageable_by(manager.user).exists()
    assert not can_manage_people_of(manager.user, cast.nordlicht.vendor.pk)


def test_a_trainer_writes_for_their_own_client_alone(cast):
    pair, other = cast.nordlicht, cast.cedar
    assert can_author_for(pair.trainer.user, pair.client.pk)
    assert not can_author_for(pair.trainer.user, other.client.pk)
    assert not can_author_for(pair.trainer.user, None)
    assert can_author_for(cast.administrator.user, None)
    # A trainer's role at a vendor writes for nobody.
    factories.employ(pair.agent, other.vendor, Role.TRAINER)
    assert not reach_of(pair.agent.user).authors_for


def test_results_are_filtered_by_engagement_and_person(cast):
    rows = TeamMembership.objects
    for pair, other in ((cast.nordlicht, cast.cedar), (cast.cedar, cast.nordlicht)):
        for reader in (pair.vendor_hr, pair.client_hr, pair.agent):
            seen = rows.filter(results_within(reader.user, engagement="team__engagement"))
            assert set(seen) == set(pair.agent.team_memberships.all())
        seen = rows.filter(results_within(pair.trainer.user, engagement="team__engagement"))
        assert not seen.exists()
        assert set(Engagement.objects.results_visible_to(pair.client_hr.user)) == {pair.engagement}
        assert other.engagement not in Engagement.objects.results_visible_to(pair.vendor_hr.user)


MONTHS = st.integers(-30, 6).map(lambda months: TODAY + timedelta(days=30 * months))
JOBS = st.lists(
    st.tuples(
        st.sampled_from(["client", "vendor"]),
        st.lists(st.sampled_from(Role.values), unique=True, max_size=5),
        MONTHS,
        st.none() | st.integers(0, 40).map(lambda weeks: timedelta(weeks=weeks)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda job: (job[0], job[2]),
)


@given(JOBS, st.booleans())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_jobs_an_outsider_has_they_never_see_the_other_pair(cast, jobs_held, in_team):
    """Jobs in any roles, at any time, on either side of the other pair."""
    outsider = factories.person()
    for side, roles, hired_on, lasts in jobs_held:
        organisation = getattr(cast.cedar, side)
        left_on = hired_on + (lasts if lasts is not None else timedelta(days=29))
        if Membership.objects.filter(person=outsider, organisation=organisation).exists():
            continue
        factories.employ(outsider, organisation, *roles, hired_on=hired_on, left_on=left_on)
    if in_team:
        factories.put_in_team(outsider, cast.cedar.team)
    seen = seen_by(outsider.user)
    pair = cast.nordlicht
    assert not seen[Person] & keys(*pair.people)
    assert not seen[Organisation] & keys(pair.client, pair.vendor)
    assert not seen[Location] & keys(pair.client_location, pair.vendor_location)
    assert not seen[Engagement] & keys(pair.engagement)
    assert not seen[Team] & keys(pair.team)
    assert not seen[Membership] & jobs(*pair.people)
    assert not seen[TeamMembership] & team_rows(*pair.people)
    assert (
        not Person.objects.manageable_by(outsider.user).filter(pk__in=keys(*pair.people)).exists()
    )
    assert not set(outsider.user.groups.all()) & {
        pair.client.trainers,
        pair.client.readers,
        pair.vendor.trainers,
        pair.vendor.readers,
    }
