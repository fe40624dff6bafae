"""A trainer's form refuses what is another client's, whatever the chooser offered."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from attune.curriculum.models import ClientCollection
from tests import factories


def image_of(organisation: Any) -> Any:
    collection = ClientCollection.objects.get(organisation=organisation).collection
    return _image(collection)


def _image(collection: Collection) -> Any:
    return get_image_model().objects.create(
        title="Plan of the plant", file=get_test_image_file(), collection=collection
    )


def post(client: Any, page: Any, data: dict[str, Any]) -> Any:
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    common = {"title": page.title, "slug": page.slug, "comments": inline_formset([])}
    return client.post(url, nested_form_data({**common, **data}))


def programme_data(programme: Any, *modules: Any, opens_after: Any = None) -> dict[str, Any]:
    """The form as the browser sends it: the rows that stand first, then the new ones."""
    standing = {row.module_id: row for row in programme.programme_modules.all()}
    modules = tuple(sorted(modules, key=lambda each: each.pk not in standing))
    rows = [
        {
            "id": standing[module.pk].pk if module.pk in standing else "",
            "module": module.pk,
            "required": "on",
            "opens_after": opens_after.pk if opens_after else "",
            "ORDER": str(number),
        }
        for number, module in enumerate(modules)
    ]
    initial = sum(module.pk in standing for module in modules)
    return {
        "summary": "",
        "introduction": "null",
        "objectives": streamfield([]),
        "review_note": "",
        "due_after_days": "30",
        "programme_modules": inline_formset(rows, initial=initial),
    }


def lesson_data(*blocks: dict[str, Any]) -> dict[str, Any]:
    rows = [(block["type"], block["value"]) for block in blocks]
    return {"summary": "", "minutes": "10", "required": "on", "body": streamfield(rows)}


def modules_of(programme: Any) -> set[int]:
    programme.refresh_from_db()
    revision = programme.get_latest_revision_as_object()
    return {row.module_id for row in revision.programme_modules.all()}


@pytest.fixture
def trainer(client: Any, klaus: Any, nordlicht_content: Any) -> Any:
    return factories.as_user(client, klaus)


class TestProgramme:
    def test_another_clients_module_is_refused_in_a_draft_too(
        self, trainer: Any, nordlicht_content: Any, cedar_content: Any
    ) -> None:
        programme, own = nordlicht_content.programme, nordlicht_content.module
        for data in (
            programme_data(programme, own, cedar_content.module),
            programme_data(programme, own, opens_after=cedar_content.module),
        ):
            response = post(trainer, programme, data)
            assert response.status_code == 200
            text = response.content.decode()
            assert "not yours" in text
            assert cedar_content.module.title not in text
            assert modules_of(programme) == {own.pk}

    def test_own_and_shared_modules_are_taken(
        self, trainer: Any, nordlicht_content: Any, shared_library: Any
    ) -> None:
        shared = factories.module(shared_library, "Data security")
        programme, own = nordlicht_content.programme, nordlicht_content.module
        assert post(trainer, programme, programme_data(programme, own, shared)).status_code == 302
        assert modules_of(programme) == {own.pk, shared.pk}

    def test_what_stands_there_already_stays(
        self, trainer: Any, nordlicht_content: Any, cedar_content: Any
    ) -> None:
        """The administrator put it there; the trainer may go on editing the rest."""
        programme = nordlicht_content.programme
        factories.place(programme, cedar_content.module)
        data = programme_data(programme, nordlicht_content.module, cedar_content.module)
        assert post(trainer, programme, data).status_code == 302
        assert modules_of(programme) == {nordlicht_content.module.pk, cedar_content.module.pk}


class TestLesson:
    def test_another_clients_image_is_refused(
        self, trainer: Any, nordlicht_content: Any, cedar_content: Any, cedar_deccan: Any
    ) -> None:
        foreign = image_of(cedar_deccan.client)
        response = post(trainer, nordlicht_content.lesson, lesson_data(_picture(foreign)))
        assert response.status_code == 200
        assert "not yours" in response.content.decode()
        assert foreign.title not in response.content.decode()
        nordlicht_content.lesson.refresh_from_db()
        assert nordlicht_content.lesson.latest_revision is None

    def test_a_link_to_another_clients_page_is_refused(
        self, trainer: Any, nordlicht_content: Any, cedar_content: Any
    ) -> None:
        response = post(trainer, nordlicht_content.lesson, lesson_data(_link(cedar_content.lesson)))
        assert response.status_code == 200
        assert "not yours" in response.content.decode()

    def test_own_files_and_links_are_taken(
        self, trainer: Any, nordlicht_content: Any, nordlicht_habagat: Any
    ) -> None:
        blocks = _picture(image_of(nordlicht_habagat.client)), _link(nordlicht_content.module)
        response = post(trainer, nordlicht_content.lesson, lesson_data(*blocks))
        assert response.status_code == 302, response.content.decode()

    def test_the_administrator_may_use_everything(
        self, client: Any, administrator: Any, nordlicht_content: Any, cedar_content: Any
    ) -> None:
        factories.as_user(client, administrator)
        response = post(client, nordlicht_content.lesson, lesson_data(_link(cedar_content.lesson)))
        assert response.status_code == 302


def _picture(image: Any) -> dict[str, Any]:
    chosen = {"image": image.pk, "decorative": "", "alt_text": "A plan"}
    return {"type": "image", "value": {"image": chosen, "caption": ""}}


def _link(page: Any) -> dict[str, Any]:
    """What the editor's rich text field sends: a paragraph with a link to a page."""
    content = {
        "blocks": [
            {
                "key": uuid.uuid4().hex[:5],
                "text": "there",
                "type": "unstyled",
                "depth": 0,
                "inlineStyleRanges": [],
                "entityRanges": [{"key": 0, "offset": 0, "length": 5}],
            }
        ],
        "entityMap": {
            "0": {
                "type": "LINK",
                "mutability": "MUTABLE",
                "data": {"id": page.pk, "url": page.url, "parentId": None},
            }
        },
    }
    return {"type": "rich_text", "value": json.dumps(content)}
