"""What people upload, as text and as rows: encodings found out, sizes kept within limits.

Nothing here knows what the rows mean. Every refusal is a ``FileRefused`` with a sentence
for whoever sent the file.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

MAX_BYTES = 5_000_000
MAX_UNPACKED = 50_000_000
MAX_RATIO = 100
MAX_MEMBERS = 12_000
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELL = 50_000

# Where compression begins to tell of a bomb: a small part may well shrink to a hundredth.
_RATIO_COUNTS_FROM = 1_000_000


class FileRefused(ValueError):
    """The file as a whole cannot be read. The message says why, in words."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table. ``number`` counts from 1, as an editor or a spreadsheet does."""

    number: int
    cells: list[str]


# --- Text ----------------------------------------------------------------------------------

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
# What no text holds; tab, line feed, form feed and carriage return are text.
_QUOTED = re.compile(r'"[^"]*"')
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def decode(body: bytes) -> tuple[str, str]:
    """The text of a file and the name of its encoding: by its mark, UTF-16, UTF-8, cp1252.

    Windows-1252 is what is left when it is not UTF-8: older spreadsheets and editors write it.

    :raises FileRefused: it is no text in any of these, or too much of it.
    """
    if len(body) > MAX_BYTES:
        raise FileRefused(
            _("The file has more than %(most)d MB. Split it.") % {"most": MAX_BYTES // 1_000_000}
        )
    text, name = _decoded(body)
    if _BINARY.search(text):
        raise FileRefused(_("This is not a text file."))
    return text.replace("\r\n", "\n").replace("\r", "\n"), name


def _decoded(body: bytes) -> tuple[str, str]:
    guesses = [(codec, name) for mark, codec, name in _BOMS if body.startswith(mark)][:1]
    if not guesses:
        guesses = [("utf-8", "UTF-8"), ("cp1252", "Windows-1252")]
        # Latin script in UTF-16 without its mark: every other byte is zero.
        if body[1:400:2].count(0) > len(body[1:400:2]) * 0.6:
            guesses = [("utf-16-le", "UTF-16")]
        elif body[0:400:2].count(0) > len(body[0:400:2]) * 0.6:
            guesses = [("utf-16-be", "UTF-16")]
    for codec, name in guesses:
        try:
            return body.decode(codec), name
        except UnicodeDecodeError:
            continue
    raise FileRefused(_("The text’s encoding was not recognised. Save it as UTF-8."))


def csv_rows(body: bytes) -> tuple[Iterator[Line], str]:
    """The rows of a CSV file, parted by comma, semicolon or tab, and its encoding.

    :raises FileRefused: at once, or while the rows are read.
    """
    text, encoding = decode(body)
    return _csv_rows(text, separator_of(text)), encoding


def separator_of(text: str) -> str:
    """What parts the cells of a CSV text: judged by its first line, quoted cells left out."""
    first = _QUOTED.sub("", text[:MAX_CELL].lstrip("\n").partition("\n")[0])
    return max(",;\t", key=first.count)


def _csv_rows(text: str, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    count = 0
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileRefused(
                _("Line %(line)d cannot be read as CSV.") % {"line": number}
            ) from error
        count += 1
        _refuse_too_much(count, cells)
        yield Line(number, cells)


def _refuse_too_much(row: int, cells: list[str]) -> None:
    if row > MAX_ROWS:
        raise FileRefused(_("The table has more than %(most)d rows.") % {"most": MAX_ROWS})
    if len(cells) > MAX_COLUMNS:
        raise FileRefused(_("The table has more than %(most)d columns.") % {"most": MAX_COLUMNS})
    if any(len(cell) > MAX_CELL for cell in cells):
        raise FileRefused(
            _("A cell in row %(row)d has more than %(most)d characters.")
            % {"row": row, "most": MAX_CELL}
        )


# --- Archives and workbooks ------------------------------------------------------------------


def open_archive(body: bytes) -> zipfile.ZipFile:
    """A ZIP file that unpacks to no more than it may, judged before anything is unpacked.

    :raises FileRefused: it is broken, encrypted or a bomb.
    """
    if len(body) > MAX_BYTES:
        raise FileRefused(
            _("The file has more than %(most)d MB. Split it.") % {"most": MAX_BYTES // 1_000_000}
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise FileRefused(_("The archive is damaged.")) from error
    if len(members) > MAX_MEMBERS:
        raise FileRefused(_("The archive has more than %(most)d files.") % {"most": MAX_MEMBERS})
    unpacked = sum(each.file_size for each in members)
    packed = max(1, sum(each.compress_size for each in members))
    if unpacked > MAX_UNPACKED or (unpacked > _RATIO_COUNTS_FROM and unpacked / packed > MAX_RATIO):
        raise FileRefused(_("The archive unpacks to too much. It was not opened."))
    if any(each.flag_bits & 1 for each in members):
        raise FileRefused(_("The archive is protected by a password."))
    return archive


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """One file of an archive, read no further than it says that it goes.

    :raises FileRefused: it is damaged, or there is more in it than it says.
    """
    try:
        size = archive.getinfo(name).file_size
        with archive.open(name) as part:
            body = part.read(size + 1)
    except (
        KeyError,
        zipfile.BadZipFile,
        ValueError,
        OSError,
        NotImplementedError,
        EOFError,
        RuntimeError,
        zlib.error,
    ) as error:
        raise FileRefused(_("The archive is damaged.")) from error
    if len(body) > size:
        raise FileRefused(_("The archive unpacks to too much. It was not opened."))
    return body


def xlsx_rows(body: bytes) -> Iterator[Line]:
    """The rows of a workbook's first sheet, every cell as text. Formulas count as their text.

    :raises FileRefused: at once, or while the rows are read.
    """
    archive = open_archive(body)
    # openpyxl reads the parts itself; each is first held against what it says of its size.
    for name in archive.namelist():
        member(archive, name)
    return _xlsx_rows(io.BytesIO(body))


def _xlsx_rows(body: IO[bytes]) -> Iterator[Line]:
    try:
        book = load_workbook(body, read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        # What the sheet says of its own size may be anything; it is read as far as it goes.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), 1):
            cells = [cell_text(value) for value in row]
            _refuse_too_much(number, cells)
            yield Line(number, cells)
    except FileRefused:
        raise
    # openpyxl raises whatever its parts meet in a broken file: KeyError, TypeError, zlib.error …
    except Exception as error:
        raise FileRefused(_("The workbook is damaged.")) from error


def cell_text(value: Any) -> str:
    """A cell as a person would type it: no ``.0`` behind whole numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
