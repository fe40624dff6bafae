"""Spreadsheets that say what people typed and run nothing of it.

XLSX: every text is written as text, whatever it looks like. CSV knows no types, so there a
text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
Injection"). Texts of nothing but digits and the signs of a telephone number or a negative
figure stay as they are: ``+49 30 1234`` and ``-5`` hold no name and no reference, so there
is nothing to run, and an apostrophe would damage them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

# The second line of each class: the full-width twins that some locales treat alike.
_OPENS_FORMULA = re.compile(r"^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]")
_ONLY_FIGURES = re.compile(r"^[+-][\d\s().,/-]*$")
# What XML 1.0 has no place for (section 2.2).
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

Value = str | int | float | bool | date | datetime | None


# --- CSV ---------------------------------------------------------------------------------


def harmless(text: str) -> str:
    """``text`` as it may stand in a CSV file that somebody opens in a spreadsheet."""
    if _OPENS_FORMULA.search(text) and not _ONLY_FIGURES.match(text):
        return f"'{text}"
    return text


def as_text(value: Value) -> str:
    """A value in CSV: ISO dates without a zone, which the heading names."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, str):
        return harmless(value)
    return str(value)


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The file piece by piece, in UTF-8 with the mark by which Excel recognises it."""
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf" + writer.writerow([harmless(each) for each in headings]).encode()
    for row in rows:
        yield writer.writerow([as_text(value) for value in row]).encode("utf-8", "replace")


# --- XLSX --------------------------------------------------------------------------------
# A workbook of one sheet, written as it is read. openpyxl needs 48 s for 10,000 people × 40
# modules where this needs a few, and it guesses types from text, which is what must not be.

_EPOCH = date(1899, 12, 30)  # day 0 of the 1900 date system, leap-year fault included
_HEADING, _DAY, _MOMENT, _TEXT = 1, 2, 3, 4  # positions in the style sheet below

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"

XLSX_TYPE = f"{_SPREADSHEET}.sheet"

_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SPREADSHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SPREADSHEET}.styles+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{_SPREADSHEET}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
        '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
        '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        '</cellStyleXfs><cellXfs count="5">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" '
        'applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
        "</cellStyles></styleSheet>"
    ),
}


def write_xlsx(
    output: IO[bytes],
    headings: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    title: str,
    widths: Sequence[float] = (),
) -> None:
    """One sheet with a frozen heading row and first column; memory stays flat.

    ``widths`` are in characters, for the first columns; the rest get the last of them.
    Moments must be naive: a spreadsheet knows no zones, so the heading names theirs.
    """
    letters = [column_letters(number) for number in range(1, len(headings) + 1)]
    with ZipFile(output, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in _PARTS.items():
            archive.writestr(name, _DECLARATION + part)
        archive.writestr("xl/workbook.xml", _DECLARATION + _workbook(title))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write((_DECLARATION + _opening(len(headings), widths)).encode())
            number = 1
            cells = (
                _text_cell(f"{letter}1", heading, _HEADING)
                for letter, heading in zip(letters, headings, strict=True)
            )
            sheet.write(_row(1, cells))
            for number, row in enumerate(rows, 2):
                cells = (
                    _cell(f"{letter}{number}", value)
                    for letter, value in zip(letters, row, strict=True)
                )
                sheet.write(_row(number, cells))
            sheet.write(
                f'</sheetData><autoFilter ref="A1:{letters[-1]}{number}"/></worksheet>'.encode()
            )


def column_letters(number: int) -> str:
    """The name of a column, counted from 1: A … Z, AA …"""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _workbook(title: str) -> str:
    # A sheet's name has at most 31 characters and none of these.
    name = re.sub(r"[\[\]:*?/\\']", " ", _NOT_IN_XML.sub("", title)).strip()[:31] or "Sheet"
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>"
    )


def _opening(columns: int, widths: Sequence[float]) -> str:
    widths = [*widths[:columns], *([widths[-1]] * (columns - len(widths)) if widths else [])]
    cols = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(widths, 1)
    )
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
        f"</sheetView></sheetViews>{f'<cols>{cols}</cols>' if cols else ''}<sheetData>"
    )


def _row(number: int, cells: Iterable[str]) -> bytes:
    return f'<row r="{number}">{"".join(cells)}</row>'.encode()


def _cell(place: str, value: Any) -> str:
    if isinstance(value, str):
        return _text_cell(place, value, _TEXT) if value else ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise ValueError("A spreadsheet knows no zones: give the moment as its clock shows it.")
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        serial = (value.date() - _EPOCH).days + seconds / 86400
        return f'<c r="{place}" s="{_MOMENT}"><v>{serial:.8f}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{_DAY}"><v>{(value - _EPOCH).days}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def _text_cell(place: str, text: str, style: int) -> str:
    text = escape(_NOT_IN_XML.sub("", text))
    return (
        f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    )
