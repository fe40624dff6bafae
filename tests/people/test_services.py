"""Writes about people: dated rows that never overlap, access that follows, no way upwards."""

import re
import threading
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from attune.people import hooks, services
from attune.people.checks import password_link_exists
from attune.people.groups import ensure_groups
from attune.people.models import Membership, Organisation, Person, TeamMembership
from attune.people.services.invite import token_for
from tests import factories
from tests.factories import PASSWORD, Role

NOW = timezone.now()
TODAY = NOW.astimezone(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)


def fresh(user):
    return get_user_model().objects.get(pk=user.pk)


def create(pair, *, by, email="jun@example.test", **more):
    return services.create_person(
        **{
            "full_name": "Jun dela Cruz",
            "email": email,
            "organisation": pair.vendor,
            "roles": ["agent"],
            "hired_on": TODAY,
            "by": by,
            "now": NOW,
            **more,
        }
    )


# --- Escalation ------------------------------------------------------------------------------


def attempts(cast, by):
    """Every write that HR of Deccan could try on Habagat's people, as callables."""
    pair = cast.nordlicht
    job, row = pair.agent.memberships.get(), pair.agent.team_memberships.get()
    yield lambda: create(pair, by=by)
    yield lambda: services.add_membership(
        person=cast.cedar.agent,
        organisation=pair.vendor,
        roles=["hr"],
        hired_on=TODAY,
        by=by,
        now=NOW,
    )
    yield lambda: services.change_roles(membership=job, roles=["hr"], by=by, now=NOW)
    yield lambda: services.change_membership(
        membership=job,
        by=by,
        now=NOW,
        job_title="x",
        location=None,
        hired_on=TODAY,
        external_id="",
        roles=["hr"],
    )
    yield lambda: services.end_membership(membership=job, left_on=YESTERDAY, by=by, now=NOW)
    yield lambda: services.correct_invitation(person=pair.agent, email="x@example.test", by=by)
    yield lambda: services.update_person(person=pair.agent, by=by, full_name="x")
    yield lambda: services.invite(person=pair.agent, by=by, now=NOW)
    yield lambda: services.join_team(person=pair.agent, team=pair.team, from_date=TODAY, by=by)
    yield lambda: services.join_team(
        person=cast.cedar.agent, team=pair.team, from_date=TODAY, by=by
    )
    yield lambda: services.move_team(
        row=row, to=factories.team(pair.engagement, "Second"), on=TODAY, by=by
    )
    yield lambda: services.leave_team(row=row, until_date=YESTERDAY, by=by)
    yield lambda: services.set_working_hours(location=pair.vendor_location, hours=[], by=by)


@pytest.mark.parametrize(
    "who", ["outsider_hr", "outsider_client_hr", "outsider", "maria", "klaus", "ines"]
)
def test_nobody_writes_where_they_do_not_manage(cast, who, request):
    by = request.getfixturevalue(who).user
    for attempt in attempts(cast, by):
        if who == "maria" and "update_person" in attempt.__code__.co_names:
            continue  # one's own name is one's own
        with pytest.raises(services.NotAllowed), transaction.atomic():
            attempt()


def test_only_the_administrator_makes_organisations(cast):
    for person in (*cast.nordlicht.people, *cast.cedar.people):
        with pytest.raises(services.NotAllowed):
            services.establish_organisation(name="x", code="x", kind="client", by=person.user)
        with pytest.raises(services.NotAllowed):
            services.establish_engagement(
                name="x",
                code="x",
                client=cast.nordlicht.client,
                vendor=cast.cedar.vendor,
                starts_on=TODAY,
                by=person.user,
            )


def test_hr_cannot_take_on_a_stranger_by_number(cast):
    """Only by invitation: else one would see what the stranger did, and they never agreed."""
    with pytest.raises(services.NotAllowed):
        services.add_membership(
            person=cast.cedar.agent,
            organisation=cast.nordlicht.vendor,
            roles=["agent"],
            hired_on=TODAY,
            by=cast.nordlicht.vendor_hr.user,
            now=NOW,
        )


def test_hr_changes_neither_address_nor_name_once_the_account_is_in_use(cast):
    hana, maria = cast.nordlicht.vendor_hr, cast.nordlicht.agent
    with pytest.raises(ValidationError):
        services.correct_invitation(person=maria, email="hana+maria@example.test", by=hana.user)
    with pytest.raises(services.NotAllowed):
        services.update_person(person=maria, by=hana.user, full_name="Hana’s puppet")
    with pytest.raises(ValidationError):
        services.invite(person=maria, by=hana.user, now=NOW)
    assert fresh(maria.user).email == "maria.santos@example.test"


def test_an_unaccepted_person_with_a_job_elsewhere_is_not_one_hr_s_to_change(cast):
    jun = create(cast.nordlicht, by=cast.nordlicht.vendor_hr.user)
    factories.employ(jun, cast.cedar.vendor, Role.AGENT)
    for by in (cast.nordlicht.vendor_hr.user, cast.cedar.vendor_hr.user):
        with pytest.raises(services.NotAllowed):
            services.correct_invitation(person=jun, email="x@example.test", by=by)
        with pytest.raises(services.NotAllowed):
            services.invite(person=jun, by=by, now=NOW)


def test_typing_the_administrator_s_address_gives_no_hold_on_the_administrator(cast):
    admin, hana = cast.administrator, cast.nordlicht.vendor_hr
    typed = create(cast.nordlicht, by=hana.user, email=admin.email.upper(), full_name="Alex")
    assert typed.pk != admin.pk
    assert typed.user is None
    services.correct_invitation(person=typed, email="hana.other@example.test", by=hana.user)
    user = fresh(admin.user)
    assert (user.email, user.is_superuser, user.check_password(PASSWORD)) == (
        "alex.administrator@example.test",
        True,
        True,
    )
    assert not user.groups.exists()


def test_a_new_account_has_no_password_and_no_power(cast):
    jun = create(cast.nordlicht, by=cast.nordlicht.vendor_hr.user)
    user = jun.user
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert not user.user_permissions.exists()
    assert not user.groups.exists()


# --- Connecting --------------------------------------------------------------------------------


def test_an_address_that_is_known_elsewhere_makes_an_invited_person_like_any(cast):
    hana, arjun = cast.nordlicht.vendor_hr, cast.cedar.agent
    known = create(cast.nordlicht, by=hana.user, email="ARJUN.kulkarni@example.test")
    new = create(cast.nordlicht, by=hana.user, email="new@example.test", full_name="Nina New")
    assert (known.full_name, known.email) == ("Jun dela Cruz", "ARJUN.kulkarni@example.test")
    for person in (known, new):
        assert not person.has_accepted
        assert person.memberships.get().organisation == cast.nordlicht.vendor
    assert arjun.memberships.get().organisation == cast.cedar.vendor
    assert arjun not in Person.objects.visible_to(hana.user)


def test_typing_an_address_twice_at_one_s_own_organisation_is_said(cast):
    hana = cast.nordlicht.vendor_hr
    with pytest.raises(ValidationError):
        create(cast.nordlicht, by=hana.user, email="Maria.Santos@example.test")
    create(cast.nordlicht, by=hana.user)
    with pytest.raises(ValidationError):
        create(cast.nordlicht, by=hana.user, email="JUN@example.test")


def test_who_comes_back_is_the_same_person(cast):
    hana, maria = cast.nordlicht.vendor_hr, cast.nordlicht.agent
    services.end_membership(
        membership=maria.memberships.get(), left_on=YESTERDAY, by=hana.user, now=NOW
    )
    assert not fresh(maria.user).is_active
    back = create(cast.nordlicht, by=hana.user, email="maria.santos@example.test")
    assert back == maria
    assert fresh(maria.user).is_active
    assert maria.memberships.count() == 2


def link_in(message):
    (link,) = re.findall(r"^https?://\S+$", message.body, re.MULTILINE)
    return link.split("/", 3)[-1]


def test_the_first_password_opens_the_account_and_accepts_the_invitation(cast, client):
    hana = cast.nordlicht.vendor_hr
    jun = create(cast.nordlicht, by=hana.user)
    assert services.invite(person=jun, by=hana.user, now=NOW) == "first_password"
    jun.refresh_from_db()
    assert jun.invited_at == NOW
    link = "/" + link_in(mail.outbox[0])
    form = client.get(link, follow=True)
    client.post(
        form.request["PATH_INFO"],
        {"new_password1": "Ein-neues-Wort-2026", "new_password2": "Ein-neues-Wort-2026"},
    )
    client.post(
        "/accounts/sign-in/", {"username": "jun@example.test", "password": "Ein-neues-Wort-2026"}
    )
    assert client.session["_auth_user_id"] == str(jun.user.pk)
    jun = Person.objects.get(pk=jun.pk)
    assert jun.has_accepted
    assert client.get(link, follow=True).context["validlink"] is False


def test_a_corrected_address_makes_the_first_link_worthless(cast, client):
    hana = cast.nordlicht.vendor_hr
    jun = create(cast.nordlicht, by=hana.user, email="jum@example.test")
    services.invite(person=jun, by=hana.user, now=NOW)
    services.correct_invitation(person=jun, email="jun@example.test", by=hana.user)
    answer = client.get("/" + link_in(mail.outbox[0]), follow=True)
    assert answer.context["validlink"] is False
    assert not get_user_model().objects.filter(email="jum@example.test").exists()


def invited_elsewhere(cast):
    """Habagat's HR invites Deccan's agent, whom she knows under another name."""
    hana = cast.nordlicht.vendor_hr
    person = create(cast.nordlicht, by=hana.user, email="arjun.kulkarni@example.test")
    services.join_team(person=person, team=cast.nordlicht.team, from_date=TODAY, by=hana.user)
    assert services.invite(person=person, by=hana.user, now=NOW) == "join"
    return person, "/" + link_in(mail.outbox[0])


def test_who_has_an_account_connects_it_themself(cast, client, as_user):
    person, link = invited_elsewhere(cast)
    arjun = cast.cedar.agent
    merged = []
    hooks.person_merged.append(lambda gone, kept: merged.append((gone.full_name, kept)))
    try:
        assert client.get(link).url.startswith("/accounts/sign-in/")
        as_user(client, arjun)
        assert client.get(link).status_code == 200
        assert arjun.memberships.count() == 1, "looking does nothing"
        client.post(link)
    finally:
        hooks.person_merged.pop()
    assert merged == [("Jun dela Cruz", arjun)]
    assert not Person.objects.filter(pk=person.pk).exists()
    assert {job.organisation for job in arjun.memberships.all()} == {
        cast.cedar.vendor,
        cast.nordlicht.vendor,
    }
    assert {row.team for row in arjun.team_memberships.all()} == {
        cast.cedar.team,
        cast.nordlicht.team,
    }
    arjun.refresh_from_db()
    assert arjun.full_name == "Arjun Kulkarni"
    assert client.get(link).status_code == 410


def test_nobody_else_can_use_the_link(cast, client, as_user):
    person, link = invited_elsewhere(cast)
    for other in (cast.nordlicht.vendor_hr, cast.cedar.vendor_hr, cast.administrator):
        as_user(client, other)
        assert "another address" in client.get(link).content.decode()
        assert "another address" in client.post(link).content.decode()
        with pytest.raises(services.NotAllowed):
            services.accept_invitation(invited=person, user=other.user, now=NOW)
    assert Client().post(link).url.startswith("/accounts/sign-in/")
    assert Person.objects.filter(pk=person.pk, user=None).exists()


@pytest.mark.parametrize("token", ["x", "eyJhIjoxfQ:1abc:def", "%00"])
def test_a_forged_link_to_join_is_over(client, db, token):
    assert client.get(f"/learn/people/join/{token}/").status_code == 410


def test_a_corrected_invitation_to_join_is_over(cast, client):
    person, link = invited_elsewhere(cast)
    services.correct_invitation(
        person=person, email="someone@example.test", by=cast.nordlicht.vendor_hr.user
    )
    assert client.get(link).status_code == 410
    assert person.pk in Person.objects.filter(user__email="someone@example.test").values_list(
        "pk", flat=True
    )


def test_a_closed_account_is_opened_by_the_link_alone(cast, client):
    """Arjun left Deccan; Habagat takes him on. He cannot sign in, but he has the mailbox."""
    arjun = cast.cedar.agent
    services.end_membership(
        membership=arjun.memberships.get(), left_on=YESTERDAY, by=cast.cedar.vendor_hr.user, now=NOW
    )
    _person, link = invited_elsewhere(cast)
    assert client.get(link).status_code == 200
    client.post(link)
    assert fresh(arjun.user).is_active
    assert client.session.get("_auth_user_id") is None, "opened, not signed in"


def test_an_account_that_the_administrator_switched_off_stays_off(cast, client):
    arjun = cast.cedar.agent
    get_user_model().objects.filter(pk=arjun.user.pk).update(is_active=False)
    _person, link = invited_elsewhere(cast)
    client.post(link)
    assert not fresh(arjun.user).is_active
    assert arjun.memberships.count() == 1
    services.sync_access(now=NOW)
    assert not fresh(arjun.user).is_active


def test_a_site_with_its_own_sign_in_says_so(cast, settings):
    settings.ATTUNE_PASSWORD_URL_NAME = None
    hana = cast.nordlicht.vendor_hr
    jun = create(cast.nordlicht, by=hana.user)
    assert services.invite(person=jun, by=hana.user, now=NOW) == "sign_in"
    assert "/set/" not in mail.outbox[0].body
    assert password_link_exists(None) == []
    settings.ATTUNE_PASSWORD_URL_NAME = "no_such_view"
    assert [error.id for error in password_link_exists(None)] == ["attune_people.E001"]


def test_the_mail_is_in_the_person_s_language_and_goes_to_one_address(cast):
    jun = create(cast.nordlicht, by=None, language="de")
    services.invite(person=jun, by=None, now=NOW)
    assert mail.outbox[0].to == ["jun@example.test"]
    assert "\n" not in mail.outbox[0].subject


def test_the_invitation_link_is_not_made_of_what_is_public(cast):
    person, _link = invited_elsewhere(cast)
    assert token_for(person).count(":") == 2
    assert str(person.pseudonym) not in token_for(person)


# --- Jobs -------------------------------------------------------------------------------------


def test_jobs_at_one_organisation_never_share_a_day(cast):
    maria, vendor = cast.nordlicht.agent, cast.nordlicht.vendor

    def hire(hired_on, left_on=None):
        return services.add_membership(
            person=maria,
            organisation=vendor,
            roles=["agent"],
            hired_on=hired_on,
            left_on=left_on,
            by=None,
            now=NOW,
        )

    with pytest.raises(ValidationError):
        hire(TODAY)
    with pytest.raises(ValidationError):
        hire(date(2023, 1, 1), factories.LONG_AGO)
    earlier = hire(date(2023, 1, 1), factories.LONG_AGO - timedelta(days=1))
    assert earlier.left_on < factories.LONG_AGO


@pytest.mark.parametrize("roles", [[], ["owner"], ["agent", "superuser"]])
def test_a_job_has_at_least_one_role_and_only_known_ones(cast, roles):
    with pytest.raises(ValidationError):
        services.change_roles(
            membership=cast.nordlicht.agent.memberships.get(), roles=roles, by=None, now=NOW
        )


def test_a_location_of_another_organisation_is_refused(cast):
    with pytest.raises(ValidationError):
        create(cast.nordlicht, by=None, location=cast.cedar.vendor_location)
    assert not Person.objects.filter(full_name="Jun dela Cruz").exists()


def test_groups_follow_the_roles(cast):
    pair = cast.nordlicht
    job = pair.agent.memberships.get()
    for roles, group in (
        (["hr"], pair.vendor.readers),
        (["trainer", "agent"], pair.vendor.trainers),
        (["agent"], None),
    ):
        services.change_roles(membership=job, roles=roles, by=pair.vendor_hr.user, now=NOW)
        assert list(pair.agent.user.groups.all()) == ([group] if group else [])


def test_groups_given_by_hand_stay(cast):
    editors = Group.objects.get_or_create(name="Editors")[0]
    klaus = cast.nordlicht.trainer
    klaus.user.groups.add(editors)
    services.end_membership(membership=klaus.memberships.get(), left_on=YESTERDAY, by=None, now=NOW)
    assert list(klaus.user.groups.all()) == [editors]


def test_leaving_ends_the_teams_of_that_employer_only(cast):
    pair, other = cast.nordlicht, cast.cedar
    maria = pair.agent
    factories.employ(maria, other.vendor, Role.AGENT)
    elsewhere = factories.put_in_team(maria, other.team)
    planned = factories.put_in_team(
        maria, factories.team(pair.engagement, "Later"), from_date=TODAY + timedelta(days=9)
    )
    services.end_membership(
        membership=maria.memberships.get(organisation=pair.vendor),
        left_on=YESTERDAY,
        by=pair.vendor_hr.user,
        now=NOW,
    )
    rows = dict(maria.team_memberships.values_list("pk", "until_date"))
    assert rows.pop(elsewhere.pk) is None
    assert planned.pk not in rows
    assert list(rows.values()) == [YESTERDAY]


def test_the_last_job_closes_the_account_and_every_session(cast, client, as_user):
    maria = cast.nordlicht.agent
    as_user(client, maria)
    assert client.get("/learn/people/account/").status_code == 200
    services.end_membership(
        membership=maria.memberships.get(),
        left_on=YESTERDAY,
        by=cast.nordlicht.vendor_hr.user,
        now=NOW,
    )
    assert client.get("/learn/people/account/").status_code == 302
    again = Client()
    again.post("/accounts/sign-in/", {"username": maria.email, "password": PASSWORD})
    assert "_auth_user_id" not in again.session


def test_one_of_two_jobs_leaves_the_account_open(cast):
    maria = cast.nordlicht.agent
    factories.employ(maria, cast.cedar.vendor, Role.AGENT)
    services.end_membership(
        membership=maria.memberships.get(organisation=cast.nordlicht.vendor),
        left_on=YESTERDAY,
        by=None,
        now=NOW,
    )
    assert fresh(maria.user).is_active


def test_a_host_may_keep_the_accounts_of_leavers(cast, settings):
    settings.ATTUNE_CLOSE_ACCOUNTS_OF_LEAVERS = False
    hana = cast.nordlicht.vendor_hr
    services.end_membership(membership=hana.memberships.get(), left_on=YESTERDAY, by=None, now=NOW)
    assert fresh(hana.user).is_active
    assert not fresh(hana.user).has_perm("wagtailadmin.access_admin")


def test_an_administrator_is_never_closed_out(cast):
    admin = cast.administrator
    factories.employ(admin, cast.nordlicht.vendor, Role.HR, left_on=YESTERDAY)
    services.sync_access(now=NOW)
    assert fresh(admin.user).is_active


def test_the_nightly_sweep_repairs_what_the_calendar_changed(cast):
    hana, maria = cast.nordlicht.vendor_hr, cast.nordlicht.agent
    services.end_membership(membership=hana.memberships.get(), left_on=TODAY, by=None, now=NOW)
    assert fresh(hana.user).is_active, "the last day is a day at work"
    services.add_membership(
        person=maria,
        organisation=cast.nordlicht.client,
        roles=["hr"],
        hired_on=TODAY + timedelta(days=1),
        by=None,
        now=NOW,
    )
    assert not maria.user.groups.exists()
    tomorrow = NOW + timedelta(days=1)
    assert services.sync_access(now=tomorrow) >= 2
    assert not fresh(hana.user).is_active
    assert list(maria.user.groups.all()) == [cast.nordlicht.client.readers]
    assert services.sync_access(now=tomorrow) == 0


def test_the_sweep_costs_the_same_however_many_there_are(cast, django_assert_max_num_queries):
    for number in range(40):
        factories.agent(f"Agent {number}", cast.nordlicht.team)
    with django_assert_max_num_queries(14):
        services.sync_access(now=NOW)


def test_a_later_last_day_does_not_reach_into_the_next_job(cast):
    hana, maria = cast.nordlicht.vendor_hr, cast.nordlicht.agent
    first = maria.memberships.get()
    services.end_membership(membership=first, left_on=date(2025, 1, 31), by=hana.user, now=NOW)
    create(cast.nordlicht, by=hana.user, email=maria.email, hired_on=date(2025, 6, 1))
    with pytest.raises(ValidationError):
        services.end_membership(membership=first, left_on=date(2025, 6, 1), by=hana.user, now=NOW)
    services.end_membership(membership=first, left_on=date(2025, 5, 31), by=hana.user, now=NOW)


# --- Teams ------------------------------------------------------------------------------------


def test_a_team_of_an_engagement_that_one_does_not_work_for_is_refused(cast):
    with pytest.raises(ValidationError):
        services.join_team(
            person=cast.nordlicht.agent, team=cast.cedar.team, from_date=TODAY, by=None
        )


def test_a_move_on_the_first_day_leaves_one_row(cast):
    maria, second = cast.nordlicht.agent, factories.team(cast.nordlicht.engagement, "Second")
    row = maria.team_memberships.get()
    services.move_team(row=row, to=second, on=factories.LONG_AGO, by=None)
    assert [(r.team, r.until_date) for r in maria.team_memberships.all()] == [(second, None)]


def test_a_later_last_day_does_not_reach_into_the_next_team(cast):
    maria, second = cast.nordlicht.agent, factories.team(cast.nordlicht.engagement, "Second")
    row = maria.team_memberships.get()
    services.move_team(row=row, to=second, on=date(2025, 2, 1), by=None)
    with pytest.raises(ValidationError):
        services.leave_team(row=row, until_date=date(2025, 2, 1), by=None)
    services.leave_team(row=row, until_date=date(2025, 1, 15), by=None)
    services.leave_team(row=row, until_date=date(2025, 1, 31), by=None)


@pytest.mark.parametrize("on", [date(2023, 1, 1), date(2025, 6, 1)])
def test_a_move_outside_the_row_is_refused(cast, on):
    maria, second = cast.nordlicht.agent, factories.team(cast.nordlicht.engagement, "Second")
    row = maria.team_memberships.get()
    services.leave_team(row=row, until_date=date(2025, 1, 31), by=None)
    with pytest.raises(ValidationError):
        services.move_team(row=row, to=second, on=on, by=None)


DAYS = st.integers(0, 400).map(lambda days: factories.LONG_AGO + timedelta(days=days))
DEEDS = st.lists(
    st.tuples(st.sampled_from(["join", "move", "leave"]), st.integers(0, 2), DAYS, st.booleans()),
    max_size=12,
)


@given(DEEDS)
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_done_nobody_is_in_two_teams_of_an_engagement_on_one_day(cast, deeds):
    maria, engagement = cast.nordlicht.agent, cast.nordlicht.engagement
    maria.team_memberships.all().delete()
    teams = [engagement.teams.get_or_create(name=f"Team {number}")[0] for number in range(3)]
    for verb, number, day, bounded in deeds:
        row = maria.team_memberships.order_by("?").first()
        try:
            if verb == "join":
                until = day + timedelta(days=20) if bounded else None
                services.join_team(
                    person=maria, team=teams[number], from_date=day, until_date=until, by=None
                )
            elif row is not None and verb == "move":
                services.move_team(row=row, to=teams[number], on=day, by=None)
            elif row is not None:
                services.leave_team(row=row, until_date=day, by=None)
        except ValidationError:
            continue
    rows = sorted(
        (row.from_date, row.until_date or date.max) for row in maria.team_memberships.all()
    )
    for (_start, end), (start, _end) in pairwise(rows):
        assert end < start


# --- The database itself ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda pair: Membership.objects.create(
            person=pair.agent, organisation=pair.vendor, hired_on=TODAY
        ),
        lambda pair: Membership.objects.create(
            person=pair.vendor_hr, organisation=pair.client, hired_on=TODAY, left_on=YESTERDAY
        ),
        lambda pair: TeamMembership.objects.create(
            person=pair.agent, team=pair.team, from_date=TODAY
        ),
        lambda pair: TeamMembership.objects.create(
            person=pair.vendor_hr, team=pair.team, from_date=TODAY, until_date=YESTERDAY
        ),
        lambda pair: get_user_model().objects.create_user("MARIA.santos@example.test"),
        lambda pair: pair.vendor_location.working_hours.create(
            weekday=7, opens="08:00", closes="17:00"
        ),
    ],
)
def test_the_database_refuses_what_cannot_be(cast, make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make(cast.nordlicht)


def test_a_rehired_person_keeps_their_personnel_number(cast):
    maria, vendor = cast.nordlicht.agent, cast.nordlicht.vendor
    job = maria.memberships.get()
    job.external_id, job.left_on = "4711", YESTERDAY
    job.save()
    again = {"person": maria, "organisation": vendor, "hired_on": TODAY, "external_id": "4711"}
    Membership.objects.create(**again)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(**{**again, "person": cast.cedar.agent})


def test_groups_are_refreshed_after_migrating(cast):
    trainers = cast.nordlicht.client.trainers
    trainers.permissions.clear()
    call_command("migrate", verbosity=0)
    assert trainers.permissions.filter(codename="access_admin").exists()


def test_a_group_of_the_host_with_the_same_name_is_not_taken_over(db):
    host = Group.objects.create(name="fjord trainers")
    fjord = Organisation.objects.create(name="Fjord", code="fjord", kind="client")
    ensure_groups(organisation=fjord)
    assert fjord.trainers != host
    assert not host.permissions.exists()


@pytest.mark.database
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_hr_people_who_add_the_same_address_at_once_make_one_account(cast):
    """Whoever comes second gets an invited person; nobody gets an error."""

    outcomes = []
    gate = threading.Barrier(2)

    def add(pair):
        gate.wait()
        try:
            person = create(pair, by=None, email="race@example.test")
            outcomes.append(person.user_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=[pair]) for pair in (cast.nordlicht, cast.cedar)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert sorted(outcome is None for outcome in outcomes) == [False, True]


@pytest.mark.database
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_tabs_that_put_somebody_into_two_teams_put_them_into_one(cast):

    maria, engagement = cast.nordlicht.agent, cast.nordlicht.engagement
    maria.team_memberships.all().delete()
    teams = [factories.team(engagement, name) for name in ("One", "Two")]
    gate = threading.Barrier(2)

    def join(team):
        gate.wait()
        try:
            services.join_team(person=maria, team=team, from_date=TODAY, by=None)
        except ValidationError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=[team]) for team in teams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert maria.team_memberships.count() == 1


def test_now_decides_not_the_clock(cast):
    hana = cast.nordlicht.vendor_hr
    long_ago = datetime(2024, 6, 1, tzinfo=UTC)
    services.end_membership(
        membership=hana.memberships.get(), left_on=date(2024, 6, 1), by=None, now=long_ago
    )
    assert fresh(hana.user).is_active
    services.sync_access(now=long_ago + timedelta(days=1))
    assert not fresh(hana.user).is_active
