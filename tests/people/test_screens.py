"""The people screens by role: opened, refused or not found; and what they change."""

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

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

LISTS = ["people", "people_results", "organisations", "organisations_results", "engagements"]
TODAY = timezone.now().date()


def at(name, *args):
    return reverse(f"attune_people_admin:{name}", args=args)


def screens_of(pair):
    """Every screen about a row of this pair: (name, key)."""
    job = pair.agent.memberships.get()
    row = pair.agent.team_memberships.get()
    return {
        "person": pair.agent.pk,
        "describe_person": pair.agent.pk,
        "correct_address": pair.agent.pk,
        "add_job": pair.agent.pk,
        "change_job": job.pk,
        "end_job": job.pk,
        "join_team": pair.agent.pk,
        "move_team": row.pk,
        "leave_team": row.pk,
        "organisation": pair.vendor.pk,
        "rename_organisation": pair.vendor.pk,
        "add_location": pair.vendor.pk,
        "change_location": pair.vendor_location.pk,
        "engagement": pair.engagement.pk,
        "change_engagement": pair.engagement.pk,
        "add_team": pair.engagement.pk,
        "rename_team": pair.team.pk,
    }


REFUSED = 302  # Wagtail sends whoever may not to its front page and says why

# Who may open which screen about the pair Nordlicht–Habagat.
ADMINISTRATOR_ONLY = {"rename_organisation", "change_engagement"}
ACCEPTED_ONLY_BY_OWNER = {"describe_person", "correct_address"}
READ_ONLY = {"person", "organisation", "engagement"}


def expected(who, screen):
    if who == "administrator":
        return 200
    if who in {"maria", "klaus"}:
        return REFUSED
    if who in {"outsider_hr", "outsider_client_hr"}:
        return 404
    if screen in READ_ONLY:
        return 200
    if screen in ADMINISTRATOR_ONLY | ACCEPTED_ONLY_BY_OWNER or who == "ines":
        return REFUSED
    return 200  # Hana


@pytest.mark.parametrize(
    "who",
    ["maria", "klaus", "hana", "ines", "outsider_hr", "outsider_client_hr", "administrator"],
)
def test_each_screen_by_role(client, as_user, cast, who, request):
    as_user(client, request.getfixturevalue(who))
    found = {
        screen: client.get(at(screen, key)).status_code
        for screen, key in screens_of(cast.nordlicht).items()
    }
    assert found == {screen: expected(who, screen) for screen in found}


@pytest.mark.parametrize("who", ["hana", "ines", "outsider_hr", "outsider_client_hr"])
def test_nobody_may_post_what_they_may_not_open(client, as_user, cast, who, request):
    before = list(Membership.objects.values_list("pk", "left_on", "job_title"))
    rows = list(TeamMembership.objects.values_list("pk", "until_date", "team"))
    as_user(client, request.getfixturevalue(who))
    for screen, key in screens_of(cast.nordlicht).items():
        if expected(who, screen) == 200 or screen in READ_ONLY:
            continue
        values = {"left_on": "2026-01-01", "name": "x", "email": "x@e.test"}
        answer = client.post(at(screen, key), values)
        assert answer.status_code == expected(who, screen), screen
    assert client.post(at("invite_again", cast.nordlicht.agent.pk)).status_code in {302, 404}
    assert mail.outbox == []
    assert list(Membership.objects.values_list("pk", "left_on", "job_title")) == before
    assert list(TeamMembership.objects.values_list("pk", "until_date", "team")) == rows


@pytest.mark.parametrize("who", ["maria", "klaus"])
def test_agents_and_trainers_have_no_people_lists(client, as_user, cast, who, request):
    as_user(client, request.getfixturevalue(who))
    for name in [*LISTS, "add_person", "add_organisation", "add_engagement"]:
        assert client.get(at(name)).status_code == REFUSED


def test_a_stranger_is_asked_to_sign_in(client, cast):
    for name in LISTS:
        assert client.get(at(name)).url.startswith("/admin/login/")


def names_in(client, **query):
    return {person.full_name for person in client.get(at("people"), query).context["object_list"]}


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("hana", {"Hana Reyes", "Maria Santos"}),
        ("ines", {"Ines Vogt", "Klaus Brandt", "Maria Santos"}),
        ("outsider_hr", {"Priya Joshi", "Arjun Kulkarni"}),
    ],
)
def test_the_list_shows_one_s_own_and_nobody_else(client, as_user, cast, who, names, request):
    as_user(client, request.getfixturevalue(who))
    assert names_in(client) == names
    for url in (at("people"), at("people_results")):
        text = client.get(url).content.decode()
        for person in [*cast.nordlicht.people, *cast.cedar.people]:
            assert (person.full_name in text) == (person.full_name in names)


def test_filters_offer_and_find_only_what_is_visible(client, as_user, cast, hana):
    as_user(client, hana)
    pair, other = cast.nordlicht, cast.cedar
    assert names_in(client, role="agent") == {"Maria Santos"}
    assert names_in(client, organisation=pair.vendor.pk, role="hr") == {"Hana Reyes"}
    assert names_in(client, location=pair.vendor_location.pk) == {"Hana Reyes", "Maria Santos"}
    assert names_in(client, team=pair.team.pk) == {"Maria Santos"}
    assert names_in(client, active="no") == set()
    text = client.get(at("people")).content.decode()
    for foreign in (other.vendor.name, "Pune", other.team.name):
        assert foreign not in text
    # A foreign choice is no choice: the form says so and the list is as if unfiltered.
    assert client.get(at("people"), {"organisation": other.vendor.pk}).context["filters"].errors


def test_all_that_is_chosen_about_jobs_is_true_of_one_job(client, as_user, hana, nordlicht_habagat):
    pair = nordlicht_habagat
    factories.employ(
        pair.agent, pair.vendor, Role.HR, hired_on=date(2020, 1, 1), left_on=date(2021, 1, 1)
    )
    as_user(client, hana)
    assert "Maria Santos" in names_in(client, role="hr")
    assert "Maria Santos" not in names_in(client, role="hr", active="yes")
    assert "Maria Santos" in names_in(client, role="hr", active="no")


def test_search_finds_names_and_only_addresses_that_are_shown(client, as_user, cast, hana, ines):
    as_user(client, hana)
    assert names_in(client, q="santos") == {"Maria Santos"}
    assert names_in(client, q="maria.santos@") == {"Maria Santos"}
    as_user(client, ines)
    assert names_in(client, q="santos") == {"Maria Santos"}
    assert names_in(client, q="maria.santos@") == set()
    assert maria_address not in client.get(at("person", cast.nordlicht.agent.pk)).content.decode()


maria_address = "maria.santos@example.test"


def test_a_past_employer_no_longer_sees_the_address(client, as_user, cast, hana):
    agent = cast.nordlicht.agent
    agent.memberships.update(left_on=date(2025, 1, 31))
    factories.employ(agent, cast.cedar.vendor, Role.AGENT, hired_on=date(2025, 2, 1))
    as_user(client, hana)
    page = client.get(at("person", agent.pk)).content.decode()
    assert maria_address not in page
    assert "Deccan" not in page
    assert names_in(client, q=maria_address) == set()
    assert client.get(at("add_job", agent.pk)).status_code == 200  # may take her on again


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_export_holds_the_list_and_no_formula(client, as_user, cast, hana, kind):
    cast.nordlicht.agent.full_name = '=HYPERLINK("https://evil.test")'
    cast.nordlicht.agent.save()
    as_user(client, hana)
    answer = client.get(at("people"), {"export": kind})
    body = b"".join(answer.streaming_content)
    assert b"Arjun" not in body
    if kind == "csv":
        assert b"Hana Reyes,hana.reyes@example.test,Habagat Support,HR" in body
        assert b"\"'=HYPERLINK" in body
    else:
        assert body[:2] == b"PK"


def test_the_list_costs_the_same_however_long_it_is(client, as_user, nordlicht_habagat, hana):
    as_user(client, hana)

    def queries():
        client.get(at("people"))
        with CaptureQueriesContext(connection) as caught:
            assert client.get(at("people")).status_code == 200
        return len(caught)

    few = queries()
    for number in range(30):
        factories.agent(f"Agent {number:02}", nordlicht_habagat.team)
    assert queries() == few


# --- Adding ------------------------------------------------------------------------------


def new_person(pair, **more):
    return {
        "full_name": "Jun dela Cruz",
        "email": "jun@example.test",
        "organisation": pair.vendor.pk,
        "roles": ["agent"],
        "hired_on": TODAY.isoformat(),
        "language": "en",
        "location": pair.vendor_location.pk,
        "team": pair.team.pk,
        **more,
    }


def test_hr_adds_a_person_who_is_invited(client, as_user, nordlicht_habagat, hana):
    as_user(client, hana)
    answer = client.post(at("add_person"), new_person(nordlicht_habagat))
    jun = Person.objects.get(full_name="Jun dela Cruz")
    assert answer.url == at("person", jun.pk)
    assert jun.time_zone == "Asia/Manila"
    assert not jun.user.has_usable_password()
    assert [row.team for row in jun.team_memberships.all()] == [nordlicht_habagat.team]
    assert mail.outbox[0].to == ["jun@example.test"]
    assert "Habagat Support" in mail.outbox[0].body


def words_of(answer, email):
    """What the page says, without the numbers of rows and the address that was asked about."""
    text = answer.content.decode()
    text = strip_tags(text[text.index("<main") : text.index("</main>")]).replace(email, "…")
    return re.sub(r"[0-9a-zA-Z]{30,}|\d+", "#", " ".join(text.split()))


def test_nobody_can_ask_the_screen_who_has_an_account(client, as_user, cast, hana):
    """Known elsewhere or not: the same answer, person page, list row and mail count."""
    as_user(client, hana)
    seen = []
    for email in ("arjun.kulkarni@example.test", "someone.new.today@example.test"):
        mail.outbox.clear()
        answer = client.post(
            at("add_person"),
            new_person(cast.nordlicht, email=email, full_name="Jun dela Cruz"),
            follow=True,
        )
        person = Person.objects.get(pk=answer.context["person"].pk)
        listed = client.get(at("people"), {"q": email})
        seen.append(
            [
                words_of(answer, email),
                words_of(listed, email),
                len(mail.outbox),
                mail.outbox[0].to == [email],
                listed.context["object_list"][0].pk == person.pk,
            ]
        )
        person.team_memberships.all().delete()
        person.memberships.all().delete()
        Person.objects.filter(pk=person.pk).update(full_name="Gone", invited_email="")
    assert seen[0] == seen[1]
    # And the account of the other vendor's agent is untouched.
    assert cast.cedar.agent.memberships.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"organisation": "cedar"},
        {"team": "cedar"},
        {"location": "cedar"},
    ],
)
def test_nobody_is_added_to_what_one_does_not_manage(client, as_user, cast, hana, change):
    foreign = {
        "organisation": cast.cedar.vendor.pk,
        "team": cast.cedar.team.pk,
        "location": cast.cedar.vendor_location.pk,
    }
    as_user(client, hana)
    values = {name: foreign[name] for name in change}
    answer = client.post(at("add_person"), new_person(cast.nordlicht, **values))
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == set(change)
    assert not Person.objects.filter(full_name="Jun dela Cruz").exists()
    assert mail.outbox == []


def test_a_mail_server_that_does_not_answer_is_said(
    client, as_user, nordlicht_habagat, hana, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    as_user(client, hana)
    answer = client.post(at("add_person"), new_person(nordlicht_habagat), follow=True)
    jun = Person.objects.get(full_name="Jun dela Cruz")
    assert jun.invited_at is None
    text = answer.content.decode()
    assert "could not be sent" in text
    assert "Not invited yet" in text


def test_an_address_is_corrected_until_the_invitation_is_accepted(
    client, as_user, nordlicht_habagat, hana, maria
):
    as_user(client, hana)
    client.post(at("add_person"), new_person(nordlicht_habagat))
    jun = Person.objects.get(full_name="Jun dela Cruz")
    client.post(at("correct_address", jun.pk), {"email": "jun.right@example.test"})
    jun.refresh_from_db()
    assert jun.email == "jun.right@example.test"
    assert mail.outbox[-1].to == ["jun.right@example.test"]
    assert (
        client.post(at("correct_address", maria.pk), {"email": "x@e.test"}).status_code == REFUSED
    )
    maria.user.refresh_from_db()
    assert maria.user.email == maria_address


# --- Jobs and teams ------------------------------------------------------------------------


def test_hr_changes_a_job_and_its_roles(client, as_user, nordlicht_habagat, hana, maria):
    job = maria.memberships.get()
    as_user(client, hana)
    client.post(
        at("change_job", job.pk),
        {"roles": ["agent", "manager"], "job_title": "Lead", "hired_on": "2024-01-08"},
    )
    job.refresh_from_db()
    assert job.job_title == "Lead"
    assert list(maria.user.groups.all()) == [nordlicht_habagat.vendor.readers]


def test_hr_moves_somebody_to_another_team(client, as_user, nordlicht_habagat, hana, maria):
    second = factories.team(nordlicht_habagat.engagement, "Second line")
    row = maria.team_memberships.get()
    as_user(client, hana)
    client.post(at("move_team", row.pk), {"team": second.pk, "from_date": "2026-03-01"})
    assert list(
        maria.team_memberships.order_by("from_date").values_list("team", "from_date", "until_date")
    ) == [
        (nordlicht_habagat.team.pk, factories.LONG_AGO, date(2026, 2, 28)),
        (second.pk, date(2026, 3, 1), None),
    ]


def test_hr_ends_a_job(client, as_user, hana, maria):
    job = maria.memberships.get()
    as_user(client, hana)
    yesterday = TODAY - timedelta(days=1)
    client.post(at("end_job", job.pk), {"left_on": yesterday.isoformat()})
    job.refresh_from_db()
    assert job.left_on == yesterday
    assert not type(maria.user).objects.get(pk=maria.user.pk).is_active


# --- Organisations ------------------------------------------------------------------------


def test_hr_adds_a_location_with_its_hours(client, as_user, nordlicht_habagat, hana):
    as_user(client, hana)
    values = {
        "name": "Cebu",
        "country": "PH",
        "time_zone": "Asia/Manila",
        "hours_0_0_opens": "22:00",
        "hours_0_0_closes": "06:00",
    }
    client.post(at("add_location", nordlicht_habagat.vendor.pk), values)
    cebu = Location.objects.get(name="Cebu")
    assert [str(row) for row in cebu.working_hours.all()] == ["Monday 22:00–06:00"]
    page = client.get(at("change_location", cebu.pk)).content.decode()
    assert 'value="22:00"' in page
    client.post(at("change_location", cebu.pk), {**values, "hours_0_0_closes": ""})
    assert cebu.working_hours.count() == 1, "half a row is refused and nothing is lost"
    client.post(
        at("change_location", cebu.pk),
        {**values, "hours_1_0_opens": "08:00", "hours_1_0_closes": "17:00"},
    )
    assert cebu.working_hours.count() == 2


def test_the_administrator_makes_organisations_and_engagements(
    client, as_user, administrator, cast
):
    as_user(client, administrator)
    client.post(at("add_organisation"), {"name": "Fjord", "code": "fjord", "kind": "client"})
    fjord = Organisation.objects.get(code="fjord")
    assert fjord.trainers.permissions.filter(codename="access_admin").exists()
    values = {
        "name": "Fjord with Habagat",
        "code": "fjord-habagat",
        "client": fjord.pk,
        "vendor": cast.nordlicht.vendor.pk,
        "distance": "offshore",
        "client_time_zone": "Europe/Oslo",
        "starts_on": "2026-01-01",
    }
    wrong = client.post(at("add_engagement"), {**values, "vendor": cast.nordlicht.client.pk})
    assert wrong.context["form"].errors["vendor"]
    client.post(at("add_engagement"), values)
    assert Engagement.objects.get(code="fjord-habagat").client == fjord
    # The parties cannot be changed afterwards, whatever is posted.
    made = Engagement.objects.get(code="fjord-habagat")
    client.post(
        at("change_engagement", made.pk),
        {**values, "name": "Renamed", "client": cast.cedar.client.pk},
    )
    made.refresh_from_db()
    assert (made.name, made.client) == ("Renamed", fjord)


def test_hr_does_not_make_organisations_or_engagements(client, as_user, hana):
    as_user(client, hana)
    for name in ("add_organisation", "add_engagement"):
        assert client.get(at(name)).status_code == REFUSED
        assert (
            client.post(at(name), {"name": "x", "code": "x", "kind": "client"}).status_code
            == REFUSED
        )


def test_hr_adds_and_renames_teams_of_its_vendor(client, as_user, nordlicht_habagat, hana):
    as_user(client, hana)
    client.post(at("add_team", nordlicht_habagat.engagement.pk), {"name": "Night shift"})
    night = Team.objects.get(name="Night shift")
    client.post(at("rename_team", night.pk), {"name": "Owls"})
    night.refresh_from_db()
    assert night.name == "Owls"
    clash = client.post(at("rename_team", night.pk), {"name": nordlicht_habagat.team.name})
    assert clash.status_code == 200
    assert clash.context["form"].errors


def test_the_menu_shows_people_to_those_who_read_them(client, as_user, cast):
    for person, shown in ((cast.nordlicht.vendor_hr, True), (cast.nordlicht.trainer, False)):
        text = as_user(client, person).get("/admin/").content.decode()
        assert ("/admin/attune/people/" in text) == shown


@pytest.mark.parametrize("who", ["hana", "ines", "klaus"])
def test_nobody_but_the_administrator_reaches_wagtail_s_users(client, as_user, cast, who, request):
    as_user(client, request.getfixturevalue(who))
    for path in ("/admin/users/", "/admin/users/new/", "/admin/groups/", "/admin/groups/new/"):
        assert client.get(path).status_code == REFUSED
