"""The page's own form, publishing, copies and translations: the scenes come along unharmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page
from wagtail.test.utils.form_data import inline_formset, nested_form_data
from wagtail_localize.models import StringTranslation, Translation, TranslationSource

from attune.case_studies.admin import drafts
from attune.case_studies.admin.screens import URLS
from attune.case_studies.branching.values import Case, Scene
from attune.case_studies.casting import case_of
from attune.case_studies.models import CaseChoice, CaseScene, CaseStudyPage
from attune.case_studies.models.writing import BrokenCase
from attune.curriculum.models import ModuleLibraryPage, ModulePage
from attune.curriculum.services import copy_module
from tests import factories
from tests.case_studies.support import case_page, put_rows, small_case
from tests.conftest import Cast, Content

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(nordlicht_content: Content) -> CaseStudyPage:
    return case_page(nordlicht_content.module)


def fresh(page: CaseStudyPage) -> CaseStudyPage:
    return CaseStudyPage.objects.get(pk=page.pk)


def page_form(page: CaseStudyPage, **changes: Any) -> dict[str, Any]:
    draft = fresh(page).get_latest_revision_as_object()

    def rows(relation: str, *names: str) -> Any:
        found = list(getattr(draft, relation).all())
        data = [
            {
                "id": row.pk or "",
                "ORDER": str(number),
                **{name: getattr(row, name) for name in names},
            }
            for number, row in enumerate(found)
        ]
        for row in data:
            if "summary" in row:
                row["summary"] = "null"
            if "shown" in row:
                row["shown"] = "on"
        return inline_formset(data, initial=len(data))

    return {
        "title": draft.title,
        "slug": draft.slug,
        "summary": "",
        "minutes": "10",
        "required": "on",
        "introduction": "null",
        "pass_score": "60",
        "meters": rows("meters", "name", "label", "unit", "lowest", "highest", "start", "shown"),
        "competencies": rows("competencies", "name", "label"),
        "endings": rows("endings", "key", "title", "summary", "condition", "score"),
        "comments": inline_formset([]),
        **changes,
    }


def broken() -> Case:
    case = small_case()
    return replace(case, scenes=(*case.scenes, Scene("shame", "He hangs up")))


def make_draft(page: CaseStudyPage, case: Case, user: Any = None) -> None:
    draft = fresh(page).get_latest_revision_as_object()
    put_rows(draft, case)
    for scene in draft.scenes.all():
        scene.locale = draft.locale
        for choice in scene.choices.all():
            choice.locale = draft.locale
    draft.save_revision(user=user)


def test_the_pages_form_keeps_the_scenes_and_names_follow(
    page: CaseStudyPage, client: Any, klaus: Any
) -> None:
    factories.as_user(client, klaus)
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    shown = client.get(url).content.decode()
    assert "3 scenes, written one at a time" in shown
    assert "Good morning Frau Vogt" not in shown
    assert reverse("attune_case_studies_admin:scenes", args=[page.pk]) in shown
    before = case_of(fresh(page))
    data = nested_form_data(page_form(page, title="Another title"))
    data["meters-0-name"] = "faith"
    data["endings-0-condition"] = "faith >= 70"
    data["endings-0-score"] = "faith"
    data["endings-1-condition"] = "faith >= 40"
    data["endings-1-score"] = "faith"
    response = client.post(url, data)
    assert response.status_code == 302, response.context["form"].errors
    after = case_of(fresh(page).get_latest_revision_as_object())
    assert [scene.key for scene in after.scenes] == [scene.key for scene in before.scenes]
    assert after.title == "Another title"
    assert after.scenes[1].condition == "faith >= 40"
    assert after.scenes[0].choices[0].effects == "faith += 20; minutes -= 10"
    assert case_of(fresh(page)) == before, "a draft changed what is live"
    response = client.post(url, nested_form_data(page_form(page) | {"action-publish": "1"}))
    assert response.status_code == 302, response.context["form"].errors
    assert case_of(fresh(page)).scenes[1].condition == "faith >= 40"


def test_errors_keep_a_case_from_being_published_on_every_way(
    page: CaseStudyPage, client: Any, cast: Cast
) -> None:
    make_draft(page, broken(), user=cast.nordlicht.trainer.user)
    factories.as_user(client, cast.nordlicht.trainer)
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    for action in ("action-publish", "action-submit"):
        response = client.post(url, nested_form_data(page_form(page) | {action: "1"}))
        assert response.status_code == 200
        assert "“shame” has no choices" in str(response.context["form"].non_field_errors())
    assert len(case_of(fresh(page)).scenes) == 3
    # A draft can be saved with whatever is wrong in it.
    assert client.post(url, nested_form_data(page_form(page))).status_code == 302
    revision = fresh(page).latest_revision
    with pytest.raises(BrokenCase):
        revision.publish()
    # A reviewer who approves from a list.
    workflow = fresh(page).get_workflow()
    state = workflow.start(fresh(page), cast.nordlicht.trainer.user)
    approve = reverse(
        "wagtailadmin_pages:workflow_action",
        args=[page.pk, "approve", state.current_task_state.pk],
    )
    assert client.post(approve).status_code == 302
    state.refresh_from_db()
    assert state.status == state.STATUS_IN_PROGRESS
    state.cancel(user=cast.nordlicht.trainer.user)
    # A schedule has nobody to tell: it goes on with the other pages.
    draft = fresh(page).get_latest_revision_as_object()
    soon = timezone.now() - timedelta(minutes=1)
    revision = draft.save_revision(approved_go_live_at=soon)
    call_command("publish_scheduled")
    revision.refresh_from_db()
    assert revision.approved_go_live_at is None
    assert len(case_of(fresh(page)).scenes) == 3
    # Smells do not keep it back.
    lonely = small_case()
    lonely = replace(lonely, scenes=(*lonely.scenes, replace(lonely.scenes[0], key="lonely")))
    make_draft(page, lonely)
    response = client.post(url, nested_form_data(page_form(page) | {"action-publish": "1"}))
    assert response.status_code == 302, response.context["form"].errors
    assert len(case_of(fresh(page)).scenes) == 4


def test_an_older_version_comes_back_with_its_choices(page: CaseStudyPage, klaus: Any) -> None:
    first = fresh(page).latest_revision
    identity = CaseScene.objects.get(page=page, key="call").translation_key
    drafts.change_draft(
        page=page, user=klaus.user, change=lambda draft: drafts.delete_scene(draft, identity)
    )
    draft = fresh(page).get_latest_revision_as_object()
    for scene in draft.scenes.all():
        for choice in scene.choices.all():
            choice.to = "" if scene.key == "closing" else "closing"
            choice.condition = ""
    draft.save_revision().publish()
    assert CaseScene.objects.filter(page=page).count() == 2
    again = case_of(first.as_object())
    assert [len(scene.choices) for scene in again.scenes] == [2, 2, 2]


def test_comparing_versions_shows_what_changed(
    page: CaseStudyPage, client: Any, klaus: Any
) -> None:
    factories.as_user(client, klaus)
    first = fresh(page).latest_revision

    def change(draft: CaseStudyPage) -> drafts.Change:
        scene = drafts.scenes_of(draft)[1]
        scene.title = "Herr Brandt calls again"
        return drafts.Change(written=[scene])

    drafts.change_draft(page=page, user=klaus.user, change=change)
    second = fresh(page).latest_revision
    url = reverse("wagtailadmin_pages:revisions_compare", args=[page.pk, first.pk, second.pk])
    shown = client.get(url).content.decode()
    assert "calls again" in shown
    assert client.get(reverse("wagtailadmin_pages:history", args=[page.pk])).status_code == 200


def test_a_copied_module_brings_its_case_with_keys_of_its_own(
    page: CaseStudyPage, cast: Cast, cedar_content: Content, nordlicht_content: Content
) -> None:
    copy = copy_module(
        module=ModulePage.objects.get(pk=nordlicht_content.module.pk),
        library=cedar_content.library,
        user=cast.administrator.user,
    )
    other = CaseStudyPage.objects.child_of(copy).get()
    mine, theirs = case_of(fresh(page)), case_of(other)
    assert replace(theirs, key=mine.key) == mine
    for model, owner in ((CaseScene, "page"), (CaseChoice, "scene__page")):
        keys = [
            set(model.objects.filter(**{owner: each}).values_list("translation_key", flat=True))
            for each in (page, other)
        ]
        assert len(keys[1]) == len(keys[0])
        assert not keys[0] & keys[1]


def test_a_translation_keeps_keys_and_rules_and_translates_the_words(
    page: CaseStudyPage, nordlicht_content: Content
) -> None:
    german = factories.german()
    content = nordlicht_content
    content.home.get_parent().specific.copy_for_translation(german).save_revision().publish()
    for each in (
        content.home,
        ModuleLibraryPage.objects.get(pk=content.library.pk),
        ModulePage.objects.get(pk=content.module.pk),
    ):
        translated(each, {})
    other = translated(
        fresh(page),
        {
            "A ticket from line 3": "Ein Ticket von Linie 3",
            "I close the ticket.": "Ich schließe das Ticket.",
            "Line 3 stands still": "Linie 3 steht",
        },
    )
    mine, theirs = case_of(fresh(page)), case_of(other)
    assert theirs.language == "de"
    assert theirs.scenes[0].title == "Ein Ticket von Linie 3"
    assert theirs.scenes[2].choices[1].text == "Ich schließe das Ticket."
    assert theirs.scenes[0].choices[0].outcome, "what is not translated yet is shown as it is"
    for ours, german_scene in zip(mine.scenes, theirs.scenes, strict=True):
        assert german_scene.key == ours.key
        assert german_scene.condition == ours.condition
        assert german_scene.otherwise == ours.otherwise
        for one, two in zip(ours.choices, german_scene.choices, strict=True):
            assert (two.key, two.to, two.condition, two.effects, two.points) == (
                one.key,
                one.to,
                one.condition,
                one.effects,
                one.points,
            )
    assert "Linie 3 steht" in str(theirs.scenes[0].body)
    # A second time, after the source has changed, the same rows are written again.
    again = translated(fresh(page), {"Before you go home": "Feierabend"})
    assert case_of(again).scenes[2].title == "Feierabend"
    assert CaseChoice.objects.filter(scene__page=again).count() == 6


def translated(instance: Page, words: dict[str, str]) -> Any:
    """``instance`` in German, published."""
    source, _created = TranslationSource.get_or_create_from_instance(instance)
    source.update_from_db()
    german = factories.german()
    translation, _created = Translation.objects.get_or_create(source=source, target_locale=german)
    for segment in source.stringsegment_set.select_related("string"):
        if segment.string.data in words:
            StringTranslation.objects.create(
                translation_of=segment.string,
                locale=german,
                context=segment.context,
                data=words[segment.string.data],
            )
    translation.save_target(publish=True)
    target = translation.get_target_instance()
    if not target.live:
        target.get_latest_revision_as_object().save_revision().publish()
    return type(instance).objects.get(pk=target.pk)


def test_a_variable_that_no_card_knows_keeps_a_case_from_being_published(
    page: CaseStudyPage, klaus: Any, client: Any
) -> None:
    def say(text: str) -> Any:
        draft: Any = fresh(page).get_latest_revision_as_object()
        scenes = list(draft.scenes.all())
        scenes[0].place = text
        draft.scenes = scenes
        return draft.save_revision()

    with pytest.raises(BrokenCase, match=r"Did you mean “client\.name”"):
        say("{{ client.nmae }}").publish()
    overview = reverse(f"{URLS}:scenes", args=[page.pk])
    factories.as_user(client, klaus)
    assert "Did you mean “client.name”" in client.get(overview).content.decode()
    say("{{ client.name }}").publish()  # of its own client, whose card will say it
    shared = factories.module(factories.shared_library())
    Page.objects.get(pk=page.pk).move(shared, pos="last-child")
    with pytest.raises(BrokenCase, match=r"client\.name"):
        say("{{ client.name }}").publish()
