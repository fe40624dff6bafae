"""Every page that a learner meets, and the report, asked by axe-core in both themes.

The lesson holds each kind of block once; the quiz is opened, answered and handed in on the
way. Also here: a lesson and a quiz by keyboard alone, and without any script.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from attune.enrolments.models import UnitProgress
from attune.enrolments.readers import reader_for
from attune.enrolments.states import State
from attune.lessons.blocks import LessonBody
from attune.quizzes.models import QuizAttempt, QuizPage
from attune.quizzes.services import hand_in, mark_answer, save_answer, start_attempt
from tests import factories
from tests.journeys.conftest import LOOKS, NARROW, WIDE
from tests.journeys.test_engagement import sign_in
from tests.quizzes.analysis.crowd import enrolled, take
from tests.quizzes.support import choice, quiz_of, right_answer, true_false, written


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


@pytest.mark.parametrize(("viewport", "theme"), LOOKS)
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


@pytest.mark.parametrize(("theme", "viewport"), [("light", WIDE), ("dark", NARROW)])
def test_axe_finds_nothing_serious_in_the_item_analysis(
    theme: str,
    viewport: dict[str, int],
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    walk: Any,
    cast: Any,
) -> None:
    """A trainer from the list of quizzes to a question whose key is wrong."""
    content, _full, quiz = walk
    people = enrolled(cast.nordlicht.engagement, content.programme, 30)
    take(quiz, people, _wrong_key)
    page = open_page(theme=theme, viewport=viewport)
    sign_in(page, cast.nordlicht.trainer, to=reverse("attune_reports:item_analysis"))
    expect(page.get_by_role("link", name="Etiquette quiz")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Etiquette quiz").click()
    expect(page.get_by_text("Cronbach’s α")).to_be_visible()
    page.get_by_text("When is a question marked").click()
    assert axe(page) == []
    page.get_by_role("link", name="Discrimination", exact=True).click()
    heading = page.get_by_role("columnheader", name="Discrimination correlation")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    page.locator(".attune-items tbody").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="The key may be wrong")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("theme", "viewport"), [("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"]
)
def test_axe_finds_nothing_serious_where_trainers_and_hr_work(
    theme: str,
    viewport: dict[str, int],
    open_page: Callable[..., Page],
    live_server: Any,
    axe: Callable[[Page], list[str]],
    walk: Any,
    cast: Any,
) -> None:
    """Marking, grants, regrade, import and export, people, assign: one sign-in, many pages."""
    content, _full, quiz = walk
    maria, klaus = cast.nordlicht.agent, cast.nordlicht.trainer
    letters = quiz_of(
        content.module,
        written(cast.nordlicht.client),
        title="Letters",
        second_marker=True,
    )
    _taken(quiz, maria, lambda item: None)
    waiting = _taken(letters, maria, lambda item: "Dear Frau Vogt, it will be late.")
    answer = waiting.questions.get()
    mark_answer(question=answer, marker=klaus.user, points=[3, 1], now=timezone.now())
    QuizPage.objects.filter(pk=quiz.pk).update(attempts_allowed=1)
    page = open_page(theme=theme, viewport=viewport)
    cookie = factories.as_user(Client(), cast.administrator).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    here = cast.nordlicht
    findings = []
    for name, args in (
        ("attune_quizzes_admin:queue", []),
        ("attune_quizzes_admin:mark", [answer.pk]),
        ("attune_quizzes_admin:agreement", []),
        ("attune_quizzes_admin:exhausted", []),
        ("attune_quizzes_admin:extra_time", [maria.pk]),
        ("attune_reports:regrades", []),
        ("attune_reports:regrade", [quiz.quiz_questions.first().question_id]),
        ("attune_question_exchange:import", []),
        ("attune_question_exchange:export", []),
        ("attune_people_admin:people", []),
        ("attune_people_admin:person", [maria.pk]),
        ("attune_people_admin:engagement", [here.engagement.pk]),
        ("attune_reports:assign", []),
    ):
        address = reverse(name, args=args)
        response = page.goto(address)
        assert response is not None
        assert response.status == 200, address
        findings += [f"{address}: {line}" for line in axe(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            findings.append(f"{address}: scrolls sideways")
    assert not findings, "\n".join(findings)


def _taken(quiz: Any, person: Any, answer: Callable[[Any], Any]) -> QuizAttempt:
    """An attempt that was handed in, with that answer to each question."""
    reader = reader_for(person.user, quiz)
    assert reader is not None
    now = timezone.now()
    attempt = start_attempt(reader=reader, quiz=quiz, now=now)
    for row in attempt.questions.all():
        if (raw := answer(row.item)) is not None:
            save_answer(attempt=attempt, position=row.position, raw=raw, sequence=1, now=now)
    return hand_in(attempt=attempt, reader=reader, now=now)


def _wrong_key(person: int, place: int, item: Any) -> Any:
    """Of two questions each is answered rightly by those who fail the other."""
    if (person % 2 == 0) is (place == 0):
        return right_answer(item)
    return not item.answer if place == 0 else [item.ids[0]]


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
