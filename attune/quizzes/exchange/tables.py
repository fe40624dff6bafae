"""A question as a row of a table: the columns that CSV and XLSX share.

One row per question. The columns in front say what every question has; then come groups of
three, ``answer n``, ``key n`` and ``comment n``, whose meaning depends on the type:

===============  =======================  ==========================  =====================
type             answer                   key                         comment
===============  =======================  ==========================  =====================
true_false       ``true`` or ``false``    ``x`` where it is right     feedback
choice           option                   ``x``, or ``50%``           feedback
fill_in          accepted | accepted      case_matters=yes; …         feedback
written_reply    criterion                points                      description
matching         left side (or empty)     right side                  feedback
sequencing       step                                                 feedback
performance      what happens             right | wrong | wrong       feedback
likert           step of the scale
numeric          ``3.5`` or ``3..4``      tolerance                   feedback
situational      reply                    the experts’ number         feedback
===============  =======================  ==========================  =====================

``text`` holds the sentence with its gaps ``[[1]]``, or the situation of a written reply;
``settings`` holds ``name=value; name=value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from attune.quizzes.exchange.contract import Draft, Parsed, QuestionRefused
from attune.quizzes.exchange.facts import read_difficulty, read_topic
from attune.quizzes.exchange.table_kinds import KINDS, Row
from attune.quizzes.exchange.texts import from_any, is_plain, looks_like_html, tidy, to_plain
from attune.safety.sanitiser import TooMuchText
from attune.tabular.reading import FileRefused, Line

GROUPS = 20
FRONT = (
    "id", "type", "title", "question", "text", "model answer", "explanation", "topic",
    "difficulty", "tags", "settings",
)  # fmt: skip
BACK = tuple(
    f"{name} {number}" for number in range(1, GROUPS + 1) for name in ("answer", "key", "comment")
)
HEADINGS = (*FRONT, *BACK)
WIDTHS = [14, 14, 26, 48, 40, 30, 40, 16, 10, 20, 24, 30]


# --- Reading -------------------------------------------------------------------------------


def read_rows(lines: Iterator[Line], encoding: str) -> Parsed:
    """:raises FileRefused: the heading row is missing, or the table cannot be read."""
    parsed = Parsed(encoding=encoding)
    first = next((line for line in lines if any(cell.strip() for cell in line.cells)), None)
    if first is None:
        raise FileRefused(_("The table is empty."))
    columns = read_headings(first, parsed)
    for line in lines:
        if not any(cell.strip() for cell in line.cells):
            continue
        if parsed.is_full:
            parsed.refuse_the_rest(place_of(line.number))
            break
        cells = {
            name: tidy(line.cells[index])
            for name, index in columns.items()
            if index < len(line.cells)
        }
        read_row(line.number, cells, parsed)
    return parsed


def place_of(number: int) -> str:
    return _("line %(number)d") % {"number": number}


def read_headings(line: Line, parsed: Parsed) -> dict[str, int]:
    columns: dict[str, int] = {}
    unknown = []
    for index, cell in enumerate(line.cells):
        name = " ".join(tidy(cell).lower().replace("_", " ").split())
        if not name:
            continue
        if name in columns:
            raise FileRefused(_("The column “%(name)s” is there twice.") % {"name": name[:60]})
        if name in HEADINGS:
            columns[name] = index
        else:
            unknown.append(name[:60])
    missing = [name for name in ("type", "question", "answer 1") if name not in columns]
    if missing:
        raise FileRefused(
            _("Columns are missing: %(names)s. Download the template to see all of them.")
            % {"names": ", ".join(missing)}
        )
    if unknown:
        parsed.note(
            place_of(line.number),
            "",
            _("Columns that are not known were left out: %(names)s.")
            % {"names": ", ".join(unknown[:20])},
        )
    return columns


def read_row(number: int, cells: dict[str, str], parsed: Parsed) -> None:
    place = place_of(number)
    title = " ".join(cells.get("title", "").split())[:150]
    notes: list[str] = []
    try:
        name = re.sub(r"[\s-]+", "_", cells.get("type", "").lower())
        if name not in KINDS:
            raise QuestionRefused(
                _("“%(type)s” is no type of question. There are: %(types)s.")
                % {"type": cells.get("type", "")[:40], "types": ", ".join(sorted(KINDS))}
            )
        row = Row(
            text=cells.get("text", ""),
            model_answer=cells.get("model answer", ""),
            settings=read_settings(cells.get("settings", "")),
            groups=groups_of(cells),
        )
        data = KINDS[name].read(row)
        if row.settings:
            notes.append(
                _("Settings that are not known were left out: %(names)s.")
                % {"names": ", ".join(each[:40] for each in row.settings)}
            )
        parsed.drafts.append(
            Draft(
                kind=name,
                prompt=from_any(cells.get("question", "")),
                data=data,
                title=title or None,
                explanation=rich_or_nothing(cells, "explanation"),
                topic=read_topic(cells.get("topic", "")),
                difficulty=read_difficulty(cells.get("difficulty", "")),
                tags=read_tags(cells),
                identifier=cells.get("id", "")[:255],
                place=place,
            )
        )
        for each in notes:
            parsed.note(place, title, each)
    except TooMuchText:
        parsed.refuse(place, title, _("The text is too long."))
    except QuestionRefused as error:
        parsed.refuse(place, title, str(error))


def rich_or_nothing(cells: dict[str, str], name: str) -> str | None:
    """None where the table has no such column, and so says nothing."""
    return from_any(cells[name]) if name in cells else None


def read_tags(cells: dict[str, str]) -> tuple[str, ...] | None:
    if "tags" not in cells:
        return None
    return tuple(dict.fromkeys(filter(None, map(str.strip, cells["tags"].split(",")))))


def groups_of(cells: dict[str, str]) -> list[tuple[str, str, str]]:
    """Answer, key and comment, up to the last group with anything in it."""
    groups = [
        (
            cells.get(f"answer {number}", ""),
            cells.get(f"key {number}", ""),
            cells.get(f"comment {number}", ""),
        )
        for number in range(1, GROUPS + 1)
    ]
    while groups and not any(groups[-1]):
        groups.pop()
    return groups


def read_settings(text: str) -> dict[str, str]:
    """``name=value; name=value``; a name alone is switched on. A backslash sets ``;`` aside."""
    settings = {}
    for part in re.findall(r"(?:\\.|[^;\\]|\\$)+", text):
        name, sign, value = part.partition("=")
        name = re.sub(r"[\s-]+", "_", name.strip().lower())
        if name:
            settings[name] = re.sub(r"\\(.)", r"\1", value.strip()) if sign else "yes"
    return settings


# --- Writing -------------------------------------------------------------------------------


def refusal_of(draft: Draft) -> str:
    groups = KINDS[draft.kind].write(draft.data).groups
    if len(groups) > GROUPS:
        return _("The table has room for %(most)d answers, and this question has %(count)d.") % {
            "most": GROUPS,
            "count": len(groups),
        }
    return ""


def rows_of(drafts: Iterable[Draft]) -> Iterator[list[str]]:
    for draft in drafts:
        yield row_of(draft)


def row_of(draft: Draft) -> list[str]:
    row = KINDS[draft.kind].write(draft.data)
    front = [
        draft.identifier,
        draft.kind,
        draft.title or "",
        in_cell(draft.prompt),
        row.text,
        row.model_answer,
        in_cell(draft.explanation or ""),
        draft.topic or "",
        str(draft.difficulty or ""),
        ", ".join(draft.tags or ()),
        write_settings(row.settings),
    ]
    back = [cell for group in row.groups for cell in group]
    return [*front, *back, *[""] * (len(BACK) - len(back))]


def in_cell(html: str) -> str:
    """Rich text as a person would type it, where it is no more than paragraphs."""
    words = to_plain(html)
    return words if is_plain(html) and not looks_like_html(words) else html


def write_settings(settings: dict[str, str]) -> str:
    return "; ".join(
        name + "=" + re.sub(r"([;\\])", r"\\\1", value) for name, value in settings.items()
    )
