"""Hana, the vendor's HR, imports 300 people: five lines are faulty, she mends them, it is done."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from attune.jobs import runner
from attune.people.models import Membership, Person
from tests import factories
from tests.journeys.conftest import LOOKS

# Somebody who wants to look at the screens says where the pictures go.
PICTURES = os.environ.get("ATTUNE_PICTURES")

HEADINGS = "Personalnummer;Name;E-Mail;Eintritt;Standort;Gruppe"
FAULTS = {
    7: "P-7;Person 7;not an address;01.02.2026;Manila;Nordlicht first line",
    60: "P-60;Person 60;p60@habagat.test;31.02.2026;Manila;Nordlicht first line",
    120: "P-120;Person 120;p120@habagat.test;01.02.2026;Atlantis;Nordlicht first line",
    121: "P-121;Person 121;p121@habagat.test;01.02.2026;Manila;Cedar store desk",
    299: "P-299;;p299@habagat.test;01.02.2026;Manila;Nordlicht first line",
}


def file_of_people() -> bytes:
    lines = [
        FAULTS.get(n, f"P-{n};Person {n};p{n}@habagat.test;01.02.2026;Manila;Nordlicht first line")
        for n in range(300)
    ]
    return "\n".join([HEADINGS, *lines]).encode("cp1252")


@pytest.fixture
def at_her_desk(
    open_page: Callable[..., Page], live_server: Any, hana: Person
) -> Callable[..., Page]:
    def sign_in(**context: Any) -> Page:
        page = open_page(**context)
        cookie = factories.as_user(Client(), hana).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return page

    return sign_in


def picture(page: Page, name: str) -> None:
    if PICTURES:
        # The admin scrolls within its own frame: a picture of all of it needs a tall window.
        size = page.viewport_size
        height = page.evaluate(
            "Math.max(...[...document.querySelectorAll('main, body')].map(e => e.scrollHeight))"
        )
        page.set_viewport_size({"width": size["width"], "height": min(height + 200, 4000)})
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
        page.set_viewport_size(size)


def no_wider_than_the_screen(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def upload(page: Page, name: str, body: bytes, *, invite: bool = False) -> None:
    page.goto(reverse("attune_people_admin:import_people"))
    page.get_by_label("File", exact=False).first.set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": body}
    )
    if invite:
        page.get_by_label("Invite new people by e-mail").check()
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("Do the examples look right")).to_be_visible()


def test_300_people_with_five_faulty_lines(
    at_her_desk: Callable[..., Page], cedar_deccan: Any
) -> None:
    page = at_her_desk()
    page.goto(reverse("wagtailadmin_home"))
    page.get_by_role("button", name="People").click()
    page.get_by_role("link", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Import people").first).to_be_visible()
    picture(page, "import")

    upload(page, "people.csv", file_of_people(), invite=True)
    expect(page.get_by_text("parted by semicolon")).to_be_visible()
    expect(page.get_by_label("Gruppe")).to_have_value("team")
    expect(page.get_by_text("“01.02.2026” is 1 February 2026")).to_be_visible()
    picture(page, "columns")
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_text("5 faults")).to_be_visible()
    for line in FAULTS:
        expect(page.get_by_role("cell", name=str(line + 2), exact=True).first).to_be_visible()
    picture(page, "report")
    assert not Person.objects.filter(full_name="Person 1").exists()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Faulty lines as CSV").click()
    faulty = list(csv.DictReader(io.StringIO(waiting.value.path().read_text("utf-8-sig"))))
    assert [row["Line of the file"] for row in faulty] == [str(n + 2) for n in sorted(FAULTS)]
    assert all(row["Reason"] for row in faulty)

    page.get_by_label("Leave the 5 faulty lines out.").check()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("The file is being imported")).to_be_visible()
    runner.run_due()
    page.reload()
    expect(page.get_by_text("Imported on")).to_be_visible()
    picture(page, "result")
    assert Membership.objects.filter(external_id__startswith="P-").count() == 295
    assert len(mail.outbox) == 295
    first = Membership.objects.get(external_id="P-0")
    assert first.hired_on == date(2026, 2, 1)

    for row in faulty:
        row.update({"E-Mail": f"{row['Personalnummer']}@habagat.test".lower()})
        row.update({"Name": row["Name"] or "Person 299", "Eintritt": "01.02.2026"})
        row.update({"Standort": "Manila", "Gruppe": "Nordlicht first line"})
    mended = io.StringIO()
    writer = csv.DictWriter(mended, fieldnames=list(faulty[0]))
    writer.writeheader()
    writer.writerows(faulty)
    upload(page, "mended.csv", mended.getvalue().encode())
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Refused").first).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    runner.run_due()
    page.reload()
    expect(page.get_by_text("Imported on")).to_be_visible()
    assert Membership.objects.filter(external_id__startswith="P-").count() == 300

    mended_whole = file_of_people().decode("cp1252").splitlines()
    for n in FAULTS:
        mended_whole[n + 1] = f"P-{n};;;01.02.2026;Manila;Nordlicht first line"
    upload(page, "again.csv", "\n".join(mended_whole).encode())
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("There is nothing to import")).to_be_visible()
    expect(page.get_by_role("button", name="Import", exact=True)).to_have_count(0)


@pytest.mark.parametrize(("viewport", "theme"), LOOKS)
def test_the_screens_are_for_everybody(
    at_her_desk: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    maria: Person,
    viewport: dict[str, int],
    theme: str,
) -> None:
    """Nothing serious for axe, no wider than the screen, and the keyboard suffices."""
    page = at_her_desk(viewport=viewport, theme=theme)
    name = f"{theme}-{viewport['width']}"
    body = "\n".join(file_of_people().decode("cp1252").splitlines()[:12]).encode()
    page.goto(reverse("attune_people_admin:import_people"))

    def look(what: str) -> None:
        picture(page, f"{what}-{name}")
        assert no_wider_than_the_screen(page), what
        assert axe(page) == [], what

    look("import")
    page.get_by_label("The file is complete").check()
    page.get_by_label("File", exact=False).first.set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": body}
    )
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("Do the examples look right")).to_be_visible()
    look("columns")
    page.get_by_role("button", name="Check the file").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 fault", exact=True)).to_be_visible()
    look("report")
    page.goto(reverse("attune_people_admin:person", args=[maria.pk]))
    look("person")
    page.get_by_role("link", name="Erase").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Erase for good")).to_be_disabled()
    look("erase")
    page.goto(reverse("attune_people_admin:erased"))
    look("erased")
