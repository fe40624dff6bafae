"""The scene editor: one scene of the latest draft is changed, and nothing else ever."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.urls import reverse
from wagtail.models import Page

from attune.case_studies.admin import drafts
from attune.case_studies.branching.values import Case, Scene
from attune.case_studies.casting import case_of
from attune.case_studies.models import CaseScene, CaseStudyPage
from tests import factories
from tests.case_studies.support import EVERY_BLOCK, case_page, small_case
from tests.conftest import Cast, Content

pytestmark = pytest.mark.django_db
URLS = "attune_case_studies_admin"


@pytest.fixture
def page(nordlicht_content: Content) -> CaseStudyPage:
    return case_page(nordlicht_content.module)


@pytest.fixture
def klaus_in(client: Any, klaus: Any) -> Any:
    return factories.as_user(client, klaus)


def draft_case(page: CaseStudyPage) -> Case:
    return case_of(CaseStudyPage.objects.get(pk=page.pk).get_latest_revision_as_object())


def words_of(scene: Scene) -> Scene:
    """Without what an editor adds to a text that it has held: keys of paragraphs and of lines."""

    def plain(text: str) -> str:
        return re.sub(r' data-block-key="\w+"', "", text)

    choices = tuple(
        replace(each, outcome=plain(each.outcome), reading=plain(each.reading))
        for each in scene.choices
    )
    return replace(scene, body=(), choices=choices)


def scene_url(page: CaseStudyPage, key: str, name: str = "scene") -> str:
    draft = CaseStudyPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    row = next(each for each in draft.scenes.all() if each.key == key)
    return reverse(f"{URLS}:{name}", args=[page.pk, row.translation_key])


def form_data(client: Any, url: str) -> dict[str, Any]:
    """The form as a browser would send it back untouched."""
    response = client.get(url)
    assert response.status_code == 200
    form = response.context["form"]
    data: dict[str, Any] = {"digest": response.context["digest"]}
    for name, field in form.fields.items():
        value = form[name].value()
        if name == "body":
            data["body-count"] = str(len(value.raw_data))
            for number, block in enumerate(value.raw_data):
                data |= {
                    f"body-{number}-deleted": "",
                    f"body-{number}-order": str(number),
                    f"body-{number}-type": block["type"],
                    f"body-{number}-id": block["id"],
                }
                data |= block_data(f"body-{number}-value", block["value"])
        else:
            data[name] = "" if value is None else value
        assert field is not None
    formset = form.formsets["choices"]
    data |= {
        "choices-TOTAL_FORMS": str(len(formset.forms)),
        "choices-INITIAL_FORMS": str(len(formset.forms)),
        "choices-MIN_NUM_FORMS": "0",
        "choices-MAX_NUM_FORMS": "1000",
    }
    for number, row in enumerate(formset.forms):
        for name in row.fields:
            value = row[name].value()
            if name in ("outcome", "reading"):
                value = row.fields[name].widget.format_value(value)
            data[f"choices-{number}-{name}"] = "" if value is None else value
        data[f"choices-{number}-ORDER"] = str(number + 1)
        data[f"choices-{number}-DELETE"] = ""
    return data


def block_data(prefix: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for name, inner in value.items():
            found |= block_data(f"{prefix}-{name}", inner)
        return found
    if isinstance(value, list):
        rows = {f"{prefix}-count": str(len(value))}
        for number, item in enumerate(value):
            inner = item.get("value", item)
            rows |= {
                f"{prefix}-{number}-deleted": "",
                f"{prefix}-{number}-order": str(number),
                f"{prefix}-{number}-id": item.get("id", ""),
                **block_data(f"{prefix}-{number}-value", inner),
            }
        return rows
    if isinstance(value, str) and value.startswith("<p"):
        text = re.sub(r"<[^>]*>", "", value)
        block = {"key": "a", "type": "unstyled", "text": text, "depth": 0}
        block |= {"inlineStyleRanges": [], "entityRanges": []}
        return {prefix: json.dumps({"blocks": [block], "entityMap": {}})}
    return {prefix: "" if value is None else value}


def test_saving_untouched_changes_nothing_and_a_change_changes_one_scene(
    page: CaseStudyPage, klaus_in: Any
) -> None:
    before = draft_case(page)
    url = scene_url(page, "call")
    data = form_data(klaus_in, url)
    assert klaus_in.post(url, data).status_code == 302
    unchanged = draft_case(page)
    assert [words_of(each) for each in unchanged.scenes] == [
        words_of(each) for each in before.scenes
    ]
    assert "Friday was agreed" in str(unchanged.scenes[1].body)

    keys = {
        row.key: (row.pk, row.translation_key)
        for scene in page.scenes.all()
        for row in scene.choices.all()
    }
    data = form_data(klaus_in, url)
    data |= {
        "title": "Herr Brandt calls",
        "choices-0-text": "It was agreed. I missed it.",
        "choices-0-points_directness": "2",
        "choices-0-ORDER": "2",
        "choices-1-ORDER": "1",
    }
    assert klaus_in.post(url, data).status_code == 302
    after = draft_case(page)
    assert after.scenes[0] == before.scenes[0]
    assert after.scenes[2] == before.scenes[2]
    scene = after.scenes[1]
    assert scene.title == "Herr Brandt calls"
    assert [choice.key for choice in scene.choices] == ["team", "own"]
    assert scene.choices[1].points == {"ownership": 3, "directness": 2}
    assert scene.body[0]["id"] == before.scenes[1].body[0]["id"]
    assert scene.body == unchanged.scenes[1].body
    # The rows are the same rows, so that translations and publishing find them again.
    revision = CaseStudyPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    kept = {
        row.key: (row.pk, row.translation_key)
        for each in revision.scenes.all()
        for row in each.choices.all()
    }
    assert kept == keys
    # What is live stays as it is until somebody publishes.
    assert case_of(CaseStudyPage.objects.get(pk=page.pk)) == before
    revision = CaseStudyPage.objects.get(pk=page.pk).latest_revision
    assert str(revision.user_id) == klaus_in.session["_auth_user_id"]


def test_slips_are_shown_at_their_field_and_nothing_is_saved(
    page: CaseStudyPage, klaus_in: Any
) -> None:
    url = scene_url(page, "call")
    revision = page.latest_revision_id
    data = form_data(klaus_in, url)
    data |= {
        "key": "answer",
        "condition": "trust >< 3",
        "choices-0-condition": "trsut > 3",
        "choices-0-effects": "trust += ",
        "choices-1-to": "made-up",
        "choices-1-points_ownership": "many",
    }
    response = klaus_in.post(url, data)
    assert response.status_code == 200
    form = response.context["form"]
    assert "position 8" in form.errors["condition"][0]
    rows = form.formsets["choices"].forms
    assert "“trsut” at position 1" in rows[0].errors["condition"][0]
    assert "minutes, trust" in rows[0].errors["condition"][0]
    assert "effects" in rows[0].errors
    assert "points_ownership" in rows[1].errors
    assert "to" in rows[1].errors
    page.refresh_from_db()
    assert page.latest_revision_id == revision
    # A goal that was there before can stay, so that the rest of a draft can be written.
    data = form_data(klaus_in, url) | {"key": "closing"}
    assert "key" in klaus_in.post(url, data).context["form"].errors


def test_a_new_choice_can_make_the_scene_that_it_leads_to(
    page: CaseStudyPage, klaus_in: Any
) -> None:
    url = scene_url(page, "call")
    data = form_data(klaus_in, url)
    new = {
        name.replace("choices-1", "choices-2"): "" for name in data if name.startswith("choices-1-")
    }
    data |= new | {
        "choices-TOTAL_FORMS": "3",
        "choices-2-text": "I ask for ten minutes to look at the log.",
        "choices-2-to": "+",
        "choices-2-ORDER": "3",
        "choices-2-outcome": "null",
        "choices-2-reading": "null",
        "choices-0-DELETE": "1",
    }
    assert klaus_in.post(url, data).status_code == 302
    case = draft_case(page)
    assert [scene.key for scene in case.scenes] == ["answer", "call", "i-ask-for-ten", "closing"]
    assert [choice.key for choice in case.scenes[1].choices] == ["team", "i-ask-for-ten"]
    assert case.scenes[1].choices[1].to == "i-ask-for-ten"
    listing = klaus_in.get(reverse(f"{URLS}:scenes", args=[page.pk])).content.decode()
    assert "“i-ask-for-ten” has no choices" in listing
    CaseStudyPage.objects.get(pk=page.pk).get_latest_revision_as_object().full_clean()


def test_renaming_takes_every_reference_along_and_swapped_keys_can_be_published(
    page: CaseStudyPage, klaus_in: Any
) -> None:
    url = scene_url(page, "call")
    data = form_data(klaus_in, url) | {"key": "phone", "choices-0-key": "admit"}
    assert klaus_in.post(url, data).status_code == 302
    case = draft_case(page)
    assert [choice.to for choice in case.scenes[0].choices] == ["phone", "phone"]
    assert case.scenes[2].choices[0].condition == 'trust >= 60 or took("phone/admit")'
    for old, new in (("answer", "temp"), ("phone", "answer"), ("temp", "phone")):
        url = scene_url(page, old)
        assert klaus_in.post(url, form_data(klaus_in, url) | {"key": new}).status_code == 302
    CaseStudyPage.objects.get(pk=page.pk).get_latest_revision().publish()
    live = case_of(CaseStudyPage.objects.get(pk=page.pk))
    assert [scene.key for scene in live.scenes] == ["phone", "answer", "closing"]
    assert {choice.to for choice in live.scenes[0].choices} == {"answer"}


def test_two_people_at_one_scene_lose_nothing_and_at_two_scenes_nothing_happens(
    page: CaseStudyPage, klaus_in: Any, administrator: Any
) -> None:
    url, other = scene_url(page, "call"), scene_url(page, "closing")
    mine = form_data(klaus_in, url) | {"title": "Mine"}
    elsewhere = form_data(klaus_in, other) | {"title": "Elsewhere"}

    def change(draft: CaseStudyPage) -> drafts.Change:
        scene = next(each for each in draft.scenes.all() if each.key == "call")
        scene.title = "Theirs"
        return drafts.Change(written=[scene])

    drafts.change_draft(page=page, user=administrator.user, change=change)
    response = klaus_in.post(url, mine)
    assert response.status_code == 409
    text = response.content.decode()
    assert "Alex Administrator" in text
    assert "Theirs" in text
    assert 'value="Mine"' in text
    assert draft_case(page).scenes[1].title == "Theirs"
    # Another scene is no conflict.
    assert klaus_in.post(other, elsewhere).status_code == 302
    assert [scene.title for scene in draft_case(page).scenes[1:]] == ["Theirs", "Elsewhere"]
    # To save again is a decision, and then mine is saved.
    assert klaus_in.post(url, mine | {"digest": response.context["digest"]}).status_code == 302
    assert [scene.title for scene in draft_case(page).scenes[1:]] == ["Mine", "Elsewhere"]
    # Deleted by somebody: the text is kept, and brings the scene back.
    mine = form_data(klaus_in, url)
    identity = CaseScene.objects.get(page=page, key="call").translation_key
    drafts.change_draft(
        page=page, user=administrator.user, change=lambda d: drafts.delete_scene(d, identity)
    )
    response = klaus_in.post(url, mine)
    assert response.status_code == 409
    assert klaus_in.get(url).status_code == 302
    assert klaus_in.post(url, mine | {"digest": response.context["digest"]}).status_code == 302
    back = draft_case(page)
    assert [scene.key for scene in back.scenes] == ["answer", "closing", "call"]
    assert [choice.key for choice in back.scenes[2].choices] == ["own", "team"]


def test_scenes_are_added_duplicated_moved_and_deleted(page: CaseStudyPage, klaus_in: Any) -> None:
    add = reverse(f"{URLS}:add_scene", args=[page.pk])
    response = klaus_in.post(add, {"title": "Zwölf Uhr"})
    assert response.status_code == 302
    assert draft_case(page).scenes[-1].key == "zwolf-uhr"
    assert klaus_in.get(response.url).status_code == 200
    assert klaus_in.post(scene_url(page, "call", "duplicate_scene")).status_code == 302
    case = draft_case(page)
    assert [scene.key for scene in case.scenes] == [
        "answer", "call", "call-2", "closing", "zwolf-uhr",
    ]  # fmt: skip
    assert case.scenes[2].choices == case.scenes[1].choices
    klaus_in.post(scene_url(page, "zwolf-uhr", "move_scene"), {"to": "first"})
    klaus_in.post(scene_url(page, "call", "move_scene"), {"to": "down"})
    assert klaus_in.get(scene_url(page, "call", "move_scene")).status_code == 405
    keys = [scene.key for scene in draft_case(page).scenes]
    assert keys == ["zwolf-uhr", "answer", "call-2", "call", "closing"]
    confirm = klaus_in.get(scene_url(page, "call", "delete_scene")).content.decode()
    assert "In “A ticket from line 3”, the choice “time” leads here." in confirm
    gone = scene_url(page, "call")
    assert klaus_in.post(scene_url(page, "call", "delete_scene")).status_code == 302
    assert "call" not in [scene.key for scene in draft_case(page).scenes]
    assert klaus_in.get(gone).status_code == 302
    listing = klaus_in.get(reverse(f"{URLS}:scenes", args=[page.pk])).content.decode()
    assert "There is no scene and no ending “call”." in listing


def test_the_tables_of_an_unpublished_case_follow_its_drafts(
    nordlicht_content: Content, klaus_in: Any
) -> None:
    page = case_page(nordlicht_content.module, small_case())
    Page.objects.filter(pk=page.pk).update(live=False)
    url = scene_url(page, "call")
    data = form_data(klaus_in, url) | {"key": "phone", "title": "Phone"}
    klaus_in.post(url, data)
    klaus_in.post(scene_url(page, "closing", "duplicate_scene"))
    klaus_in.post(scene_url(page, "closing", "move_scene"), {"to": "first"})
    page = CaseStudyPage.objects.get(pk=page.pk)
    assert case_of(page) == draft_case(page)
    assert CaseScene.objects.filter(page=page).count() == 4


def test_locks_and_tenants_are_respected(page: CaseStudyPage, cast: Cast, client: Any) -> None:
    urls = [
        reverse(f"{URLS}:scenes", args=[page.pk]),
        reverse(f"{URLS}:walk", args=[page.pk]),
        scene_url(page, "call"),
    ]
    factories.as_user(client, cast.cedar.trainer)
    for url in urls:
        assert client.get(url).status_code == 404
    assert client.post(scene_url(page, "call", "duplicate_scene")).status_code == 404
    factories.as_user(client, cast.nordlicht.trainer)
    url = scene_url(page, "call")
    data = form_data(client, url) | {"title": "Locked out"}
    Page.objects.filter(pk=page.pk).update(locked=True, locked_by=cast.administrator.user_id)
    response = client.post(url, data)
    assert response.status_code == 200
    assert "Locked out" in response.content.decode()
    assert "locked" in response.content.decode()
    client.post(scene_url(page, "call", "duplicate_scene"))
    client.post(scene_url(page, "call", "delete_scene"))
    assert draft_case(page) == small_case(key=str(page.translation_key))


def test_a_walk_records_nothing_and_can_begin_anywhere(page: CaseStudyPage, klaus_in: Any) -> None:
    url = reverse(f"{URLS}:walk", args=[page.pk])
    first = klaus_in.get(url).content.decode()
    assert "A ticket from line 3" in first
    assert "for {{ client.name" not in first
    ended = klaus_in.get(url, {"steps": "time.own.report"}).content.decode()
    assert "They ask for you by name" in ended
    assert "90 of 100 points" in ended
    low = klaus_in.get(url, {"at": "closing", "m-trust": "10"}).content.decode()
    assert "Not offered here:" in low
    assert (
        "Your manager gets a call"
        in klaus_in.get(url, {"at": "closing", "m-trust": "10", "steps": "drop"}).content.decode()
    )
    for odd in ({"steps": "nothing"}, {"m-trust": "x" * 50}, {"at": "nowhere", "steps": "."}):
        assert klaus_in.get(url, odd).status_code == 200


def test_a_walk_shows_every_block_as_the_learner_will_read_it(
    page: CaseStudyPage, klaus_in: Any
) -> None:
    draft: Any = page.get_latest_revision_as_object()
    scenes = list(draft.scenes.all())
    scenes[0].body = json.dumps(EVERY_BLOCK)
    draft.scenes = scenes
    draft.save_revision()
    shown = klaus_in.get(reverse(f"{URLS}:walk", args=[page.pk])).content.decode()
    assert "Who is who" in shown
    assert "StructValue" not in shown
    assert "ListValue" not in shown


def test_a_variable_that_no_card_knows_is_marked_at_its_field(
    page: CaseStudyPage, klaus_in: Any
) -> None:
    before = draft_case(page)
    url = scene_url(page, "answer")
    data = form_data(klaus_in, url)
    data["title"] = "A ticket for {{ client.nme }}"
    data["choices-0-reading"] = block_data("x", "<p>{{ client.greting }}</p>")["x"]
    body = next(name for name in data if name.startswith("body-0-value") and "text" in name)
    data[body] = block_data("x", "<p>{{ nobody.knows }}</p>")["x"]
    answer = klaus_in.post(url, data)
    form = answer.context["form"]
    assert "Did you mean “client.name”?" in str(form.errors["title"])
    assert "There is no “nobody.knows”" in str(form.errors["body"])
    row = form.formsets["choices"].forms[0]
    assert "Did you mean “client.greeting”?" in str(row.errors["reading"])
    assert draft_case(page) == before
    data["title"] = "A ticket for {{ client.name }}"
    data["choices-0-reading"] = block_data("x", "<p>{{ client.greeting }}</p>")["x"]
    data[body] = block_data("x", "<p>Soon.</p>")["x"]
    assert klaus_in.post(url, data).status_code == 302


def test_a_finding_leads_to_the_walk_that_meets_it(page: CaseStudyPage, klaus_in: Any) -> None:
    def change(draft: CaseStudyPage) -> drafts.Change:
        scene = next(each for each in drafts.scenes_of(draft) if each.key == "closing")
        for choice in scene.choices.all():
            choice.condition = "trust < 0"
        return drafts.Change(written=[scene])

    drafts.change_draft(page=page, user=None, change=change)
    for url in (
        reverse("attune_case_studies_admin:scenes", args=[page.pk]),
        scene_url(page, "closing"),
    ):
        found = re.search(r'<a href="([^"]*)">Walk to here</a>', klaus_in.get(url).text)
        assert found, url
        walked = klaus_in.get(found[1].replace("&amp;", "&").partition("#")[0])
        assert walked.context["scene"].key == "closing"
