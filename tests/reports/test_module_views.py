"""A trainer's buttons: ask for it again, copy it to my client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from attune.curriculum.models import ModulePage
from attune.enrolments.models import Assignment, Enrolment, MaterialChange
from attune.reports.module_changes import asked_again
from tests import factories
from tests.reports.conftest import Side, Sides

REPORTS = "/admin/attune/reports/"
CHANGE = {
    "reason": "The law on forms of address changed",
    "due_on": "2027-03-15",
    "due_time": "18:00",
    "zone": "Europe/Berlin",
}


@pytest.fixture
def side(sides: Sides) -> Side:
    return sides.nordlicht


def again(module: Any) -> str:
    return f"{REPORTS}modules/{module.pk}/again/"


def copy_of(module: Any) -> str:
    return f"{REPORTS}modules/{module.pk}/copy/"


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_trainer_reads_whom_it_reaches_and_then_asks(
    client: Any, as_user: Any, side: Side, klaus: Any, learn: Callable[..., None]
) -> None:
    learn(side.enrolment, side.content.module)
    as_user(client, klaus)
    told = text_of(client.post(again(side.content.module), {**CHANGE, "do": "check"}))
    assert "1 person completed it and would take it again." in told
    assert "Mon 15 Mar 2027, 18:00" in told
    assert not MaterialChange.objects.exists()
    done = client.post(again(side.content.module), {**CHANGE, "do": "publish"})
    assert done["Location"] == f"/admin/pages/{side.content.module.pk}/edit/"
    change = MaterialChange.objects.get()
    assert (change.reason, change.published_by) == (CHANGE["reason"], klaus.user)
    assert change.due_at.isoformat() == "2027-03-15T17:00:00+00:00"
    assert Enrolment.objects.latest_cycle().get(person=side.pair.agent).cycle == 2
    # A second click reaches nobody, and says so.
    page = text_of(client.post(again(side.content.module), {**CHANGE, "do": "publish"}))
    assert "Nobody has a completion of this module" in page
    assert MaterialChange.objects.count() == 1


def test_the_number_said_is_the_number_asked(
    client: Any, as_user: Any, side: Side, klaus: Any, learn: Callable[..., None]
) -> None:
    """Complete, open with the module done, withdrawn, and not begun: two of four."""
    other = factories.module(side.content.library, "Second module")
    factories.lesson(other)
    wider = factories.programme(side.content.home, side.content.module, other, title="Wider")
    people = [factories.agent(name, side.pair.team) for name in ("Ana", "Bea", "Cora")]
    enrolments = [factories.enrol(each, wider, side.pair.engagement) for each in people]
    learn(side.enrolment, side.content.module)
    learn(enrolments[0], side.content.module)
    learn(enrolments[1], side.content.module)
    Enrolment.objects.filter(pk=enrolments[1].pk).update(state="withdrawn")
    said = asked_again(side.content.module).values("person").distinct().count()
    assert said == 2
    client = as_user(client, klaus)
    client.post(again(side.content.module), {**CHANGE, "do": "publish"})
    reasons = Assignment.objects.filter(reason=Assignment.Reason.MATERIAL_CHANGE)
    assert reasons.values("enrolment__person").distinct().count() == said


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"reason": ""}, "This field is required"),
        ({"due_on": "2020-01-01"}, "passed already"),
        ({"due_on": ""}, "This field is required"),
        ({"zone": "Mars/Olympus"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_happens(
    client: Any,
    as_user: Any,
    side: Side,
    klaus: Any,
    learn: Callable[..., None],
    values: Any,
    words: str,
) -> None:
    learn(side.enrolment, side.content.module)
    as_user(client, klaus)
    page = client.post(again(side.content.module), {**CHANGE, **values, "do": "publish"})
    assert words in text_of(page)
    assert not MaterialChange.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [("outsider_trainer", 404), ("hana", 302), ("ines", 302), ("maria", 302)],
)
def test_nobody_else_asks(
    client: Any,
    as_user: Any,
    side: Side,
    learn: Callable[..., None],
    request: pytest.FixtureRequest,
    who: str,
    status: int,
) -> None:
    learn(side.enrolment, side.content.module)
    as_user(client, request.getfixturevalue(who))
    assert client.get(again(side.content.module)).status_code == status
    answer = client.post(again(side.content.module), {**CHANGE, "do": "publish"})
    assert answer.status_code == status
    assert not MaterialChange.objects.exists()


def test_a_shared_module_is_not_the_trainers_to_ask_for(
    client: Any, as_user: Any, side: Side, klaus: Any, shared_library: Any
) -> None:
    shared = factories.module(shared_library, "Clear English")
    assert as_user(client, klaus).get(again(shared)).status_code == 404


def test_the_buttons_stand_in_the_editor_of_a_module_and_nowhere_else(
    client: Any, as_user: Any, side: Side, klaus: Any
) -> None:
    as_user(client, klaus)
    editor = client.get(f"/admin/pages/{side.content.module.pk}/edit/").content.decode()
    assert again(side.content.module) in editor
    for page in (side.content.programme, side.content.lesson):
        editor = client.get(f"/admin/pages/{page.pk}/edit/").content.decode()
        assert "/again/" not in editor


def test_a_draft_cannot_be_asked_for(client: Any, as_user: Any, side: Side, klaus: Any) -> None:
    draft = factories.module(side.content.library, "Draft", live=False)
    assert as_user(client, klaus).get(again(draft)).status_code == 302


# --- Copies -----------------------------------------------------------------------------


@pytest.fixture
def shared(shared_library: Any, side: Side) -> Any:
    module = factories.module(shared_library, "Clear English")
    factories.lesson(module, "Slow is fast")
    return module


def test_a_trainer_copies_a_shared_module_home(
    client: Any, as_user: Any, side: Side, shared: Any, klaus: Any
) -> None:
    as_user(client, klaus)
    shelf = text_of(client.get(f"{REPORTS}modules/shared/"))
    assert "Clear English" in shelf
    assert copy_of(shared) in shelf
    assert "German etiquette" not in shelf
    assert "Nordlicht Maschinenbau · Modules" in text_of(client.get(copy_of(shared)))
    assert ModulePage.objects.count() == 3
    done = client.post(copy_of(shared), {"library": side.content.library.pk})
    copy = ModulePage.objects.child_of(side.content.library).get(title="Clear English")
    assert done["Location"] == f"/admin/pages/{copy.pk}/edit/"
    assert (copy.live, copy.copied_from) == (False, shared.translation_key)
    assert copy.translation_key != shared.translation_key
    assert copy.get_children().count() == 1


def test_copies_go_only_into_libraries_that_one_may_edit(
    client: Any, as_user: Any, sides: Sides, shared: Any, klaus: Any, shared_library: Any
) -> None:
    as_user(client, klaus)
    for library in (sides.cedar.content.library, shared_library):
        page = client.post(copy_of(shared), {"library": library.pk})
        assert "Select a valid choice" in text_of(page)
        assert "Cedar" not in text_of(page)
    assert ModulePage.objects.count() == 3


def test_another_clients_module_does_not_exist(
    client: Any, as_user: Any, sides: Sides, klaus: Any
) -> None:
    theirs = sides.cedar.content.module
    as_user(client, klaus)
    assert client.get(copy_of(theirs)).status_code == 404
    answer = client.post(copy_of(theirs), {"library": sides.nordlicht.content.library.pk})
    assert answer.status_code == 404
    assert ModulePage.objects.count() == 2


def test_a_shared_draft_is_not_on_the_shelf(
    client: Any, as_user: Any, side: Side, klaus: Any, shared_library: Any
) -> None:
    draft = factories.module(shared_library, "Half-written", live=False)
    as_user(client, klaus)
    assert "Half-written" not in text_of(client.get(f"{REPORTS}modules/shared/"))
    assert client.get(copy_of(draft)).status_code == 404


@pytest.mark.parametrize("who", ["hana", "ines", "maria"])
def test_the_shelf_is_for_trainers(
    client: Any, as_user: Any, shared: Any, request: pytest.FixtureRequest, who: str
) -> None:
    as_user(client, request.getfixturevalue(who))
    for address in (f"{REPORTS}modules/shared/", copy_of(shared)):
        assert client.get(address).status_code == 302


def test_an_empty_shelf_is_explained(client: Any, as_user: Any, side: Side, klaus: Any) -> None:
    page = as_user(client, klaus).get(f"{REPORTS}modules/shared/")
    assert "The shared library is empty" in text_of(page)
