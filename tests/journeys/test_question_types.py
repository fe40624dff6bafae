"""Every question type in a real browser: for ears, on a small screen, and without a script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from attune.quizzes.models import QuizAttempt
from attune.quizzes.services import hand_in, save_answer, start_attempt
from tests import factories
from tests.journeys.conftest import NARROW, WIDE
from tests.quizzes.kinds import KINDS
from tests.quizzes.support import QuizSet, of_kind, quiz_of
from tests.quizzes.test_media import image_of, recording_of

# Ten types, four looks: in ``make test-all``. Two types are in the other journeys always.
pytestmark = pytest.mark.slow

STATUS = "[data-answer-status]"


@pytest.fixture
def quiz_set(
    nordlicht_habagat: Any, nordlicht_content: Any, maria: Any, settings: Any, tmp_path: Path
) -> QuizSet:
    """A question of each type; the first shows a picture, the second plays a recording."""
    settings.MEDIA_ROOT = str(tmp_path)
    client = nordlicht_habagat.client
    questions: list[Any] = [of_kind(kind, client, kind) for kind in KINDS]
    questions[0].image, questions[0].image_alt = image_of(client), "A plan of the plant"
    questions[0].lesson = nordlicht_content.lesson
    questions[0].save()
    questions[1].recording = recording_of(client)
    questions[1].transcript = "<p>When does it work again?</p>"
    questions[1].save()
    quiz = quiz_of(nordlicht_content.module, *questions, title="Every type")
    enrolment = factories.enrol(maria, nordlicht_content.programme, nordlicht_habagat.engagement)
    return QuizSet(quiz, questions, maria, enrolment, nordlicht_content)


@pytest.fixture
def attempt(quiz_set: QuizSet) -> QuizAttempt:
    return start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=timezone.now())


@pytest.fixture
def marias_page(
    open_page: Callable[..., Page], live_server: Any, quiz_set: QuizSet
) -> Callable[..., Page]:
    def opened(**options: Any) -> Page:
        page = open_page(**options)
        cookie = factories.as_user(Client(), quiz_set.person).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return page

    return opened


def address(attempt: QuizAttempt, name: str, *args: Any) -> str:
    return reverse(f"attune_quizzes:{name}", args=[attempt.deed, *args])


def position_of(kind: str) -> int:
    return list(KINDS).index(kind) + 1


def kept(attempt: QuizAttempt, kind: str) -> Any:
    return attempt.questions.get(position=position_of(kind)).response


@pytest.mark.parametrize(
    ("theme", "viewport"), [("light", NARROW), ("dark", WIDE)], ids=["narrow", "wide"]
)
def test_axe_finds_nothing_serious_in_any_type(
    theme: str,
    viewport: dict[str, int],
    marias_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    quiz_set: QuizSet,
    attempt: QuizAttempt,
) -> None:
    page = marias_page(theme=theme, viewport=viewport)
    findings = []

    def look(where: str) -> None:
        findings.extend(f"{where}: {found}" for found in axe(page))
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            findings.append(f"{where}: scrolls sideways")

    for kind in KINDS:
        page.goto(address(attempt, "question", position_of(kind)))
        look(kind)
    for question in attempt.questions.select_related("frozen"):
        _example, response_to = next(iter(KINDS[question.item.definition["kind"]].answers.values()))
        save_answer(
            attempt=attempt,
            position=question.position,
            raw=response_to(question.item),
            newest=True,
            now=timezone.now(),
        )
    hand_in(attempt=attempt, reader=quiz_set.reader, now=timezone.now())
    page.goto(address(attempt, "result"))
    look("result")
    assert findings == []


def test_words_and_numbers_are_given_by_keyboard_alone_and_without_a_script(
    marias_page: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = marias_page(javascript=False, viewport=NARROW)
    page.goto(address(attempt, "question", position_of("fill_in")))
    page.get_by_label("Blank 1 of 2").focus()
    page.keyboard.type("Frau Schmidt")
    page.keyboard.press("Tab")
    page.keyboard.type("3 pm")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question")
    assert kept(attempt, "fill_in") == ["Frau Schmidt", "3 pm"]

    page.goto(address(attempt, "question", position_of("numeric")))
    page.get_by_label("Your answer in hours").focus()
    page.keyboard.type("soon")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Give a number")
    # Nothing of it is lost: it stands there to be put right.
    expect(page.get_by_label("Your answer in hours")).to_have_value("soon")
    page.get_by_label("Your answer in hours").fill("7,5 hours")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert kept(attempt, "numeric") == "7.5"


def test_what_is_typed_is_saved_as_it_is_typed(
    marias_page: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = marias_page()
    page.goto(address(attempt, "question", position_of("written_reply")))
    page.get_by_label("Your reply").press_sequentially("Friday is at risk.")
    expect(page.locator(STATUS)).to_have_text("Saved")
    assert kept(attempt, "written_reply") == "Friday is at risk."
    page.goto(address(attempt, "question", position_of("numeric")))
    page.get_by_label("Your answer in hours").press_sequentially("soon")
    expect(page.locator(STATUS)).to_contain_text("Give a number")
    page.get_by_label("Your answer in hours").fill("8")
    expect(page.locator(STATUS)).to_have_text("Saved")
    assert kept(attempt, "numeric") == "8"
