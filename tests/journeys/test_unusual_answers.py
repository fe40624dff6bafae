"""Answers that are more than a click: matched, put in order, rated, chosen step by step.

By keyboard alone, without any script, and with a script that helps; each time saved, handed
in, and found right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from attune.quizzes.models import QuizAttempt
from attune.quizzes.services import save_answer, start_attempt
from tests import factories
from tests.journeys.conftest import LOOKS, NARROW
from tests.quizzes.kinds import KINDS
from tests.quizzes.support import QuizSet, of_kind, quiz_of, right_answer

STATUS = "[data-answer-status]"
KEYBOARD_STEPS = 60
ASKED = [
    ("matching", "priorities"),
    ("sequencing", "call"),
    ("performance", "call"),
    ("situational", "rank"),
    ("situational", "rate"),
]
MATCHING, SEQUENCING, PERFORMANCE, RANKING, RATING = range(1, 6)


@pytest.fixture
def quiz_set(nordlicht_habagat: Any, nordlicht_content: Any, maria: Any) -> QuizSet:
    client = nordlicht_habagat.client
    questions = [
        of_kind(kind, client, f"{kind} {example}", data=KINDS[kind].examples[example])
        for kind, example in ASKED
    ]
    quiz = quiz_of(nordlicht_content.module, *questions, title="Priorities")
    enrolment = factories.enrol(maria, nordlicht_content.programme, nordlicht_habagat.engagement)
    return QuizSet(quiz, questions, maria, enrolment, nordlicht_content)


@pytest.fixture
def attempt(quiz_set: QuizSet) -> QuizAttempt:
    """Maria's attempt. The steps to put in order are shown from last to first."""
    begun = start_attempt(reader=quiz_set.reader, quiz=quiz_set.quiz, now=timezone.now())
    steps = begun.questions.filter(position=SEQUENCING)
    steps.update(option_order=list(reversed(key_of(begun, SEQUENCING))))
    return begun


@pytest.fixture
def open_question(
    open_page: Callable[..., Page], live_server: Any, quiz_set: QuizSet, attempt: QuizAttempt
) -> Callable[..., Page]:
    """Maria's browser at a question of her attempt."""

    def open_one(position: int, **browser: Any) -> Page:
        page = open_page(**browser)
        cookie = factories.as_user(Client(), quiz_set.person).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto(reverse("attune_quizzes:question", args=[attempt.deed, position]))
        return page

    return open_one


def kept(attempt: QuizAttempt, position: int) -> Any:
    return attempt.questions.get(position=position).response


def key_of(attempt: QuizAttempt, position: int) -> Any:
    return right_answer(attempt.questions.select_related("frozen").get(position=position))


def saved(page: Page) -> None:
    expect(page.locator(STATUS)).to_have_text("Saved")


def focused(page: Page) -> str:
    """The accessible words of what has the focus."""
    words: str = page.evaluate(
        "() => { const e = document.activeElement;"
        " return e.getAttribute('aria-label') || e.labels?.[0]?.textContent.trim()"
        " || e.textContent.trim(); }"
    )
    return words


def tab_to(page: Page, name: str, *, key: str = "Tab") -> None:
    """Press Tab until the control of that name has the focus."""
    for _press in range(KEYBOARD_STEPS):
        page.keyboard.press(key)
        if focused(page) == name:
            return
    pytest.fail(f"{key} does not reach {name}")


def place_of(page: Page, row: str) -> Locator:
    return page.get_by_role("combobox", name=row, exact=True)


def order_on_page(page: Page) -> list[str]:
    return [words.strip() for words in page.locator("[data-places] label").all_inner_texts()]


def texts_of(kind: str, example: str, rows: str, name: str) -> list[str]:
    return [row[name] for row in KINDS[kind].examples[example][rows]]


STEPS = texts_of("sequencing", "call", "steps", "text")
PAIRS = KINDS["matching"].examples["priorities"]["pairs"]


def test_matching_and_sequencing_by_keyboard_alone(
    open_question: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = open_question(MATCHING)
    for pair in PAIRS:
        tab_to(page, pair["source"])
        # A select answers to the first letters of what is wanted.
        page.keyboard.type(pair["target"])
    saved(page)
    assert kept(attempt, MATCHING) == key_of(attempt, MATCHING)

    tab_to(page, "Save and go on")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{SEQUENCING}/")
    assert sorted(order_on_page(page)) == sorted(STEPS)
    for place, step in enumerate(STEPS):
        up = f"Move up: {step}"
        tab_to(page, up)
        while order_on_page(page).index(step) > place:
            page.keyboard.press("Enter")
            assert focused(page) == up
            now = order_on_page(page).index(step) + 1
            expect(page.locator("[data-places-said]")).to_have_text(
                f"“{step}” is now at place {now} of {len(STEPS)}."
            )
    assert order_on_page(page) == STEPS
    saved(page)
    assert kept(attempt, SEQUENCING) == key_of(attempt, SEQUENCING)

    for position in (PERFORMANCE, RANKING, RATING):
        save_answer(
            attempt=attempt,
            position=position,
            raw=key_of(attempt, position),
            sequence=1,
            now=timezone.now(),
        )
    tab_to(page, "Look over all answers")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look over your answers")
    tab_to(page, "Hand in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Passed")
    attempt.refresh_from_db()
    assert attempt.scaled == 1


def test_without_a_script_everything_can_be_answered(
    open_question: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = open_question(MATCHING, javascript=False, viewport=NARROW)
    for pair in PAIRS:
        page.get_by_label(pair["source"]).select_option(pair["target"])
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("button", name="Move up")).to_have_count(0)
    for place, step in enumerate(STEPS, start=1):
        place_of(page, step).select_option(str(place))
    page.get_by_role("button", name="Save and go on").click()
    for step in KINDS["performance"].examples["call"]["steps"]:
        page.get_by_label(step["right"]).check()
    page.get_by_role("button", name="Save and go on").click()
    for reply in KINDS["situational"].examples["rank"]["replies"]:
        place_of(page, reply["text"]).select_option(str(reply["expert"]))
    page.get_by_role("button", name="Save and go on").click()
    for reply in KINDS["situational"].examples["rate"]["replies"]:
        scale = page.get_by_role("group", name=reply["text"])
        scale.get_by_label(str(reply["expert"])).check()
    page.get_by_role("button", name="Save and look over").click()
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passed")
    attempt.refresh_from_db()
    assert attempt.scaled == 1


def test_a_place_given_twice_is_said_and_nothing_is_lost(
    open_question: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = open_question(SEQUENCING, javascript=False)
    for step, place in zip(STEPS, "1224", strict=True):
        place_of(page, step).select_option(place)
    page.get_by_role("button", name="Save and go on").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Place 2 is given twice")
    expect(alert).to_contain_text(STEPS[1])
    expect(alert).to_contain_text(STEPS[2])
    assert kept(attempt, SEQUENCING) is None
    for step, place in zip(STEPS, "1224", strict=True):
        expect(place_of(page, step)).to_have_value(place)
    place_of(page, STEPS[2]).select_option("3")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(f"**/{PERFORMANCE}/")
    assert kept(attempt, SEQUENCING) == key_of(attempt, SEQUENCING)


def test_an_order_in_progress_is_kept_with_its_gaps(
    open_question: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = open_question(SEQUENCING, javascript=False)
    place_of(page, STEPS[3]).select_option("4")
    place_of(page, STEPS[1]).select_option("2")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(f"**/{PERFORMANCE}/")
    page.go_back()
    page.reload()
    for step, place in zip(STEPS, ["", "2", "", "4"], strict=True):
        expect(place_of(page, step)).to_have_value(place)
    expect(page.get_by_text("2 of 4 still open.")).to_be_visible()


def test_choosing_a_place_moves_the_row_and_numbers_the_others(
    open_question: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = open_question(SEQUENCING)
    assert order_on_page(page) == STEPS[::-1]
    place = place_of(page, STEPS[0])
    place.select_option("1")
    expect(place).to_be_focused()
    order = [STEPS[0], STEPS[3], STEPS[2], STEPS[1]]
    assert order_on_page(page) == order
    saved(page)
    key = key_of(attempt, SEQUENCING)
    assert kept(attempt, SEQUENCING) == [key[0], key[3], key[2], key[1]]
    page.reload()
    assert order_on_page(page) == order


def test_the_order_as_shown_can_be_kept(
    open_question: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = open_question(RANKING)
    shown = order_on_page(page)
    page.get_by_role("button", name="Keep this order").click()
    saved(page)
    expect(page.get_by_role("button", name="Keep this order")).to_be_hidden()
    places = kept(attempt, RANKING)
    item = attempt.questions.select_related("frozen").get(position=RANKING).item
    assert sorted(item.texts, key=lambda each: places[each]) == sorted(
        item.texts, key=lambda each: shown.index(item.texts[each])
    )


def test_steps_and_ratings_are_saved_one_by_one(
    open_question: Callable[..., Page], attempt: QuizAttempt
) -> None:
    page = open_question(PERFORMANCE)
    step = KINDS["performance"].examples["call"]["steps"][1]
    page.get_by_label(step["right"]).focus()
    page.keyboard.press("Space")
    saved(page)
    key = key_of(attempt, PERFORMANCE)
    assert kept(attempt, PERFORMANCE) == {list(key)[1]: list(key.values())[1]}
    page.reload()
    still_open = page.get_by_text("1 of 2 still open.")
    expect(still_open).to_be_visible()
    page.get_by_label(KINDS["performance"].examples["call"]["steps"][0]["right"]).check()
    expect(still_open).to_be_hidden()
    assert kept(attempt, PERFORMANCE) == key
    page.goto(reverse("attune_quizzes:question", args=[attempt.deed, RATING]))
    reply = KINDS["situational"].examples["rate"]["replies"][1]
    first = page.get_by_role("group", name=reply["text"]).get_by_label("1 does not fit")
    first.focus()
    page.keyboard.press("Space")
    for _press in range(reply["expert"] - 1):
        page.keyboard.press("ArrowRight")
    saved(page)
    key = key_of(attempt, RATING)
    assert kept(attempt, RATING) == {list(key)[1]: reply["expert"]}


SMALLEST = 44
TARGETS = (
    "fieldset :is(select, button, label.option):visible, .actions :is(a.button, button):visible"
)


@pytest.mark.parametrize(("viewport", "theme"), LOOKS)
def test_axe_finds_nothing_serious_and_fingers_find_their_targets(
    theme: str,
    viewport: dict[str, int],
    open_question: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    attempt: QuizAttempt,
) -> None:
    page = open_question(MATCHING, theme=theme, viewport=viewport)
    findings: dict[str, list[str]] = {}

    def look(where: str) -> None:
        found = axe(page)
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append("scrolls sideways")
        for target in page.locator(TARGETS).all():
            box = target.bounding_box()
            assert box is not None
            if min(box["width"], box["height"]) < SMALLEST:
                found.append(f"too small for a finger: {target.inner_text()} {box}")
        if found:
            findings[where] = found

    for position, (kind, example) in enumerate(ASKED, start=1):
        page.goto(reverse("attune_quizzes:question", args=[attempt.deed, position]))
        look(f"{kind} {example}")
        item = attempt.questions.select_related("frozen").get(position=position).item
        wrong = next(name for name in KINDS[kind].answers if name.endswith("partly"))
        if kind == "situational":
            wrong = f"{example}_partly"
        save_answer(
            attempt=attempt,
            position=position,
            raw=KINDS[kind].answers[wrong][1](item),
            sequence=1,
            now=timezone.now(),
        )
        page.reload()
        look(f"{kind} {example}, answered")
    page.goto(reverse("attune_quizzes:review", args=[attempt.deed]))
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("assed")
    look("result")
    assert not findings
