"""Every page that a learner meets, and the report, asked by axe-core in both themes.

The lesson holds each kind of block once; the quiz is opened, answered and handed in on the
way. Also here: a lesson and a quiz by keyboard alone, and without any script.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from attune.enrolments.models import UnitProgress
from attune.enrolments.states import State
from attune.lessons.blocks import LessonBody
from attune.quizzes.models import QuizAttempt
from tests import factories
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.test_engagement import sign_in
from tests.quizzes.support import choice, quiz_of, true_false


def every_block() -> list[dict[str, Any]]:
    """Each block that has a preview of its own, as the editor shows it."""
    blocks = LessonBody().child_blocks
    return [
        {"type": name, "value": block.get_prep_value(block.get_preview_value()), "id": _id(number)}
        for number, (name, block) in enumerate(blocks.items())
        if name not in {"image", "media"}
    ]


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


@pytest.fixture
def walk(nordlicht_content: Any, nordlicht_habagat: Any, maria: Any, engagement: Any) -> Any:
    content = nordlicht_content
    full = factories.lesson(content.module, "Every block", body=every_block())
    quiz = quiz_of(
        content.module,
        true_false(nordlicht_habagat.client),
        choice(nordlicht_habagat.client, multiple=True),
        title="Etiquette quiz",
    )
    factories.enrol(maria, content.programme, engagement)
    return content, full, quiz


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious_on_the_way_of_a_learner(
    theme: str,
    viewport: dict[str, int],
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    walk: Any,
    cast: Any,
) -> None:
    content, full, quiz = walk
    page = open_page(theme=theme, viewport=viewport)
    findings: dict[str, list[str]] = {}

    def look(where: str) -> None:
        if found := axe(page):
            findings[where] = found
        overflow = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            findings.setdefault(where, []).append(f"scrolls sideways by {overflow} px")

    page.goto(reverse("attune_accounts:sign_in"))
    look("sign in")
    page.goto(reverse("attune_accounts:password_reset"))
    look("forgotten password")
    sign_in(page, cast.nordlicht.agent)
    for path in (
        reverse("attune_enrolments:my_training"),
        content.programme.url,
        content.module.url,
        full.url,
        quiz.url,
        reverse("attune_lessons:phrases") + "?q=nothing",
        reverse("attune_people:account"),
        "/en/there-is-no-such-page/",
    ):
        page.goto(path)
        look(path)
    page.goto(quiz.url)
    page.get_by_role("button", name="Start the quiz").click()
    look("question 1")
    page.get_by_label("True").check()
    page.get_by_role("button", name="Save and go on").click()
    look("question 2")
    page.get_by_role("button", name="Save and look over").click()
    look("review")
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("assed")
    look("result")
    assert not findings, "\n".join(
        f"{where}: {line}" for where, lines in findings.items() for line in lines
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_report(
    theme: str,
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    walk: Any,
    cast: Any,
) -> None:
    page = open_page(theme=theme)
    sign_in(page, cast.nordlicht.vendor_hr, to=reverse("attune_reports:completion"))
    expect(page.get_by_role("link", name="Maria Santos")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Maria Santos").click()
    assert axe(page) == []


def test_a_lesson_and_a_quiz_by_keyboard_alone(
    open_page: Callable[..., Page], walk: Any, cast: Any
) -> None:
    content, _full, quiz = walk
    page = open_page()
    sign_in(page, cast.nordlicht.agent, to=content.lesson.url)

    def tab_to(name: str) -> None:
        """Press Tab until the control of that name has the focus."""
        for _press in range(60):
            page.keyboard.press("Tab")
            words = page.evaluate(
                "() => { const e = document.activeElement;"
                " return (e.labels?.length ? e.labels[0].innerText : e.innerText) || ''; }"
            )
            if name in words:
                outline = page.evaluate(
                    "() => { const s = getComputedStyle(document.activeElement);"
                    " const p = getComputedStyle(document.activeElement.closest('label')"
                    " || document.activeElement);"
                    " return s.outlineStyle + p.outlineStyle + p.boxShadow; }"
                )
                assert outline != "nonenonenone", f"the focus on {name} cannot be seen"
                return
        pytest.fail(f"Tab does not reach {name}")

    tab_to("I have read this lesson")
    page.keyboard.press("Space")
    tab_to("Complete")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is complete.")).to_be_visible()
    assert UnitProgress.objects.get().state == State.COMPLETED

    page.goto(quiz.url)
    tab_to("Start the quiz")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 1")
    tab_to("True")
    page.keyboard.press("Space")
    tab_to("Save and go on")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Question 2")
    tab_to("As soon as I can.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    tab_to("Save and look over")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look over your answers")
    tab_to("Hand in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Passed")


def test_everything_that_matters_works_without_script(
    open_page: Callable[..., Page], walk: Any, cast: Any
) -> None:
    _content, _full, quiz = walk
    page = open_page(javascript=False, viewport=NARROW)
    sign_in(page, cast.nordlicht.agent)
    page.get_by_role("button", name="Start").first.click()
    page.get_by_label("I have read this lesson to its end.").check()
    page.get_by_role("button", name="Complete and go on").click()
    page.get_by_label("Today by 15:00.").check()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("Right.", exact=True)).to_be_visible()
    page.goto(quiz.url)
    page.get_by_role("button", name="Start the quiz").click()
    page.get_by_label("True").check()
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_label("Today by 15:00.").check()
    page.get_by_role("button", name="Save and look over").click()
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passed")
    assert QuizAttempt.objects.get().passed
