"""Marking through the services: who may, once, changed, settled, counted, told."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.utils import timezone, translation

from attune.enrolments.models import UnitProgress
from attune.enrolments.services import pause, resume
from attune.enrolments.states import State
from attune.notices.models import Message
from attune.people.models import Person
from attune.quizzes.models import AttemptQuestion, Mark, QuizAttempt
from attune.quizzes.services import (
    CannotMark,
    CannotStart,
    hand_in,
    mark_answer,
    save_answer,
    start_attempt,
    tell_result,
    tell_results,
)
from attune.xapi.models import StatementRecord
from tests import factories
from tests.conftest import Cast, Content, Pair
from tests.quizzes.support import (
    NOW,
    QuizSet,
    is_installed,
    quiz_of,
    right_answer,
    true_false,
    written,
)

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db,
    pytest.mark.skipif(
        not is_installed("written_reply"), reason="no question type here waits for a person"
    ),
]


@pytest.fixture
def written_set(nordlicht_habagat: Pair, nordlicht_content: Content, maria: Person) -> QuizSet:
    client = nordlicht_habagat.client
    questions = [true_false(client), written(client)]
    quiz = quiz_of(
        nordlicht_content.module, *questions, title="Letters", attempts_allowed=2, pass_mark=60
    )
    enrolment = factories.enrol(
        maria, nordlicht_content.programme, nordlicht_habagat.engagement, now=NOW
    )
    return QuizSet(quiz, questions, maria, enrolment, nordlicht_content)


@pytest.fixture
def second(nordlicht_habagat: Pair) -> Person:
    return trainer("Second Reader", nordlicht_habagat)


def trainer(name: str, pair: Pair) -> Person:
    made = factories.person(name)
    factories.employ(made, pair.client, factories.Role.TRAINER)
    return made


def handed_in(
    quiz_set: QuizSet, *, reply: str | None = "Dear Frau Vogt", right: bool = True
) -> Any:
    reader = quiz_set.reader
    attempt = start_attempt(reader=reader, quiz=quiz_set.quiz, now=NOW)
    for row in attempt.questions.select_related("frozen"):
        is_written = row.item.correct_responses() is None
        raw = reply if is_written else right_answer(row) is right
        save_answer(attempt=attempt, position=row.position, raw=raw, sequence=1, now=NOW)
    return hand_in(attempt=attempt, reader=reader, now=NOW)


def answer_of(attempt: QuizAttempt) -> AttemptQuestion:
    return attempt.questions.get(needs_marking=True)


def progress_of(quiz_set: QuizSet) -> UnitProgress:
    return UnitProgress.objects.get(person=quiz_set.person, unit_key=quiz_set.quiz.translation_key)


def kinds_since(pk: int) -> list[str]:
    rows = StatementRecord.objects.filter(pk__gt=pk).order_by("pk")
    return [json.loads(row.body)["verb"]["id"].rsplit("/", 1)[-1] for row in rows]


def newest_statement() -> int:
    return StatementRecord.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def test_an_answer_waits_and_says_until_when(written_set: QuizSet) -> None:
    attempt = handed_in(written_set)
    assert attempt.is_awaiting
    assert attempt.marking_due_at == NOW + timedelta(days=5)
    assert progress_of(written_set).state == State.AWAITING_MARKING
    assert AttemptQuestion.objects.awaiting_marks().get() == answer_of(attempt)


def test_nothing_written_waits_for_nobody(written_set: QuizSet) -> None:
    attempt = handed_in(written_set, reply=None)
    assert attempt.state == QuizAttempt.State.HANDED_IN
    assert attempt.scaled == 0.5


def test_the_last_mark_gives_the_result_and_records_it_once(
    written_set: QuizSet, klaus: Person
) -> None:
    attempt = handed_in(written_set)
    before = newest_statement()
    mark = mark_answer(
        question=answer_of(attempt), marker=klaus.user, points=[2, 1], comment=" Good. ", now=NOW
    )
    attempt.refresh_from_db()
    assert (mark.number, mark.share, mark.comment) == (1, 0.75, "Good.")
    assert (attempt.raw, attempt.scaled, attempt.passed) == (1.75, 0.875, True)
    assert attempt.settled_at == NOW
    assert progress_of(written_set).state == State.COMPLETED
    assert kinds_since(before).count("answered") == 1
    assert kinds_since(before).count("passed") == 1


def test_a_second_click_is_the_same_mark(written_set: QuizSet, klaus: Person) -> None:
    answer = answer_of(handed_in(written_set))
    twice = [
        mark_answer(question=answer, marker=klaus.user, points=[3, 1], comment="Yes", now=NOW)
        for _ in range(2)
    ]
    assert twice[0].pk == twice[1].pk
    assert Mark.objects.count() == 1


def test_after_the_result_nothing_changes_any_more(written_set: QuizSet, klaus: Person) -> None:
    answer = answer_of(handed_in(written_set))
    mark_answer(question=answer, marker=klaus.user, points=[3, 1], now=NOW)
    with pytest.raises(CannotMark, match="has its result"):
        mark_answer(question=answer, marker=klaus.user, points=[0, 0], now=NOW)
    assert Mark.objects.get().share == 1


def test_a_changed_mind_replaces_the_own_mark(
    written_set: QuizSet, klaus: Person, second: Person
) -> None:
    written_set.quiz.second_marker = True
    written_set.quiz.save()
    attempt = handed_in(written_set)
    answer = answer_of(attempt)
    mark_answer(question=answer, marker=klaus.user, points=[0, 0], now=NOW)
    mark_answer(question=answer, marker=klaus.user, points=[3, 0], now=NOW)
    attempt.refresh_from_db()
    assert attempt.is_awaiting
    assert Mark.objects.get().share == 0.75
    mark_answer(question=answer, marker=second.user, points=[3, 1], now=NOW)
    attempt.refresh_from_db()
    assert attempt.scaled == pytest.approx((1 + 0.875) / 2)


def test_two_who_are_far_apart_need_a_third_who_decides(
    written_set: QuizSet, klaus: Person, second: Person, administrator: Person
) -> None:
    written_set.quiz.second_marker = True
    written_set.quiz.save()
    attempt = handed_in(written_set)
    answer = answer_of(attempt)
    mark_answer(question=answer, marker=klaus.user, points=[0, 0], now=NOW)
    mark_answer(question=answer, marker=second.user, points=[3, 0], now=NOW)
    attempt.refresh_from_db()
    assert attempt.is_awaiting
    mark_answer(question=answer, marker=administrator.user, points=[3, 1], now=NOW)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.scaled) == (QuizAttempt.State.HANDED_IN, 1.0)
    assert list(Mark.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


def test_enough_marks_are_enough(
    written_set: QuizSet, klaus: Person, second: Person, nordlicht_habagat: Pair
) -> None:
    quiz_set = written_set
    more = written(nordlicht_habagat.client, "Another letter")
    row = quiz_set.quiz.quiz_questions.last()
    quiz_set.quiz.quiz_questions.add(type(row)(question=more, sort_order=9, weight=1))
    quiz_set.quiz.save()
    attempt = handed_in(quiz_set)
    first, other = attempt.questions.filter(needs_marking=True).order_by("position")
    mark_answer(question=first, marker=klaus.user, points=[1, 1], now=NOW)
    with pytest.raises(CannotMark, match="that is enough"):
        mark_answer(question=first, marker=second.user, points=[1, 0], now=NOW)
    # Until the other one is marked, a changed mind counts.
    mark_answer(question=first, marker=klaus.user, points=[3, 1], now=NOW)
    mark_answer(question=other, marker=second.user, points=[0, 0], now=NOW)
    attempt.refresh_from_db()
    assert attempt.raw == 2.0


@pytest.mark.parametrize("points", [[], [4, 1], [3, -1], [0.3, 0], [1, 1, 1]])
def test_wrong_points_are_refused_and_nothing_is_kept(
    written_set: QuizSet, klaus: Person, points: list[float]
) -> None:
    answer = answer_of(handed_in(written_set))
    with pytest.raises(CannotMark):
        mark_answer(question=answer, marker=klaus.user, points=points, now=NOW)
    assert not Mark.objects.exists()


def test_only_trainers_of_the_client_mark_its_quizzes(written_set: QuizSet, cast: Cast) -> None:
    answer = answer_of(handed_in(written_set))
    for other in (
        cast.cedar.trainer,
        cast.nordlicht.client_hr,
        cast.nordlicht.vendor_hr,
        written_set.person,
    ):
        assert not AttemptQuestion.objects.markable_by(other.user).exists()
        with pytest.raises(CannotMark, match="not yours"):
            mark_answer(question=answer, marker=other.user, points=[1, 1], now=NOW)
    for one in (cast.nordlicht.trainer, cast.administrator):
        assert AttemptQuestion.objects.markable_by(one.user).get() == answer


def test_nobody_marks_their_own_answer(written_set: QuizSet, nordlicht_habagat: Pair) -> None:
    handed_in(written_set)
    factories.employ(written_set.person, nordlicht_habagat.client, factories.Role.TRAINER)
    user = type(written_set.person.user).objects.get(pk=written_set.person.user_id)
    assert not AttemptQuestion.objects.markable_by(user).exists()


def test_in_a_shared_module_the_client_it_was_answered_for_marks(
    cast: Cast, shared_library: Any, nordlicht_content: Content, cedar_content: Content
) -> None:
    module = factories.module(shared_library, "Shared letters")
    questions = [written(None)]
    quiz = quiz_of(module, *questions, title="Shared quiz")
    answers = {}
    for pair, content in ((cast.nordlicht, nordlicht_content), (cast.cedar, cedar_content)):
        programme = factories.programme(content.home, module, title="Shared")
        enrolment = factories.enrol(pair.agent, programme, pair.engagement, now=NOW)
        attempt = handed_in(QuizSet(quiz, questions, pair.agent, enrolment, content))
        answers[pair.client.code] = answer_of(attempt)
    for pair in (cast.nordlicht, cast.cedar):
        found = AttemptQuestion.objects.markable_by(pair.trainer.user)
        assert found.get() == answers[pair.client.code]
    # Nor does a page that is gone open it to others.
    quiz.delete()
    for pair in (cast.nordlicht, cast.cedar):
        found = AttemptQuestion.objects.markable_by(pair.trainer.user)
        assert found.get() == answers[pair.client.code]


def test_a_fail_uses_up_the_attempt_and_the_last_one_exhausts(
    written_set: QuizSet, klaus: Person
) -> None:
    for number in (1, 2):
        attempt = handed_in(written_set, right=False)
        assert attempt.number == number
        with pytest.raises(CannotStart, match="wait to be marked"):
            start_attempt(reader=written_set.reader, quiz=written_set.quiz, now=NOW)
        mark_answer(question=answer_of(attempt), marker=klaus.user, points=[0, 0], now=NOW)
        attempt.refresh_from_db()
        assert attempt.passed is False
    assert progress_of(written_set).state == State.ATTEMPTS_EXHAUSTED
    assert QuizAttempt.objects.exhausted().get() == attempt


def test_somebody_paused_meanwhile_keeps_what_they_earned(
    written_set: QuizSet, klaus: Person
) -> None:
    attempt = handed_in(written_set)
    pause(enrolment=written_set.enrolment, reason="On loan", now=NOW)
    mark_answer(question=answer_of(attempt), marker=klaus.user, points=[3, 1], now=NOW)
    assert progress_of(written_set).state == State.COMPLETED


@pytest.mark.parametrize(("points", "state"), [([3, 1], "in_progress"), (None, "awaiting_marking")])
def test_who_returns_waits_for_what_is_still_to_be_marked_and_for_nothing_else(
    written_set: QuizSet, klaus: Person, points: Any, state: str
) -> None:
    attempt = handed_in(written_set)
    pause(enrolment=written_set.enrolment, reason="On loan", now=NOW)
    if points:
        mark_answer(question=answer_of(attempt), marker=klaus.user, points=points, now=NOW)
    # The lessons of the module are still to be read.
    assert resume(enrolment=written_set.enrolment, now=NOW).state == state


def test_the_learner_is_told_once_in_their_own_language_and_time(
    written_set: QuizSet,
    klaus: Person,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Person.objects.filter(pk=written_set.person.pk).update(language="de")
    attempt = handed_in(written_set)
    marked_at = timezone.now().replace(hour=20, minute=5)
    with django_capture_on_commit_callbacks(execute=True), translation.override("fil"):
        mark_answer(question=answer_of(attempt), marker=klaus.user, points=[3, 1], now=marked_at)
    message = Message.objects.get()
    assert (message.kind, message.state) == ("attune_quizzes.marked", "waiting")
    assert message.language == "de"
    assert "04:05" in message.body  # on the next day, in Manila
    assert (message.address, message.user) == (written_set.person.email, written_set.person.user)
    assert str(attempt.deed) in message.body
    assert "Letters" in message.subject
    assert not tell_result(attempt_id=attempt.pk, now=timezone.now())
    assert tell_results(now=timezone.now()) == 0
    assert Message.objects.count() == 1


def test_what_no_worker_wrote_is_written_by_the_sweep_and_once(
    written_set: QuizSet, klaus: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = handed_in(written_set)
    mark_answer(question=answer_of(attempt), marker=klaus.user, points=[3, 1], now=NOW)
    sender = import_module("attune.quizzes.services.tell_result")

    def fails(*args: Any, **kwargs: Any) -> bool:
        raise RuntimeError("no ledger")

    with monkeypatch.context() as patched:
        patched.setattr(sender, "write", fails)
        with pytest.raises(RuntimeError):
            tell_result(attempt_id=attempt.pk, now=NOW)
    # The claim was taken back with it.
    assert tell_results(now=NOW + timedelta(minutes=5)) == 1
    assert tell_results(now=NOW + timedelta(minutes=10)) == 0
    assert Message.objects.get().key == str(attempt.deed)
