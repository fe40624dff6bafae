"""Hana makes a rule; whoever joins the team has the programme, whoever leaves has it no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import dateformat, timezone
from playwright.sync_api import Page, expect

from attune.enrolments.due_dates import Hour, Moved, Place, moment_on, working_day
from attune.enrolments.models import AssignmentRule
from attune.people.models import TeamMembership, WorkingHours
from tests import factories
from tests.factories import Role
from tests.journeys.conftest import LOOKS, NARROW
from tests.journeys.test_engagement import sign_in

MANILA = ZoneInfo("Asia/Manila")
OFFICE = ((time(9), time(18)),)


@pytest.fixture
def pedro(cast: Any) -> Any:
    """Works for the vendor in Manila, in no team yet."""
    pair = cast.nordlicht
    WorkingHours.objects.bulk_create(
        WorkingHours(location=pair.vendor_location, weekday=day, opens=opens, closes=closes)
        for day in range(5)
        for opens, closes in OFFICE
    )
    made = factories.person("Pedro Cruz", time_zone="Asia/Manila")
    factories.employ(made, pair.vendor, Role.AGENT, location=pair.vendor_location)
    return made


def due_of_two_weeks() -> datetime:
    today = timezone.now().astimezone(MANILA).date()
    place = Place(zone=MANILA, country="PH", hours=dict.fromkeys(range(5), OFFICE))
    day = working_day(today + timedelta(days=14), place, Moved.NEXT)
    return moment_on(day, Hour.END_OF_WORK, place).astimezone(MANILA)


def test_a_rule_from_the_first_form_to_whoever_leaves(
    open_page: Callable[..., Page], cast: Any, nordlicht_content: Any, pedro: Any
) -> None:
    pair, title = cast.nordlicht, nordlicht_content.programme.title
    hana = open_page(time_zone="Asia/Manila")
    sign_in(hana, pair.vendor_hr, to=reverse("attune_reports:rules"))
    hana.get_by_role("link", name="Make the first rule").click()
    hana.get_by_label("Name").fill("Newcomers of the first line")
    hana.get_by_label("Team").select_option(label=pair.team.name)
    hana.get_by_role("button", name="Go on: see what changes").click()
    expect(hana.get_by_text("Affects 1 person: 1 new.")).to_be_visible()
    expect(hana.get_by_role("row").filter(has_text="Maria Santos")).to_be_visible()
    assert not AssignmentRule.objects.exists()
    hana.get_by_role("button", name="Save the rule").click()
    expect(hana.get_by_role("heading", name="1 person covered")).to_be_visible()

    # Pedro has nothing to learn yet.
    phone = open_page(viewport=NARROW, time_zone="Asia/Manila")
    sign_in(phone, pedro, to=reverse("attune_enrolments:my_training"))
    expect(phone.get_by_text(title)).to_have_count(0)

    # He joins the team on the people screen; the programme is there, due on his own calendar.
    hana.goto(reverse("attune_people_admin:join_team", args=[pedro.pk]))
    hana.locator("#id_team").select_option(label=f"{pair.team.name} ({pair.engagement.name})")
    today = timezone.now().astimezone(MANILA).date()
    hana.get_by_label("First day in the team").fill(f"{today:%Y-%m-%d}")
    hana.get_by_role("button", name="Save").click()
    expect(hana.get_by_text("The team has been saved.")).to_be_visible()
    phone.reload()
    expect(phone.get_by_role("heading", name=title)).to_be_visible()
    due = due_of_two_weeks()
    shown = dateformat.format(due, "D j M")
    expect(phone.get_by_text(shown).first).to_be_visible()
    expect(phone.get_by_text("18:00").first).to_be_visible()

    # He leaves it: withdrawn at once.
    row = TeamMembership.objects.get(person=pedro)
    hana.goto(reverse("attune_people_admin:leave_team", args=[row.pk]))
    hana.get_by_label("Last day in the team").fill(f"{today - timedelta(days=1):%Y-%m-%d}")
    hana.get_by_role("button", name="Save the last day").click()
    expect(hana.get_by_text("The last day in the team has been saved.")).to_be_visible()
    phone.reload()
    expect(phone.get_by_role("heading", name=title)).to_have_count(0)
    rule = AssignmentRule.objects.get()
    hana.goto(reverse("attune_reports:rule", args=[rule.pk]))
    expect(hana.get_by_role("heading", name="1 person covered")).to_be_visible()


@pytest.mark.parametrize(("viewport", "theme"), LOOKS)
def test_everybody_can_use_the_screens(
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    cast: Any,
    nordlicht_content: Any,
    viewport: dict[str, int],
    theme: str,
) -> None:
    """Made by keyboard alone; axe finds nothing serious on any of the pages."""
    hana = open_page(viewport=viewport, theme=theme)
    sign_in(hana, cast.nordlicht.client_hr, to=reverse("attune_reports:new_rule"))
    findings = axe(hana)
    hana.get_by_label("Name").focus()
    hana.keyboard.type("Everybody")
    hana.get_by_role("button", name="Go on: see what changes").focus()
    hana.keyboard.press("Enter")
    expect(hana.get_by_text("Affects 1 person: 1 new.")).to_be_visible()
    findings += axe(hana)
    hana.get_by_role("button", name="Save the rule").focus()
    hana.keyboard.press("Enter")
    expect(hana.get_by_role("heading", name="1 person covered")).to_be_visible()
    hana.reload()  # without Wagtail's message, which is still fading in
    findings += axe(hana)
    rule = AssignmentRule.objects.get()
    for name in ("change_rule", "switch_off_rule"):
        hana.goto(reverse(f"attune_reports:{name}", args=[rule.pk]))
        findings += axe(hana)
    hana.goto(reverse("attune_reports:rules"))
    findings += axe(hana)
    assert findings == []
    width = hana.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0
