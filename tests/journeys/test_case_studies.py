"""A case in a real browser: on a phone, by keyboard alone, without any script, in two tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from attune.case_studies.models import CaseAttempt, CaseDecision
from attune.xapi.models import StatementRecord
from tests import factories
from tests.case_studies.support import EVERY_BLOCK, CaseSet, case_page, small_case
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.test_engagement import sign_in

TIME, VAGUE = "You hear from me by 07:40", "as soon as possible"
OWN, REPORT, DROP = "I missed it", "I write down", "I close the ticket"


@pytest.fixture
def case_set(nordlicht_habagat: Any, nordlicht_content: Any, maria: Any) -> CaseSet:
    case = small_case()
    first, *scenes = case.scenes
    case = replace(case, scenes=(replace(first, body=EVERY_BLOCK), *scenes))
    page = case_page(nordlicht_content.module, case)
    enrolment = factories.enrol(maria, nordlicht_content.programme, nordlicht_habagat.engagement)
    return CaseSet(page, maria, enrolment, nordlicht_content)


def heading(page: Page) -> Any:
    return page.get_by_role("heading", level=1)


def focused(page: Page) -> str:
    words: str = page.evaluate("document.activeElement.innerText")
    return words


class Looker:
    """Asks axe about each page, and whether it scrolls sideways."""

    def __init__(self, page: Page, axe: Callable[[Page], list[str]]) -> None:
        self.page, self.axe, self.findings = page, axe, list[str]()

    def __call__(self, where: str) -> None:
        self.findings += [f"{where}: {each}" for each in self.axe(self.page)]
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.findings.append(f"{where}: scrolls sideways")


def choose(page: Page, reply: str) -> None:
    page.get_by_label(reply).check()
    page.get_by_role("button", name="Do this").click()


def test_on_a_phone_from_the_start_to_an_ending_and_once_more(
    open_page: Callable[..., Page], axe: Callable[[Page], list[str]], case_set: CaseSet
) -> None:
    page = open_page(theme="dark", viewport=NARROW)
    look = Looker(page, axe)
    sign_in(page, case_set.person, to=case_set.page.url)
    look("the case")
    page.get_by_role("button", name="Begin the case").click()
    expect(heading(page)).to_have_text("A ticket from line 3")
    expect(heading(page)).to_be_focused()
    look("a scene")
    # A second tab on the same scene, to be used too late.
    late = page.context.new_page()
    late.goto(page.url)
    page.get_by_label(VAGUE).check()
    page.get_by_role("button", name="Do this").dblclick()
    expect(heading(page)).to_have_text("What happens")
    expect(heading(page)).to_be_focused()
    expect(page.get_by_text("was 50, down 20")).to_be_visible()
    look("what happens")
    choose(late, TIME)
    expect(late.get_by_text("You had already decided here")).to_be_visible()
    expect(heading(late)).to_have_text("Before you go home")
    late.close()
    assert CaseDecision.objects.count() == 1
    page.get_by_role("link", name="Go on").click()
    choose(page, DROP)
    expect(heading(page)).to_have_text("Your manager gets a call")
    expect(heading(page)).to_be_focused()
    expect(page.get_by_text("Why is this not complete?")).to_be_visible()
    look("an ending")
    page.get_by_role("button", name="(A ticket from line 3)").click()
    choose(page, TIME)
    page.get_by_role("link", name="Go on").click()
    choose(page, OWN)
    page.get_by_role("link", name="Go on").click()
    choose(page, REPORT)
    page.get_by_role("link", name="See how it ends").click()
    expect(heading(page)).to_have_text("They ask for you by name")
    expect(page.get_by_text("Completed")).to_be_visible()
    page.goto(case_set.page.url)
    expect(page.get_by_text("(2 seen)")).to_be_visible()
    look("the case, completed")
    assert look.findings == []
    assert StatementRecord.objects.filter(kind="case_decided").count() == 5
    assert CaseAttempt.objects.filter(passed=True).count() == 1


@pytest.mark.slow
def test_by_keyboard_alone(
    open_page: Callable[..., Page], axe: Callable[[Page], list[str]], case_set: CaseSet
) -> None:
    page = open_page(viewport=WIDE)
    look = Looker(page, axe)
    sign_in(page, case_set.person, to=case_set.page.url)
    look("the case")

    def tab_to(name: str) -> None:
        for _press in range(60):
            page.keyboard.press("Tab")
            words = page.evaluate(
                "() => { const e = document.activeElement;"
                " return (e.labels?.length ? e.labels[0].innerText : e.innerText) || ''; }"
            )
            if name in words:
                return
        pytest.fail(f"Tab does not reach {name}")

    tab_to("Begin the case")
    page.keyboard.press("Enter")
    expect(heading(page)).to_be_focused()
    look("a scene")
    tab_to(TIME)
    page.keyboard.press("Space")
    tab_to("Do this")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("What happens")
    assert focused(page) == "What happens"
    look("what happens")
    page.keyboard.press("Tab")
    assert focused(page) == "Go on"
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Herr Brandt is on the line")
    tab_to(OWN)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    tab_to("Do this")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("What happens")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Before you go home")
    tab_to(REPORT)
    page.keyboard.press("Space")
    tab_to("Do this")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("What happens")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("They ask for you by name")
    look("an ending")
    tab_to("Try again from here")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("A ticket from line 3")
    assert look.findings == []


@pytest.mark.slow
def test_without_any_script(open_page: Callable[..., Page], case_set: CaseSet) -> None:
    page = open_page(javascript=False, viewport=NARROW)
    sign_in(page, case_set.person, to=case_set.page.url)
    page.get_by_role("button", name="Begin the case").click()
    expect(heading(page)).to_be_focused()
    for reply in (TIME, OWN, REPORT):
        choose(page, reply)
        expect(heading(page)).to_have_text("What happens")
        page.locator(".case .actions a").click()
    expect(heading(page)).to_have_text("They ask for you by name")
    expect(heading(page)).to_be_focused()
    assert CaseAttempt.objects.get().passed


@pytest.mark.slow
def test_a_lost_line_and_a_lost_session_lose_no_choice(
    open_page: Callable[..., Page], case_set: CaseSet
) -> None:
    page = open_page()
    sign_in(page, case_set.person, to=case_set.page.url)
    page.get_by_role("button", name="Begin the case").click()
    page.context.set_offline(True)
    choose(page, TIME)
    expect(page.get_by_text("You are offline, so nothing was sent")).to_be_visible()
    expect(page.get_by_label(TIME)).to_be_checked()
    page.context.set_offline(False)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Do this").click()
    page.get_by_label("E-mail address").fill(case_set.person.email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("You were signed out before this was sent")).to_be_visible()
    expect(page.get_by_label(TIME)).to_be_checked()
    assert not CaseDecision.objects.exists()
    page.get_by_role("button", name="Do this").click()
    expect(heading(page)).to_have_text("What happens")
    assert CaseDecision.objects.get().choice_key == "time"
