"""One engagement from end to end, as its people live it.

Maria in Manila takes a lesson and passes the quiz on her phone; a real worker sends what
she did to a real record store, which is asked over its own API; Hana sees the tick; Klaus
edits the lesson, previews, submits and publishes it; an outsider finds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from attune.enrolments.models import Enrolment
from attune.enrolments.states import State
from attune.xapi.models import Lane, StatementRecord
from config.celery import app as celery
from tests import factories
from tests.delivery.conftest import Ralph, wait_until
from tests.delivery.test_kill import Worker
from tests.journeys.conftest import NARROW
from tests.quizzes.support import choice, quiz_of, true_false
from tests.validator.test_validator import findings


def sign_in(page: Page, person: Any, *, to: str = "") -> None:
    page.goto(to or reverse("attune_accounts:sign_in"))
    page.get_by_label("E-mail address").fill(person.user.email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.fixture
def quiz(nordlicht_content: Any, nordlicht_habagat: Any) -> Any:
    return quiz_of(
        nordlicht_content.module,
        true_false(nordlicht_habagat.client),
        choice(nordlicht_habagat.client),
        title="Etiquette quiz",
    )


@pytest.fixture
def enrolment(maria: Any, nordlicht_content: Any, engagement: Any) -> Any:
    return factories.enrol(maria, nordlicht_content.programme, engagement)


@pytest.fixture
def worker(tmp_path: Any) -> Iterator[Worker]:
    """A real worker with beat beside the live server; the server leaves sending to it."""
    celery.conf.task_always_eager = False
    running = Worker(tmp_path / "worker")
    running.home.mkdir()
    running.start()
    wait_until(lambda: "ready." in (running.home / "worker.log").read_text(), seconds=60)
    yield running
    running.kill()
    celery.conf.task_always_eager = settings.CELERY_TASK_ALWAYS_EAGER


@pytest.fixture
def lane(shared_ralph: Ralph) -> Lane:
    return Lane.objects.create(
        name="Ralph",
        endpoint=shared_ralph.endpoint,
        username=shared_ralph.username,
        password=shared_ralph.password,
    )


def test_one_engagement_runs_end_to_end(
    open_page: Callable[..., Page],
    cast: Any,
    nordlicht_content: Any,
    lane: Lane,
    quiz: Any,
    enrolment: Any,
    worker: Worker,
    shared_ralph: Ralph,
    node: str,
) -> None:
    maria, module = cast.nordlicht.agent, nordlicht_content.module
    phone = open_page(viewport=NARROW, time_zone="Asia/Manila")
    sign_in(phone, maria, to=module.url)
    expect(phone.get_by_role("heading", level=1)).to_have_text(module.title)

    # The first lesson, from the button on the page of all her training.
    phone.goto(reverse("attune_enrolments:my_training"))
    expect(phone.get_by_text("0 of 1 module")).to_be_visible()
    phone.get_by_role("button", name="Start").first.click()
    phone.get_by_label("I have read this lesson to its end.").check()
    phone.get_by_role("button", name="Complete and go on").click()

    # The second asks a self-check first, and says so.
    expect(phone.get_by_role("heading", level=1)).to_have_text("German etiquette: second lesson")
    expect(phone.get_by_text("One self-check is still to be answered.")).to_be_visible()
    phone.get_by_label("Today by 15:00.").check()
    phone.get_by_role("button", name="Check", exact=True).click()
    expect(phone.get_by_text("Right.", exact=True)).to_be_visible()
    phone.get_by_label("I have read this lesson to its end.").check()
    phone.get_by_role("button", name="Complete and go on").click()

    # The quiz: every answer is saved as it is given.
    phone.get_by_role("button", name="Start the quiz").click()
    phone.get_by_label("True").check()
    expect(phone.get_by_text("Saved", exact=True)).to_be_visible()
    phone.get_by_role("button", name="Save and go on").click()
    phone.get_by_label("Today by 15:00.").check()
    phone.get_by_role("button", name="Save and look over").click()
    phone.get_by_role("button", name="Hand in").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Passed")
    handed_in = time.monotonic()

    # Within ten seconds the record store, asked over its own API, knows everything.
    recorded = StatementRecord.objects.count()
    wait_until(lambda: len(_known(shared_ralph, enrolment)) >= recorded, seconds=10)
    assert time.monotonic() - handed_in < 10
    known = _known(shared_ralph, enrolment)
    assert len(known) == recorded
    assert {one["actor"]["account"]["name"] for one in known} == {str(maria.pseudonym)}
    said = {(one["verb"]["id"].rsplit("/", 1)[1], one["object"]["id"]) for one in known}
    base = settings.ATTUNE_IRI_BASE
    assert ("passed", f"{base}/xapi/quiz/{quiz.translation_key}") in said
    assert ("completed", f"{base}/xapi/module/{module.translation_key}") in said
    programme = nordlicht_content.programme.translation_key
    assert ("completed", f"{base}/xapi/programme/{programme}") in said
    emitted = [one.body.encode() for one in StatementRecord.objects.all()]
    assert findings(node, emitted) == []

    # Hana sees the tick.
    hana = open_page()
    sign_in(hana, cast.nordlicht.vendor_hr, to=reverse("attune_reports:completion"))
    row = hana.get_by_role("row").filter(has_text="Maria Santos")
    expect(row).to_contain_text("Completed")

    # Klaus edits the first lesson, looks at the preview, submits it and publishes it.
    klaus = open_page()
    lesson = nordlicht_content.lesson
    sign_in(klaus, cast.nordlicht.trainer, to=reverse("wagtailadmin_pages:edit", args=[lesson.pk]))
    klaus.locator("#id_title").fill("Greetings, first of all")
    klaus.get_by_role("button", name="Toggle preview").click()
    framed = klaus.frame_locator("#w-preview-iframe")
    expect(framed.get_by_role("heading", level=1)).to_have_text("Greetings, first of all")
    klaus.get_by_role("button", name="Toggle preview").click()
    klaus.locator("footer").get_by_role("button", name="More actions").click()
    klaus.get_by_role("button", name="Submit to Review by trainers of nordlicht").click()
    expect(klaus.get_by_text("has been submitted")).to_be_visible()
    lesson.refresh_from_db()
    assert lesson.title != "Greetings, first of all"
    klaus.goto(reverse("wagtailadmin_pages:edit", args=[lesson.pk]))
    klaus.locator("footer").get_by_role("button", name="More actions").click()
    klaus.get_by_role("button", name="Approve", exact=True).click()
    expect(klaus.get_by_text("Greetings, first of all").first).to_be_visible()
    wait_until(lambda: type(lesson).objects.get(pk=lesson.pk).title == "Greetings, first of all")
    phone.goto(lesson.url)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Greetings, first of all")

    # The outsider finds nothing of all this.
    stranger = open_page()
    sign_in(stranger, cast.cedar.agent)
    for path in (module.url, lesson.url, quiz.url, nordlicht_content.programme.url):
        response = stranger.goto(path)
        assert response is not None
        assert response.status == 404
    Enrolment.objects.get(pk=enrolment.pk, state=State.COMPLETED)


def _known(ralph: Ralph, enrolment: Any) -> list[dict[str, Any]]:
    return ralph.get(registration=str(enrolment.registration), limit="100")
