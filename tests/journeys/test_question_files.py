"""Klaus, the trainer, brings a file of questions into his bank, and takes one out again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from attune.people.models import Person
from attune.quizzes.questions import Question
from tests import factories
from tests.journeys.conftest import NARROW
from tests.quizzes.support import choice, true_false

FILES = Path(__file__).parents[1] / "quizzes" / "exchange" / "files"
# Somebody who wants to look at the screens says where the pictures go.
PICTURES = os.environ.get("ATTUNE_PICTURES")


@pytest.fixture
def at_his_desk(
    open_page: Callable[..., Page], live_server: Any, klaus: Person
) -> Callable[..., Page]:
    def sign_in(**context: Any) -> Page:
        page = open_page(**context)
        cookie = factories.as_user(Client(), klaus).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return page

    return sign_in


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def no_wider_than_the_screen(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def test_a_file_is_tried_read_and_taken_over(at_his_desk: Callable[..., Page]) -> None:
    page = at_his_desk()
    page.goto(reverse("wagtailadmin_home"))
    page.get_by_role("button", name="Questions").click()
    page.get_by_role("link", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Import questions")).to_be_visible()
    picture(page, "import")
    page.get_by_label("File", exact=False).set_input_files(FILES / "desk.gift.txt")
    page.get_by_role("button", name="Try it").click()

    expect(page.get_by_role("heading", name="Refused")).to_be_visible()
    expect(page.get_by_text("desk.gift.txt")).to_be_visible()
    assert Question.objects.count() == 0
    picture(page, "tried")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Imported on")).to_be_visible()
    picture(page, "applied")
    assert Question.objects.count() > 0


def test_an_export_names_what_it_leaves_out(
    at_his_desk: Callable[..., Page], klaus: Person
) -> None:
    client = klaus.memberships.get().organisation
    choice(client, "A reply to plan with")
    true_false(client, "Late or not")
    page = at_his_desk()
    page.goto(reverse("attune_question_exchange:export"))
    page.get_by_label("Format").select_option("aiken")
    page.get_by_role("button", name="See what it carries").click()
    expect(page.get_by_text("1 question is in the file.")).to_be_visible()
    expect(page.get_by_text("The whole question.")).to_be_visible()
    picture(page, "export")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".aiken.txt")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_report_fits_a_narrow_screen(at_his_desk: Callable[..., Page], theme: str) -> None:
    page = at_his_desk(viewport=NARROW, theme=theme)
    page.goto(reverse("attune_question_exchange:import"))
    assert no_wider_than_the_screen(page)
    page.get_by_label("File", exact=False).set_input_files(FILES / "desk.gift.txt")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", name="Refused")).to_be_visible()
    picture(page, f"narrow-{theme}")
    assert no_wider_than_the_screen(page)
