"""A trainer marks by keyboard on a narrow screen; the learner reads what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from attune.quizzes.models import Mark
from tests import factories
from tests.journeys.conftest import NARROW
from tests.journeys.test_engagement import sign_in
from tests.quizzes.support import NOW, QuizSet, is_installed, quiz_of, written
from tests.quizzes.test_mark_answer import handed_in

pytestmark = pytest.mark.skipif(
    not is_installed("written_reply"), reason="no question type here waits for a person"
)


def sideways(page: Page) -> int:
    return int(
        page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    )


def test_marked_by_keyboard_on_a_narrow_screen(
    open_page: Callable[..., Page], nordlicht_content: Any, cast: Any
) -> None:
    pair = cast.nordlicht
    questions = [written(pair.client)]
    quiz = quiz_of(nordlicht_content.module, *questions, title="Letters")
    enrolment = factories.enrol(pair.agent, nordlicht_content.programme, pair.engagement, now=NOW)
    attempt = handed_in(QuizSet(quiz, questions, pair.agent, enrolment, nordlicht_content))

    page = open_page(viewport=NARROW)
    sign_in(page, pair.trainer, to=reverse("attune_quizzes_admin:queue"))
    expect(page.get_by_text("days late")).to_be_visible()
    assert sideways(page) <= 0
    page.get_by_role("link", name=re.compile("^Answer [0-9A-F]")).press("Enter")
    expect(page.get_by_role("heading", name="The answer")).to_be_visible()
    assert sideways(page) <= 0
    page.get_by_label("Tone").focus()
    page.keyboard.type("9")
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    page.get_by_label("Comment to the learner").focus()
    page.keyboard.type("Name the hour as well.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save and next")).to_be_focused()
    page.keyboard.press("Enter")
    # Too many points: said at the field, and nothing is lost.
    expect(page.get_by_label("Comment to the learner")).to_have_value("Name the hour as well.")
    assert not Mark.objects.exists()
    page.get_by_label("Tone").fill("2.5")
    page.get_by_label("Tone").press("Enter")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert Mark.objects.get().share == 0.875

    learner = open_page(viewport=NARROW)
    result = reverse("attune_quizzes:result", args=[attempt.deed])
    sign_in(learner, pair.agent, to=result)
    expect(learner.get_by_text("Name the hour as well.")).to_be_visible()
    expect(learner.get_by_text("Tone: 2.5 of 3")).to_be_visible()
    assert sideways(learner) <= 0
