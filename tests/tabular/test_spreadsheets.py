"""Spreadsheets: nothing that somebody typed runs, and nothing that they typed is damaged."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from attune.tabular import spreadsheets

INJECTIONS = [
    "=1+1",
    '=HYPERLINK("http://x.example","click")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\uff1d1+1",
    "-Anna",
]
HARMLESS = [
    "+49 30 123456",
    "+49 (0)30 12-34/56",
    "-5",
    "-5.75",
    "+1",
    "José Müller",
    "O'Brien",
    "a=b",
    "Zoë @ Manila",
    "3-4",
    "",
]
ALL = [*INJECTIONS, *HARMLESS]


def as_csv(rows: list[list[spreadsheets.Value]]) -> list[list[str]]:
    data = b"".join(spreadsheets.csv_lines(["heading"], rows))
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]


def as_sheet(rows: list[list[spreadsheets.Value]], headings: list[str] | None = None) -> object:
    output = io.BytesIO()
    spreadsheets.write_xlsx(
        output, headings or ["heading"], rows, title="A [title]: of/more\\than31 characters"
    )
    return openpyxl.load_workbook(output).active


@pytest.mark.parametrize("text", INJECTIONS)
def test_csv_disarms_what_a_spreadsheet_would_run(text: str) -> None:
    assert as_csv([[text]]) == [["'" + text]]


@pytest.mark.parametrize("text", HARMLESS)
def test_csv_leaves_everything_else_as_it_was(text: str) -> None:
    assert as_csv([[text]]) == [[text]]


@pytest.mark.parametrize("text", [text for text in ALL if text])
def test_xlsx_keeps_every_text_as_text(text: str) -> None:
    cell = as_sheet([[text]])["A2"]  # type: ignore[index]
    assert cell.data_type == "s"
    # XML reads a lone carriage return as a line feed (XML 1.0, section 2.11).
    assert cell.value == text.replace("\r", "\n")
    assert cell.number_format == "@"


@pytest.mark.parametrize("text", ["#REF!", "TRUE", "12", "2026-01-01", "<b>&amp;</b>", "]]>"])
def test_xlsx_guesses_no_type_and_needs_no_care_with_markup(text: str) -> None:
    cell = as_sheet([[text]])["A2"]  # type: ignore[index]
    assert (cell.data_type, cell.value) == ("s", text)


def test_headings_are_text_too() -> None:
    sheet = as_sheet([["x", "y"]], ["=1+1", "+49"])
    assert [cell.value for cell in sheet[1]] == ["=1+1", "+49"]  # type: ignore[index]
    assert {cell.data_type for cell in sheet[1]} == {"s"}  # type: ignore[index]


def test_xlsx_types_figures_days_and_moments() -> None:
    row = [7, 1.5, True, date(2026, 2, 28), datetime.fromisoformat("2026-12-17 18:30"), None]
    sheet = as_sheet([row], list("abcdef"))
    values = [cell.value for cell in sheet[2]]  # type: ignore[index]
    assert values[:3] == [7, 1.5, True]
    assert values[3].isoformat() == "2026-02-28T00:00:00"
    assert values[4].isoformat() == "2026-12-17T18:30:00"
    assert sheet["D2"].number_format == r"yyyy\-mm\-dd"  # type: ignore[index]
    assert sheet.freeze_panes == "B2"  # type: ignore[attr-defined]


def test_a_moment_with_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="knows no zones"):
        as_sheet([[datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Manila"))]])


def test_signs_that_xml_cannot_hold_are_left_out() -> None:
    assert as_sheet([["a\x00b\x0bc\ud800d"]])["A2"].value == "abcd"  # type: ignore[index]


def test_csv_holds_signs_outside_any_code_page_and_breaks_none() -> None:
    assert as_csv([["Łódź 日本 😀", "a\ud800b"]]) == [["Łódź 日本 😀", "a?b"]]


def test_csv_writes_moments_as_the_clock_shows_them() -> None:
    assert as_csv([[datetime.fromisoformat("2026-12-17 18:00"), date(2026, 1, 2), None, 3]]) == [
        ["2026-12-17 18:00", "2026-01-02", "", "3"]
    ]


@pytest.mark.parametrize(
    ("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")]
)
def test_columns_are_named_as_spreadsheets_do(number: int, letters: str) -> None:
    assert spreadsheets.column_letters(number) == letters
