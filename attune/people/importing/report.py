"""What the user reads of a file that was tried: plain data, so that a job can keep it.

Names of columns are left to the page, which knows the reader's language; reasons are in the
language of whoever asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from attune.people.importing.columns import BY_NAME
from attune.people.importing.lines import Fault
from attune.people.importing.plans import Plan, Step, Verdict, shown
from attune.people.importing.tables import Table

SHOWN = 200
"""Lines of each list in a report; the rest are counted."""
ORDER = (Verdict.LEAVES, Verdict.CHANGED, Verdict.NEW, Verdict.UNCHANGED)


def report_of(plan: Plan) -> dict[str, Any]:
    by_verdict: dict[Verdict, list[Step]] = {verdict: [] for verdict in Verdict}
    for step in plan.steps:
        by_verdict[step.verdict].append(step)
    noted = [step for step in plan.steps if step.notes and step.verdict != Verdict.REFUSED]
    return {
        "counts": plan.counts,
        "lists": [
            {
                "verdict": verdict.value,
                "count": len(by_verdict[verdict]),
                "lines": [_line(step) for step in by_verdict[verdict][:SHOWN]],
                "more": max(0, len(by_verdict[verdict]) - SHOWN),
            }
            for verdict in ORDER
            if by_verdict[verdict]
        ],
        "noted": len(noted),
        "faults": [_fault(fault) for fault in plan.faults[:SHOWN]],
        "more_faults": max(0, len(plan.faults) - SHOWN),
        "fault_count": len(plan.faults),
        "places": [place.name for place in plan.places],
        "teams": [f"{desk.name} ({desk.engagement_name})" for desk in plan.desks],
        "missing": [
            {"job": each.job, "name": each.name, "email": each.email, "number": each.external_id}
            for each in plan.missing
        ],
        "changes_something": plan.changes_something,
    }


def _line(step: Step) -> dict[str, Any]:
    return {
        "line": step.wanted.line,
        "name": step.name,
        "email": step.email,
        "changes": [
            *_beginning(step),
            *([each.column, each.was, each.becomes] for each in step.changes),
        ],
        "notes": step.notes,
    }


def _beginning(step: Step) -> list[list[str]]:
    """How somebody new begins: when, where, in which team."""
    if not step.is_new_job:
        return []
    team = f"{step.move.desk.name} ({step.move.desk.engagement_name})" if step.move else ""
    values = {
        "hired_on": shown(step.job_values["hired_on"]),
        "left_on": shown(step.job_values["left_on"]),
        "location": step.place.name if step.place else "",
        "team": team,
    }
    return [[column, "", value] for column, value in values.items() if value]


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "line": fault.line,
        "column": fault.column,
        "value": fault.value,
        "reason": fault.reason,
    }


def in_rows(faults: Sequence[Fault]) -> list[list[str]]:
    """Where, what, why: as jobs keep it."""
    return [
        [
            _("line %(line)d") % {"line": each.line},
            f"{label(each.column)}: {each.value}",
            each.reason,
        ]
        for each in faults
    ]


def label(column: str) -> str:
    return str(BY_NAME[column].label) if column in BY_NAME else column


def faulty_lines(
    table: Table, faults: Sequence[dict[str, Any]] | Sequence[Fault]
) -> tuple[list[str], Iterator[list[str]]]:
    """The refused lines as they stood in the file, each with where it stood and why.

    The table can be mended and imported by itself: its headings are the file's own, and the
    two columns in front are not read.
    """
    reasons: dict[int, list[str]] = {}
    for fault in faults:
        each = fault if isinstance(fault, dict) else _fault(fault)
        words = f"{label(each['column'])}: {each['reason']}"
        reasons.setdefault(each["line"], []).append(words)
    headings = [_("Line of the file"), _("Reason"), *table.headings]
    rows = (
        [str(line.number), " ".join(reasons[line.number]), *line.cells]
        for line in table.lines
        if line.number in reasons
    )
    return headings, rows
