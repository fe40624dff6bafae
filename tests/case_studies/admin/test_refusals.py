"""A case with errors is refused on each door of Wagtail's, in words and with a way to mend it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.models import WorkflowState
from wagtail.test.utils.form_data import nested_form_data

from attune.case_studies.admin.screens import URLS
from attune.case_studies.branching.values import Case, Scene
from attune.case_studies.middleware import PATH, middleware_is_installed
from attune.case_studies.models import CaseStudyPage
from tests import factories
from tests.case_studies.admin.test_publishing import fresh, make_draft, page_form
from tests.case_studies.support import case_page, small_case
from tests.conftest import Cast, Content

pytestmark = pytest.mark.django_db


def broken(scenes: int) -> Case:
    """Each of the last ``scenes`` scenes has no way on: one error apiece."""
    case = small_case()
    dead = tuple(Scene(f"dead-{number}", "He hangs up") for number in range(scenes))
    return replace(case, scenes=(*case.scenes, *dead))


@pytest.fixture
def page(nordlicht_content: Content, cast: Cast) -> CaseStudyPage:
    page = case_page(nordlicht_content.module)
    make_draft(page, broken(5), user=cast.nordlicht.trainer.user)
    return page


@pytest.fixture
def under_review(page: CaseStudyPage, cast: Cast) -> WorkflowState:
    state: WorkflowState = (
        fresh(page).get_workflow().start(fresh(page), cast.nordlicht.trainer.user)
    )
    return state


def action(page: CaseStudyPage, state: WorkflowState, name: str = "approve") -> str:
    return reverse(
        "wagtailadmin_pages:workflow_action", args=[page.pk, name, state.current_task_state.pk]
    )


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def assert_told(words: str, page: CaseStudyPage) -> None:
    assert page.title in words
    assert "was not published: it has 5 errors." in words
    assert [f"“dead-{number}” has no choices" in words for number in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    assert "And 2 more." in words
    assert reverse(f"{URLS}:scenes", args=[page.pk]) in words
    assert "permission" not in words


def assert_unchanged(page: CaseStudyPage, state: WorkflowState | None = None) -> None:
    assert page.scenes.count() == 3
    assert len(fresh(page).get_latest_revision_as_object().scenes.all()) == 8
    if state is not None:
        state.refresh_from_db()
        assert state.status == state.STATUS_IN_PROGRESS
        assert state.current_task_state.status == state.current_task_state.STATUS_IN_PROGRESS


def test_approving_from_a_list_says_what_is_wrong(
    page: CaseStudyPage, under_review: WorkflowState, client: Any, cast: Cast
) -> None:
    factories.as_user(client, cast.nordlicht.trainer)
    url = action(page, under_review)
    response = client.post(url, {"comment": ""})
    assert response.url == reverse("wagtailadmin_pages:edit", args=[page.pk])
    assert_told(said(response), page)
    assert_unchanged(page, under_review)
    home = reverse("wagtailadmin_home")
    assert client.post(f"{url}?next={home}", {"comment": ""}).url == home
    elsewhere = client.post(f"{url}?next=https://evil.example/", {"comment": ""}).url
    assert elsewhere == reverse("wagtailadmin_pages:edit", args=[page.pk])


def test_the_dialogue_for_a_comment_goes_on_to_the_message(
    page: CaseStudyPage, under_review: WorkflowState, client: Any, cast: Cast
) -> None:
    factories.as_user(client, cast.nordlicht.trainer)
    response = client.post(
        action(page, under_review),
        {"comment": "Good"},
        headers={"x-requested-with": "XMLHttpRequest"},
    )
    answer = json.loads(response.content)
    assert answer["step"] == "success"
    assert_told(client.get(answer["redirect"]).content.decode(), page)
    assert_unchanged(page, under_review)


def test_the_footer_keeps_the_form_and_a_review_can_be_sent_back(
    page: CaseStudyPage, under_review: WorkflowState, client: Any, cast: Cast
) -> None:
    factories.as_user(client, cast.nordlicht.trainer)
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])

    def press(name: str) -> Any:
        data = page_form(page, title="Typed just now") | {
            "action-workflow-action": "1",
            "workflow-action-name": name,
        }
        return client.post(url, nested_form_data(data))

    refused = press("approve")
    assert refused.status_code == 200
    assert "“dead-0” has no choices" in str(refused.context["form"].non_field_errors())
    assert "Typed just now" in refused.content.decode(), "what was typed is lost"
    assert_unchanged(page, under_review)
    assert press("reject").status_code == 302
    under_review.refresh_from_db()
    assert under_review.status == under_review.STATUS_NEEDS_CHANGES


def test_publishing_many_at_once_says_which_one_is_broken(
    page: CaseStudyPage, client: Any, cast: Cast
) -> None:
    factories.as_user(client, cast.nordlicht.trainer)
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    explorer = reverse("wagtailadmin_explore", args=[page.get_parent().pk])
    response = client.post(f"{url}?id={page.pk}&next={explorer}", {"include_descendants": ""})
    assert response.url == explorer
    assert_told(said(response), page)
    assert_unchanged(page)


def test_who_may_not_edit_gets_the_words_without_a_link(
    page: CaseStudyPage, client: Any, cast: Cast, rf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attune.case_studies.middleware.may_edit", lambda user, page: False)
    factories.as_user(client, cast.nordlicht.trainer)
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    response = client.post(f"{url}?id={page.pk}", {"include_descendants": ""})
    assert "it has 5 errors." in said(response)
    assert reverse(f"{URLS}:scenes", args=[page.pk]) not in said(response)


def test_a_schedule_leaves_its_reason_in_the_history(
    page: CaseStudyPage, client: Any, cast: Cast
) -> None:
    draft = fresh(page).get_latest_revision_as_object()
    draft.save_revision(approved_go_live_at=timezone.now() - timedelta(minutes=1))
    call_command("publish_scheduled")
    assert_unchanged(page)
    factories.as_user(client, cast.nordlicht.trainer)
    history = client.get(reverse("wagtailadmin_pages:history", args=[page.pk])).content.decode()
    assert "Not published on schedule: it has 5 errors. “dead-0” has no choices" in history


def test_a_site_without_the_middleware_is_warned(settings: Any) -> None:
    assert middleware_is_installed(None) == []
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each != PATH]
    (warning,) = middleware_is_installed(None)
    assert warning.id == "attune_case_studies.W001"
