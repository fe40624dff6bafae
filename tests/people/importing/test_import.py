"""What a file does to an organisation's people, and what it refuses to do."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from attune.people.importing.plans import Verdict
from attune.people.importing.services import AlreadyApplied, apply_import, plan_import
from attune.people.models import Location, Membership, Person, Team, TeamMembership
from attune.people.services import NotAllowed
from tests import factories
from tests.conftest import Pair
from tests.factories import Role
from tests.people.importing.support import NOW, TODAY, csv_of, imported, keep, reasons, tried

pytestmark = pytest.mark.django_db

LENI = "H-1;Leni Cruz;leni@habagat.test;agent;Agent;Manila;01.03.2026;;Nordlicht first line"
OMAR = "H-2;Omar Diaz;omar@habagat.test;;;;02.03.2026;;"


def verdicts(plan: object) -> list[str]:
    return [step.verdict.value for step in plan.steps]  # type: ignore[attr-defined]


def test_new_people_get_job_team_and_an_account(hana: Person) -> None:
    counts = imported(csv_of(LENI, OMAR), by=hana)
    assert (counts["new"], counts["refused"]) == (2, 0)
    leni = Person.objects.get(full_name="Leni Cruz")
    assert leni.invited_email == leni.user.email == "leni@habagat.test"
    assert not leni.user.has_usable_password()
    job = leni.memberships.get()
    assert (job.external_id, job.location.name, job.hired_on) == ("H-1", "Manila", date(2026, 3, 1))
    assert [role.role for role in job.roles.all()] == ["agent"]
    row = leni.team_memberships.get()
    assert (row.team.name, row.from_date) == ("Nordlicht first line", date(2026, 3, 1))
    assert leni.time_zone == "Asia/Manila"
    omar = Person.objects.get(full_name="Omar Diaz")
    assert omar.memberships.get().roles.get().role == "agent"


def test_the_second_time_nothing_changes(hana: Person) -> None:
    imported(csv_of(LENI, OMAR), by=hana)
    before = list(TeamMembership.objects.values()), list(Membership.objects.values())
    plan = tried(csv_of(LENI, OMAR), by=hana)
    assert verdicts(plan) == ["unchanged", "unchanged"]
    assert not plan.changes_something
    imported(csv_of(LENI, OMAR), by=hana)
    assert before == (list(TeamMembership.objects.values()), list(Membership.objects.values()))
    assert Person.objects.filter(full_name="Leni Cruz").count() == 1


def test_the_same_file_is_taken_over_once(hana: Person) -> None:
    kept = keep(csv_of(LENI), by=hana)
    apply_import(deed=kept.deed, by=hana.user, now=NOW)
    with pytest.raises(AlreadyApplied):
        apply_import(deed=kept.deed, by=hana.user, now=NOW)
    kept.refresh_from_db()
    assert kept.body is None


def test_trying_writes_nothing(hana: Person) -> None:
    people, jobs = Person.objects.count(), Membership.objects.count()
    plan = tried(csv_of(LENI, OMAR), by=hana)
    assert plan.counts["new"] == 2
    assert (people, jobs) == (Person.objects.count(), Membership.objects.count())


def test_a_person_is_found_by_number_and_then_by_address(
    hana: Person, maria: Person, nordlicht_habagat: Pair
) -> None:
    maria.memberships.update(external_id="H-7")
    by_number = tried(csv_of("H-7;;;;Senior agent;;;;"), by=hana).steps[0]
    assert by_number.known is not None
    assert by_number.known.pk == maria.pk
    assert [(each.column, each.was, each.becomes) for each in by_number.changes] == [
        ("job_title", "Agent", "Senior agent")
    ]
    by_address = tried(csv_of(";;Maria.Santos@EXAMPLE.test;;;;;;"), by=hana).steps[0]
    assert by_address.known is not None
    assert by_address.known.pk == maria.pk
    assert by_address.verdict == Verdict.UNCHANGED


def test_addresses_that_differ_in_how_letters_are_composed_are_one(hana: Person) -> None:
    imported(csv_of("A;Jose;jose@ｈabagat.test;;;;01.03.2026;;".replace("ｈ", "h")), by=hana)
    plan = tried(csv_of(";;ｊｏｓｅ@habagat.test;;;;;;"), by=hana)
    assert verdicts(plan) == ["unchanged"]


def test_number_of_one_and_address_of_another_are_named(
    hana: Person, maria: Person, team: Team
) -> None:
    factories.agent("Noel Ramos", team)
    maria.memberships.update(external_id="H-7")
    plan = tried(csv_of("H-7;;noel.ramos@example.test;;;;;;"), by=hana)
    (fault,) = plan.faults
    assert "Maria Santos" in fault.reason
    assert "Noel Ramos" in fault.reason


def test_a_number_that_somebody_else_has_is_not_handed_on(hana: Person, maria: Person) -> None:
    maria.memberships.update(external_id="H-7")
    plan = tried(csv_of("H-7;Somebody Else;else@habagat.test;;;;01.03.2026;;"), by=hana)
    assert reasons(plan) == [(2, "external_id", "H-7")]


def test_two_lines_about_one_person_are_refused(hana: Person, maria: Person) -> None:
    maria.memberships.update(external_id="H-7")
    plan = tried(csv_of("H-7;;;;A;;;;", ";;maria.santos@example.test;;B;;;;", OMAR, OMAR), by=hana)
    assert [fault.line for fault in plan.faults] == [3, 5]


def test_what_is_wrong_is_told_by_line_column_and_value(hana: Person) -> None:
    plan = tried(
        csv_of(
            "1;Ann;ann@;;;;01.03.2026;;",
            "2;Ben;ben@habagat.test;boss;;;01.03.2026;;",
            "3;Cy;cy@habagat.test;;;Atlantis;31.02.2026;;",
            "4;Di;di@habagat.test;;;;01.03.2026;01.02.2026;",
            "5;Ed;ed@habagat.test;;;;;;No such team",
            ";;;;;;;;;;".strip(";") or "6;;;;;;;;",
        ),
        by=hana,
    )
    assert {(2, "email", "ann@"), (3, "roles", "boss"), (4, "hired_on", "31.02.2026"),
            (5, "left_on", "01.02.2026"), (6, "hired_on", "")} <= set(reasons(plan))  # fmt: skip
    assert verdicts(plan) == ["refused"] * 6


def test_a_faulty_line_refuses_the_file_unless_it_is_left_out(hana: Person) -> None:
    kept = keep(csv_of(LENI, "2;Ben;ben;;;;01.03.2026;;"), by=hana)
    with pytest.raises(ValidationError):
        apply_import(deed=kept.deed, by=hana.user, now=NOW)
    assert not Person.objects.filter(full_name="Leni Cruz").exists()
    kept.without_faulty = True
    kept.save()
    counts, _plan = apply_import(deed=kept.deed, by=hana.user, now=NOW)
    assert (counts["new"], counts["refused"]) == (1, 1)


# --- Leaving, coming back, moving ---------------------------------------------------------------


def test_a_last_day_ends_job_team_and_access(hana: Person, maria: Person) -> None:
    counts = imported(csv_of(";;maria.santos@example.test;;;;;28.02.2026;"), by=hana)
    assert counts["leaves"] == 1
    maria.refresh_from_db()
    assert maria.memberships.get().left_on == date(2026, 2, 28)
    assert maria.team_memberships.get().until_date == date(2026, 2, 28)
    assert not maria.user.is_active


def test_who_is_not_in_the_file_stays(hana: Person, maria: Person) -> None:
    assert tried(csv_of(LENI), by=hana).missing == []
    imported(csv_of(LENI), by=hana)
    assert maria.memberships.get().left_on is None


def test_a_complete_file_names_who_is_missing_and_ends_only_whom_somebody_confirmed(
    hana: Person, maria: Person, team: Team
) -> None:
    noel = factories.agent("Noel Ramos", team)
    kept = keep(csv_of(LENI), by=hana, is_complete=True)
    plan = plan_import(kept, by=hana.user)
    # Hana, whose file it is, is not among them.
    assert [each.name for each in plan.missing] == ["Maria Santos", "Noel Ramos"]
    kept.leavers = {"jobs": [noel.memberships.get().pk], "left_on": "2026-03-01"}
    kept.save()
    counts, _plan = apply_import(deed=kept.deed, by=hana.user, now=NOW)
    assert counts["ended"] == 1
    assert noel.memberships.get().left_on == date(2026, 3, 1)
    assert maria.memberships.get().left_on is None


def test_nobody_confirmed_nobody_leaves(hana: Person, maria: Person) -> None:
    counts = imported(csv_of(LENI), by=hana, is_complete=True)
    assert counts["ended"] == 0
    assert maria.memberships.get().left_on is None


def test_a_confirmation_reaches_nobody_elsewhere(
    hana: Person, outsider: Person, maria: Person
) -> None:
    kept = keep(csv_of(LENI), by=hana, is_complete=True)
    kept.leavers = {"jobs": [outsider.memberships.get().pk], "left_on": "2026-03-01"}
    kept.save()
    apply_import(deed=kept.deed, by=hana.user, now=NOW)
    assert outsider.memberships.get().left_on is None


def test_with_a_faulty_line_nobody_counts_as_missing(hana: Person, maria: Person) -> None:
    assert tried(csv_of("1;Ann;ann@;;;;01.03.2026;;"), by=hana, is_complete=True).missing == []


def test_somebody_comes_back(hana: Person, maria: Person) -> None:
    imported(csv_of("H-7;;maria.santos@example.test;;;;;31.01.2026;"), by=hana)
    counts = imported(csv_of("H-7;;maria.santos@example.test;;;;01.03.2026;;"), by=hana)
    assert counts["new"] == 1
    assert maria.memberships.count() == 2
    maria.user.refresh_from_db()
    assert maria.user.is_active
    assert (
        tried(csv_of("H-7;;maria.santos@example.test;;;;01.03.2026;;"), by=hana).counts["unchanged"]
        == 1
    )


def test_another_team_is_a_dated_move(hana: Person, maria: Person, team: Team) -> None:
    second = factories.team(team.engagement, "Second line")
    line = ";;maria.santos@example.test;;;;;;Second line"
    counts = imported(csv_of(line), by=hana)
    assert counts["changed"] == 1
    rows = list(maria.team_memberships.order_by("from_date"))
    assert [(row.team_id, row.from_date, row.until_date) for row in rows] == [
        (team.pk, factories.LONG_AGO, TODAY - timedelta(days=1)),
        (second.pk, TODAY, None),
    ]
    assert tried(csv_of(line), by=hana).counts["unchanged"] == 1


def test_a_move_cannot_begin_before_the_team_of_then(
    hana: Person, maria: Person, team: Team
) -> None:
    factories.team(team.engagement, "Second line")
    maria.team_memberships.update(from_date=date(2026, 2, 1))
    headings = "E-mail;Team;Team from"
    plan = tried(
        csv_of("maria.santos@example.test;Second line;10.01.2026", headings=headings), by=hana
    )
    assert reasons(plan) == [(2, "team_from", "Second line")]


def test_people_look_after_their_own_name(hana: Person, maria: Person) -> None:
    step = tried(csv_of(";Mary S.;maria.santos@example.test;;;;;;"), by=hana).steps[0]
    assert step.verdict == Verdict.UNCHANGED
    assert step.notes
    imported(csv_of("H-1;Leni Cruz;leni@habagat.test;;;;01.03.2026;;"), by=hana)
    counts = imported(csv_of("H-1;Leni Cruz-Lim;;;;;;;"), by=hana)
    assert counts["changed"] == 1
    assert Person.objects.filter(full_name="Leni Cruz-Lim").exists()


def test_an_address_is_mended_until_it_is_accepted(hana: Person) -> None:
    imported(csv_of(LENI), by=hana)
    imported(csv_of("H-1;Leni Cruz;leni.cruz@habagat.test;;;;;;"), by=hana)
    leni = Person.objects.get(full_name="Leni Cruz")
    assert leni.email == leni.user.email == "leni.cruz@habagat.test"


def test_nobody_changes_their_own_line(hana: Person) -> None:
    plan = tried(csv_of(";;hana.reyes@example.test;agent;;;;01.03.2026;"), by=hana)
    assert verdicts(plan) == ["unchanged"]
    assert plan.steps[0].notes


def test_hr_among_the_newcomers_gets_its_group(hana: Person, nordlicht_habagat: Pair) -> None:
    imported(csv_of("9;Ria Lim;ria@habagat.test;HR;;;01.03.2026;;"), by=hana)
    ria = Person.objects.get(full_name="Ria Lim")
    nordlicht_habagat.vendor.refresh_from_db()
    assert ria.user.groups.get() == nordlicht_habagat.vendor.readers


# --- Places ---------------------------------------------------------------------------------------


def test_locations_and_teams_are_created_only_if_asked_for(
    hana: Person, nordlicht_habagat: Pair
) -> None:
    headings = f"{HEADINGS_WITH_PLACE}"
    line = "1;Ann Go;ann@habagat.test;01.03.2026;Cebu;PH;Asia/Manila;Night line"
    refused = tried(csv_of(line, headings=headings), by=hana)
    assert {fault.column for fault in refused.faults} == {"location"}
    counts = imported(csv_of(line, headings=headings), by=hana, creates_places=True)
    assert counts["new"] == 1
    ann = Person.objects.get(full_name="Ann Go")
    assert ann.memberships.get().location == Location.objects.get(name="Cebu")
    assert ann.team_memberships.get().team.name == "Night line"


HEADINGS_WITH_PLACE = (
    "No;Name;E-mail;Hired on;Location;Country of a new location;Time zone of a new location;Team"
).replace("No;", "Personnel number;")


def test_a_place_that_only_a_faulty_line_needs_is_not_created(hana: Person) -> None:
    line = "1;Ann Go;ann@;01.03.2026;Cebu;PH;Asia/Manila;Night line"
    plan = tried(csv_of(line, headings=HEADINGS_WITH_PLACE), by=hana, creates_places=True)
    assert (plan.places, plan.desks) == ([], [])


# --- Tenancy --------------------------------------------------------------------------------------


def test_another_vendors_things_are_unknown_in_the_same_words_as_what_does_not_exist(
    hana: Person, cedar_deccan: Pair
) -> None:
    headings = "Name;E-mail;Hired on;Employer;Location;Team;Engagement"
    templates = (
        "Ann;ann@x.test;01.03.2026;{};;;",
        "Ann;ann@x.test;01.03.2026;;{};;",
        "Ann;ann@x.test;01.03.2026;;;{};",
        "Ann;ann@x.test;01.03.2026;;;Nordlicht first line;{}",
    )
    foreign = ("Deccan Deskline", "Pune", "Cedar store desk", "cedar-deccan")
    for template, name in zip(templates, foreign, strict=True):
        there, nowhere = (
            tried(csv_of(template.format(each), headings=headings), by=hana).faults
            for each in (name, "Nowhere")
        )
        assert len(there) == len(nowhere) == 1, name
        assert there[0].reason == nowhere[0].reason


def test_somebody_of_another_vendor_is_new_here_and_stays_untouched_there(
    hana: Person, outsider: Person
) -> None:
    line = f";Arjun K.;{outsider.email};;;;01.03.2026;28.03.2026;"
    plan = tried(csv_of(line), by=hana)
    assert verdicts(plan) == ["new"]
    imported(csv_of(line), by=hana)
    outsider.refresh_from_db()
    assert outsider.memberships.get().left_on is None
    here = Person.objects.exclude(pk=outsider.pk).get(full_name="Arjun K.")
    assert (here.user, here.invited_email) == (None, outsider.email)


def test_only_a_manager_of_the_employer_imports(
    hana: Person, maria: Person, ines: Person, outsider_hr: Person, nordlicht_habagat: Pair
) -> None:
    for other in (maria, ines, outsider_hr):
        with pytest.raises(NotAllowed):
            keep(csv_of(LENI), by=other, organisation=nordlicht_habagat.vendor)
    kept = keep(csv_of(LENI), by=hana)
    with pytest.raises(NotAllowed):
        apply_import(deed=kept.deed, by=outsider_hr.user, now=NOW)


def test_the_clients_hr_imports_its_own_staff(ines: Person) -> None:
    counts = imported(csv_of("1;Uwe Lang;uwe@nordlicht.test;;;Bremen;01.03.2026;;"), by=ines)
    assert counts["new"] == 1
    job = Person.objects.get(full_name="Uwe Lang").memberships.get()
    assert job.roles.get().role == Role.IN_HOUSE
