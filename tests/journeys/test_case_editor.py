"""Klaus mends a case: a warning goes when a choice leads to the lonely scene; he publishes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from attune.case_studies.casting import case_of
from attune.case_studies.models import CaseStudyPage
from tests.case_studies.support import case_page
from tests.conftest import Cast, Content
from tests.journeys.test_engagement import sign_in

URLS = "attune_case_studies_admin"


def settled(page: Page) -> Page:
    """With every message faded in: contrast is asked of what stays."""
    page.evaluate(
        "Promise.all(document.getAnimations()"
        ".filter(one => one.effect.getComputedTiming().endTime < Infinity)"
        ".map(one => one.finished.catch(() => null)))"
    )
    return page


@pytest.mark.slow
def test_a_scene_is_added_linked_and_published(
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    cast: Cast,
    nordlicht_content: Content,
) -> None:
    case = case_page(nordlicht_content.module)
    page = open_page()
    sign_in(page, cast.nordlicht.trainer, to=reverse(f"{URLS}:scenes", args=[case.pk]))
    expect(page.get_by_role("heading", name="Nothing to mend")).to_be_visible()
    findings_of_axe = axe(page)
    page.get_by_role("link", name="Add a scene").first.click()
    page.get_by_label("Title").fill("Ten minutes")
    page.get_by_role("button", name="Add and write it").click()

    # The new scene has no way on and nothing leads to it.
    aside = page.get_by_role("complementary", name="Where this scene stands")
    findings = aside.locator(".case-finding")
    expect(findings.filter(has_text="has no choices")).to_be_visible()
    marked = re.compile("Ten minutes.*Error", re.DOTALL)
    expect(page.get_by_role("link", name=marked)).to_be_visible()
    page.get_by_role("button", name="Add choice").press("Enter")
    page.get_by_label("What the learner would say or do").fill("I found it in the log.")
    page.get_by_label("Leads to", exact=True).select_option("closing")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    expect(findings.filter(has_text="has no choices")).to_have_count(0)
    expect(findings.filter(has_text="No choice leads to")).to_be_visible()
    findings_of_axe += axe(settled(page))
    assert not findings_of_axe, "\n".join(findings_of_axe)

    # From the map to the first scene, by keyboard; one of its choices leads to the new one.
    page.get_by_role("link", name=re.compile("A ticket from line 3 .*Scene")).press("Enter")
    expect(page.get_by_role("textbox", name="How it was read").first).to_be_visible()
    assert not axe(settled(page))
    page.get_by_label("Leads to", exact=True).nth(1).select_option("ten-minutes")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    page.get_by_role("link", name="Scenes and map").first.click()
    expect(page.get_by_role("heading", name="Nothing to mend")).to_be_visible()
    assert len(case_of(CaseStudyPage.objects.get(pk=case.pk)).scenes) == 3

    page.goto(reverse("wagtailadmin_pages:edit", args=[case.pk]))
    page.locator("footer").get_by_role("button", name="More actions").click()
    page.locator("footer").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("has been published")).to_be_visible()
    live: Any = case_of(CaseStudyPage.objects.get(pk=case.pk))
    assert live.scenes[0].choices[1].to == "ten-minutes"
