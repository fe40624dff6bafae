"""A learner's record, and what HR may do in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import ModelLogEntry

from attune.enrolments.models import Assignment, Enrolment
from attune.enrolments.services import assign, pause
from attune.enrolments.states import State
from tests import factories
from tests.reports.conftest import Side, Sides

REPORTS = "/admin/attune/reports/"


@pytest.fixture
def side(sides: Sides) -> Side:
    return sides.nordlicht


def record(person: Any) -> str:
    return f"{REPORTS}learners/{person.pk}/"


def deed(enrolment: Enrolment, name: str) -> str:
    return f"{REPORTS}enrolments/{enrolment.pk}/{name}/"


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("who", ["hana", "ines", "administrator"])
def test_the_record_says_state_reason_and_what_is_missing(
    client: Any, as_user: Any, side: Side, maria: Any, request: pytest.FixtureRequest, who: str
) -> None:
    page = text_of(as_user(client, request.getfixturevalue(who)).get(record(maria)))
    for words in (
        "Working with German colleagues",
        "Not started",
        "1 required module is still open.",
        "“German etiquette: first lesson” is not begun.",
        "Assigned by a person",
        "0 of 1 done",
    ):
        assert words in page


def test_the_record_follows_the_learner(
    client: Any, as_user: Any, side: Side, maria: Any, hana: Any, learn: Callable[..., None]
) -> None:
    learn(side.enrolment, side.content.module, units=[side.content.lesson])
    as_user(client, hana)
    assert "1 / 2" in text_of(client.get(record(maria)))
    learn(side.enrolment, side.content.module)
    page = text_of(client.get(record(maria)))
    assert "2 / 2" in page
    assert "Why it is not complete" not in page


def test_foreign_and_missing_people_are_the_same_nobody(
    client: Any, as_user: Any, sides: Sides, hana: Any, ines: Any
) -> None:
    for reader in (hana, ines):
        as_user(client, reader)
        foreign = client.get(record(sides.cedar.pair.agent))
        missing = client.get(f"{REPORTS}learners/987654321/")
        assert foreign.status_code == missing.status_code == 404
        assert sides.cedar.pair.agent.full_name not in foreign.content.decode()


@pytest.mark.parametrize("who", ["klaus", "maria"])
def test_trainers_and_agents_read_no_records(
    client: Any, as_user: Any, side: Side, maria: Any, request: pytest.FixtureRequest, who: str
) -> None:
    assert as_user(client, request.getfixturevalue(who)).get(record(maria)).status_code == 302


def test_what_was_done_for_another_client_stays_there(
    client: Any,
    as_user: Any,
    sides: Sides,
    maria: Any,
    ines: Any,
    shared_library: Any,
    learn: Callable[..., None],
) -> None:
    """A shared module, begun for Cedar; Nordlicht, which asks for it too, sees it untouched."""
    shared = factories.module(shared_library, "Clear English")
    first, second = (
        factories.lesson(shared, "Slow is fast"),
        factories.lesson(shared, "Say it back"),
    )
    for side in (sides.nordlicht, sides.cedar):
        side.content.programme.programme_modules.model.objects.create(
            page=side.content.programme, module=shared, sort_order=5
        )
    for_cedar = factories.enrol(maria, sides.cedar.content.programme, sides.cedar.pair.engagement)
    learn(for_cedar, shared, units=[first])
    page = text_of(as_user(client, ines).get(record(maria)))
    assert "“Slow is fast” is not begun." in page
    assert "Clear English: 2 units to go." in page
    assert sides.cedar.content.programme.title not in page
    # Once it is complete it counts for Nordlicht as well, and is shown as such.
    learn(for_cedar, shared, units=[second])
    page = text_of(client.get(record(maria)))
    assert "Completed, from another programme" in page
    assert sides.cedar.content.programme.title not in page


def test_two_programmes_one_open_one_paused(
    client: Any, as_user: Any, side: Side, maria: Any, hana: Any
) -> None:
    pause(enrolment=side.enrolment, reason="On loan until February", now=timezone.now())
    second = factories.programme(side.content.home, side.content.module, title="Night shift")
    factories.enrol(maria, second, side.pair.engagement)
    page = as_user(client, hana).get(record(maria))
    assert [item["title"] for item in page.context["entries"]] == [
        "Night shift",
        "Working with German colleagues",
    ]
    assert "On loan until February" in text_of(page)


def test_the_number_of_queries_does_not_grow_with_the_programme(
    client: Any, as_user: Any, side: Side, maria: Any, hana: Any
) -> None:
    as_user(client, hana)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(record(maria))
        return len(captured)

    cost()
    few = cost()
    for number in range(6):
        module = factories.module(side.content.library)
        factories.lesson(module)
        side.content.programme.programme_modules.model.objects.create(
            page=side.content.programme, module=module, sort_order=number + 1
        )
    cost()  # new pages emptied the cache of site roots
    assert cost() == few


def test_a_deleted_programme_leaves_the_record_readable(
    client: Any, as_user: Any, side: Side, maria: Any, hana: Any
) -> None:
    side.content.programme.delete()
    page = text_of(as_user(client, hana).get(record(maria)))
    assert "A deleted programme" in page
    assert "Exempt…" not in page


# --- Deeds ---------------------------------------------------------------------------------


def test_pause_and_resume(client: Any, as_user: Any, side: Side, hana: Any) -> None:
    as_user(client, hana)
    address = deed(side.enrolment, "pause")
    assert "Pause “Working with German colleagues” for Maria Santos?" in text_of(
        client.get(address)
    )
    side.enrolment.refresh_from_db()
    assert side.enrolment.state == State.NOT_STARTED, "a GET must not write"
    client.post(address, {"reason": "Parental leave"})
    side.enrolment.refresh_from_db()
    assert (side.enrolment.state, side.enrolment.state_reason) == (State.PAUSED, "Parental leave")
    client.post(deed(side.enrolment, "resume"))
    side.enrolment.refresh_from_db()
    assert side.enrolment.state == State.NOT_STARTED
    log = ModelLogEntry.objects.filter(object_id=str(side.enrolment.pk)).order_by("timestamp", "pk")
    assert [(each.action, each.user) for each in log] == [
        ("attune_enrolments.pause", hana.user),
        ("attune_enrolments.resume", hana.user),
    ]
    assert "Parental" not in str(list(log.values()))


def test_exempt_asks_for_a_reason(client: Any, as_user: Any, side: Side, ines: Any) -> None:
    as_user(client, ines)
    address = deed(side.enrolment, "exempt")
    for reason in ("", "   "):
        assert client.post(address, {"reason": reason}).status_code == 200
    side.enrolment.refresh_from_db()
    assert side.enrolment.state == State.NOT_STARTED
    client.post(address, {"reason": "Worked in Bremen for six years"})
    side.enrolment.refresh_from_db()
    assert side.enrolment.state == State.EXEMPT


def test_withdrawing_a_reason_leaves_the_others(
    client: Any, as_user: Any, side: Side, hana: Any, maria: Any
) -> None:
    by_hand = side.enrolment.assignments.get()
    assign(
        person=maria,
        programme=side.content.programme,
        engagement=side.pair.engagement,
        now=timezone.now(),
        due_at=timezone.now() + timedelta(days=90),
        reason=Assignment.Reason.RULE,
        reference="7",
    )
    by_rule = side.enrolment.assignments.get(reference="7")
    as_user(client, hana)
    first = f"{REPORTS}assignments/{by_hand.pk}/withdraw/"
    assert "Other reasons remain" in text_of(client.get(first))
    client.post(first)
    side.enrolment.refresh_from_db()
    assert (side.enrolment.state, side.enrolment.due_at) == (State.NOT_STARTED, by_rule.due_at)
    last = f"{REPORTS}assignments/{by_rule.pk}/withdraw/"
    assert "It is the last reason" in text_of(client.get(last))
    client.post(last)
    side.enrolment.refresh_from_db()
    assert side.enrolment.state == State.WITHDRAWN


@pytest.mark.parametrize("name", ["pause", "exempt"])
def test_twice_does_nothing_more(
    client: Any, as_user: Any, side: Side, hana: Any, name: str
) -> None:
    as_user(client, hana)
    client.post(deed(side.enrolment, name), {"reason": "First"})
    again = client.post(deed(side.enrolment, name), {"reason": "Second"}, follow=True)
    assert "Nothing was done" in text_of(again)
    side.enrolment.refresh_from_db()
    assert side.enrolment.state_reason == "First"


def deeds(side: Side) -> list[str]:
    reason = side.enrolment.assignments.get()
    return [
        *(deed(side.enrolment, name) for name in ("pause", "resume", "exempt")),
        f"{REPORTS}assignments/{reason.pk}/withdraw/",
    ]


def untouched(side: Side) -> bool:
    side.enrolment.refresh_from_db()
    reason = side.enrolment.assignments.get()
    return side.enrolment.state == State.NOT_STARTED and reason.withdrawn_at is None


def test_deeds_on_another_tenants_record_meet_404(
    client: Any, as_user: Any, sides: Sides, hana: Any, ines: Any
) -> None:
    for reader in (hana, ines):
        as_user(client, reader)
        for address in deeds(sides.cedar):
            assert client.get(address).status_code == 404
            assert client.post(address, {"reason": "Mine now"}).status_code == 404
    assert untouched(sides.cedar)


@pytest.mark.parametrize("who", ["manager", "klaus", "maria"])
def test_who_only_reads_or_teaches_or_learns_does_nothing_here(
    client: Any, as_user: Any, side: Side, request: pytest.FixtureRequest, who: str
) -> None:
    if who == "manager":
        person = factories.person("Mona Manager")
        factories.employ(person, side.pair.client, "manager")
    else:
        person = request.getfixturevalue(who)
    as_user(client, person)
    for address in deeds(side):
        assert client.post(address, {"reason": "Because"}).status_code == 302
    assert untouched(side)
    if who == "manager":
        page = text_of(client.get(record(side.pair.agent)))
        assert "German etiquette" in page
        assert "Pause…" not in page
        assert "Withdraw…" not in page


def test_nobody_exempts_themselves(client: Any, as_user: Any, side: Side, hana: Any) -> None:
    factories.put_in_team(hana, side.pair.team)
    own = factories.enrol(hana, side.content.programme, side.pair.engagement)
    as_user(client, hana)
    page = text_of(client.get(record(hana)))
    assert "This is your own record" in page
    assert "Exempt…" not in page
    assert client.post(deed(own, "exempt"), {"reason": "I know it all"}).status_code == 302
    own.refresh_from_db()
    assert own.state == State.NOT_STARTED


def test_hr_who_learns_elsewhere_does_not_act_there(
    client: Any, as_user: Any, sides: Sides, hana: Any
) -> None:
    factories.put_in_team(hana, sides.cedar.pair.team)
    own = factories.enrol(hana, sides.cedar.content.programme, sides.cedar.pair.engagement)
    as_user(client, hana)
    assert client.post(deed(own, "exempt"), {"reason": "Mine"}).status_code == 404
    assert sides.cedar.content.programme.title not in text_of(client.get(record(hana)))
