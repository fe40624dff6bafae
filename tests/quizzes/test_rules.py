"""What a quiz's rules allow: draws, sections, waiting, time limits, which result counts, grants."""

from __future__ import annotations

import importlib
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from attune.curriculum.topics import Topic
from attune.enrolments.models import ModuleEvidence, UnitProgress
from attune.enrolments.states import State
from attune.quizzes.models import (
    GRACE,
    AttemptGrant,
    ExtraTime,
    QuizAttempt,
    QuizQuestion,
)
from attune.quizzes.questions.items import ResponseError
from attune.quizzes.services import (
    AttemptClosed,
    CannotGrant,
    CannotStart,
    close_overdue,
    flag_question,
    grant_attempt,
    hand_in,
    save_answer,
    set_extra_time,
    show_answer,
    start_attempt,
)
from attune.quizzes.standing import standing_of
from attune.xapi.models import StatementRecord
from tests.conftest import Pair
from tests.factories import as_user
from tests.quizzes.support import NOW, QuizSet, choice, right_answer, true_false

pytestmark = pytest.mark.django_db


def rules(quiz_set: QuizSet, **fields: Any) -> None:
    type(quiz_set.quiz).objects.filter(pk=quiz_set.quiz.pk).update(**fields)
    quiz_set.quiz.refresh_from_db()


def begin(quiz_set: QuizSet, *, at: datetime = NOW) -> QuizAttempt:
    return start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=at)


def take(quiz_set: QuizSet, *, right: int, at: datetime = NOW) -> QuizAttempt:
    """A whole attempt, the first ``right`` questions answered rightly and no other."""
    attempt = begin(quiz_set, at=at)
    for question in attempt.questions.select_related("frozen").order_by("position")[:right]:
        save_answer(
            attempt=attempt,
            position=question.position,
            raw=right_answer(question),
            sequence=1,
            now=at,
        )
    return hand_in(attempt=attempt, reader=quiz_set.reader, now=at + timedelta(minutes=1))


def progress_of(quiz_set: QuizSet) -> UnitProgress:
    return UnitProgress.objects.get(unit_key=quiz_set.quiz.translation_key)


def draw(quiz_set: QuizSet, count: int, **fields: Any) -> QuizQuestion:
    return QuizQuestion.objects.create(
        **{"page": quiz_set.quiz, "draw_count": count, "sort_order": 50, **fields}
    )


def asked(attempt: QuizAttempt) -> list[Any]:
    return list(attempt.questions.order_by("position").values_list("question_key", flat=True))


class TestDraws:
    @pytest.fixture
    def bank(self, nordlicht_habagat: Pair, cedar_deccan: Pair) -> dict[str, Any]:
        client = nordlicht_habagat.client
        return {
            "escalation": [
                true_false(client, f"Escalation {n}", tags=["Escalation"]) for n in range(4)
            ],
            "shared": [choice(None, "Shared", tags=["Escalation"])],
            "draft": [true_false(client, "Draft", tags=["Escalation"], publish=False)],
            "foreign": [true_false(cedar_deccan.client, "Foreign", tags=["Escalation"])],
            "hard": [true_false(client, "Hard", difficulty=3, topic=Topic.ETIQUETTE)],
        }

    def keys(self, questions: list[Any]) -> set[Any]:
        return {question.translation_key for question in questions}

    def test_a_draw_takes_from_the_own_and_the_shared_bank_only(
        self, quiz_set: QuizSet, bank: dict[str, Any]
    ) -> None:
        draw(quiz_set, 20, draw_tag="escalation")
        drawn = set(asked(begin(quiz_set))) - self.keys(quiz_set.questions)
        assert drawn == self.keys(bank["escalation"] + bank["shared"])

    def test_a_draw_narrows_by_topic_and_difficulty(
        self, quiz_set: QuizSet, bank: dict[str, Any]
    ) -> None:
        draw(quiz_set, 5, draw_topic=Topic.ETIQUETTE, draw_difficulty=3)
        drawn = set(asked(begin(quiz_set))) - self.keys(quiz_set.questions)
        assert drawn == self.keys(bank["hard"])

    def test_nothing_is_asked_twice(self, quiz_set: QuizSet, bank: dict[str, Any]) -> None:
        fixed = bank["escalation"][0]
        draw(quiz_set, 3, draw_tag="escalation", sort_order=40)
        draw(quiz_set, 3, draw_tag="escalation", sort_order=41)
        QuizQuestion.objects.create(page=quiz_set.quiz, question=fixed, sort_order=60)
        keys = asked(begin(quiz_set))
        assert len(keys) == len(set(keys)) == 3 + 4 + 1
        assert keys[-1] == fixed.translation_key

    def test_the_next_attempt_draws_what_the_last_one_did_not(
        self, quiz_set: QuizSet, bank: dict[str, Any]
    ) -> None:
        draw(quiz_set, 2, draw_tag="escalation")
        first = asked(take(quiz_set, right=0))[3:]
        second = asked(take(quiz_set, right=0, at=NOW + timedelta(hours=1)))[3:]
        assert len(first) == len(second) == 2
        assert not set(first) & set(second)

    def test_the_order_of_the_bank_does_not_decide(
        self, quiz_set: QuizSet, bank: dict[str, Any]
    ) -> None:
        draw(quiz_set, 1, draw_tag="escalation", draw_unseen=False)
        drawn = {
            asked(take(quiz_set, right=0, at=NOW + timedelta(hours=number)))[3]
            for number in range(25)
        }
        assert len(drawn) > 1  # all alike by chance: once in 5 ** 24

    def test_sections_are_kept_with_the_attempt(
        self, quiz_set: QuizSet, bank: dict[str, Any]
    ) -> None:
        row = quiz_set.quiz.quiz_questions.get(question=quiz_set.questions[1])
        row.section = "On the phone"
        row.save()
        draw(quiz_set, 2, draw_tag="escalation", section="Escalating")
        attempt = begin(quiz_set)
        sections = list(attempt.questions.order_by("position").values_list("section", flat=True))
        assert sections == ["", "On the phone", "On the phone", "Escalating", "Escalating"]

    def test_a_row_is_a_question_or_a_draw(self, quiz_set: QuizSet) -> None:
        for wrong in ({"question": None}, {"question": quiz_set.questions[0], "draw_count": 2}):
            with pytest.raises(IntegrityError), transaction.atomic():
                QuizQuestion.objects.create(page=quiz_set.quiz, sort_order=70, **wrong)

    def test_drawing_from_a_large_bank_costs_no_more_queries(
        self, quiz_set: QuizSet, bank: dict[str, Any], django_assert_max_num_queries: Any
    ) -> None:
        draw(quiz_set, 4, draw_tag="escalation")
        take(quiz_set, right=0)
        reader = quiz_set.reader
        with django_assert_max_num_queries(42):
            start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW + timedelta(hours=1))


class TestWaiting:
    def test_too_early_says_until_when_in_the_learners_own_zone(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, wait_minutes=120)
        take(quiz_set, right=0)  # handed in at 09:01 UTC: 17:01 in Manila
        with pytest.raises(CannotStart, match="19:01, your time"):
            begin(quiz_set, at=NOW + timedelta(minutes=30))
        standing = standing_of(quiz_set.quiz, quiz_set.reader, now=NOW + timedelta(minutes=30))
        assert "19:01" in standing.blocked_words
        assert not standing.start_url

    def test_after_the_wait_it_starts(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, wait_minutes=120)
        take(quiz_set, right=0)
        assert begin(quiz_set, at=NOW + timedelta(minutes=121)).number == 2


class TestTimeLimit:
    @pytest.fixture(autouse=True)
    def limit(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, time_limit=10)

    def save(self, attempt: QuizAttempt, *, at: datetime) -> Any:
        return save_answer(attempt=attempt, position=1, raw=True, sequence=1, now=at)

    def test_the_time_is_the_quizs_and_the_persons_extra(self, quiz_set: QuizSet) -> None:
        assert begin(quiz_set).due_at == NOW + timedelta(minutes=10)

    def test_extra_time(self, quiz_set: QuizSet, client: Client) -> None:
        set_extra_time(person=quiz_set.person, percent=50, granted_by=None, now=NOW)
        as_user(client, quiz_set.person)
        assert "10 minutes at most, for you 15" in client.get(quiz_set.quiz.url).text
        assert begin(quiz_set).due_at == NOW + timedelta(minutes=15)
        set_extra_time(person=quiz_set.person, percent=0, granted_by=None, now=NOW)
        assert not ExtraTime.objects.exists()
        with pytest.raises(CannotGrant):
            set_extra_time(person=quiz_set.person, percent=900, granted_by=None, now=NOW)

    def test_an_answer_within_the_grace_is_taken_and_after_it_is_not(
        self, quiz_set: QuizSet
    ) -> None:
        attempt = begin(quiz_set)
        due = NOW + timedelta(minutes=10)
        assert self.save(attempt, at=due + GRACE).saved
        with pytest.raises(AttemptClosed, match="time is up"):
            save_answer(
                attempt=attempt,
                position=2,
                raw=None,
                sequence=2,
                now=due + GRACE + timedelta(seconds=1),
            )

    def test_handed_in_late_it_counts_as_of_when_the_time_was_up(self, quiz_set: QuizSet) -> None:
        attempt = begin(quiz_set)
        self.save(attempt, at=NOW)
        done = hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW + timedelta(hours=3))
        assert done.handed_in_at == NOW + timedelta(minutes=10)
        assert done.closed_by == QuizAttempt.ClosedBy.CLOCK
        assert done.raw == 1

    def test_the_sweep_hands_in_what_was_saved_and_only_what_is_over(
        self, quiz_set: QuizSet
    ) -> None:
        attempt = begin(quiz_set)
        self.save(attempt, at=NOW)
        due = NOW + timedelta(minutes=10)
        assert close_overdue(now=due + GRACE - timedelta(seconds=1)) == 0
        assert close_overdue(now=due + timedelta(minutes=1)) == 1
        assert close_overdue(now=due + timedelta(minutes=2)) == 0
        attempt.refresh_from_db()
        assert (attempt.state, attempt.raw) == (QuizAttempt.State.HANDED_IN, 1)
        verbs = [row.verb.rsplit("/", 1)[-1] for row in StatementRecord.objects.order_by("pk")]
        assert verbs.count("failed") == verbs.count("terminated") == 1

    def test_an_attempt_that_is_over_does_not_stand_in_the_way(self, quiz_set: QuizSet) -> None:
        first = begin(quiz_set)
        second = begin(quiz_set, at=NOW + timedelta(hours=1))
        first.refresh_from_db()
        assert (first.state, second.number) == (QuizAttempt.State.HANDED_IN, 2)

    def test_the_sweep_grades_for_somebody_who_no_longer_learns_it(self, quiz_set: QuizSet) -> None:
        attempt = begin(quiz_set)
        self.save(attempt, at=NOW)
        quiz_set.enrolment.refresh_from_db()
        type(quiz_set.enrolment).objects.update(state=State.WITHDRAWN)
        assert close_overdue(now=NOW + timedelta(hours=1)) == 1
        attempt.refresh_from_db()
        assert attempt.raw == 1

    def test_one_that_fails_leaves_the_others_alone(
        self, quiz_set: QuizSet, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        attempt = begin(quiz_set)
        sweep = importlib.import_module("attune.quizzes.services.close_overdue")

        def breaks(*args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("a broken attempt")

        monkeypatch.setattr(sweep, "hand_in", breaks)
        assert close_overdue(now=NOW + timedelta(hours=1)) == 0
        attempt.refresh_from_db()
        assert attempt.is_open
        assert str(attempt.deed) in caplog.text


def test_an_attempt_left_open_in_an_earlier_round_is_closed(quiz_set: QuizSet) -> None:
    attempt = begin(quiz_set)
    evidence = ModuleEvidence.objects.get(module_key=quiz_set.content.module.translation_key)
    ModuleEvidence.objects.create(
        person=quiz_set.person,
        module_key=evidence.module_key,
        cycle=2,
        enrolment=quiz_set.enrolment,
        started_at=NOW,
    )
    assert close_overdue(now=NOW + timedelta(days=1)) == 1
    attempt.refresh_from_db()
    assert attempt.closed_by == QuizAttempt.ClosedBy.ROUND
    assert close_overdue(now=NOW + timedelta(days=2)) == 0


class TestWhichResultCounts:
    def test_the_last(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, result_counts="last", pass_mark=100)
        take(quiz_set, right=2)
        last = take(quiz_set, right=1, at=NOW + timedelta(hours=1))
        assert progress_of(quiz_set).score == pytest.approx(1 / 3, abs=1e-5)
        lines = standing_of(quiz_set.quiz, quiz_set.reader).attempts
        assert [line.attempt.pk for line in lines if line.counts] == [last.pk]

    def test_the_best_keeps_the_better_score(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, pass_mark=100)
        take(quiz_set, right=2)
        take(quiz_set, right=1, at=NOW + timedelta(hours=1))
        assert progress_of(quiz_set).score == pytest.approx(2 / 3, abs=1e-5)

    def test_the_first_counts_and_practice_does_not(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, result_counts="first")
        take(quiz_set, right=0)
        assert progress_of(quiz_set).state == State.ATTEMPTS_EXHAUSTED
        practice = take(quiz_set, right=3, at=NOW + timedelta(hours=1))
        assert practice.passed
        assert progress_of(quiz_set).state == State.ATTEMPTS_EXHAUSTED

    def test_a_granted_attempt_counts_where_the_first_one_did(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, result_counts="first")
        first = take(quiz_set, right=0)
        grant_attempt(attempt=first, reason="The line was cut.", granted_by=None, now=NOW)
        take(quiz_set, right=3, at=NOW + timedelta(hours=1))
        assert progress_of(quiz_set).state == State.COMPLETED


class TestGrants:
    def test_one_more_attempt_with_a_reason(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, attempts_allowed=1)
        attempt = take(quiz_set, right=0)
        grant_attempt(attempt=attempt, reason="  Power  cut. ", granted_by=None, now=NOW)
        assert AttemptGrant.objects.get().reason == "Power cut."
        assert progress_of(quiz_set).state == State.IN_PROGRESS
        take(quiz_set, right=0, at=NOW + timedelta(hours=1))
        assert progress_of(quiz_set).state == State.ATTEMPTS_EXHAUSTED
        with pytest.raises(CannotStart, match="all 2 attempts"):
            begin(quiz_set, at=NOW + timedelta(hours=2))

    @pytest.mark.parametrize("reason", ["", "   "])
    def test_not_without_a_reason(self, quiz_set: QuizSet, reason: str) -> None:
        rules(quiz_set, attempts_allowed=1)
        attempt = take(quiz_set, right=0)
        with pytest.raises(CannotGrant, match="Say why"):
            grant_attempt(attempt=attempt, reason=reason, granted_by=None, now=NOW)

    def test_a_second_click_grants_nothing(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, attempts_allowed=1)
        attempt = take(quiz_set, right=0)
        grant_attempt(attempt=attempt, reason="Power cut", granted_by=None, now=NOW)
        with pytest.raises(CannotGrant, match="Nothing was granted"):
            grant_attempt(attempt=attempt, reason="Power cut", granted_by=None, now=NOW)
        assert AttemptGrant.objects.count() == 1

    def test_not_while_attempts_are_left(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, attempts_allowed=3)
        with pytest.raises(CannotGrant):
            grant_attempt(attempt=take(quiz_set, right=0), reason="Why", granted_by=None, now=NOW)

    def test_seen_by_whom_it_concerns(
        self, quiz_set: QuizSet, hana: Any, ines: Any, outsider: Any
    ) -> None:
        rules(quiz_set, attempts_allowed=1)
        grant_attempt(attempt=take(quiz_set, right=0), reason="Power cut", granted_by=None, now=NOW)
        set_extra_time(person=quiz_set.person, percent=25, granted_by=None, now=NOW)
        for person, grants, extra in ((hana, 1, 1), (ines, 1, 0), (outsider, 0, 0)):
            assert AttemptGrant.objects.visible_to(person.user).count() == grants
            assert ExtraTime.objects.visible_to(person.user).count() == extra


class TestOneByOne:
    def test_a_shown_answer_stays(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, feedback="after_each")
        attempt = begin(quiz_set)
        save_answer(attempt=attempt, position=1, raw=False, sequence=1, now=NOW)
        show_answer(attempt=attempt, position=1, now=NOW)
        with pytest.raises(ResponseError, match="was shown"):
            save_answer(attempt=attempt, position=1, raw=True, sequence=2, now=NOW)
        assert save_answer(attempt=attempt, position=1, raw=False, sequence=3, now=NOW).saved
        assert attempt.questions.get(position=1).response is False

    def test_an_open_question_shows_nothing(self, quiz_set: QuizSet) -> None:
        rules(quiz_set, feedback="after_each")
        with pytest.raises(AttemptClosed, match="Answer the question first"):
            show_answer(attempt=begin(quiz_set), position=1, now=NOW)

    def test_nor_does_a_quiz_that_explains_at_the_end(self, quiz_set: QuizSet) -> None:
        attempt = begin(quiz_set)
        save_answer(attempt=attempt, position=1, raw=True, sequence=1, now=NOW)
        with pytest.raises(AttemptClosed, match="one by one"):
            show_answer(attempt=attempt, position=1, now=NOW)
        with pytest.raises(LookupError):
            show_answer(attempt=attempt, position=99, now=NOW)


def test_a_flag_comes_and_goes_and_changes_no_grade(quiz_set: QuizSet) -> None:
    attempt = begin(quiz_set)
    for flagged in (True, False, True):
        flag_question(attempt=attempt, position=2, flagged=flagged, now=NOW)
        assert attempt.questions.get(position=2).flagged is flagged
    with pytest.raises(LookupError):
        flag_question(attempt=attempt, position=9, flagged=True, now=NOW)
    done = hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    assert done.raw == 0
    with pytest.raises(AttemptClosed):
        flag_question(attempt=attempt, position=2, flagged=False, now=NOW)


def test_the_rule_is_said_in_words(quiz_set: QuizSet) -> None:
    rules(quiz_set, time_limit=15, attempts_allowed=2, result_counts="last")
    words = quiz_set.quiz.completion_rule()
    for said in ("60 %", "2 attempts", "15 minutes", "last result counts"):
        assert said in words


def test_a_statement_of_a_swept_attempt_is_timed_when_it_was_over(quiz_set: QuizSet) -> None:
    rules(quiz_set, time_limit=10)
    begin(quiz_set)
    close_overdue(now=NOW + timedelta(days=1))
    row = StatementRecord.objects.get(kind="attempt_terminated")
    assert json.loads(row.body)["timestamp"].startswith("2026-03-02T09:10:00")
