"""Golden statements: what an attempt at a case says to the record store, letter by letter.

A missing golden fails, and its failure prints what it would hold: read it before you keep it.
No switch writes them, on purpose.
"""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from wagtail.models import Page

from attune.case_studies.models import CaseAttempt, CaseStudyPage
from attune.case_studies.services import decide, start_attempt, try_again_from
from attune.enrolments.models import Enrolment
from attune.people.models import Person
from attune.xapi.linting import lint
from attune.xapi.models import StatementRecord
from tests.case_studies.support import NOW, CaseSet

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent / "golden"
OUTCOMES = {
    "case_passed": ("time", "own", "report"),
    "case_failed": ("vague", "drop"),
    "case_completed": ("time", "team", "drop"),
}
ALWAYS = ("case_decided", "case_progressed", "case_terminated", "case_initialized")
AGAIN = "case_initialized_again_from_a_decision"


def fixed(number: int) -> uuid.UUID:
    return uuid.UUID(f"00000000-0000-4000-8000-{number:012x}")


@pytest.fixture
def fixed_keys(case_set: CaseSet) -> CaseSet:
    """The same case with ids that are the same in every run."""
    Person.objects.filter(pk=case_set.person.pk).update(pseudonym=fixed(1))
    case_set.person.refresh_from_db()
    case_set.person.user = type(case_set.person.user).objects.get(pk=case_set.person.user_id)
    Enrolment.objects.update(registration=fixed(2))
    for number, page in enumerate(
        (case_set.page, case_set.content.module, case_set.content.programme), start=10
    ):
        Page.objects.filter(pk=page.pk).update(translation_key=fixed(number))
    case_set.page.refresh_from_db()
    return case_set


def walked(case_set: CaseSet, *choices: str, number: int = 1) -> CaseAttempt:
    began = NOW + timedelta(hours=number)
    attempt = start_attempt(reader=case_set.reader, page=case_set.page, now=began)
    CaseAttempt.objects.filter(pk=attempt.pk).update(deed=fixed(1000 + number))
    attempt.refresh_from_db()
    for position, choice in enumerate(choices, start=1):
        attempt = decide(
            attempt=attempt,
            reader=case_set.reader,
            position=position,
            choice_key=choice,
            now=began + timedelta(minutes=2 * position, seconds=5),
            shown_at=began + timedelta(minutes=2 * position - 1),
        ).attempt
    return attempt


def said(kind: str) -> dict[str, Any]:
    row = StatementRecord.objects.filter(kind=kind).order_by("-pk").first()
    assert row is not None, f"nothing was recorded as {kind}"
    statement: dict[str, Any] = json.loads(row.body)
    assert lint(statement) == []
    return statement


def compare(name: str, statement: dict[str, Any]) -> None:
    path = GOLDEN / f"{name}.json"
    written = json.dumps(statement, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    assert path.is_file(), f"{path.name} is missing. It would be:\n{written}"
    assert written == path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_outcomes(fixed_keys: CaseSet, outcome: str) -> None:
    if outcome == "case_completed":
        CaseStudyPage.objects.update(pass_score=None)
        fixed_keys.page.refresh_from_db()
    walked(fixed_keys, *OUTCOMES[outcome])
    compare(outcome, said(outcome))
    if outcome == "case_passed":
        for kind in ("case_decided", "case_progressed", "case_terminated"):
            compare(kind, said(kind))


def test_further_attempts(fixed_keys: CaseSet) -> None:
    """The random key of an attempt is part of the statement's id, and of nothing else in it."""
    first = walked(fixed_keys, "time", "team", "drop")
    walked(fixed_keys, "vague", "drop", number=2)
    statement = said("case_initialized")
    compare("case_initialized", statement | {"id": str(fixed(0))})
    try_again_from(
        decision=first.decisions.get(position=2),
        reader=fixed_keys.reader,
        now=NOW + timedelta(hours=3),
    )
    again = said("case_initialized")
    compare(AGAIN, again | {"id": str(fixed(0))})
    assert again["context"]["registration"] == statement["context"]["registration"]
    ids = list(StatementRecord.objects.values_list("statement_id", flat=True))
    assert len(ids) == len(set(ids))


def test_every_golden_is_compared_with_something() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {
        *OUTCOMES,
        *ALWAYS,
        AGAIN,
        "reflection_answered",  # by test_reflections
    }
