"""A case to read, in a browser and by keyboard: private words, shared words, who meets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from attune.case_studies.models import Reflection, ReflectionQuestion, ReflectiveCasePage
from tests import factories
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.test_case_studies import Looker
from tests.journeys.test_engagement import sign_in

WORDS = "At home a silence is polite; here it was a note on the monitor."
THEIRS = "I would have asked on the first day what the colour of the note means."


@pytest.fixture
def reading(nordlicht_habagat: Any, nordlicht_content: Any, maria: Any) -> ReflectiveCasePage:
    module = nordlicht_content.module
    page = ReflectiveCasePage(
        title="Two desks",
        locale=module.locale,
        provenance="Invented.",
        least_words=10,
        story=[("prose", "<p>A yellow note on a monitor.</p>")],
    )
    page.questions = [ReflectionQuestion(locale=module.locale, text="What did the silence mean?")]
    module.add_child(instance=page)
    page.save_revision().publish()
    factories.enrol(maria, nordlicht_content.programme, nordlicht_habagat.engagement)
    return page


def press(page: Page, name: str) -> None:
    """To the button by Tab alone, and Enter."""
    wanted = page.get_by_role("button", name=name, exact=True)
    for _press in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab does not reach {name}")


def write(page: Page, text: str) -> None:
    page.get_by_label("Your thoughts").focus()
    page.keyboard.type(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("theme", "viewport"), [("light", WIDE), ("dark", NARROW)], ids=["light-wide", "dark-narrow"]
)
def test_a_reflection_is_kept_private_then_shared_with_the_team_and_nobody_else(
    theme: str,
    viewport: dict[str, int],
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    reading: ReflectiveCasePage,
    nordlicht_habagat: Any,
    nordlicht_content: Any,
    maria: Any,
    outsider: Any,
) -> None:
    night = factories.team(nordlicht_habagat.engagement, "Night desk")
    mate, elsewhere = (
        factories.agent("Ben Bautista", nordlicht_habagat.team),
        factories.agent("Cora Castro", night),
    )
    for person in (mate, elsewhere):
        factories.enrol(person, nordlicht_content.programme, nordlicht_habagat.engagement)
    page = open_page(theme=theme, viewport=viewport)
    look = Looker(page, axe)
    sign_in(page, maria, to=reading.url)
    look("before")
    write(page, WORDS)
    expect(page.locator("[data-answer-status]")).to_contain_text("Saved")
    expect(page.get_by_text("Private: only you read it.")).to_be_visible()
    look("written")
    colleague = open_page(theme=theme, viewport=viewport)
    sign_in(colleague, mate, to=reading.url)
    expect(colleague.get_by_role("heading", name="Questions to think about")).to_be_visible()
    expect(colleague.get_by_text("has shared a reflection")).to_have_count(0)

    press(page, "Save and share with my team")
    expect(page.get_by_text("Shared: your team")).to_be_visible()
    colleague.reload()
    expect(colleague.get_by_text("1 colleague of your team has shared")).to_be_visible()
    expect(colleague.get_by_text(WORDS)).to_have_count(0)  # own words first
    write(colleague, THEIRS)
    press(colleague, "Save")
    expect(colleague.get_by_text(WORDS)).to_be_visible()
    expect(colleague.get_by_text("Maria Santos").last).to_be_visible()
    seen = Looker(colleague, axe)
    seen("a colleague reads")

    beside = open_page()
    sign_in(beside, elsewhere, to=reading.url)
    write(beside, THEIRS)
    press(beside, "Save")
    expect(beside.get_by_text("Saved").first).to_be_visible()
    expect(beside.get_by_text(WORDS)).to_have_count(0)
    assert factories.as_user(Client(), outsider).get(reading.url).status_code == 404

    # Taken back, it is the writer's alone again.
    press(page, "Save and make private again")
    expect(page.get_by_text("Private: only you read it.")).to_be_visible()
    colleague.reload()
    expect(colleague.get_by_text(WORDS)).to_have_count(0)
    press(page, "Finish this case")
    page.wait_for_url("**/german-etiquette/")
    page.goto(reading.url)
    expect(page.get_by_text("You have completed this case")).to_be_visible()
    look("finished")
    assert look.findings + seen.findings == []
    assert not Reflection.objects.filter(shared_at__isnull=False).exists()
