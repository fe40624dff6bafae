"""Withdrawing a module's result from the learner's record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry

from attune.enrolments.models import Enrolment, ModuleEvidence
from attune.enrolments.states import State
from attune.xapi.models import StatementRecord
from tests import factories
from tests.reports.conftest import Side, Sides
from tests.reports.test_record_views import record, text_of

REASON = "Jose took it on her account"


@pytest.fixture
def side(sides: Sides) -> Side:
    return sides.nordlicht


@pytest.fixture
def evidence(side: Side, learn: Callable[..., None]) -> ModuleEvidence:
    learn(side.enrolment, side.content.module)
    return ModuleEvidence.objects.get(state=State.COMPLETED)


def door(evidence: ModuleEvidence) -> str:
    return f"/admin/attune/reports/results/{evidence.pk}/withdraw/"


def stands(evidence: ModuleEvidence) -> bool:
    evidence.refresh_from_db()
    return evidence.state == State.COMPLETED


@pytest.mark.parametrize("who", ["hana", "ines"])
def test_hr_of_both_sides_withdraws_with_a_reason_and_it_is_on_record(
    client: Any,
    as_user: Any,
    side: Side,
    maria: Any,
    evidence: ModuleEvidence,
    request: pytest.FixtureRequest,
    who: str,
) -> None:
    hr = request.getfixturevalue(who)
    as_user(client, hr)
    assert door(evidence) in client.get(record(maria)).content.decode()
    asked = text_of(client.get(door(evidence)))
    assert f"Withdraw the result of “{side.content.module.title}” from Maria Santos?" in asked
    assert "This cannot be undone." in asked
    assert stands(evidence)  # asking does nothing
    page = text_of(client.post(door(evidence), {"reason": REASON}, follow=True))
    assert "is withdrawn from Maria Santos. 7 learning records are taken back." in page
    assert not stands(evidence)
    assert door(evidence) not in page
    assert REASON in page  # why it is assigned anew
    entry = ModelLogEntry.objects.get(action="attune_enrolments.withdraw_result")
    assert entry.user == hr.user
    assert (entry.data["reason"], entry.data["statements"]) == (REASON, 7)
    assert entry.data["module"] == side.content.module.title


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_without_a_reason_it_stands(
    client: Any, as_user: Any, hana: Any, evidence: ModuleEvidence, reason: str
) -> None:
    answer = as_user(client, hana).post(door(evidence), {"reason": reason})
    assert answer.status_code == 200
    assert answer.context["form"].errors["reason"]
    assert stands(evidence)


def test_twice_is_once(client: Any, as_user: Any, hana: Any, evidence: ModuleEvidence) -> None:
    as_user(client, hana)
    client.post(door(evidence), {"reason": REASON})
    before = StatementRecord.objects.count()
    page = text_of(client.post(door(evidence), {"reason": REASON}, follow=True))
    assert "Nothing was done: it is “Withdrawn” now." in page
    assert StatementRecord.objects.count() == before
    assert ModelLogEntry.objects.filter(action="attune_enrolments.withdraw_result").count() == 1
    assert Enrolment.objects.filter(person=evidence.person_id).count() == 2


def test_foreign_and_missing_results_are_the_same_nothing(
    client: Any, as_user: Any, sides: Sides, hana: Any, ines: Any, learn: Callable[..., None]
) -> None:
    learn(sides.cedar.enrolment, sides.cedar.content.module)
    foreign = ModuleEvidence.objects.get(state=State.COMPLETED)
    for reader in (hana, ines):
        as_user(client, reader)
        for method in (client.get, client.post):
            assert method(door(foreign), {"reason": REASON}).status_code == 404
        assert client.get("/admin/attune/reports/results/987654321/withdraw/").status_code == 404
    assert stands(foreign)


def test_a_result_that_only_counts_here_is_not_withdrawn_from_here(
    client: Any,
    as_user: Any,
    sides: Sides,
    maria: Any,
    ines: Any,
    shared_library: Any,
    learn: Callable[..., None],
) -> None:
    """Earned for Cedar, counted for Nordlicht: Nordlicht's HR sees it, and Cedar's withdraws it."""
    shared = factories.module(shared_library, "Clear English")
    factories.lesson(shared, "Slow is fast")
    for side in (sides.nordlicht, sides.cedar):
        side.content.programme.programme_modules.model.objects.create(
            page=side.content.programme, module=shared, sort_order=5
        )
    for_cedar = factories.enrol(maria, sides.cedar.content.programme, sides.cedar.pair.engagement)
    learn(for_cedar, shared)
    earned = ModuleEvidence.objects.get(state=State.COMPLETED)
    as_user(client, ines)
    page = client.get(record(maria)).content.decode()
    assert "Clear English" in page
    assert door(earned) not in page
    assert client.post(door(earned), {"reason": REASON}).status_code == 404
    assert stands(earned)


@pytest.mark.parametrize("who", ["klaus", "maria"])
def test_trainers_and_learners_withdraw_nothing(
    client: Any,
    as_user: Any,
    evidence: ModuleEvidence,
    request: pytest.FixtureRequest,
    who: str,
) -> None:
    as_user(client, request.getfixturevalue(who))
    assert client.post(door(evidence), {"reason": REASON}).status_code == 302
    assert stands(evidence)


def test_the_learner_meets_the_module_from_the_start(
    client: Any, as_user: Any, side: Side, maria: Any, hana: Any, evidence: ModuleEvidence
) -> None:
    as_user(client, hana).post(door(evidence), {"reason": REASON})
    page = text_of(as_user(client, maria).get(reverse("attune_enrolments:my_training")))
    assert side.content.programme.title in page
    lesson = as_user(client, maria).get(side.content.lesson.url)
    assert lesson.status_code == 200


def test_in_the_next_round_what_was_earned_in_the_one_before_can_be_withdrawn(
    client: Any, as_user: Any, side: Side, maria: Any, hana: Any, learn: Callable[..., None]
) -> None:
    extra = factories.module(side.content.home, "Handover")
    factories.lesson(extra, "At six in the morning")
    programme = side.content.programme
    programme.programme_modules.model.objects.create(page=programme, module=extra, sort_order=5)
    for module in (side.content.module, extra):
        learn(side.enrolment, module)
    first, second = ModuleEvidence.objects.filter(state=State.COMPLETED).order_by("pk")
    as_user(client, hana).post(door(first), {"reason": REASON})
    page = client.get(record(maria)).content.decode()
    assert door(second) in page
    assert door(first) not in page
