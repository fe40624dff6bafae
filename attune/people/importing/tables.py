"""The bytes of a file as headings and lines, with what was found out about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from attune.tabular.reading import FileRefused, Line, csv_rows, decode, separator_of, xlsx_rows

SEPARATORS: dict[str, Any] = {
    ",": gettext_lazy("comma"),
    ";": gettext_lazy("semicolon"),
    "\t": gettext_lazy("tab"),
}
MAX_LINES = 20_000
_HARMLESS = ("'=", "'+", "'-", "'@")


@dataclass(frozen=True, slots=True)
class Table:
    headings: list[str]
    lines: list[Line]
    """Without empty ones and comments; each as wide as the headings."""
    encoding: str
    separator: str
    """Empty for a workbook."""

    @property
    def format_in_words(self) -> str:
        if not self.separator:
            return _("Workbook (XLSX)")
        return _("CSV, %(encoding)s, parted by %(separator)s") % {
            "encoding": self.encoding,
            "separator": SEPARATORS[self.separator],
        }

    def column(self, position: int) -> list[str]:
        return [line.cells[position] for line in self.lines]


def read_table(body: bytes) -> Table:
    """Read a CSV file or a workbook's first sheet.

    The first line that is not empty has the headings. A line whose first cell begins with
    ``#`` is a note.

    :raises FileRefused: it is neither, or too large, or there is nothing in it.
    """
    encoding = separator = ""
    if body.startswith(b"PK"):
        rows = xlsx_rows(body)
    else:
        rows, encoding = csv_rows(body)
        separator = separator_of(decode(body)[0])
    headings: list[str] = []
    lines: list[Line] = []
    for row in rows:
        cells = [_typed(cell) for cell in row.cells]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if not headings:
            headings = _headings(cells)
            continue
        if len(lines) >= MAX_LINES:
            raise FileRefused(
                _("The file has more than %(most)d people. Split it.") % {"most": MAX_LINES}
            )
        lines.append(Line(row.number, _fitted(cells, headings, row.number)))
    if not headings:
        raise FileRefused(_("The file is empty."))
    if not lines:
        raise FileRefused(_("The file has headings and nobody below them."))
    return Table(headings, lines, encoding, separator)


def _typed(cell: str) -> str:
    """What somebody typed: without spaces around, and without the apostrophe of our exports."""
    text = cell.replace("\x00", "").replace("\u00a0", " ").strip()
    return text[1:] if text.startswith(_HARMLESS) else text


def _headings(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _fitted(cells: list[str], headings: list[str], number: int) -> list[str]:
    surplus = [cell for cell in cells[len(headings) :] if cell]
    if surplus:
        raise FileRefused(
            _("Line %(line)d has more cells than there are headings.") % {"line": number}
        )
    width = len(headings)
    return (cells + [""] * width)[:width]
