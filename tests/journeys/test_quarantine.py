"""An operator deals with a statement that a store refuses: give it up with a note, send it again.

By keyboard alone, against a record store that refuses one statement and later takes it; each
screen on the way is asked by axe-core in both themes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from attune.xapi import delivery as sending
from attune.xapi import outbox
from attune.xapi.models import GivenUp, Lane
from tests.delivery.conftest import make_lane, statement, tags
from tests.delivery.double import Double, serving
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.test_engagement import sign_in


@pytest.fixture
def store() -> Iterator[Double]:
    with serving() as running:
        yield running


@pytest.fixture
def lane(store: Double) -> tuple[Lane, str]:
    """A lane on which one of three statements was refused, and the id of that one."""
    lane = make_lane(store, name="Nordlicht’s store")
    made = [statement(number) for number in range(3)]
    store.refused.add(str(made[1].id))
    with transaction.atomic():
        outbox.record_many((each, tags()) for each in made)
    deliver(lane)
    return lane, str(made[1].id)


def deliver(lane: Lane) -> None:
    assert sending.deliver(lane.pk) is not None


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    """As somebody without a mouse: by Tab until it has the focus, then the key."""
    expect(target).to_be_visible()
    for _step in range(120):
        if target.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(target).to_be_focused()
    page.keyboard.press(key)


@pytest.mark.parametrize(
    ("theme", "viewport"),
    [
        pytest.param("light", WIDE, id="wide"),
        pytest.param("dark", NARROW, id="narrow"),
    ],
)
def test_a_refused_statement_is_given_up_and_sent_again(
    theme: str,
    viewport: dict[str, int],
    open_page: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    cast: Any,
    store: Double,
    lane: tuple[Lane, str],
) -> None:
    row, poison = lane
    page = open_page(theme=theme, viewport=viewport)
    findings: dict[str, list[str]] = {}

    def look(where: str) -> None:
        # Wagtail fades its messages in; half-way there is no contrast to judge.
        page.evaluate(
            "() => document.getAnimations().forEach(each => {"
            " try { each.finish() } catch { each.cancel() } })"
        )
        if found := axe(page):
            findings[where] = found
        overflow = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            findings.setdefault(where, []).append(f"scrolls sideways by {overflow} px")

    sign_in(page, cast.administrator, to=reverse("attune_reports:delivery"))
    expect(page.get_by_role("heading", name="Nordlicht’s store")).to_be_visible()
    expect(page.get_by_role("img", name="Last hour: 2 delivered")).to_be_visible()
    figures = page.get_by_text("Figures").first
    press(page, figures)
    expect(page.get_by_role("cell", name="2", exact=True).first).to_be_visible()
    look("lanes")

    press(page, page.get_by_role("link", name="Look at them"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Quarantine")
    look("quarantine")
    press(page, page.get_by_role("link", name="Unit completed"))
    expect(page.get_by_text(poison).first).to_be_visible()
    look("statement")

    press(page, page.get_by_role("button", name="Give up…"))
    expect(page.get_by_role("heading", name="Give up 1 statement?")).to_be_visible()
    look("question")
    press(page, page.get_by_label("Why it is given up"), key="A")
    page.keyboard.type(" trial of the set-up")
    press(page, page.get_by_role("button", name="Give up", exact=True))
    expect(page.get_by_text("1 statement is given up.")).to_be_visible()
    expect(page.get_by_role("heading", name="The quarantine is empty")).to_be_visible()
    look("empty quarantine")
    deliver_nothing = sending.deliver(row.pk)
    assert deliver_nothing is None or deliver_nothing.delivered == 0
    assert GivenUp.objects.get().by

    press(page, page.get_by_role("link", name="Given up 1"))
    expect(page.get_by_text("A trial of the set-up")).to_be_visible()
    look("given up")
    store.refused.clear()  # the store was mended
    press(page, page.get_by_role("checkbox", name="Unit completed"), key="Space")
    press(page, page.get_by_role("button", name="Send again…"))
    press(page, page.get_by_role("button", name="Send again", exact=True))
    expect(page.get_by_text("1 statement waits to be sent again.")).to_be_visible()
    look("sent again")

    deliver(row)
    assert poison in store.stored
    assert not GivenUp.objects.exists()
    page.goto(reverse("attune_reports:delivery"))
    expect(page.get_by_text("All sent")).to_be_visible()
    assert findings == {}
