"""What a trainer reads of a file that was tried: plain data, so that a job can keep it.

Words that depend on the reader's language (headings, names of types) are left to the page;
reasons are in the language of whoever asked.
"""

from __future__ import annotations

import re
from typing import Any

from attune.quizzes.services.import_questions import Plan, Step, Verdict

SHOWN = 200
"""Lines of each list in a report; the rest are counted."""
ORDER = ("refused", "noted", "changed", "new", "unchanged")


def report_of(plan: Plan) -> dict[str, Any]:
    """Counts, the first lines of each list, and whether there is anything to import."""
    lines = _lines(plan)
    return {
        "counts": plan.counts,
        "lists": [
            {
                "verdict": name,
                "count": len(lines[name]),
                "lines": sorted(lines[name], key=_in_the_file)[:SHOWN],
                "more": max(0, len(lines[name]) - SHOWN),
            }
            for name in ORDER
            if lines[name]
        ],
        "unsaid": plan.unsaid,
        "encoding": plan.encoding,
        "changes_something": plan.changes_something,
    }


def refusals_of(plan: Plan) -> list[list[str]]:
    """Where, what, why: everything that was refused."""
    refused = sorted(_lines(plan)["refused"], key=_in_the_file)
    return [[each["place"], each["name"], " ".join(each["words"])] for each in refused]


def _lines(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    lines: dict[str, list[dict[str, Any]]] = {name: [] for name in ORDER}
    for each in plan.findings:
        name = "refused" if each.refused else "noted"
        lines[name].append(_line(each.place, each.name, "", [each.message]))
    for step in plan.steps:
        words = [step.reason] if step.reason else list(step.notes)
        was = step.was.title if step.was is not None and step.verdict != Verdict.NEW else ""
        lines[step.verdict.value].append(
            _line(step.draft.place, step.name, step.draft.kind, words, was=was)
            | {"question": _key(step)}
        )
    return lines


def _key(step: Step) -> int | None:
    """Of the question that the line means; None before a new one is saved, or if refused."""
    question = step.was if step.was is not None else step.question
    return None if question is None or step.verdict == Verdict.REFUSED else question.pk


def _in_the_file(each: dict[str, Any]) -> list[int]:
    """Where it stands: what was refused on reading and what was refused later, in one order."""
    return [int(number[:9]) for number in re.findall("[0-9]+", each["place"])]


def _line(place: str, name: str, kind: str, words: list[str], was: str = "") -> dict[str, Any]:
    return {"place": place, "name": name, "kind": kind, "words": words, "was": was}
