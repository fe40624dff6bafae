"""The completion matrix: who reads it, what it says, what it lets out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from attune.curriculum.models import ProgrammeModule
from attune.enrolments.models import Enrolment, EnrolmentModule
from attune.enrolments.services import exempt, pause, waive_module, withdraw
from attune.enrolments.states import State
from attune.people.models import TeamMembership
from attune.reports import matrix
from tests import factories
from tests.reports.conftest import MATRIX, Side, Sides


def names_in(response: Any) -> list[str]:
    return [row["person"].full_name for row in response.context["object_list"]]


def from_csv(response: Any) -> list[list[str]]:
    data = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(data, newline="")))


def from_xlsx(response: Any) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


def ask_for(side: Side, module: Any, **fields: Any) -> None:
    ProgrammeModule.objects.create(page=side.content.programme, module=module, **fields)


# --- Who reads it -----------------------------------------------------------------------


@pytest.mark.parametrize("role", ["vendor_hr", "client_hr"])
def test_hr_of_each_side_reads_its_engagement_and_no_other(
    client: Any, as_user: Any, sides: Sides, role: str
) -> None:
    for mine, theirs in ((sides.nordlicht, sides.cedar), (sides.cedar, sides.nordlicht)):
        as_user(client, getattr(mine.pair, role))
        for suffix in ("", "?export=csv", "?export=xlsx"):
            response = client.get(MATRIX + suffix)
            assert response.status_code == 200
            if suffix == "?export=xlsx":
                text = str(from_xlsx(response))
            else:
                text = b"".join(response).decode()
            assert mine.pair.agent.full_name in text
            for foreign in (
                theirs.pair.agent.full_name,
                theirs.content.programme.title,
                theirs.content.module.title,
                theirs.pair.team.name,
                theirs.pair.engagement.name,
                theirs.pair.vendor_location.name,
                str(theirs.content.programme.translation_key),
            ):
                assert foreign not in text


def test_the_administrator_reads_every_programme(
    client: Any, as_user: Any, sides: Sides, administrator: Any
) -> None:
    as_user(client, administrator)
    for side in (sides.nordlicht, sides.cedar):
        key = side.content.programme.translation_key
        assert names_in(client.get(MATRIX, {"programme": key})) == [side.pair.agent.full_name]


@pytest.mark.parametrize("who", ["klaus", "maria", "outsider"])
def test_trainers_and_agents_have_no_report(
    client: Any, as_user: Any, sides: Sides, request: pytest.FixtureRequest, who: str
) -> None:
    as_user(client, request.getfixturevalue(who))
    response = client.get(MATRIX)
    assert response.status_code == 302
    assert "Maria Santos" not in client.get(MATRIX, follow=True).content.decode()


def test_a_stranger_is_sent_to_the_sign_in(client: Any, sides: Sides) -> None:
    assert client.get(MATRIX)["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    ("who", "shown"), [("hana", True), ("ines", True), ("administrator", True), ("klaus", False)]
)
def test_the_menu_names_the_report_to_those_who_have_it(
    client: Any, as_user: Any, sides: Sides, request: pytest.FixtureRequest, who: str, shown: bool
) -> None:
    as_user(client, request.getfixturevalue(who))
    page = client.get("/admin/").content.decode()
    assert (MATRIX in page) is shown


def test_a_reader_who_learns_elsewhere_finds_that_in_no_report(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    factories.put_in_team(hana, sides.cedar.pair.team)
    factories.enrol(hana, sides.cedar.content.programme, sides.cedar.pair.engagement)
    page = as_user(client, hana).get(MATRIX)
    assert sides.cedar.content.programme.title not in page.content.decode()
    assert names_in(page) == ["Maria Santos"]


def test_a_new_vendor_does_not_see_the_old_vendors_results(
    client: Any, as_user: Any, sides: Sides, maria: Any, learn: Callable[..., None]
) -> None:
    """Maria changes to another vendor that works for the same client."""
    learn(sides.nordlicht.enrolment, sides.nordlicht.content.module)
    newcomer = factories.organisation("Sampaguita Desk", "sampaguita", "vendor")
    engagement = factories.engagement(sides.nordlicht.pair.client, newcomer)
    factories.employ(maria, newcomer, "agent")
    hr = factories.person("Nina New")
    factories.employ(hr, newcomer, "hr")
    page = as_user(client, hr).get(MATRIX)
    assert "Maria Santos" not in page.content.decode()
    factories.enrol(maria, sides.nordlicht.content.programme, engagement)
    row = client.get(MATRIX).context["object_list"][0]
    assert row["engagement"] == engagement  # their own enrolment, and only that


# --- What it says -----------------------------------------------------------------------


def test_each_cell_says_state_date_and_whether_it_is_late(
    client: Any, as_user: Any, sides: Sides, hana: Any, learn: Callable[..., None]
) -> None:
    side = sides.nordlicht
    late = factories.module(side.content.library, "Second module")
    factories.lesson(late)
    ask_for(side, late, sort_order=1)
    optional = factories.module(side.content.library, "Third module")
    ask_for(side, optional, sort_order=2, required=False)
    learn(side.enrolment, side.content.module)
    Enrolment.objects.filter(pk=side.enrolment.pk).update(
        due_at=timezone.now() - timedelta(hours=1)
    )
    row = as_user(client, hana).get(MATRIX).context["object_list"][0]
    assert [(mark.words, mark.overdue) for mark in row["marks"]] == [
        ("Completed", False),
        ("Not started", True),
        ("Not started", False),
    ]
    assert row["marks"][0].day
    assert (row["mark"].words, row["mark"].overdue) == ("In progress", True)
    assert (row["enrolment"].modules_done, row["enrolment"].modules_required) == (1, 2)


def test_state_is_words_and_a_drawing_never_a_colour_alone(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    page = as_user(client, hana).get(MATRIX).content.decode()
    cell = re.search(r'<td class="cell[^>]*>(.*?)</td>', page, re.S)
    assert cell
    assert "#i-open" in cell[1]
    assert "Not started" in cell[1]
    assert "style=" not in cell[1]


def test_due_dates_stand_in_the_readers_zone_and_the_clients(
    client: Any, as_user: Any, sides: Sides, hana: Any, ines: Any
) -> None:
    due = datetime(timezone.now().year + 1, 1, 15, 17, 30, tzinfo=UTC)
    Enrolment.objects.filter(pk=sides.nordlicht.enrolment.pk).update(due_at=due)
    in_manila = as_user(client, hana).get(MATRIX).context["object_list"][0]["due"]
    assert in_manila.mine.endswith(", 01:30")
    assert "18:30 in Berlin" in in_manila.others[0]
    assert "15 Jan" in in_manila.others[0]  # another day there
    in_bremen = as_user(client, ines).get(MATRIX).context["object_list"][0]["due"]
    assert in_bremen.mine.endswith(", 18:30")
    assert in_bremen.others == []


def test_credit_from_elsewhere_and_waivers_are_told(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    side = sides.nordlicht
    waive_module(
        enrolment=side.enrolment, module=side.content.module, reason="Knows it", now=timezone.now()
    )
    mark = as_user(client, hana).get(MATRIX).context["object_list"][0]["marks"][0]
    assert (mark.words, mark.note) == ("Exempt", "waived")


def test_simulated_engagements_say_so_on_screen_and_in_files(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    as_user(client, hana)
    assert "simulated" not in client.get(MATRIX).content.decode().lower()
    assert from_csv(client.get(MATRIX, {"export": "csv"}))[1][9] == "No"
    type(sides.nordlicht.pair.engagement).objects.filter(
        pk=sides.nordlicht.pair.engagement.pk
    ).update(is_simulated=True)
    assert "attune-simulated" in client.get(MATRIX).content.decode()
    assert from_csv(client.get(MATRIX, {"export": "csv"}))[1][9] == "Yes"


def test_only_the_newest_round_is_shown(client: Any, as_user: Any, sides: Sides, hana: Any) -> None:
    old = sides.nordlicht.enrolment
    Enrolment.objects.create(
        person=old.person,
        programme_key=old.programme_key,
        programme=old.programme,
        engagement=old.engagement,
        cycle=2,
        enrolled_at=timezone.now(),
    )
    rows = as_user(client, hana).get(MATRIX).context["object_list"]
    assert [row["enrolment"].cycle for row in rows] == [2]


def test_modules_are_titled_in_the_readers_language(sides: Sides, hana: Any) -> None:
    german = factories.german()
    copy = sides.nordlicht.content.module.copy_for_translation(german, copy_parents=True)
    copy.title, copy.live = "Umgangsformen", True
    copy.save()
    for language, title in (("en", "German etiquette"), ("de", "Umgangsformen")):
        with translation.override(language):
            (programme,) = matrix.programmes_for(hana.user)
            (column,) = matrix.columns_of(programme)
        # One column whatever the language: it is one module.
        assert (column.title, column.key) == (title, copy.translation_key)


# --- Filters ----------------------------------------------------------------------------


@pytest.fixture
def desk(sides: Sides) -> dict[str, Any]:
    """Four more people of Nordlicht's, each in a state, place and team of their own."""
    side = sides.nordlicht
    now = timezone.now()
    night = factories.team(side.pair.engagement, "Night shift")
    cebu = factories.location(side.pair.vendor, "Cebu", country="PH", time_zone="Asia/Manila")
    people = {
        name: factories.agent(name, night, location=cebu)
        for name in ("Ben Paused", "Cora Exempt", "Dina Withdrawn", "Ed Expired")
    }
    enrolments = {
        name: factories.enrol(person, side.content.programme, side.pair.engagement)
        for name, person in people.items()
    }
    pause(enrolment=enrolments["Ben Paused"], reason="Leave", now=now)
    exempt(enrolment=enrolments["Cora Exempt"], reason="Knows it", now=now)
    withdraw(enrolment=enrolments["Dina Withdrawn"], now=now)
    Enrolment.objects.filter(pk=enrolments["Ed Expired"].pk).update(
        state=State.COMPLETED, completed_at=now - timedelta(400), expires_at=now - timedelta(30)
    )
    Enrolment.objects.filter(pk=side.enrolment.pk).update(due_at=now - timedelta(days=1))
    return {"night": night, "cebu": cebu, "people": people}


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("", ["Ben Paused", "Cora Exempt", "Ed Expired", "Maria Santos"]),
        ("overdue", ["Maria Santos"]),
        ("not_started", ["Maria Santos"]),
        ("paused", ["Ben Paused"]),
        ("exempt", ["Cora Exempt"]),
        ("withdrawn", ["Dina Withdrawn"]),
        ("expired", ["Ed Expired"]),
        ("completed", []),
        ("expiring", []),
    ],
)
def test_the_state_filter(
    client: Any, as_user: Any, hana: Any, desk: Any, state: str, names: list[str]
) -> None:
    as_user(client, hana)
    assert names_in(client.get(MATRIX, {"state": state})) == names
    exported = from_csv(client.get(MATRIX, {"state": state, "export": "csv"}))[1:]
    assert [line[0] for line in exported] == names


def test_the_filters_of_place_team_engagement_and_name(
    client: Any, as_user: Any, hana: Any, sides: Sides, desk: Any
) -> None:
    as_user(client, hana)
    at_night = ["Ben Paused", "Cora Exempt", "Ed Expired"]
    assert names_in(client.get(MATRIX, {"team": desk["night"].pk})) == at_night
    assert names_in(client.get(MATRIX, {"location": desk["cebu"].pk})) == at_night
    assert names_in(client.get(MATRIX, {"engagement": sides.nordlicht.pair.engagement.pk})) == [
        *at_night,
        "Maria Santos",
    ]
    assert names_in(client.get(MATRIX, {"name": "sant"})) == ["Maria Santos"]
    assert names_in(client.get(MATRIX, {"name": "ed", "team": desk["night"].pk})) == [
        "Ben Paused",
        "Ed Expired",
    ]


def test_team_means_the_team_of_today(client: Any, as_user: Any, hana: Any, desk: Any) -> None:
    yesterday = timezone.now().date() - timedelta(days=1)
    TeamMembership.objects.filter(person=desk["people"]["Ben Paused"]).update(until_date=yesterday)
    page = as_user(client, hana).get(MATRIX, {"team": desk["night"].pk})
    assert names_in(page) == ["Cora Exempt", "Ed Expired"]


def test_choices_name_only_what_the_reader_sees(
    client: Any, as_user: Any, sides: Sides, ines: Any
) -> None:
    form = as_user(client, ines).get(MATRIX).context["filters"].form
    offered = {
        name: [label for value, label in form.fields[name].choices if value]
        for name in ("programme", "engagement", "team", "location")
    }
    assert offered == {
        "programme": ["Working with German colleagues"],
        "engagement": ["Nordlicht Maschinenbau with Habagat Support"],
        "team": ["Nordlicht first line · Nordlicht Maschinenbau with Habagat Support"],
        "location": ["Bremen · Nordlicht Maschinenbau", "Manila · Habagat Support"],
    }


@pytest.mark.parametrize("name", ["programme", "engagement", "team", "location"])
@pytest.mark.parametrize("what", ["foreign", "missing", "nonsense"])
def test_what_is_not_among_the_choices_shows_nobody(
    client: Any, as_user: Any, sides: Sides, hana: Any, name: str, what: str
) -> None:
    cedar = sides.cedar
    foreign = {
        "programme": str(cedar.content.programme.translation_key),
        "engagement": str(cedar.pair.engagement.pk),
        "team": str(cedar.pair.team.pk),
        "location": str(cedar.pair.vendor_location.pk),
    }
    value = {"foreign": foreign[name], "missing": "987654321", "nonsense": "'; --"}[what]
    as_user(client, hana)
    pages = [client.get(MATRIX, {name: value, "export": kind}) for kind in ("", "csv", "xlsx")]
    for page in pages:
        text = page.content.decode()  # the page in each case: no file of something else
        assert "nothing is shown" in text
        assert "Maria Santos" not in text
        for canary in (cedar.pair.agent.full_name, cedar.content.programme.title):
            assert canary not in text
    # Foreign and missing cannot be told apart.
    told = re.sub(r"[0-9a-f-]{36}|\d+", "", str(pages[0].context["filters"].form.errors))
    other = client.get(MATRIX, {name: "987654320"}).context["filters"].form.errors
    assert told == re.sub(r"[0-9a-f-]{36}|\d+", "", str(other)) or what == "nonsense"


# --- Empty states -----------------------------------------------------------------------


def test_no_programme_yet_is_explained(client: Any, as_user: Any, hana: Any) -> None:
    page = as_user(client, hana).get(MATRIX).content.decode()
    assert "no programme to report on yet" in page
    assert (
        as_user(client, hana).get(MATRIX, {"export": "csv"})["Content-Type"].startswith("text/html")
    )


def test_nobody_assigned_is_explained_with_the_next_step(
    client: Any, as_user: Any, hana: Any, nordlicht_content: Any
) -> None:
    page = as_user(client, hana).get(MATRIX).content.decode()
    assert "Nobody is assigned to this programme" in page
    assert f"assign/?programme={nordlicht_content.programme.translation_key}" in page


def test_nothing_found_is_told_from_nothing_there(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    page = as_user(client, hana).get(MATRIX, {"name": "nobody at all"}).content.decode()
    assert "Nobody matches these filters" in page
    assert "Clear the filters" in page


# --- Files ------------------------------------------------------------------------------


def test_files_say_what_the_screen_says(
    client: Any, as_user: Any, sides: Sides, hana: Any, desk: Any, learn: Callable[..., None]
) -> None:
    learn(sides.nordlicht.enrolment, sides.nordlicht.content.module)
    as_user(client, hana)
    for query in ({}, {"state": "paused"}, {"team": desk["night"].pk}, {"name": "a"}):
        page = client.get(MATRIX, query)
        lines = from_csv(client.get(MATRIX, {**query, "export": "csv"}))
        sheet = from_xlsx(client.get(MATRIX, {**query, "export": "xlsx"}))
        assert lines[0] == sheet[0]
        assert len(lines) == len(sheet) == len(page.context["object_list"]) + 1
        for row, line, cells in zip(page.context["object_list"], lines[1:], sheet[1:], strict=True):
            assert line[0] == cells[0] == row["person"].full_name
            assert line[2] == (cells[2] or "") == row["team"]
            assert line[3] == (cells[3] or "") == row["location"]
            assert line[4] == cells[4] == row["mark"].words
            assert (line[5] == "Yes") is (cells[5] == "Yes") is row["mark"].overdue
            assert line[7:9] == [str(cells[7]), str(cells[8])]
            for number, mark in enumerate(row["marks"]):
                words, day = line[10 + 2 * number : 12 + 2 * number]
                assert words.split(", ")[0] == mark.words
                assert bool(day) is bool(mark.day)
                if day:
                    done = cells[11 + 2 * number]
                    assert day == f"{done:%Y-%m-%d}"
                    assert mark.day == f"{done.day} {done:%b} {done.year}"


def test_moments_in_files_are_the_readers_and_the_heading_names_the_zone(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    due = datetime(2027, 1, 15, 17, 30, tzinfo=UTC)
    Enrolment.objects.filter(pk=sides.nordlicht.enrolment.pk).update(due_at=due)
    as_user(client, hana)
    lines = from_csv(client.get(MATRIX, {"export": "csv"}))
    assert lines[0][6] == "Due (Asia/Manila)"
    assert lines[1][6] == "2027-01-16 01:30"
    cell = from_xlsx(client.get(MATRIX, {"export": "xlsx"}))[1][6]
    assert cell.isoformat() == "2027-01-16T01:30:00"


def test_a_name_that_is_a_formula_runs_nowhere(
    client: Any, as_user: Any, sides: Sides, hana: Any, maria: Any
) -> None:
    type(maria).objects.filter(pk=maria.pk).update(full_name="=1+1<script>")
    as_user(client, hana)
    assert from_csv(client.get(MATRIX, {"export": "csv"}))[1][0] == "'=1+1<script>"
    response = client.get(MATRIX, {"export": "xlsx"})
    book = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert book.active["A2"].data_type == "s"
    assert "=1+1<script>" not in client.get(MATRIX).content.decode()


def test_the_files_name_says_what_and_when(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    response = as_user(client, hana).get(MATRIX, {"export": "xlsx"})
    day = f"{timezone.now():%Y-%m-%d}"
    assert (
        f"completion-working-with-german-colleagues-{day}.xlsx" in response["Content-Disposition"]
    )
    response.close()


# --- Cost -------------------------------------------------------------------------------


def queries_of(client: Any, query: dict[str, Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = client.get(MATRIX, query)
        if response.streaming:
            b"".join(response.streaming_content)
    return len(captured)


def grow(sides: Sides, *, people: int, modules: int) -> None:
    side = sides.nordlicht
    for number in range(modules):
        module = factories.module(side.content.library)
        ask_for(side, module, sort_order=number + 1)
    for _ in range(people):
        person = factories.agent("", side.pair.team, location=side.pair.vendor_location)
        enrolment = factories.enrol(person, side.content.programme, side.pair.engagement)
        EnrolmentModule.objects.create(
            enrolment=enrolment, module_key=side.content.module.translation_key
        )


@pytest.mark.parametrize("query", [{}, {"state": "in_progress", "name": "p"}, {"export": "csv"}])
def test_the_number_of_queries_does_not_grow(
    client: Any, as_user: Any, sides: Sides, hana: Any, query: dict[str, Any]
) -> None:
    as_user(client, hana).get(MATRIX)
    grow(sides, people=2, modules=1)
    few = queries_of(client, query)
    grow(sides, people=20, modules=6)
    assert queries_of(client, query) == few
    assert few <= 40


def test_pages_are_of_fifty_people(
    client: Any, as_user: Any, sides: Sides, hana: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attune.reports.matrix_views.CompletionMatrixView.paginate_by", 2)
    grow(sides, people=3, modules=0)
    as_user(client, hana)
    first, second = client.get(MATRIX), client.get(MATRIX, {"p": 2})
    assert (len(first.context["object_list"]), len(second.context["object_list"])) == (2, 2)
    assert len(from_csv(client.get(MATRIX, {"export": "csv", "p": 2}))) == 5
