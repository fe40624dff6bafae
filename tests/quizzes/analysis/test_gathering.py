"""Which attempts are counted for whom, and what is gathered from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from attune.curriculum.services import copy_module
from attune.quizzes.analysis.flags import MIN_ATTEMPTS
from attune.quizzes.analysis.gathering import (
    family_of,
    first_attempts,
    gather,
    glances,
    quiz_roots,
    roots,
)
from attune.quizzes.analysis.study import study
from attune.quizzes.models import AttemptQuestion, QuizAttempt, QuizPage
from attune.quizzes.questions import Item
from attune.quizzes.questions.true_false import TrueFalseItem
from tests import factories
from tests.quizzes.analysis.crowd import SECONDS, enrolled, take
from tests.quizzes.support import NOW, QuizSet, choice, quiz_of, right_answer

pytestmark = pytest.mark.django_db

KEYS = [UUID(int=number) for number in range(1, 6)]
EVERYBODY = (
    "klaus",
    "ines",
    "hana",
    "administrator",
    "maria",
    "outsider",
    "outsider_hr",
    "outsider_client_hr",
    "outsider_trainer",
)


def by_ability(person: int, place: int, item: Item) -> Any:
    """Who comes later knows more: question 1 from a fifth on, 2 from two fifths, and so on."""
    if person % 10 >= 2 * (place + 1):
        return right_answer(item)
    return wrong_answer(item)


def wrong_answer(item: Any) -> Any:
    if hasattr(item, "answer"):
        return not item.answer
    return [next(each for each in item.ids if each not in item.correct_ids)]


@pytest.fixture
def taken(quiz_set: QuizSet, engagement: Any) -> list[QuizAttempt]:
    people = enrolled(engagement, quiz_set.content.programme, 40)
    return take(quiz_set.quiz, people, by_ability)


# --- Who may count ------------------------------------------------------------------------


def test_attempts_are_counted_for_the_two_sides_of_their_engagement(
    taken: Any, cast: Any, request: pytest.FixtureRequest
) -> None:
    counted = {
        who: QuizAttempt.objects.countable_by(request.getfixturevalue(who).user).count()
        for who in EVERYBODY
    }
    readers = {"klaus", "ines", "hana", "administrator"}
    assert counted == {who: 40 if who in readers else 0 for who in EVERYBODY}


def test_a_trainer_counts_results_without_seeing_one(taken: Any, klaus: Any) -> None:
    assert QuizAttempt.objects.countable_by(klaus.user).exists()
    assert not QuizAttempt.objects.visible_to(klaus.user).exists()


def test_ones_own_result_elsewhere_is_not_counted_for_one(
    taken: Any, quiz_set: QuizSet, engagement: Any, outsider_hr: Any
) -> None:
    mine = factories.enrol(outsider_hr, quiz_set.content.programme, engagement)
    take(quiz_set.quiz, [mine], by_ability)
    assert QuizAttempt.objects.visible_to(outsider_hr.user).count() == 1
    assert not QuizAttempt.objects.countable_by(outsider_hr.user).exists()


def test_the_key_is_the_clients_to_read(
    taken: Any, cast: Any, request: pytest.FixtureRequest
) -> None:
    known = set()
    for who in EVERYBODY:
        user = request.getfixturevalue(who).user
        if QuizAttempt.objects.countable_by(user).with_key_known_to(user).exists():
            known.add(who)
    assert known == {"klaus", "ines", "administrator"}


def test_open_attempts_are_not_counted(quiz_set: QuizSet, taken: Any, klaus: Any) -> None:
    QuizAttempt.objects.create(
        person=quiz_set.person,
        quiz_key=quiz_set.quiz.translation_key,
        enrolment=quiz_set.enrolment,
        number=1,
        language="en",
        pass_mark=60,
        started_at=NOW,
    )
    assert QuizAttempt.objects.countable_by(klaus.user).count() == 40


def test_the_first_attempt_is_the_first_of_all_not_of_a_filter(
    quiz_set: QuizSet, engagement: Any, taken: Any
) -> None:
    enrolments = [each.enrolment for each in taken[:5]]
    again = take(quiz_set.quiz, enrolments, by_ability, number=2, began=NOW + timedelta(days=30))
    handed_in = QuizAttempt.objects.handed_in()
    assert set(first_attempts(handed_in)) == set(taken)
    late = handed_in.filter(started_at__gte=NOW + timedelta(days=20))
    assert set(late) == set(again)
    assert not first_attempts(late).exists()


# --- Copies and translations --------------------------------------------------------------


def test_copies_of_copies_lead_to_the_first() -> None:
    one, two, three, other, circle = KEYS
    found = roots([(two, one), (three, two), (circle, other), (other, circle)])
    assert (found[two], found[three]) == (one, one)
    assert {found[circle], found[other]} <= {circle, other}
    assert family_of(three, found) == {one, two, three}
    assert family_of(KEYS[0], {}) == {KEYS[0]}


def test_a_copied_quiz_is_counted_with_its_original(
    quiz_set: QuizSet, taken: Any, engagement: Any, klaus: Any
) -> None:
    copied = copy_module(
        module=quiz_set.content.module, library=quiz_set.content.library, user=klaus.user
    )
    copy = QuizPage.objects.child_of(copied).get()
    assert copy.translation_key != quiz_set.quiz.translation_key
    take(copy, enrolled(engagement, quiz_set.content.programme, 20), by_ability)
    family = family_of(copy.translation_key, quiz_roots())
    attempts = QuizAttempt.objects.filter(quiz_key__in=family)
    found = study(gather(attempts), language="en")
    assert found.attempts == 60
    assert [each.asked for each in found.questions] == [60, 60, 60]
    assert [glance.attempts for glance in glances(QuizAttempt.objects.all())] == [60]


def test_a_copied_question_is_counted_with_its_original_option_by_option(
    nordlicht_content: Any, engagement: Any, quiz_set: QuizSet
) -> None:
    original = choice(engagement.client, "Original")
    copy = choice(engagement.client, "Original")
    type(copy).objects.filter(pk=copy.pk).update(copied_from=original.translation_key)
    copy.refresh_from_db()
    first = quiz_of(nordlicht_content.module, original, title="First")
    second = quiz_of(nordlicht_content.module, copy, title="Second")
    QuizPage.objects.filter(pk=second.pk).update(copied_from=first.translation_key)
    people = enrolled(engagement, quiz_set.content.programme, 40)
    take(first, people[:20], lambda _p, _n, item: right_answer(item))
    take(second, people[20:], lambda _p, _n, item: wrong_answer(item))
    keys = family_of(first.translation_key, quiz_roots())
    found = study(gather(QuizAttempt.objects.filter(quiz_key__in=keys)), language="en")
    (question,) = found.questions
    assert (question.key, question.asked) == (original.translation_key, 40)
    assert [(row.text, row.right, row.chosen) for row in question.answers] == [
        ("As soon as I can.", False, 20),
        ("Today by 15:00.", True, 20),
        ("Let me check.", False, 0),
    ]


def test_a_translation_is_the_same_question_and_its_options_the_same_options(
    quiz_set: QuizSet, engagement: Any, taken: Any
) -> None:
    """German versions as wagtail-localize makes them: other rows, the same keys."""
    versions = AttemptQuestion.objects.filter(attempt=taken[0]).select_related("frozen")
    german = {}
    for row in versions:
        body = {**row.frozen.body, "language": "de", "prompt": "<p>Auf Deutsch</p>"}
        if "options" in body:
            body["options"] = [
                {**option, "text": f"Antwort {number}"}
                for number, option in enumerate(body["options"], 1)
            ]
        german[row.frozen_id] = type(row.frozen).objects.freeze(
            kind=row.frozen.kind, key=row.frozen.key, language="de", body=body, revision_id=None
        )
    for pk, version in german.items():
        AttemptQuestion.objects.filter(attempt__in=taken[:20], frozen=pk).update(frozen=version)
    found = study(gather(QuizAttempt.objects.all()), language="de")
    assert [each.asked for each in found.questions] == [40, 40, 40]
    assert {each.name for each in found.questions} == {"Auf Deutsch"}
    rows = found.questions[1].answers
    assert [row.text for row in rows] == ["Antwort 1", "Antwort 2", "Antwort 3"]
    assert sum(row.chosen for row in rows) == 40


# --- What is gathered ---------------------------------------------------------------------


def test_marks_times_and_answers_are_those_that_were_given(taken: Any) -> None:
    gathered = gather(QuizAttempt.objects.all())
    found = study(gathered, language="en")
    assert found.figures is not None
    facilities = [each.figures.facility for each in found.questions if each.figures]
    assert facilities == pytest.approx([0.8, 0.6, 0.4])
    assert {each.seconds for each in found.questions} == {SECONDS}
    assert found.figures.mean == pytest.approx(60)
    true, false = found.questions[0].answers
    assert (true.text, true.right, true.chosen, true.share) == ("True", True, 32, 0.8)
    assert (true.upper, false.lower) == (1.0, 0.5)
    assert (true.mark, false.mark) == (1.0, 0.0)


def test_marks_that_are_still_to_come_are_left_out_and_told(taken: Any, klaus: Any) -> None:
    key = AttemptQuestion.objects.filter(position=3).values_list("question_key", flat=True)[0]
    waiting = AttemptQuestion.objects.filter(attempt__in=taken[:5], question_key=key)
    waiting.update(success=None, raw=None)
    QuizAttempt.objects.filter(pk__in=[each.pk for each in taken[:5]]).update(
        state="awaiting", raw=None, scaled=None, passed=None
    )
    assert QuizAttempt.objects.countable_by(klaus.user).count() == 40
    found = study(gather(QuizAttempt.objects.all()), language="en")
    assert found.pending == 5
    assert found.questions[2].figures is not None
    assert found.questions[2].figures.asked == 35
    assert found.questions[2].asked == 40
    (glance,) = glances(QuizAttempt.objects.all())
    assert found.figures is not None
    assert glance.percent == pytest.approx(found.figures.mean)


def test_a_survey_has_its_answers_and_no_part_in_the_figures(
    quiz_set: QuizSet, engagement: Any, taken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The true-false question asked as a survey: nothing is right, nothing is earned."""
    before = study(gather(QuizAttempt.objects.all()), language="en")
    key = quiz_set.questions[0].translation_key
    AttemptQuestion.objects.filter(question_key=key).update(raw=None, success=None)
    monkeypatch.setattr(TrueFalseItem, "is_scored", False)
    found = study(gather(QuizAttempt.objects.all()), language="en")
    (survey,) = found.surveys
    assert (survey.figures, survey.flags, survey.pending) == (None, [], 0)
    assert [(row.text, row.right, row.chosen) for row in survey.answers] == [
        ("True", None, 32),
        ("False", None, 8),
    ]
    assert found.figures is not None
    assert before.figures is not None
    assert (before.figures.questions, found.figures.questions) == (3, 2)
    (glance,) = glances(QuizAttempt.objects.all())
    assert glance.alpha == pytest.approx(found.figures.alpha)


def test_an_attempt_that_a_new_round_closed_is_not_counted(taken: Any, klaus: Any) -> None:
    QuizAttempt.objects.filter(pk=taken[0].pk).update(closed_by="round")
    assert QuizAttempt.objects.countable_by(klaus.user).count() == 39


def test_a_mended_key_says_what_is_right_before_anybody_was_shown_it(taken: Any) -> None:
    row = AttemptQuestion.objects.filter(attempt=taken[0], position=2).select_related("frozen")[0]
    body = {
        **row.frozen.body,
        "options": [
            {**option, "correct": number == 0}
            for number, option in enumerate(row.frozen.body["options"])
        ],
    }
    mended = type(row.frozen).objects.freeze(
        kind=row.frozen.kind, key=row.frozen.key, language="en", body=body, revision_id=None
    )
    AttemptQuestion.objects.filter(frozen=row.frozen_id).update(key=mended)
    found = study(gather(QuizAttempt.objects.all()), language="en")
    assert [answer.right for answer in found.questions[1].answers] == [True, False, False]
    assert [each.asked for each in found.questions] == [40, 40, 40]
    assert [each.number for each in found.questions] == [1, 2, 3]


def test_below_the_least_number_nothing_is_said(taken: Any) -> None:
    some = [each.pk for each in taken[: MIN_ATTEMPTS - 1]]
    found = study(gather(QuizAttempt.objects.filter(pk__in=some)), language="en")
    assert (found.attempts, found.figures) == (MIN_ATTEMPTS - 1, None)
    for each in found.questions:
        assert (each.figures, each.left_open, each.seconds) == (None, None, None)
        assert (each.answers, each.flags) == ([], [])
    key = AttemptQuestion.objects.filter(position=1).values_list("question_key", flat=True)[0]
    AttemptQuestion.objects.filter(attempt__in=taken[20:], question_key=key).delete()
    rare = study(gather(QuizAttempt.objects.all()), language="en").questions[0]
    assert (rare.asked, rare.figures, rare.answers, rare.flags) == (20, None, [], [])


def test_the_list_says_the_same_alpha_as_the_quiz(taken: Any) -> None:
    found = study(gather(QuizAttempt.objects.all()), language="en")
    (glance,) = glances(QuizAttempt.objects.all())
    assert found.figures is not None
    assert glance.alpha == pytest.approx(found.figures.alpha)
    assert glance.percent == pytest.approx(found.figures.mean)
    assert not glance.is_uneven
    AttemptQuestion.objects.filter(attempt=taken[0], position=1).delete()
    (glance,) = glances(QuizAttempt.objects.all())
    assert (glance.is_uneven, glance.alpha) == (True, None)


def test_queries_do_not_grow_with_the_attempts(
    quiz_set: QuizSet, taken: Any, engagement: Any, klaus: Any
) -> None:
    def queries() -> int:
        attempts = first_attempts(QuizAttempt.objects.countable_by(klaus.user))
        with CaptureQueriesContext(connection) as captured:
            study(gather(attempts), language="en")
            glances(attempts)
        return len(captured)

    before = queries()
    take(
        quiz_of(quiz_set.content.module, *quiz_set.questions, title=f"Quiz {uuid4()}"),
        enrolled(engagement, quiz_set.content.programme, 60),
        by_ability,
    )
    assert queries() == before
    assert before <= 10
