"""A trainer mends a wrong key, looks at what would change, and regrades; asked by axe-core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from attune.quizzes.services import go_on_regrading
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.test_engagement import sign_in
from tests.quizzes import conftest as quizzes
from tests.quizzes.support import QuizSet, flip
from tests.quizzes.test_regrade import attempt_of

quiz_set = quizzes.quiz_set


@pytest.mark.parametrize(
    ("theme", "viewport"),
    [
        pytest.param("light", WIDE, id="wide", marks=pytest.mark.slow),
        pytest.param("dark", NARROW, id="narrow"),
    ],
)
def test_a_trainer_regrades(
    theme: str,
    viewport: dict[str, int],
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    quiz_set: QuizSet,
    cast: Any,
) -> None:
    attempt_of(quiz_set, {1})
    question = flip(quiz_set.questions[0])
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

    sign_in(page, cast.nordlicht.trainer, to=reverse("attune_reports:regrades"))
    look("list")
    page.get_by_role("link", name=f"See what would change {question.title}").click()
    expect(page.get_by_role("heading", name="What would change")).to_be_visible()
    look("preview")
    page.get_by_label("Reason").fill("The key was the wrong way round")
    page.get_by_role("button", name="Regrade", exact=True).click()
    expect(page.get_by_text("0 of 1 answers")).to_be_visible()
    look("at work")
    assert go_on_regrading(clock=timezone.now) == 1
    # The page finds out by itself.
    expect(page.get_by_text("Done: 1 answer was graded again.")).to_be_visible()
    look("done")
    assert findings == {}
