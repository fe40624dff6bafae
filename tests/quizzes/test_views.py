"""The learner's pages: what they show, what they keep, what they refuse, and to whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attune.enrolments.models import UnitProgress
from attune.quizzes.models import QuizAttempt, QuizQuestion
from attune.quizzes.questions.choice import ChoiceItem
from attune.quizzes.questions.items import Grade
from attune.quizzes.services import hand_in, save_answer, settle, start_attempt
from attune.xapi.models import StatementRecord
from tests import factories
from tests.conftest import Cast, Pair
from tests.factories import PASSWORD, as_user
from tests.quizzes.support import NOW, QuizSet, choice, of_kind, right_answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt(quiz_set: QuizSet) -> QuizAttempt:
    return start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)


def address(name: str, attempt: QuizAttempt, *args: Any) -> str:
    return reverse(f"attune_quizzes:{name}", args=[attempt.deed, *args])


def addresses(attempt: QuizAttempt) -> list[str]:
    return [
        address("attempt", attempt),
        address("question", attempt, 1),
        address("review", attempt),
        address("hand_in", attempt),
        address("result", attempt),
    ]


def start_url(quiz_set: QuizSet) -> str:
    return reverse("attune_quizzes:start", args=[quiz_set.quiz.pk])


def answer_rightly(attempt: QuizAttempt) -> None:
    for question in attempt.questions.select_related("frozen"):
        save_answer(
            attempt=attempt,
            position=question.position,
            raw=right_answer(question),
            sequence=1,
            now=NOW,
        )


# --- A learner's way through ------------------------------------


def test_a_learners_way_without_a_script(client: Client, quiz_set: QuizSet) -> None:
    as_user(client, quiz_set.person)
    page = client.get(quiz_set.quiz.url).content.decode()
    assert start_url(quiz_set) in page
    assert "Reach 60 % of the points in one attempt." in page

    started = client.post(start_url(quiz_set))
    attempt = QuizAttempt.objects.get()
    assert started.status_code == 303
    assert client.get(started.url).url == address("question", attempt, 1)

    first = client.get(address("question", attempt, 1)).content.decode()
    assert "five past nine" in first
    assert 'aria-current="step"' in first
    sent = client.post(address("question", attempt, 1), {"answer": "true", "sequence": "1"})
    assert (sent.status_code, sent.url) == (303, address("question", attempt, 2))
    back = client.post(address("question", attempt, 2), {"go": "previous"})
    assert back.url == address("question", attempt, 1)
    assert "checked" in client.get(back.url).content.decode()

    for position in (2, 3):
        question = attempt.questions.select_related("frozen").get(position=position)
        sent = client.post(
            address("question", attempt, position), {"answer": right_answer(question)}
        )
    assert sent.url == address("review", attempt)
    review = client.get(sent.url).content.decode()
    assert "Which replies" in review

    handed_in = client.post(address("hand_in", attempt))
    assert (handed_in.status_code, handed_in.url) == (303, address("result", attempt))
    result = client.get(handed_in.url).content.decode()
    assert "100 %" in result
    assert "A named time lets the other person plan." in result
    assert client.post(address("hand_in", attempt)).url == handed_in.url
    assert handed_in.url in client.get(quiz_set.quiz.url).content.decode()


def test_the_review_names_what_is_open(client: Client, quiz_set: QuizSet, attempt: Any) -> None:
    as_user(client, quiz_set.person)
    client.post(address("question", attempt, 1), {"answer": "true"})
    answer = client.get(address("review", attempt))
    assert [step.position for step in answer.context["unanswered"]] == [2, 3]
    assert "2 questions have no answer yet" in answer.content.decode()


def test_looking_records_nothing(client: Client, quiz_set: QuizSet, attempt: Any) -> None:
    as_user(client, quiz_set.person)
    before = (StatementRecord.objects.count(), UnitProgress.objects.values().get())
    client.get(quiz_set.quiz.url)
    for one in addresses(attempt):
        client.get(one)
        client.head(one)
    assert client.get(start_url(quiz_set)).status_code == 405
    assert client.get(address("hand_in", attempt)).status_code == 405
    assert (StatementRecord.objects.count(), UnitProgress.objects.values().get()) == before
    assert QuizAttempt.objects.get().is_open


def test_opening_the_quiz_page_starts_nothing(client: Client, quiz_set: QuizSet) -> None:
    as_user(client, quiz_set.person).get(quiz_set.quiz.url)
    assert not QuizAttempt.objects.exists()
    assert not UnitProgress.objects.exists()


# --- Who gets in ------------------------------------


@pytest.mark.parametrize("who", ["vendor_hr", "client_hr", "trainer"])
def test_another_persons_attempt_does_not_exist(
    client: Client, cast: Cast, quiz_set: QuizSet, attempt: QuizAttempt, who: str
) -> None:
    for person in (getattr(cast.nordlicht, who), getattr(cast.cedar, who), cast.cedar.agent):
        as_user(client, person)
        for one in addresses(attempt):
            assert client.get(one).status_code in (404, 405), one
            assert client.post(one, {"answer": "true"}).status_code in (404, 405), one
        assert client.post(start_url(quiz_set)).status_code == 404
    assert attempt.questions.answered().count() == 0
    assert QuizAttempt.objects.count() == 1


def test_a_colleague_finds_another_attempt_not(
    client: Client, cast: Cast, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    colleague = factories.agent("Jose Ramos", cast.nordlicht.team)
    factories.enrol(colleague, quiz_set.content.programme, cast.nordlicht.engagement, now=NOW)
    as_user(client, colleague)
    for one in addresses(attempt):
        assert client.get(one).status_code in (404, 405)
        assert client.post(one, {"answer": "true"}).status_code in (404, 405)


def test_the_outsider_reads_no_quiz(client: Client, cast: Cast, quiz_set: QuizSet) -> None:
    assert as_user(client, cast.cedar.agent).get(quiz_set.quiz.url).status_code == 404


@pytest.mark.parametrize("who", ["vendor_hr", "client_hr", "trainer"])
def test_authors_and_hr_may_look_at_the_quiz_page(
    client: Client, cast: Cast, quiz_set: QuizSet, who: str
) -> None:
    page = as_user(client, getattr(cast.nordlicht, who)).get(quiz_set.quiz.url)
    assert page.status_code == 200
    assert start_url(quiz_set) not in page.content.decode()


def test_withdrawn_in_the_middle_is_told_so(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    as_user(client, quiz_set.person)
    quiz_set.enrolment.__class__.objects.update(state="paused")
    saved = client.post(
        address("question", attempt, 1), {"answer": "true"}, headers={"Accept": "application/json"}
    )
    assert (saved.status_code, saved.json()["saved"]) == (403, False)
    page = client.post(address("question", attempt, 1), {"answer": "true"})
    assert page.status_code == 403
    assert "not assigned to you at the moment" in page.content.decode()
    assert "checked" in page.content.decode()
    assert client.post(address("hand_in", attempt)).status_code == 403
    assert client.post(start_url(quiz_set)).status_code == 404


# --- Saving by script ------------------------------------


def save(client: Client, attempt: QuizAttempt, position: int = 1, **data: Any) -> Any:
    return client.post(
        address("question", attempt, position), data, headers={"Accept": "application/json"}
    )


def test_a_script_is_told_what_is_kept(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    as_user(client, quiz_set.person)
    assert save(client, attempt, answer="true", sequence=2).json() == {
        "saved": True,
        "sequence": 2,
    }
    late = save(client, attempt, answer="false", sequence=1)
    assert late.status_code == 409
    assert (late.json()["saved"], late.json()["sequence"]) == (False, 2)
    assert attempt.questions.get(position=1).response is True


def test_json_is_taken_as_well(client: Client, quiz_set: QuizSet, attempt: QuizAttempt) -> None:
    as_user(client, quiz_set.person)
    sent = client.post(
        address("question", attempt, 1),
        json.dumps({"response": False, "sequence": 1}),
        content_type="application/json",
    )
    assert sent.json() == {"saved": True, "sequence": 1}
    assert attempt.questions.get(position=1).response is False


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"response": NaN, "sequence": 1}',
        b'{"response": true, "sequence": Infinity}',
        b'{"response": true, "sequence": "x"}',
        b'{"response": true, "sequence": -1}',
        b'{"response": true, "sequence": 1.5}',
        b'{"response": true, "sequence": true}',
        b'{"response": true, "sequence": 99999999999999999999}',
        b'{"response": "true", "sequence": 1}',
        b'{"response": {"a": 1}, "sequence": 1}',
        b'{"response": "\\ud800", "sequence": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"response": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
)
def test_a_senseless_body_is_answered_in_words(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt, body: bytes
) -> None:
    as_user(client, quiz_set.person)
    answer = client.post(address("question", attempt, 1), body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["saved"] is False
    assert answer.json()["message"]
    assert attempt.questions.get(position=1).saves == 0


@pytest.mark.parametrize(
    "data",
    [
        {"answer": "perhaps"},
        {"answer": "true", "sequence": "x"},
        {"answer": "true", "sequence": "٣"},
        {"answer": "\x00"},
        {"answer": ["true", "maybe"]},
    ],
)
def test_a_senseless_form_is_shown_again(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt, data: dict[str, Any]
) -> None:
    as_user(client, quiz_set.person)
    page = client.post(address("question", attempt, 1), data)
    assert page.status_code == 400
    assert "five past nine" in page.content.decode()
    assert save(client, attempt, **data).status_code == 400


@pytest.mark.parametrize("position", [0, 4, 99999])
def test_there_is_no_such_question(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt, position: int
) -> None:
    as_user(client, quiz_set.person)
    assert client.get(address("question", attempt, position)).status_code == 404
    assert save(client, attempt, position, answer="true").status_code == 404


def test_after_handing_in_a_script_is_told_where_the_result_is(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    as_user(client, quiz_set.person)
    late = save(client, attempt, answer="true", sequence=5)
    assert late.status_code == 409
    assert late.json()["result_url"] == address("result", attempt)
    assert client.get(address("question", attempt, 1)).url == address("result", attempt)
    assert client.post(address("question", attempt, 1), {"answer": "true"}).status_code == 303


# --- Signed out ------------------------------------


def test_a_script_learns_that_the_session_is_over(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    answer = save(client, attempt, answer="true", sequence=1)
    assert answer.status_code == 401
    assert answer.json()["saved"] is False
    assert "sign in" in answer.json()["message"]
    as_user(client, quiz_set.person)
    assert save(client, attempt, answer="true", sequence=1).json()["saved"]


def test_a_form_sent_after_the_session_ended_comes_back_after_signing_in(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    one = address("question", attempt, 1)
    sent = client.post(one, {"answer": "false", "sequence": "1"})
    assert sent.status_code == 302
    assert f"next={one}" in sent.url
    assert attempt.questions.answered().count() == 0
    client.post(
        sent.url,
        {"username": quiz_set.person.email, "password": factories.PASSWORD},
    )
    if "_auth_user_id" not in client.session:
        as_user(client, quiz_set.person)
    page = client.get(one)
    assert "signed out before this answer was saved" in page.content.decode()
    assert page.context["form"]["answer"].value() == "false"
    assert attempt.questions.answered().count() == 0  # looking at it saves nothing
    client.post(one, {"answer": "false"})
    assert attempt.questions.get(position=1).response is False
    assert "signed out before" not in client.get(one).content.decode()


def test_what_was_kept_is_not_shown_to_somebody_else(
    client: Client, cast: Cast, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    one = address("question", attempt, 1)
    client.post(one, {"answer": "false"})
    as_user(client, cast.cedar.agent)
    assert client.get(one).status_code == 404


def test_a_flood_is_not_kept(client: Client, quiz_set: QuizSet, attempt: QuizAttempt) -> None:
    client.post(address("question", attempt, 1), {"answer": "x" * 20_000})
    assert "attune_quizzes_unsent" not in client.session


def test_whoever_is_signed_out_is_asked_to_sign_in(client: Client, attempt: QuizAttempt) -> None:
    for one in (address("attempt", attempt), address("review", attempt)):
        assert client.get(one).status_code == 302
    assert client.post(address("hand_in", attempt)).status_code == 302


# --- Result ------------------------------------


@pytest.mark.parametrize(
    ("policy", "right", "allowed", "shown"),
    [
        ("at_end", False, 3, True),
        ("never", True, 3, False),
        ("after_last_attempt", False, 3, False),
        ("after_last_attempt", False, 1, True),
        ("after_last_attempt", True, 3, True),
    ],
)
def test_the_key_is_shown_as_the_quiz_says(
    client: Client,
    quiz_set: QuizSet,
    attempt: QuizAttempt,
    policy: str,
    right: bool,
    allowed: int,
    shown: bool,
) -> None:
    type(quiz_set.quiz).objects.update(feedback=policy, attempts_allowed=allowed)
    if right:
        answer_rightly(attempt)
    hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    page = as_user(client, quiz_set.person).get(address("result", attempt))
    assert ("A named time lets" in page.content.decode()) is shown
    assert bool(page.context["hidden_words"]) is not shown


def test_no_attempts_left_is_said_with_who_can_help(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    type(quiz_set.quiz).objects.update(attempts_allowed=1)
    hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    as_user(client, quiz_set.person)
    for one in (address("result", attempt), quiz_set.quiz.url):
        page = client.get(one).content.decode()
        assert "Your HR or the trainer can grant another." in page
        assert start_url(quiz_set) not in page
    refused = client.post(start_url(quiz_set))
    assert refused.status_code == 303
    assert QuizAttempt.objects.count() == 1


def test_the_result_of_an_open_attempt_is_the_attempt(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    as_user(client, quiz_set.person)
    assert client.get(address("result", attempt)).url == address("attempt", attempt)


def test_an_attempt_speaks_its_own_language(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    QuizAttempt.objects.update(language="de")
    as_user(client, quiz_set.person)
    page = client.get(address("question", attempt, 1), headers={"Accept-Language": "en"})
    assert '<html lang="de"' in page.content.decode()


# --- Cost ------------------------------------


def test_a_question_page_costs_the_same_in_a_long_quiz(
    client: Client, quiz_set: QuizSet, django_assert_max_num_queries: Any
) -> None:
    for number in range(27):
        QuizQuestion.objects.create(
            page=quiz_set.quiz, question=choice(None, f"More {number}"), sort_order=10 + number
        )
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    as_user(client, quiz_set.person)
    client.get(address("question", attempt, 1))
    with django_assert_max_num_queries(12):
        page = client.get(address("question", attempt, 15))
    assert page.context["total"] == 30
    with django_assert_max_num_queries(12):
        assert save(client, attempt, 1, answer="true", sequence=1).json()["saved"]


# --- Rules as the pages keep them ------------------------------------


def under(quiz_set: QuizSet, **rules: Any) -> None:
    type(quiz_set.quiz).objects.filter(pk=quiz_set.quiz.pk).update(**rules)
    quiz_set.quiz.refresh_from_db()


def press(client: Client, attempt: QuizAttempt, position: int, go: str, **data: Any) -> Any:
    return client.post(
        address("question", attempt, position), {"sequence": "9", "go": go, **data}, follow=True
    )


def test_a_flag_is_set_with_the_answer_kept_and_seen_everywhere(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt
) -> None:
    as_user(client, quiz_set.person)
    page = press(client, attempt, 1, "flag", answer="true")
    assert page.context["question"].flagged
    assert attempt.questions.get(position=1).response is True
    assert "Flagged" in client.get(address("review", attempt)).content.decode()
    assert not press(client, attempt, 1, "unflag", answer="true").context["question"].flagged


def test_explained_one_by_one(client: Client, quiz_set: QuizSet, attempt: QuizAttempt) -> None:
    under(quiz_set, feedback="after_each")
    as_user(client, quiz_set.person)
    empty = press(client, attempt, 1, "check")
    assert "Answer the question first." in empty.content.decode()
    page = press(client, attempt, 1, "check", answer="false").content.decode()
    assert "A time is a promise." in page
    assert "Your choice, not right" in page
    again = press(client, attempt, 1, "next", answer="true")
    assert "yours stays as it is" in again.content.decode() or again.status_code == 400
    assert attempt.questions.get(position=1).response is False


def test_the_time_that_is_left_is_the_servers(client: Client, quiz_set: QuizSet) -> None:
    under(quiz_set, time_limit=10)
    timed = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=timezone.now())
    as_user(client, quiz_set.person)
    page = client.get(address("question", timed, 1))
    assert 590 <= page.context["clock"].seconds_left <= 600
    assert "data-clock" in page.content.decode()


def test_when_the_time_is_up_what_was_saved_is_handed_in(client: Client, quiz_set: QuizSet) -> None:
    under(quiz_set, time_limit=10)
    over = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    save_answer(attempt=over, position=1, raw=True, sequence=1, now=NOW)
    as_user(client, quiz_set.person)
    assert client.get(address("question", over, 1)).url == address("review", over)
    review = client.get(address("review", over)).content.decode()
    assert "The time is up." in review
    assert "data-hand-in-now" in review
    over.refresh_from_db()
    assert over.is_open, "looking records nothing"
    late = save(client, over, 1, answer="false", sequence=2)
    assert late.status_code == 409
    assert late.json()["result_url"] == address("result", over)
    over.refresh_from_db()
    assert (over.state, over.raw, over.closed_by) == ("handed_in", 1, "clock")
    assert "The time was up" in client.get(address("result", over)).content.decode()


def test_a_wait_is_said_and_kept(client: Client, quiz_set: QuizSet, attempt: QuizAttempt) -> None:
    under(quiz_set, wait_minutes=60)
    hand_in(attempt=attempt, reader=quiz_set.reader, now=timezone.now())
    as_user(client, quiz_set.person)
    for one in (quiz_set.quiz.url, address("result", attempt)):
        page = client.get(one).content.decode()
        assert "The next attempt opens on" in page
        assert start_url(quiz_set) not in page
    client.post(start_url(quiz_set))
    assert QuizAttempt.objects.count() == 1


def test_what_waits_for_a_trainer_says_so(
    client: Client, quiz_set: QuizSet, attempt: QuizAttempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a written answer will: nothing is passed or failed until somebody has read it."""
    monkeypatch.setattr(ChoiceItem, "grade", lambda self, response: Grade(0, None, pending=True))
    answer_rightly(attempt)
    done = hand_in(attempt=attempt, reader=quiz_set.reader, now=NOW)
    assert (done.state, done.passed) == ("awaiting", None)
    assert {row.kind for row in StatementRecord.objects.all()} >= {"attempt_terminated"}
    assert not StatementRecord.objects.filter(
        kind__in=["attempt_passed", "attempt_failed"]
    ).exists()
    as_user(client, quiz_set.person)
    assert "A trainer marks what you wrote." in client.get(address("result", done)).content.decode()
    page = client.get(quiz_set.quiz.url).content.decode()
    assert "awaiting marking" in page
    assert "wait to be marked" in page
    with pytest.raises(ValueError, match="2 answers"):
        settle(attempt=done, reader=quiz_set.reader, now=NOW)
    done.questions.filter(raw__isnull=True).update(raw=1, success=True)
    settled = settle(attempt=done, reader=quiz_set.reader, now=NOW)
    assert settled.passed
    assert settle(attempt=done, reader=quiz_set.reader, now=NOW) == settled
    assert StatementRecord.objects.filter(kind="attempt_passed").count() == 1
    assert StatementRecord.objects.filter(kind="question_answered").count() == 3
    assert UnitProgress.objects.get(unit_key=quiz_set.quiz.translation_key).state == "completed"


def test_signed_out_in_a_long_reply_all_of_it_comes_back(
    client: Client, nordlicht_habagat: Pair, quiz_set: QuizSet
) -> None:
    reply = "Grüße, понедельник, सोमवार.\n" * 300
    question = of_kind("written_reply", nordlicht_habagat.client, "A delay")
    QuizQuestion.objects.create(page=quiz_set.quiz, question=question, sort_order=10)
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    place = address("question", attempt, 4)
    refused = client.post(place, {"answer": reply, "sequence": "1"})
    assert refused.status_code == 302
    sign_in = {"username": quiz_set.person.email, "password": PASSWORD}
    assert client.post(refused.url, sign_in).url == place
    page = client.get(place)
    assert page.context["form"]["answer"].value().splitlines() == reply.splitlines()


def test_a_hand_in_that_is_refused_is_not_sent_again_by_itself(
    client: Client, quiz_set: QuizSet
) -> None:
    """The page of an attempt that is over sends itself: once, and not for ever."""
    under(quiz_set, time_limit=10)
    over = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=NOW)
    type(quiz_set.enrolment).objects.update(state="withdrawn")
    as_user(client, quiz_set.person)
    assert "data-hand-in-now" in client.get(address("review", over)).content.decode()
    refused = client.post(address("hand_in", over))
    assert refused.status_code == 403
    assert "data-hand-in-now" not in refused.content.decode()
