"""What becomes of an answer in a real browser: saved as given, kept on a cut line, sent after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from attune.quizzes.models import QuizAttempt
from attune.quizzes.services import start_attempt
from tests import factories
from tests.quizzes.support import QuizSet, choice, quiz_of, true_false

STATUS = "[data-answer-status]"


@pytest.fixture
def quiz_set(nordlicht_habagat: Any, nordlicht_content: Any, maria: Any) -> QuizSet:
    client = nordlicht_habagat.client
    questions = [true_false(client), choice(client)]
    quiz = quiz_of(nordlicht_content.module, *questions)
    enrolment = factories.enrol(maria, nordlicht_content.programme, nordlicht_habagat.engagement)
    return QuizSet(quiz, questions, maria, enrolment, nordlicht_content)


@pytest.fixture
def question(
    open_page: Callable[..., Page], live_server: Any, quiz_set: QuizSet
) -> tuple[Page, QuizAttempt]:
    """Maria's browser at the first question of an attempt."""
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=timezone.now())
    page = open_page()
    cookie = factories.as_user(Client(), quiz_set.person).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.goto(reverse("attune_quizzes:question", args=[attempt.deed, 1]))
    return page, attempt


def kept(attempt: QuizAttempt, position: int = 1) -> Any:
    return attempt.questions.get(position=position).response


def test_an_answer_is_saved_as_it_is_given(question: tuple[Page, QuizAttempt]) -> None:
    page, attempt = question
    page.get_by_label("True").check()
    expect(page.locator(STATUS)).to_have_text("Saved")
    assert kept(attempt) is True
    page.get_by_label("False").check()
    expect(page.locator(STATUS)).to_have_text("Saved")
    assert kept(attempt) is False


def test_an_answer_given_on_a_cut_line_arrives_after_it_heals(
    question: tuple[Page, QuizAttempt],
) -> None:
    page, attempt = question
    page.context.set_offline(True)
    page.get_by_label("True").check()
    expect(page.locator(STATUS)).to_contain_text("Not saved yet")
    assert kept(attempt) is None
    page.context.set_offline(False)
    expect(page.locator(STATUS)).to_have_text("Saved", timeout=15_000)
    assert kept(attempt) is True


def test_signed_out_in_the_middle_the_answer_comes_back(
    question: tuple[Page, QuizAttempt], live_server: Any, quiz_set: QuizSet
) -> None:
    page, attempt = question
    page.context.clear_cookies(name="sessionid")
    page.get_by_label("False").check()
    expect(page.locator(STATUS)).to_contain_text("signed out")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_label("E-mail").fill(quiz_set.person.email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("before this answer was saved")).to_be_visible()
    expect(page.get_by_label("False")).to_be_checked()
    assert kept(attempt) is None
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/2/")
    assert kept(attempt) is False


def test_the_newest_wish_of_two_tabs_is_kept(question: tuple[Page, QuizAttempt]) -> None:
    page, attempt = question
    other = page.context.new_page()
    other.goto(page.url)
    for tab, label in ((page, "True"), (other, "False"), (page, "False"), (other, "True")):
        tab.get_by_label(label).check()
        expect(tab.locator(STATUS)).to_have_text("Saved")
        assert kept(attempt) is (label == "True")


def test_without_a_script_the_form_does_the_same(
    open_page: Callable[..., Page], live_server: Any, quiz_set: QuizSet
) -> None:
    attempt = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=timezone.now())
    page = open_page(javascript=False)
    cookie = factories.as_user(Client(), quiz_set.person).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page.goto(reverse("attune_quizzes:question", args=[attempt.deed, 1]))
    page.get_by_label("True").check()
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_label("Today by 15:00.").check()
    page.get_by_role("button", name="Save and look over").click()
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("heading", name="Passed")).to_be_visible()
    attempt.refresh_from_db()
    assert attempt.passed


def timed(quiz_set: QuizSet, *, seconds_left: int) -> QuizAttempt:
    """An attempt at a quiz with a limit of ten minutes, begun so long ago."""
    type(quiz_set.quiz).objects.update(time_limit=10)
    quiz_set.quiz.refresh_from_db()
    begun = timezone.now() - timedelta(minutes=10) + timedelta(seconds=seconds_left)
    return start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=begun)


def test_the_time_limit_holds_when_the_browser_lies(
    open_page: Callable[..., Page], live_server: Any, quiz_set: QuizSet
) -> None:
    """The device's clock says yesterday, and its timers are gone: the server decides."""
    attempt = timed(quiz_set, seconds_left=-60)
    page = open_page()
    page.clock.install(time="2020-01-01T00:00:00Z")
    signed_in(page, live_server, quiz_set)
    # The page as it stood before the time was up, kept open by hand.
    page.goto(reverse("attune_quizzes:review", args=[attempt.deed]))
    page.wait_for_url("**/result/")
    attempt.refresh_from_db()
    assert attempt.closed_by == QuizAttempt.ClosedBy.CLOCK
    refused = page.request.post(
        live_server.url + reverse("attune_quizzes:question", args=[attempt.deed, 1]),
        form={"answer": "true", "sequence": "5", "csrfmiddlewaretoken": token(page)},
        headers={"Accept": "application/json", "Referer": live_server.url},
    )
    assert refused.status == 409
    assert kept(attempt) is None


def test_the_last_answer_is_kept_when_the_time_runs_out(
    open_page: Callable[..., Page], live_server: Any, quiz_set: QuizSet
) -> None:
    attempt = timed(quiz_set, seconds_left=4)
    page = open_page()
    signed_in(page, live_server, quiz_set)
    page.goto(reverse("attune_quizzes:question", args=[attempt.deed, 1]))
    expect(page.locator("[data-clock-left]")).to_be_visible()
    page.get_by_label("True").check()
    page.wait_for_url("**/result/", timeout=20_000)
    expect(page.get_by_text("The time was up")).to_be_visible()
    attempt.refresh_from_db()
    assert attempt.raw == 1


def signed_in(page: Page, live_server: Any, quiz_set: QuizSet) -> None:
    cookie = factories.as_user(Client(), quiz_set.person).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])


def token(page: Page) -> str:
    return next(c["value"] for c in page.context.cookies() if c["name"] == "csrftoken")
