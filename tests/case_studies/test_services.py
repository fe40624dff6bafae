"""Attempts at cases: what is refused, what is taken once, what stays as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from attune.case_studies.casting import case_of
from attune.case_studies.freezing import case_of_attempt
from attune.case_studies.models import CaseAttempt, CaseDecision, CaseStudyPage
from attune.case_studies.services import (
    AlreadyDecided,
    AttemptClosed,
    CannotStart,
    NotTaken,
    decide,
    start_attempt,
    try_again_from,
)
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import Reader
from attune.enrolments.states import State
from attune.xapi.models import StatementRecord
from tests.case_studies.support import NOW, CaseSet, put_rows, small_case

pytestmark = pytest.mark.django_db


def begun(case_set: CaseSet) -> CaseAttempt:
    return start_attempt(reader=case_set.reader, page=case_set.page, now=NOW)


def walk(case_set: CaseSet, attempt: CaseAttempt, *choices: str, first: int = 1) -> CaseAttempt:
    for position, choice in enumerate(choices, start=first):
        attempt = decide(
            attempt=attempt,
            reader=case_set.reader,
            position=position,
            choice_key=choice,
            now=NOW + timedelta(minutes=position),
        ).attempt
    return attempt


def kinds() -> list[str]:
    return list(StatementRecord.objects.order_by("pk").values_list("kind", flat=True))


def progress() -> UnitProgress:
    return UnitProgress.objects.get(unit__casestudypage__isnull=False)


def test_what_is_refused_changes_nothing(case_set: CaseSet) -> None:
    attempt = begun(case_set)
    before = kinds()
    reader = case_set.reader

    def refused(kind: type[Exception], **fields: Any) -> None:
        with pytest.raises(kind):
            decide(
                **{
                    "attempt": attempt,
                    "reader": reader,
                    "position": 1,
                    "choice_key": "time",
                    "now": NOW,
                    **fields,
                }
            )

    refused(NotTaken, choice_key="own")  # of another scene
    refused(NotTaken, choice_key="")
    refused(NotTaken, position=2)
    refused(NotTaken, position=0)
    refused(NotTaken, position=-1)
    refused(AttemptClosed, reader=Reader(reader.person, reader.enrolment, reader.module, 2))
    assert kinds() == before
    assert not CaseDecision.objects.exists()
    # A choice whose condition fails is not offered.
    walk(case_set, attempt, "vague")
    attempt.refresh_from_db()
    assert attempt.place == "closing"  # the call is passed over
    refused(NotTaken, position=2, choice_key="report")
    attempt.refresh_from_db()
    assert attempt.place == "closing"
    # An attempt whose page is gone keeps what was decided.
    CaseAttempt.objects.update(unit=None)
    refused(AttemptClosed, position=2, choice_key="drop")


def test_a_case_is_walked_to_its_ending(case_set: CaseSet) -> None:
    attempt = begun(case_set)
    assert begun(case_set) == attempt
    attempt = walk(case_set, attempt, "time", "own", "report")
    attempt.refresh_from_db()
    assert (attempt.state, attempt.ending_key, attempt.score, attempt.passed) == (
        "finished",
        "trusted",
        90,
        True,
    )
    assert attempt.competencies["ownership"] == {
        "earned": 5,
        "lowest": -1,
        "highest": 5,
        "scaled": 1.0,
    }
    rows = list(attempt.decisions.values_list("position", "scene_key", "choice_key", "repeated"))
    assert rows == [
        (1, "answer", "time", False),
        (2, "call", "own", False),
        (3, "closing", "report", False),
    ]
    first = attempt.decisions.get(position=1)
    assert first.offered == ["time", "vague"]
    assert (first.before, first.after) == (
        {"trust": 50, "minutes": 120},
        {"trust": 70, "minutes": 110},
    )
    assert (first.shown_at, first.seconds) == (NOW, 60.0)
    assert progress().state == State.COMPLETED
    assert progress().score == pytest.approx(0.9)
    assert kinds()[-8:] == [
        "case_decided",
        "case_progressed",
        "case_decided",
        "case_progressed",
        "case_decided",
        "case_passed",
        "case_terminated",
        "unit_completed",
    ]
    # The names in braces became the client's.
    assert "for Nordlicht" in case_of_attempt(attempt).introduction
    assert "{{" in case_of(case_set.page).introduction


def test_the_same_choice_again_is_no_second_decision(case_set: CaseSet) -> None:
    attempt = walk(case_set, begun(case_set), "time")
    again = decide(attempt=attempt, reader=case_set.reader, position=1, choice_key="time", now=NOW)
    assert not again.is_new
    with pytest.raises(AlreadyDecided, match="stays"):
        decide(attempt=attempt, reader=case_set.reader, position=1, choice_key="vague", now=NOW)
    walk(case_set, attempt, "own", "report", first=2)
    # Also after the end, and the last one.
    last = decide(attempt=attempt, reader=case_set.reader, position=3, choice_key="report", now=NOW)
    assert not last.is_new
    with pytest.raises(AttemptClosed):
        decide(attempt=attempt, reader=case_set.reader, position=4, choice_key="drop", now=NOW)
    assert CaseDecision.objects.count() == 3
    assert kinds().count("case_decided") == 3


def test_a_time_that_cannot_be_is_cut(case_set: CaseSet) -> None:
    attempt = begun(case_set)
    for position, (choice, shown_at, now) in enumerate(
        (
            ("time", NOW - timedelta(days=1), NOW + timedelta(seconds=30)),
            ("own", NOW + timedelta(days=1), NOW + timedelta(seconds=40)),
            ("drop", None, NOW - timedelta(hours=1)),  # a clock that was set back
        ),
        start=1,
    ):
        decide(
            attempt=attempt,
            reader=case_set.reader,
            position=position,
            choice_key=choice,
            now=now,
            shown_at=shown_at,
        )
    assert [each.seconds for each in attempt.decisions.order_by("position")] == [30.0, 0.0, 0.0]


def test_failing_keeps_the_unit_open_and_a_later_fail_takes_nothing_back(
    case_set: CaseSet,
) -> None:
    failed = walk(case_set, begun(case_set), "vague", "drop")
    assert (failed.ending_key, failed.score, failed.passed) == ("escalated", 20, False)
    assert progress().state == State.IN_PROGRESS
    assert kinds()[-2:] == ["case_failed", "case_terminated"]
    second = begun(case_set)
    assert second.number == 2
    walk(case_set, second, "time", "own", "report")
    assert progress().state == State.COMPLETED
    walk(case_set, begun(case_set), "vague", "drop")
    assert progress().state == State.COMPLETED
    assert progress().score == pytest.approx(0.9)
    assert kinds().count("unit_completed") == 1


def test_any_ending_completes_a_case_that_asks_for_no_score(case_set: CaseSet) -> None:
    CaseStudyPage.objects.update(pass_score=None)
    case_set.page.refresh_from_db()
    attempt = walk(case_set, begun(case_set), "vague", "drop")
    assert attempt.passed
    assert kinds()[-3:] == ["case_completed", "case_terminated", "unit_completed"]


def test_try_again_from_a_decision_repeats_what_came_before(case_set: CaseSet) -> None:
    first = walk(case_set, begun(case_set), "time", "team", "drop")
    answered = kinds().count("case_decided")
    decision = first.decisions.get(position=2)
    later = NOW + timedelta(hours=1)
    again = try_again_from(decision=decision, reader=case_set.reader, now=later)
    assert again == try_again_from(decision=decision, reader=case_set.reader, now=later)
    assert (again.number, again.place, again.frozen) == (2, "call", first.frozen)
    assert again.enrolment.registration == first.enrolment.registration
    assert kinds().count("case_decided") == answered
    assert kinds()[-1] == "case_initialized"
    with pytest.raises(CannotStart):
        try_again_from(decision=first.decisions.get(position=1), reader=case_set.reader, now=later)
    walk(case_set, again, "own", "report", first=2)
    again.refresh_from_db()
    assert (again.score, again.ending_key) == (90, "trusted")
    assert list(again.decisions.values_list("choice_key", "repeated")) == [
        ("time", True),
        ("own", False),
        ("report", False),
    ]
    # What was repeated counts for the competencies, and was decided once.
    assert again.competencies["directness"]["earned"] == 2
    assert kinds().count("case_decided") == answered + 2
    assert CaseDecision.objects.taken().filter(scene_key="answer").count() == 1
    with pytest.raises(AttemptClosed):
        try_again_from(
            decision=decision,
            reader=Reader(case_set.person, case_set.enrolment, case_set.content.module, cycle=2),
            now=later,
        )


def test_an_edited_case_leaves_a_running_attempt_on_its_graph(case_set: CaseSet) -> None:
    attempt = walk(case_set, begun(case_set), "time")
    case = small_case(pass_score=60)
    draft: Any = case_set.page.get_latest_revision_as_object()
    put_rows(draft, case)
    draft.pass_score = 60
    scene = next(row for row in draft.scenes.all() if row.key == "call")
    for choice in scene.choices.all():
        choice.to = ""  # the report is never written any more
    scene.title = "Nobody calls"
    draft.save_revision().publish()
    live: Any = CaseStudyPage.objects.get(pk=case_set.page.pk)
    assert [s.title for s in case_of(live).scenes][1] == "Nobody calls"
    assert start_attempt(reader=case_set.reader, page=live, now=NOW) == attempt
    walk(case_set, attempt, "own", "report", first=2)
    attempt.refresh_from_db()
    assert (attempt.ending_key, attempt.passed) == ("trusted", True)
    after = start_attempt(reader=case_set.reader, page=live, now=NOW)
    assert after.frozen != attempt.frozen
    assert case_of_attempt(after).pass_score == 60


def test_the_database_holds_what_must_hold(case_set: CaseSet) -> None:
    attempt = begun(case_set)
    rows = CaseAttempt.objects.filter(pk=attempt.pk)
    for change in (
        {"state": "finished"},
        {"score": 50},
        {"ending_key": "trusted"},
        {"number": 0},
        {"place": ""},
        {"replay_of": attempt},
        {
            "state": "finished",
            "finished_at": NOW,
            "ending_key": "x",
            "score": 101,
            "passed": True,
        },
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    attempt.pk = None
    attempt._state.adding = True
    attempt.number = 2
    attempt.deed = case_set.enrolment.registration
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt.save()
