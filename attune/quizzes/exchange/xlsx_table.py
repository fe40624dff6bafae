"""XLSX: the table of ``tables`` as a workbook of one sheet."""

from __future__ import annotations

import io
from collections.abc import Sequence

from django.utils.translation import gettext_lazy

from attune.quizzes.exchange.contract import Draft, Parsed
from attune.quizzes.exchange.table_kinds import KINDS
from attune.quizzes.exchange.tables import HEADINGS, WIDTHS, read_rows, refusal_of, rows_of
from attune.tabular.reading import xlsx_rows
from attune.tabular.spreadsheets import XLSX_TYPE, write_xlsx


class XlsxTable:
    slug = "xlsx"
    label = "XLSX"
    extension = "xlsx"
    content_type = XLSX_TYPE
    kinds = frozenset(KINDS)
    never = ()
    scheme = "table"
    order = 60
    description = gettext_lazy("A workbook, one row per question. Carries every type whole.")

    def read(self, body: bytes) -> Parsed:
        return read_rows(xlsx_rows(body), "")

    def refusal(self, draft: Draft) -> str:
        return refusal_of(draft)

    def write(self, drafts: Sequence[Draft]) -> bytes:
        body = io.BytesIO()
        write_xlsx(body, HEADINGS, rows_of(drafts), title="Questions", widths=WIDTHS)
        return body.getvalue()


FORMAT = XlsxTable()
