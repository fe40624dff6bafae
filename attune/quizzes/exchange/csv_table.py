"""CSV: the table of ``tables`` as text, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext_lazy

from attune.quizzes.exchange.contract import Draft, Parsed
from attune.quizzes.exchange.table_kinds import KINDS
from attune.quizzes.exchange.tables import HEADINGS, read_rows, refusal_of, rows_of
from attune.tabular.reading import Line, csv_rows
from attune.tabular.spreadsheets import csv_lines, harmless


class CsvTable:
    slug = "csv"
    label = "CSV"
    extension = "csv"
    content_type = "text/csv; charset=utf-8"
    kinds = frozenset(KINDS)
    never = ()
    scheme = "table"
    order = 50
    description = gettext_lazy("A table, one line per question. Carries every type whole.")

    def read(self, body: bytes) -> Parsed:
        lines, encoding = csv_rows(body)
        return read_rows(without_guards(lines), encoding)

    def refusal(self, draft: Draft) -> str:
        return refusal_of(draft)

    def write(self, drafts: Sequence[Draft]) -> bytes:
        rows = ([guarded(cell) for cell in row] for row in rows_of(drafts))
        return b"".join(csv_lines(HEADINGS, rows))


FORMAT = CsvTable()


def guarded(text: str) -> str:
    """``csv_lines`` puts an apostrophe before a formula; one that was there gets another."""
    return f"'{text}" if text.startswith("'") else text


def without_guards(lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        yield Line(line.number, [without_guard(cell) for cell in line.cells])


def without_guard(text: str) -> str:
    rest = text[1:]
    if text.startswith("'") and (rest.startswith("'") or harmless(rest) != rest):
        return rest
    return text
