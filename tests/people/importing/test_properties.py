"""Whatever bytes arrive, a file is read or refused in words; no line makes the import fall over."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attune.people.importing.columns import BY_NAME, propose
from attune.people.importing.days import EARLIEST, LATEST, order_of, parse_day
from attune.people.importing.lines import address_key, read_line
from attune.people.importing.planning import plan_lines
from attune.people.importing.plans import Options, Verdict
from attune.people.importing.roster import Desk, Job, Known, Place, Roster, Stay
from attune.people.importing.tables import read_table
from attune.people.importing.teams import plan_team
from attune.tabular.reading import FileRefused
from attune.tabular.spreadsheets import write_xlsx

TODAY = date(2026, 3, 2)
days = st.dates(EARLIEST, LATEST)
cells = st.text(max_size=40)


@given(st.binary(max_size=2_000))
@example(b"")
@example(b"\xff\xfe")
@example(b"PK\x03\x04")
@example(b'"a\nb')
@example(b"a;b\n1;2;3")
@example(b"\r\r\r")
def test_any_bytes_are_a_table_or_refused(body: bytes) -> None:
    try:
        table = read_table(body)
    except FileRefused:
        return
    assert table.lines
    assert all(len(line.cells) == len(table.headings) for line in table.lines)


@given(st.binary(max_size=400), st.integers(0, 4_000))
def test_a_damaged_workbook_is_a_table_or_refused(noise: bytes, place: int) -> None:
    output = io.BytesIO()
    write_xlsx(output, ["E-mail", "Hired on"], [["a@b.test", TODAY]] * 3, title="People")
    body = output.getvalue()
    place = min(place, len(body))
    try:
        read_table(body[:place] + noise + body[place + len(noise) :])
    except FileRefused:
        return


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(FileRefused, match="too much"):
        read_table(output.getvalue())


def test_more_people_than_a_file_may_have() -> None:
    body = b"E-mail\n" + b"\n".join(b"a%d@b.test" % n for n in range(20_001))
    with pytest.raises(FileRefused, match="20000"):
        read_table(body)


@given(days, st.sampled_from(["dmy", "mdy", "ymd"]), st.sampled_from([".", "/", "-"]))
def test_a_day_is_read_as_it_was_written(day: date, order: str, sign: str) -> None:
    parts = {"d": f"{day.day:02}", "m": f"{day.month:02}", "y": f"{day.year}"}
    assert parse_day(sign.join(parts[each] for each in order), order) == day
    assert parse_day(day.isoformat(), order) == day
    assert parse_day(f"{day.isoformat()}T00:00:00", order) == day


@given(st.text(max_size=20), st.sampled_from(["dmy", "mdy", "ymd", "", "xyz"]))
@example("٣١.١٢.٢٠٢٦", "dmy")
@example("31.02.2026", "dmy")
@example("1.1.26", "dmy")
@example("46112", "dmy")
def test_what_is_no_day_is_none(text: str, order: str) -> None:
    day = parse_day(text, order)
    assert day is None or EARLIEST <= day <= LATEST


@given(st.lists(days, min_size=1, max_size=30), st.sampled_from(["dmy", "mdy"]))
def test_an_order_is_certain_only_if_the_dates_say_so(found: list[date], order: str) -> None:
    pattern = "%d.%m.%Y" if order == "dmy" else "%m/%d/%Y"
    written = [day.strftime(pattern) for day in found if day.year >= 1000]
    evidence = order_of(written, usual="dmy")
    if evidence.certain:
        assert [parse_day(text, evidence.order) for text in written] == found
    else:
        assert all(day.day <= 12 for day in found)
        assert evidence.sample in written


def test_dates_that_contradict_each_other_name_no_order_for_sure() -> None:
    assert order_of(["31.01.2026", "01.02.2026"], usual="mdy").order == "dmy"
    assert order_of(["01/31/2026", "02/01/2026"], usual="dmy").order == "mdy"
    doubtful = order_of(["01.02.2026", "03.04.2026"], usual="dmy")
    assert (doubtful.order, doubtful.certain) == ("dmy", False)
    slashes = order_of(["01/02/2026", "03/04/2026"], usual="")
    assert (slashes.order, slashes.certain) == ("", False)  # somebody has to say
    assert order_of(["01.02.2026"], usual="mdy").order == "dmy"
    assert order_of(["2026-01-31"], usual="dmy").certain


@given(st.lists(cells, max_size=12), st.dictionaries(cells, cells, max_size=3))
def test_no_heading_is_proposed_twice(headings: list[str], remembered: dict[str, str]) -> None:
    named = [name for name in propose(headings, remembered) if name]
    assert len(named) == len(set(named))
    assert set(named) <= set(BY_NAME)


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("E-Mail-Adresse", "email"),
        ("Vorname", "first_name"),
        ("Nachname", "last_name"),
        ("Personalnr.", ""),
        ("Personal-Nr.", "external_id"),
        ("Eintrittsdatum", "hired_on"),
        ("Austritt", "left_on"),
        ("STANDORT", "location"),
        ("Hire date", "hired_on"),
        ("Termination Date", "left_on"),
        ("Employee ID", "external_id"),
        ("Reason", ""),
    ],
)
def test_headings_of_common_systems_are_known(heading: str, name: str) -> None:
    assert propose([heading], {}) == [name]


rows = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(BY_NAME, cells),
        "email": st.sampled_from(["a@x.test", "A@X.test", "b@x.test", "", "no"]) | cells,
        "external_id": st.sampled_from(["1", "2", ""]) | cells,
        "hired_on": st.sampled_from(["01.03.2026", "01.01.2024", "2026-05-01", ""]),
        "left_on": st.sampled_from(["01.04.2026", "31.12.2025", ""]),
        "team": st.sampled_from(["First", "Second", "Third", ""]),
        "team_from": st.sampled_from(["01.02.2026", "01.06.2026", ""]),
        "location": st.sampled_from(["Manila", "Cebu", ""]),
    },
)


def roster() -> Roster:
    """Two people: one at work in a team, one who has left."""
    ann = Known(1, "Ann", "a@x.test", True, False, False, "en", "UTC")
    ann.jobs = [Job(1, date(2024, 1, 1), None, "1", "", None, frozenset({"agent"}))]
    ann.stays = [Stay(1, 1, 1, date(2024, 1, 1), None)]
    ben = Known(2, "Ben", "b@x.test", False, True, False, "en", "UTC")
    ben.jobs = [Job(2, date(2024, 1, 1), date(2025, 6, 30), "2", "", None, frozenset({"hr"}))]
    first = Desk(1, "First", 1, date(2023, 1, 1), "E")
    return Roster(
        organisation=1,
        name="V",
        code="v",
        is_vendor=True,
        people={1: ann, 2: ben},
        by_address={address_key(each.email): [each] for each in (ann, ben)},
        by_number={"1": [(ann, ann.jobs[0])], "2": [(ben, ben.jobs[0])]},
        places={"manila": Place(1, "Manila", "PH", "Asia/Manila")},
        desks={"first": [first], "second": [Desk(2, "Second", 1, date(2023, 1, 1), "E")]},
        engagements={1: Desk(None, "", 1, date(2023, 1, 1), "E")},
        engagement_names={"e": 1},
    )


@given(st.lists(rows, max_size=8), st.booleans())
def test_every_line_gets_a_verdict_and_nobody_is_touched_twice(
    lines: list[dict[str, str]], creates: bool
) -> None:
    wanted = [read_line(number, cells, order="dmy") for number, cells in enumerate(lines, 2)]
    plan = plan_lines(
        wanted,
        roster=roster(),
        options=Options(applies_on=TODAY, creates_places=creates, is_complete=True),
    )
    assert len(plan.steps) == len(lines)
    doing = [step for step in plan.steps if step.verdict != Verdict.REFUSED]
    touched = [step.known.pk for step in doing if step.known]
    assert len(touched) == len(set(touched))
    for step in doing:
        begins = step.job_values.get("hired_on") or (step.job and step.job.hired_on)
        ends = step.job_values.get("left_on") or (step.job and step.job.left_on)
        assert begins is not None
        assert ends is None or begins <= ends
        if step.move:
            assert step.move.from_date >= begins
            assert ends is None or step.move.from_date <= ends
    refused = {fault.line for fault in plan.faults}
    assert refused == {step.wanted.line for step in plan.steps if step.verdict == "refused"}
    if refused:
        assert plan.missing == []


stays = st.lists(
    st.tuples(st.integers(1, 3), st.dates(date(2025, 1, 1), date(2026, 6, 1)), st.integers(0, 200)),
    max_size=4,
)


@given(stays, st.none() | st.dates(date(2024, 12, 1), date(2026, 8, 1)), st.booleans())
def test_after_a_move_nobody_is_in_two_teams_on_one_day(
    raw: list[tuple[int, date, int]], asked: date | None, ended: bool
) -> None:
    standing: list[Stay] = []
    day = date(2025, 1, 1)
    for number, (team, begins, length) in enumerate(sorted(raw, key=lambda each: each[1]), 1):
        begins = max(begins, day)
        until = date.fromordinal(begins.toordinal() + length)
        standing.append(Stay(number, team, 1, begins, until))
        day = date.fromordinal(until.toordinal() + 1)
    if standing and not ended:
        standing[-1].until_date = None
    outcome = plan_team(
        desk=Desk(1, "First", 1, date(2024, 1, 1)),
        stays=standing,
        names={},
        asked_from=asked,
        hired_on=date(2025, 1, 1),
        left_on=None,
        is_new_job=False,
        applies_on=TODAY,
    )
    move = outcome.move
    if move is None:
        return
    ends = dict(move.ended)
    left = [
        SimpleNamespace(begins=stay.from_date, ends=ends.get(stay.pk, stay.until_date))
        for stay in standing
        if stay.pk not in move.dropped
    ]
    assert all(row.ends is not None and row.begins <= row.ends < move.from_date for row in left)
