"""A client's home with what belongs to it, and copies that remember."""

from __future__ import annotations

from typing import Any

import pytest
from wagtail.models import GroupCollectionPermission, GroupPagePermission, WorkflowPage

from attune.curriculum import structure
from attune.curriculum.models import ModulePage
from attune.curriculum.services import (
    client_of,
    copy_module,
    establish_client_home,
    grant_authoring,
)
from tests import factories


class TestHome:
    def test_trainers_may_write_beneath_their_home_and_nowhere_else(
        self, nordlicht_content: Any, cedar_content: Any, klaus: Any
    ) -> None:
        assert nordlicht_content.lesson.permissions_for_user(klaus.user).can_edit()
        assert nordlicht_content.lesson.permissions_for_user(klaus.user).can_publish()
        assert not cedar_content.lesson.permissions_for_user(klaus.user).can_edit()

    def test_submitting_asks_a_trainer_before_it_publishes(
        self, nordlicht_content: Any, klaus: Any
    ) -> None:
        lesson = nordlicht_content.lesson
        before = lesson.title
        lesson.title = "Not yet"
        lesson.save_revision(user=klaus.user)
        state = lesson.get_workflow().start(lesson, klaus.user)
        assert state.status == state.STATUS_IN_PROGRESS
        lesson.refresh_from_db()
        assert lesson.title == before
        task_state = state.current_task_state
        assert task_state.task.specific.user_can_access_editor(lesson, klaus.user)
        task_state.approve(user=klaus.user)
        lesson.refresh_from_db()
        assert lesson.title == "Not yet"

    def test_granting_twice_changes_nothing(self, nordlicht_content: Any) -> None:
        def counts() -> list[int]:
            return [
                GroupPagePermission.objects.count(),
                GroupCollectionPermission.objects.count(),
                WorkflowPage.objects.count(),
            ]

        before = counts()
        grant_authoring(home=nordlicht_content.home)
        assert counts() == before

    def test_grants_follow_the_home_into_another_language(
        self, nordlicht_content: Any, klaus: Any
    ) -> None:
        nordlicht_content.home.get_parent().copy_for_translation(factories.german())
        german = nordlicht_content.home.copy_for_translation(factories.german())
        assert german.permissions_for_user(klaus.user).can_edit()

    def test_a_second_home_and_a_vendors_home_are_refused(
        self, nordlicht_content: Any, nordlicht_habagat: Any, front_page: Any
    ) -> None:
        for organisation in (nordlicht_habagat.client, nordlicht_habagat.vendor):
            with pytest.raises(ValueError, match=r"home already|not a client"):
                establish_client_home(organisation=organisation, parent=front_page, title="Again")

    def test_the_home_above_decides_whose_page_it_is(
        self, nordlicht_content: Any, nordlicht_habagat: Any, shared_library: Any
    ) -> None:
        assert client_of(nordlicht_content.lesson) == nordlicht_habagat.client
        assert client_of(shared_library) is None


class TestCopies:
    def test_a_copy_is_other_content_and_remembers_its_source(
        self, nordlicht_content: Any, shared_library: Any, klaus: Any
    ) -> None:
        shared = factories.module(shared_library, "Data security")
        unit = factories.lesson(shared, "Passwords")
        copy = copy_module(module=shared, library=nordlicht_content.library, user=klaus.user)
        assert copy.translation_key != shared.translation_key
        assert copy.copied_from == shared.translation_key
        assert not copy.live
        (copied_unit,) = copy.get_children().specific()
        assert copied_unit.copied_from == unit.translation_key
        copied_unit.get_latest_revision().publish()
        copied_unit.refresh_from_db()
        assert copied_unit.copied_from == unit.translation_key

    def test_twice_beside_each_other(self, nordlicht_content: Any, klaus: Any) -> None:
        module, library = nordlicht_content.module, nordlicht_content.library
        slugs = {copy_module(module=module, library=library, user=klaus.user).slug for _ in "ab"}
        assert len(slugs | {module.slug}) == 3


class TestTenancy:
    def test_trainers_choose_own_and_shared_and_edit_own(
        self, nordlicht_content: Any, cedar_content: Any, shared_library: Any, klaus: Any
    ) -> None:
        shared = factories.module(shared_library, "Data security")
        editable = set(ModulePage.objects.editable_by(klaus.user))
        choosable = set(ModulePage.objects.choosable_by(klaus.user))
        assert editable == {nordlicht_content.module}
        assert choosable == {nordlicht_content.module, shared}

    def test_an_agent_edits_and_chooses_nothing(self, nordlicht_content: Any, maria: Any) -> None:
        assert not ModulePage.objects.editable_by(maria.user).exists()
        assert not ModulePage.objects.choosable_by(maria.user).exists()


class TestStructure:
    def test_what_is_kept_is_forgotten_when_a_page_changes(self, nordlicht_content: Any) -> None:
        module = nordlicht_content.module
        key = module.translation_key
        first = structure.module_facts([key])[key]
        assert len(first.units) == 2
        factories.lesson(module, "A third")
        assert len(structure.module_facts([key])[key].units) == 3
        nordlicht_content.lesson.unpublish()
        assert len(structure.module_facts([key])[key].units) == 2

    def test_no_query_when_kept(
        self, nordlicht_content: Any, django_assert_num_queries: Any
    ) -> None:
        key, programme = nordlicht_content.module.translation_key, nordlicht_content.programme.pk
        structure.module_facts([key])
        structure.programme_facts([programme])
        with django_assert_num_queries(0):
            structure.module_facts([key])
            structure.programme_facts([programme])

    def test_a_draft_is_not_part_of_it(self, nordlicht_content: Any) -> None:
        module = nordlicht_content.module
        factories.lesson(module, "Draft", live=False)
        facts = structure.module_facts([module.translation_key])
        assert len(facts[module.translation_key].units) == 2
