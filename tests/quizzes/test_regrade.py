"""Fix a key and regrade: what changes, what stays, what is said of it, and back again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune.curriculum.models import FrozenContent
from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import reader_for
from attune.enrolments.states import State
from attune.people.models import Person
from attune.quizzes.affected import wanted_aim
from attune.quizzes.models import (
    AttemptQuestion,
    QuestionLogEntry,
    QuizAttempt,
    Regrade,
    RegradeRow,
)
from attune.quizzes.overview import Overview, overview_of
from attune.quizzes.questions import Question
from attune.quizzes.regrading import Effect, Outcome
from attune.quizzes.services import (
    CannotRegrade,
    ask_regrade,
    go_on_regrading,
    hand_in,
    run_regrade,
    save_answer,
    start_attempt,
)
from attune.quizzes.services.regrade import counts_of, regrade_batch
from attune.xapi.models import StatementRecord
from tests import factories
from tests.conftest import Pair
from tests.quizzes.support import NOW, QuizSet, flip, right_answer

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LATER = NOW + timedelta(days=1)
WRONG = {0: False, 1: "As soon as I can.", 2: "Noted."}


def clock() -> datetime:
    return LATER


def attempt_of(
    quiz_set: QuizSet, right: set[int], *, person: Person | None = None, hours: int = 1
) -> QuizAttempt:
    """An attempt handed in with these of its three questions answered rightly."""
    person = person or quiz_set.person
    reader = reader_for(person.user, quiz_set.quiz)
    assert reader is not None
    now = NOW + timedelta(hours=hours)
    attempt = start_attempt(reader=reader, quiz=quiz_set.quiz, now=now)
    for number, question in enumerate(
        attempt.questions.select_related("frozen").order_by("position")
    ):
        raw = right_answer(question) if number in right else wrong_answer(question)
        save_answer(attempt=attempt, position=question.position, raw=raw, sequence=1, now=now)
    return hand_in(attempt=attempt, reader=reader, now=now + timedelta(minutes=5))


def wrong_answer(question: AttemptQuestion) -> Any:
    item: Any = question.item
    if not hasattr(item, "ids"):
        return not right_answer(question)
    return [next(each for each in item.ids if each not in item.correct_ids)]


def regrade(question: Question, target: str = "published", **fields: Any) -> Regrade:
    found = ask_regrade(
        **{
            "question": question,
            "target": target,
            "reason": "The key was the wrong way round",
            "asked_by": None,
            "now": LATER,
            "deed": uuid.uuid4(),
            **fields,
        }
    )
    run_regrade(regrade_id=found.pk, clock=clock)
    found.refresh_from_db()
    return found


def results() -> list[Any]:
    """Every result there is, to the last digit."""
    return [
        *QuizAttempt.objects.order_by("pk").values_list("raw", "maximum", "scaled", "passed"),
        *AttemptQuestion.objects.order_by("pk").values_list("raw", "success", "key", "frozen"),
    ]


def said() -> list[tuple[str, str]]:
    return list(StatementRecord.objects.order_by("pk").values_list("kind", "body"))


def kinds_since(before: int) -> list[str]:
    return [kind for kind, _body in said()[before:]]


@pytest.fixture
def question(quiz_set: QuizSet) -> Question:
    return quiz_set.questions[0]


@pytest.fixture
def progress(quiz_set: QuizSet) -> Callable[[], UnitProgress]:
    return lambda: UnitProgress.objects.get(
        person=quiz_set.person, unit_key=quiz_set.quiz.translation_key
    )


# --- Nothing by itself --------------------------------------------------------------------------


def test_publishing_a_mended_key_changes_nothing_by_itself(
    quiz_set: QuizSet, question: Question
) -> None:
    attempt_of(quiz_set, {1})
    before = results()
    flip(question)
    assert results() == before


def test_a_preview_counts_and_writes_nothing(quiz_set: QuizSet, question: Question) -> None:
    attempt_of(quiz_set, {1})  # 1 of 3, newly passed with the flip: 2 of 3
    flip(question)
    before, versions = results(), FrozenContent.objects.count()
    seen = overview_of(question.translation_key, wanted_aim(question.translation_key, "published"))
    assert (seen.total, seen.effects[Effect.PASSED], seen.moving) == (1, 1, 1)
    change = seen.lines[0]
    assert (change.raw_before, change.raw_after) == (0.0, 1.0)
    assert change.scaled_after > change.scaled_before
    assert Overview.from_counts(seen.counts(), [each.row for each in seen.lines]) == seen
    assert (results(), FrozenContent.objects.count()) == (before, versions)


# --- Newly passed, newly failed, other scores ---------------------------------------------------


def test_newly_passed_completes_the_unit(
    quiz_set: QuizSet, question: Question, progress: Callable[[], UnitProgress]
) -> None:
    attempt = attempt_of(quiz_set, {1})
    shown = attempt.questions.get(position=1).frozen_id
    assert progress().state == State.IN_PROGRESS
    before = len(said())
    done = regrade(flip(question))
    attempt.refresh_from_db()
    assert (attempt.raw, attempt.passed) == (2.0, True)
    assert (progress().state, progress().score) == (State.COMPLETED, pytest.approx(2 / 3))
    answer = attempt.questions.select_related("key").get(position=1)
    assert (answer.frozen_id, answer.raw, answer.success) == (shown, 1.0, True)
    assert answer.key is not None
    assert answer.key.body["answer"] is False
    assert kinds_since(before) == [
        "answer_voided",
        "question_answered",
        "result_voided",
        "attempt_passed",
        "unit_completed",
    ]
    assert counts_of(done)["effect_passed"] == 1
    assert done.finished_at == LATER


def test_newly_failed_keeps_the_completion(
    quiz_set: QuizSet, question: Question, progress: Callable[[], UnitProgress]
) -> None:
    attempt = attempt_of(quiz_set, {0, 1})
    before = len(said())
    regrade(flip(question))
    attempt.refresh_from_db()
    assert (attempt.raw, attempt.passed) == (1.0, False)
    assert (progress().state, progress().score) == (State.COMPLETED, pytest.approx(1 / 3))
    assert kinds_since(before) == [
        "answer_voided",
        "question_answered",
        "result_voided",
        "attempt_failed",
    ]


def test_a_completion_is_taken_back_where_that_is_asked_for(
    quiz_set: QuizSet, question: Question, progress: Callable[[], UnitProgress]
) -> None:
    attempt_of(quiz_set, {0, 1})
    deed = progress().deed
    before = len(said())
    done = regrade(flip(question), keeps_completions=False)
    assert (progress().state, progress().completed_at) == (State.IN_PROGRESS, None)
    assert progress().deed != deed
    assert kinds_since(before)[-1] == "unit_reopened"
    assert RegradeRow.objects.get().reopened
    assert counts_of(done)["reopened"] == 1
    # Passing again is another completion, which says so.
    attempt_of(quiz_set, {1, 2}, hours=30)
    assert progress().state == State.COMPLETED
    assert kinds_since(before).count("unit_completed") == 1


def test_another_pass_keeps_the_completion_even_then(
    quiz_set: QuizSet, question: Question, progress: Callable[[], UnitProgress]
) -> None:
    attempt_of(quiz_set, {0, 1})
    attempt_of(quiz_set, {1, 2}, hours=2)
    done = regrade(flip(question), keeps_completions=False)
    assert progress().state == State.COMPLETED
    assert counts_of(done)["reopened"] == 0


def test_a_score_that_changes_within_a_pass(
    quiz_set: QuizSet, question: Question, progress: Callable[[], UnitProgress]
) -> None:
    attempt_of(quiz_set, {1, 2})
    done = regrade(flip(question))
    assert counts_of(done)["effect_score"] == 1
    assert (progress().state, progress().score) == (State.COMPLETED, 1.0)


def test_the_score_follows_the_rule_which_result_counts(
    quiz_set: QuizSet, question: Question, progress: Callable[[], UnitProgress]
) -> None:
    type(quiz_set.quiz).objects.update(result_counts="last")
    attempt_of(quiz_set, {0, 1, 2})
    attempt_of(quiz_set, {0}, hours=2)
    regrade(flip(question))
    assert progress().score == 0.0


def test_an_unanswered_question_stays_unanswered(quiz_set: QuizSet, question: Question) -> None:
    reader = quiz_set.reader
    attempt = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    hand_in(attempt=attempt, reader=reader, now=NOW)
    before = len(said())
    seen = overview_of(question.translation_key, wanted_aim(question.translation_key, "shown"))
    assert seen.moving == 0
    done = regrade(flip(question))
    assert counts_of(done)["outcome_same"] == 1
    assert said()[before:] == []


# --- Back again, twice, killed ------------------------------------------------------------------


def test_there_and_back_gives_the_first_results(quiz_set: QuizSet, question: Question) -> None:
    attempt_of(quiz_set, {0, 2})
    attempt_of(quiz_set, {1}, hours=2)
    before = results()
    regrade(flip(question))
    assert results() != before
    undone = regrade(question, "shown")
    assert results() == before
    assert counts_of(undone)["done"] == 2
    # Each statement is taken back once, and what was said in between as well.
    voided = [body for kind, body in said() if kind.endswith("_voided")]
    assert len(set(voided)) == len(voided) == 8


def test_back_to_an_earlier_version(quiz_set: QuizSet, question: Question) -> None:
    attempt_of(quiz_set, {0, 2})
    first = AttemptQuestion.objects.get(position=1).frozen
    before = results()
    regrade(flip(question))
    regrade(question, "version", version=first)
    assert results() == before


@given(keys=st.lists(st.integers(0, 7), min_size=1, max_size=4), right=st.sets(st.integers(0, 2)))
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_keys_came_between_the_first_result_comes_back(
    savepoint: Callable[[], Any], quiz_set: QuizSet, keys: list[int], right: set[int]
) -> None:
    """Any keys of the question with several right options, one after another, and back."""
    with savepoint():
        attempt_of(quiz_set, right)
        before = results()
        for key in keys:
            question: Any = Question.objects.get(pk=quiz_set.questions[2].pk)
            options = list(question.options.all())
            for number, option in enumerate(options):
                option.correct = bool(key >> number & 1)
            question.options = options
            question.save_revision().publish()
            try:
                regrade(question)
            except CannotRegrade:
                continue  # the same points by this key
        with suppress(CannotRegrade):
            regrade(quiz_set.questions[2], "shown")
        assert results() == before


@pytest.fixture
def savepoint() -> Callable[[], Any]:
    @contextmanager
    def within() -> Iterator[None]:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    return within


def test_twice_is_once(quiz_set: QuizSet, question: Question) -> None:
    attempt_of(quiz_set, {1})
    deed = uuid.uuid4()
    done = regrade(flip(question), deed=deed)
    before = (results(), said())
    run_regrade(regrade_id=done.pk, clock=clock)
    assert go_on_regrading(clock=clock) == 0
    assert regrade(question, deed=deed) == done
    assert (results(), said()) == before
    with pytest.raises(CannotRegrade, match="keeps the points"):
        regrade(question)
    assert Regrade.objects.count() == 1


def colleagues(pair: Pair, quiz_set: QuizSet, number: int) -> list[Person]:
    found = []
    for each in range(number):
        person = factories.agent(f"Colleague {each}", pair.team)
        factories.enrol(person, quiz_set.content.programme, pair.engagement, now=NOW)
        found.append(person)
    return found


def test_a_killed_job_goes_on_where_it_stopped(
    quiz_set: QuizSet, question: Question, nordlicht_habagat: Pair, monkeypatch: Any
) -> None:
    for person in colleagues(nordlicht_habagat, quiz_set, 5):
        attempt_of(quiz_set, {1}, person=person)
    flip(question)
    asked = ask_regrade(
        question=question, target="published", reason="Wrong key", asked_by=None, now=LATER,
        deed=uuid.uuid4(),
    )  # fmt: skip
    assert regrade_batch(regrade_id=asked.pk, now=LATER, size=2)

    # The second batch dies in its last step: nothing of it stays.
    def dies(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RegradeRow.objects, "bulk_create", dies)
        with pytest.raises(KeyboardInterrupt):
            regrade_batch(regrade_id=asked.pk, now=LATER, size=2)
    assert QuizAttempt.objects.filter(passed=True).count() == 2
    assert RegradeRow.objects.count() == 2
    # Another worker waits until the first one is taken for dead.
    assert go_on_regrading(clock=lambda: LATER + timedelta(seconds=30)) == 0
    assert go_on_regrading(clock=lambda: LATER + timedelta(minutes=2)) == 1
    assert QuizAttempt.objects.filter(passed=True).count() == 5
    kinds = [kind for kind, _body in said()]
    assert kinds.count("attempt_passed") == kinds.count("result_voided") == 5
    assert RegradeRow.objects.count() == 5


def test_what_is_handed_in_meanwhile_is_regraded_too(
    quiz_set: QuizSet, question: Question, nordlicht_habagat: Pair
) -> None:
    late, early = colleagues(nordlicht_habagat, quiz_set, 2)
    # Begun first, handed in last: behind the place that the job has reached.
    reader = reader_for(late.user, quiz_set.quiz)
    assert reader is not None
    waiting = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    save_answer(attempt=waiting, position=1, raw=False, sequence=1, now=NOW)
    attempt_of(quiz_set, {1}, person=early)
    flip(question)
    asked = ask_regrade(
        question=question, target="published", reason="Wrong key", asked_by=None, now=LATER,
        deed=uuid.uuid4(),
    )  # fmt: skip
    assert asked.total == 1
    assert regrade_batch(regrade_id=asked.pk, now=LATER)
    hand_in(attempt=waiting, reader=reader, now=LATER)
    run_regrade(regrade_id=asked.pk, clock=clock)
    assert waiting.questions.get(position=1).raw == 1.0
    asked.refresh_from_db()
    assert asked.total == 2


# --- Never guessed ------------------------------------------------------------------------------


def test_an_answer_that_does_not_fit_is_left_alone_and_listed(quiz_set: QuizSet) -> None:
    attempt_of(quiz_set, {0})
    question: Any = Question.objects.get(pk=quiz_set.questions[1].pk)
    first = question.options.all()[0]
    question.options.remove(first)  # what the learner had chosen
    question.options.add(type(first)(text="On Monday.", correct=False, sort_order=9))
    question.title = "Which reply, mended"
    question.save_revision().publish()
    key = question.translation_key
    before = results()
    seen = overview_of(key, wanted_aim(key, "published"))
    assert [each.outcome for each in seen.only("left")] == [Outcome.UNFIT]
    assert "not one of the question" in seen.lines[0].why
    with pytest.raises(CannotRegrade):
        regrade(question)
    assert results() == before


def test_a_right_answer_that_was_not_shown_is_no_ones_fault(quiz_set: QuizSet) -> None:
    attempt_of(quiz_set, {0, 1})
    question: Any = Question.objects.get(pk=quiz_set.questions[1].pk)
    options = list(question.options.all())
    for option in options:
        option.correct = False
    new = type(options[0])(text="On Monday at 10:00.", correct=True, sort_order=9)
    question.options = [*options, new]
    question.save_revision().publish()
    key = question.translation_key
    seen = overview_of(key, wanted_aim(key, "published"))
    assert [each.outcome for each in seen.lines] == [Outcome.UNFIT]
    assert "not among what the learner was shown" in seen.lines[0].why


def test_another_language_has_a_version_of_its_own_or_none(
    quiz_set: QuizSet, question: Question
) -> None:
    attempt_of(quiz_set, {1})
    shown = AttemptQuestion.objects.get(position=1)
    german = FrozenContent.objects.freeze(
        kind=FrozenContent.Kind.QUESTION,
        key=shown.question_key,
        language="de",
        body={**shown.frozen.body, "language": "de"},
        revision_id=None,
    )
    AttemptQuestion.objects.filter(pk=shown.pk).update(frozen=german)
    flip(question)
    key = question.translation_key
    seen = overview_of(key, wanted_aim(key, "published"))
    assert [each.outcome for each in seen.lines] == [Outcome.NO_VERSION]


def test_a_copy_is_another_question(quiz_set: QuizSet, question: Question) -> None:
    attempt_of(quiz_set, {1})
    other = uuid.uuid4()
    assert overview_of(other, wanted_aim(other, "shown")).total == 0


# --- Asked for ----------------------------------------------------------------------------------


def test_a_reason_is_required(quiz_set: QuizSet, question: Question) -> None:
    attempt_of(quiz_set, {1})
    with pytest.raises(CannotRegrade, match="Say why"):
        regrade(flip(question), reason="  ")


def test_one_regrade_of_a_question_at_a_time(quiz_set: QuizSet, question: Question) -> None:
    attempt_of(quiz_set, {1})
    flip(question)
    fields: dict[str, Any] = {
        "question": question, "reason": "Wrong key", "asked_by": None, "now": LATER
    }  # fmt: skip
    ask_regrade(target="published", deed=uuid.uuid4(), **fields)
    with pytest.raises(CannotRegrade, match="being regraded"):
        ask_regrade(target="published", deed=uuid.uuid4(), **fields)


def test_a_version_of_another_question_is_refused(quiz_set: QuizSet, question: Question) -> None:
    attempt_of(quiz_set, {1})
    foreign = AttemptQuestion.objects.get(position=2).frozen
    with pytest.raises(CannotRegrade, match="Choose one"):
        regrade(question, "version", version=foreign)


def test_the_audit_says_who_why_and_from_which_to_which(
    quiz_set: QuizSet, question: Question, klaus: Person
) -> None:
    attempt_of(quiz_set, {1})
    shown = AttemptQuestion.objects.get(position=1).frozen
    done = regrade(flip(question), asked_by=klaus.user)
    entry = QuestionLogEntry.objects.get(action="attune_quizzes.regrade")
    assert entry.user == klaus.user
    assert entry.data["reason"] == "The key was the wrong way round"
    assert entry.data["from"] == [shown.digest]
    assert entry.data["to"] == [done.versions.get().digest]
    assert entry.data["counts"]["effect_passed"] == 1
    assert "1 newly passed" in entry.formatter.format_message(entry)


def test_a_failing_regrade_says_so_and_is_tried_again(
    quiz_set: QuizSet, question: Question, monkeypatch: Any
) -> None:
    attempt_of(quiz_set, {1})
    flip(question)
    asked = ask_regrade(
        question=question, target="published", reason="Wrong key", asked_by=None, now=LATER,
        deed=uuid.uuid4(),
    )  # fmt: skip

    def fails(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(RegradeRow.objects, "bulk_create", fails)
        assert go_on_regrading(clock=clock) == 0
    asked.refresh_from_db()
    assert (asked.trouble, asked.is_finished) == ("disk full", False)
    assert go_on_regrading(clock=lambda: LATER + timedelta(minutes=2)) == 1
    asked.refresh_from_db()
    assert (asked.trouble, asked.is_finished) == ("", True)
