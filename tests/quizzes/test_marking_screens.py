"""The marking queue, the marking page, and the result that the learner reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from attune.people.models import Person
from attune.quizzes.models import Mark, QuizAttempt
from attune.quizzes.services import mark_answer
from tests import factories
from tests.conftest import Cast, Content, Pair
from tests.quizzes.support import NOW, QuizSet, is_installed, quiz_of, true_false, written
from tests.quizzes.test_mark_answer import answer_of, handed_in, trainer

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not is_installed("written_reply"), reason="no question type here waits for a person"
    ),
]

QUEUE = "attune_quizzes_admin:queue"


@pytest.fixture
def written_set(nordlicht_habagat: Pair, nordlicht_content: Content, maria: Person) -> QuizSet:
    questions = [true_false(nordlicht_habagat.client), written(nordlicht_habagat.client)]
    quiz = quiz_of(nordlicht_content.module, *questions, title="Letters")
    enrolment = factories.enrol(
        maria, nordlicht_content.programme, nordlicht_habagat.engagement, now=NOW
    )
    return QuizSet(quiz, questions, maria, enrolment, nordlicht_content)


@pytest.fixture
def attempt(written_set: QuizSet) -> QuizAttempt:
    made: QuizAttempt = handed_in(written_set, reply="Dear Frau Vogt,\n<b>Friday</b> at 10:00.")
    return made


def page_of(attempt: QuizAttempt, query: str = "") -> str:
    return reverse("attune_quizzes_admin:mark", args=[answer_of(attempt).pk]) + query


def text(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_queue_says_what_is_late_and_not_whose_it_is(
    client: Any, as_user: Any, klaus: Person, attempt: QuizAttempt
) -> None:
    html = text(as_user(client, klaus).get(reverse(QUEUE)))
    assert page_of(attempt) in html
    assert "days late" in html  # NOW is long ago
    assert "nobody yet" in html
    assert "Maria" not in html
    assert "Nordlicht first line" not in html
    assert "Answers to mark (1)" in html


def test_the_administrator_sees_names_only_in_the_queue_and_when_asking(
    client: Any, as_user: Any, administrator: Person, klaus: Person, attempt: QuizAttempt
) -> None:
    as_user(client, administrator)
    html = text(client.get(reverse(QUEUE)))
    assert "Maria Santos" not in html
    assert 'href="?names"' in html
    html = text(client.get(reverse(QUEUE) + "?language=en&names"))
    assert "Maria Santos" in html
    assert 'href="?language=en"' in html
    assert "Maria Santos" not in text(client.get(page_of(attempt, "?names")))
    html = text(as_user(client, klaus).get(reverse(QUEUE) + "?names"))
    assert "Maria Santos" not in html
    assert 'href="?names"' not in html


def test_late_ones_come_first_and_filters_narrow(
    client: Any, as_user: Any, klaus: Person, written_set: QuizSet, attempt: QuizAttempt
) -> None:
    pair_client = written_set.questions[1].owner
    other_quiz = quiz_of(
        written_set.content.module, written(pair_client, "More"), title="Calls", marking_days=1
    )
    other = handed_in(
        QuizSet(other_quiz, [], written_set.person, written_set.enrolment, written_set.content)
    )
    as_user(client, klaus)
    html = text(client.get(reverse(QUEUE)))
    assert html.index(page_of(other)) < html.index(page_of(attempt))
    query = f"?quiz={attempt.quiz_key}"
    html = text(client.get(reverse(QUEUE) + query + "&language=en"))
    assert page_of(attempt, query).split("?")[0] in html
    assert page_of(other) not in html
    # What a filter does not know narrows nothing and breaks nothing.
    assert page_of(other) in text(client.get(reverse(QUEUE) + "?quiz=x%00&language=xx"))


def test_the_page_shows_what_a_marker_needs_and_escapes_the_answer(
    client: Any, as_user: Any, klaus: Person, attempt: QuizAttempt
) -> None:
    html = text(as_user(client, klaus).get(page_of(attempt)))
    for words in ("answer Frau Vogt", "notebook has been away", "back on Friday", "Tone", "Calm"):
        assert words in html
    assert "&lt;b&gt;Friday&lt;/b&gt;" in html
    assert "Maria" not in html


def test_save_and_next_goes_on_and_then_back_to_the_queue(
    client: Any, as_user: Any, klaus: Person, written_set: QuizSet, attempt: QuizAttempt
) -> None:
    other_quiz = quiz_of(
        written_set.content.module, written(written_set.questions[1].owner, "More"), title="Calls"
    )
    other = handed_in(
        QuizSet(other_quiz, [], written_set.person, written_set.enrolment, written_set.content)
    )
    as_user(client, klaus)
    form = {"points_0": "3", "points_1": "0.5", "comment": "Good.", "next": "1"}
    response = client.post(page_of(attempt), form)
    assert response.url == page_of(other)
    assert Mark.objects.get().share == 0.875
    response = client.post(page_of(other), form)
    assert response.url == reverse(QUEUE)
    assert "Nothing waits for you" in text(client.get(reverse(QUEUE)))


def test_save_and_next_stays_within_the_filter(
    client: Any, as_user: Any, klaus: Person, written_set: QuizSet, attempt: QuizAttempt
) -> None:
    other_quiz = quiz_of(
        written_set.content.module, written(written_set.questions[1].owner, "More"), title="Calls"
    )
    handed_in(
        QuizSet(other_quiz, [], written_set.person, written_set.enrolment, written_set.content)
    )
    query = f"?quiz={attempt.quiz_key}"
    form = {"points_0": "3", "points_1": "0", "next": "1"}
    response = as_user(client, klaus).post(page_of(attempt, query), form)
    assert response.url == reverse(QUEUE) + query


@pytest.mark.parametrize("points", ["", "9", "-1", "0.3", "many", "nan", "1e400"])
def test_bad_input_loses_nothing(
    client: Any, as_user: Any, klaus: Person, attempt: QuizAttempt, points: str
) -> None:
    form = {"points_0": points, "points_1": "1", "comment": "A long thought."}
    html = text(as_user(client, klaus).post(page_of(attempt), form))
    assert "A long thought." in html
    assert not Mark.objects.exists()


def test_what_others_marked_meanwhile_is_said_and_the_comment_kept(
    client: Any, as_user: Any, klaus: Person, attempt: QuizAttempt, nordlicht_habagat: Pair
) -> None:
    other = trainer("Second Reader", nordlicht_habagat)
    mark_answer(question=answer_of(attempt), marker=other.user, points=[1, 1], now=NOW)
    form = {"points_0": "3", "points_1": "1", "comment": "A long thought."}
    html = text(as_user(client, klaus).post(page_of(attempt), form))
    assert "has its result" in html
    assert "A long thought." in html
    assert Mark.objects.count() == 1


def test_the_second_marker_does_not_see_the_first_and_the_third_sees_both(
    client: Any, as_user: Any, klaus: Person, written_set: QuizSet, nordlicht_habagat: Pair
) -> None:
    written_set.quiz.second_marker = True
    written_set.quiz.save()
    attempt = handed_in(written_set)
    one, two = (trainer(name, nordlicht_habagat) for name in ("Reader One", "Reader Two"))
    answer = answer_of(attempt)
    mark_answer(question=answer, marker=one.user, points=[0, 0], comment="Curt.", now=NOW)
    assert "Curt." not in text(as_user(client, two).get(page_of(attempt)))
    mark_answer(question=answer, marker=two.user, points=[3, 1], comment="Clear.", now=NOW)
    html = text(as_user(client, klaus).get(page_of(attempt)))
    assert "Curt." in html
    assert "Clear." in html
    assert "Reader One" not in html
    assert "decide" in text(client.get(reverse(QUEUE)))
    mine = text(as_user(client, one).get(reverse("attune_quizzes_admin:queue_mine")))
    assert page_of(attempt) in mine


def test_nobody_else_opens_it(client: Any, as_user: Any, cast: Cast, attempt: QuizAttempt) -> None:
    assert as_user(client, cast.cedar.trainer).get(page_of(attempt)).status_code == 404
    assert client.post(page_of(attempt), {"points_0": "1", "points_1": "1"}).status_code == 404
    assert page_of(attempt) not in text(client.get(reverse(QUEUE)))
    for other in (cast.nordlicht.vendor_hr, cast.nordlicht.client_hr):
        response = as_user(client, other).get(page_of(attempt))
        assert response.status_code == 302  # Wagtail's refusal
    assert not Mark.objects.exists()


def test_the_learner_reads_points_and_comment(
    client: Any, as_user: Any, klaus: Person, written_set: QuizSet, attempt: QuizAttempt
) -> None:
    address = reverse("attune_quizzes:result", args=[attempt.deed])
    as_user(client, written_set.person)
    assert "A trainer marks what you wrote" in text(client.get(address))
    mark_answer(
        question=answer_of(attempt),
        marker=klaus.user,
        points=[2.5, 1],
        comment="<i>Well</i> done.",
        now=NOW + timedelta(days=1),
    )
    html = text(client.get(address))
    for words in ("Tone: 2.5 of 3", "A time is named: 1 of 1", "&lt;i&gt;Well&lt;/i&gt; done."):
        assert words in html
    assert "Klaus" not in html


def test_a_quiz_that_shows_the_score_only_shows_no_comment(
    client: Any, as_user: Any, klaus: Person, written_set: QuizSet
) -> None:
    written_set.quiz.feedback = "never"
    written_set.quiz.save()
    attempt = handed_in(written_set)
    mark_answer(
        question=answer_of(attempt), marker=klaus.user, points=[3, 1], comment="Fine.", now=NOW
    )
    address = reverse("attune_quizzes:result", args=[attempt.deed])
    html = text(as_user(client, written_set.person).get(address))
    assert "Fine." not in html


def test_the_queue_asks_as_much_for_many_as_for_one(
    client: Any, as_user: Any, klaus: Person, written_set: QuizSet, nordlicht_habagat: Pair,
    django_assert_max_num_queries: Any, attempt: QuizAttempt,
) -> None:  # fmt: skip
    for number in range(3):
        person = factories.agent(f"Agent {number}", nordlicht_habagat.team)
        programme = written_set.content.programme
        enrolment = factories.enrol(person, programme, nordlicht_habagat.engagement, now=NOW)
        handed_in(QuizSet(written_set.quiz, [], person, enrolment, written_set.content))
    as_user(client, klaus).get(reverse(QUEUE))
    with django_assert_max_num_queries(30):
        html = text(client.get(reverse(QUEUE)))
    assert "Answers to mark (4)" in html
