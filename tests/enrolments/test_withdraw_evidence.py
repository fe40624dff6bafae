"""Withdrawing a module's result: what is taken back, what falls with it, what stays."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from attune.enrolments import services
from attune.enrolments.models import (
    Assignment,
    Enrolment,
    EnrolmentModule,
    ModuleEvidence,
    UnitProgress,
)
from attune.enrolments.records import taking_back
from attune.enrolments.services import Withdrawn, withdraw_evidence
from attune.enrolments.states import State
from attune.lessons.services import answer_self_check
from attune.xapi import outbox, verbs
from attune.xapi.models import StatementRecord
from tests import factories
from tests.enrolments.test_services import LATER, NOW, finish, reading, said
from tests.quizzes.test_concurrency import at_once

THEN = LATER + timedelta(days=1)


def withdraw(evidence: ModuleEvidence, **given: Any) -> Withdrawn:
    options = {"reason": "Taken by a colleague", "withdrawn_by": None, "now": THEN, **given}
    return withdraw_evidence(evidence=evidence, **options)


@pytest.fixture
def enrolment(maria: Any, nordlicht_content: Any, engagement: Any) -> Any:
    return factories.enrol(maria, nordlicht_content.programme, engagement, now=NOW)


@pytest.fixture
def evidence(enrolment: Any, maria: Any, nordlicht_content: Any) -> ModuleEvidence:
    finish(maria, nordlicht_content.lesson)
    finish(maria, nordlicht_content.checked_lesson)
    return ModuleEvidence.objects.get(state=State.COMPLETED)


def standing() -> set[tuple[str, str]]:
    """Kind and registration of what stands: it was said and not taken back."""
    gone = set(StatementRecord.objects.exclude(voids=None).values_list("voids", flat=True))
    return {
        (each.kind, str(each.registration))
        for each in StatementRecord.objects.filter(voids=None)
        if each.statement_id not in gone
    }


@pytest.mark.django_db
class TestWithdrawing:
    @pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
    def test_without_a_reason_nothing_happens(self, evidence: ModuleEvidence, reason: str) -> None:
        before = StatementRecord.objects.count()
        with pytest.raises(ValueError, match="reason"):
            withdraw(evidence, reason=reason)
        evidence.refresh_from_db()
        assert evidence.state == State.COMPLETED
        assert StatementRecord.objects.count() == before

    def test_everything_said_within_the_module_and_what_followed_is_taken_back(
        self, evidence: ModuleEvidence, enrolment: Any
    ) -> None:
        outcome = withdraw(evidence)
        assert outcome.done
        # The programme complete; the module and two units, each begun and complete.
        assert outcome.statements == len(said(verbs.VOIDED)) == 7
        (again,) = outcome.reopened
        first, second = str(enrolment.registration), str(again.registration)
        assert standing() == {
            ("registered", first),
            ("programme_initialized", first),
            ("registered", second),
        }
        voids = said(verbs.VOIDED)
        assert {each["context"]["registration"] for each in voids} == {first}
        kinds = StatementRecord.objects.filter(
            statement_id__in=[each["object"]["id"] for each in voids]
        ).values_list("kind", flat=True)
        assert Counter(kinds) == {
            "programme_completed": 1,
            "module_completed": 1,
            "module_initialized": 1,
            "unit_completed": 2,
            "unit_initialized": 2,
        }

    def test_the_stores_take_it_back_in_the_tags_of_what_was_said(
        self, evidence: ModuleEvidence
    ) -> None:
        withdraw(evidence)
        for taker in StatementRecord.objects.exclude(voids=None):
            taken = StatementRecord.objects.get(statement_id=taker.voids)
            for tag in ("engagement", "client", "vendor", "registration", "actor"):
                assert getattr(taker, tag) == getattr(taken, tag)
            assert taker.pk > taken.pk

    def test_states_follow_and_the_programme_is_asked_for_anew(
        self, evidence: ModuleEvidence, enrolment: Any, klaus: Any
    ) -> None:
        (again,) = withdraw(evidence, withdrawn_by=klaus.user).reopened
        evidence.refresh_from_db()
        enrolment.refresh_from_db()
        again.refresh_from_db()
        assert (evidence.state, evidence.completed_at) == (State.WITHDRAWN, None)
        assert (enrolment.state, enrolment.completed_at) == (State.WITHDRAWN, None)
        assert enrolment.state_reason == "Taken by a colleague"
        assert (again.cycle, again.state) == (2, State.NOT_STARTED)
        assert (again.modules_done, again.modules_required) == (0, 1)
        assert again.due_at is not None
        reason = Assignment.objects.get(enrolment=again)
        assert (reason.note, reason.assigned_by) == ("Taken by a colleague", klaus.user)
        assert ModuleEvidence.objects.current().get().state == State.NOT_STARTED
        assert set(UnitProgress.objects.values_list("state", flat=True)) == {State.WITHDRAWN}

    def test_taken_again_it_counts_once_more_with_statements_of_its_own(
        self, evidence: ModuleEvidence, maria: Any, nordlicht_content: Any
    ) -> None:
        (again,) = withdraw(evidence).reopened
        before = len(said(verbs.COMPLETED))
        for unit in (nordlicht_content.lesson, nordlicht_content.checked_lesson):
            finish(maria, unit, now=THEN + timedelta(hours=1))
        again.refresh_from_db()
        assert again.state == State.COMPLETED
        assert len(said(verbs.COMPLETED)) == before + 4
        assert ("programme_completed", str(again.registration)) in standing()
        # And can be withdrawn again, by itself.
        newest = ModuleEvidence.objects.current().get()
        assert withdraw(newest, now=THEN + timedelta(days=1)).statements == 7

    def test_twice_is_once(self, evidence: ModuleEvidence) -> None:
        withdraw(evidence)
        before = StatementRecord.objects.count()
        again = withdraw(evidence, now=THEN + timedelta(hours=1))
        assert (again.done, again.statements, again.reopened) == (False, 0, [])
        assert StatementRecord.objects.count() == before
        assert Enrolment.objects.count() == 2

    def test_the_nightly_repair_does_not_give_it_back(self, evidence: ModuleEvidence) -> None:
        withdraw(evidence)
        assert services.repair(now=THEN + timedelta(hours=1)) == 0
        assert not ModuleEvidence.objects.filter(state=State.COMPLETED).exists()

    def test_an_answer_inside_a_unit_is_taken_back_with_it(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        lesson = nordlicht_content.checked_lesson
        answer_self_check(
            reader=reading(maria, lesson),
            lesson=lesson,
            block_id=next(iter(lesson.self_checks())),
            chosen=[0],
            now=LATER,
        )
        finish(maria, lesson)
        finish(maria, nordlicht_content.lesson)
        registration = str(enrolment.registration)
        assert ("self_check_answered", registration) in standing()
        withdraw(ModuleEvidence.objects.get())
        assert ("self_check_answered", registration) not in standing()
        assert ("programme_initialized", registration) in standing()

    def test_what_an_operator_voided_before_is_not_voided_twice(
        self, evidence: ModuleEvidence, enrolment: Any
    ) -> None:
        with transaction.atomic():
            gone, tags = taking_back(
                deed="by hand",
                taken_back=f"completed:{evidence.deed}",
                enrolment=enrolment,
                at=LATER,
                kind="voided",
            )
            outbox.record(gone, tags=tags)
        assert withdraw(evidence).statements == 6
        voids = StatementRecord.objects.exclude(voids=None).values_list("voids", flat=True)
        assert set(Counter(voids).values()) == {1}


@pytest.mark.django_db
class TestElsewhere:
    def test_where_it_was_counted_it_counts_no_more_and_an_open_programme_goes_on(
        self, evidence: ModuleEvidence, maria: Any, nordlicht_content: Any, engagement: Any
    ) -> None:
        other = factories.programme(
            nordlicht_content.home, nordlicht_content.module, title="Night shift"
        )
        extra = factories.module(nordlicht_content.home, "Handover")
        factories.lesson(extra, "At six in the morning")
        other.programme_modules.model.objects.create(page=other, module=extra, sort_order=5)
        second = factories.enrol(maria, other, engagement, now=LATER)
        assert ("module_satisfied", str(second.registration)) in standing()
        outcome = withdraw(evidence)
        assert len(outcome.reopened) == 1
        second.refresh_from_db()
        assert (second.state, second.cycle, second.modules_done) == (State.IN_PROGRESS, 1, 0)
        cell = EnrolmentModule.objects.get(enrolment=second, module_key=evidence.module_key)
        assert (cell.state, cell.credit, cell.completed_at) == (State.IN_PROGRESS, "", None)
        assert cell.credit_reason == "Withdrawn: Taken by a colleague"
        assert ("module_satisfied", str(second.registration)) not in standing()

    def test_another_module_of_the_programme_counts_on(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        extra = factories.module(nordlicht_content.home, "Handover")
        lesson = factories.lesson(extra, "At six in the morning")
        programme = nordlicht_content.programme
        programme.programme_modules.model.objects.create(page=programme, module=extra, sort_order=5)
        for unit in (nordlicht_content.lesson, nordlicht_content.checked_lesson, lesson):
            finish(maria, unit)
        enrolment.refresh_from_db()
        assert enrolment.state == State.COMPLETED
        mine = ModuleEvidence.objects.get(module_key=nordlicht_content.module.translation_key)
        (again,) = withdraw(mine).reopened
        again.refresh_from_db()
        assert (again.state, again.modules_done, again.modules_required) == (
            State.IN_PROGRESS,
            1,
            2,
        )
        kept = ModuleEvidence.objects.get(module_key=extra.translation_key)
        assert kept.state == State.COMPLETED
        assert ("module_completed", str(enrolment.registration)) in standing()

    def test_an_engagement_that_has_ended_asks_for_nothing(
        self, evidence: ModuleEvidence, enrolment: Any, engagement: Any
    ) -> None:
        engagement.ends_on = LATER.date()
        engagement.save()
        outcome = withdraw(evidence)
        assert (outcome.done, outcome.reopened) == (True, [])
        enrolment.refresh_from_db()
        assert enrolment.state == State.WITHDRAWN
        assert Enrolment.objects.count() == 1

    def test_somebody_elses_result_stays(
        self,
        evidence: ModuleEvidence,
        nordlicht_content: Any,
        engagement: Any,
    ) -> None:
        jose = factories.person("Jose Ramos")
        factories.enrol(jose, nordlicht_content.programme, engagement, now=NOW)
        for unit in (nordlicht_content.lesson, nordlicht_content.checked_lesson):
            finish(jose, unit)
        withdraw(evidence)
        assert ModuleEvidence.objects.get(person=jose).state == State.COMPLETED
        assert all(
            each["actor"]["account"]["name"] == str(evidence.person.pseudonym)
            for each in said(verbs.VOIDED)
        )


@pytest.mark.database
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_at_once_withdraw_once(evidence: ModuleEvidence) -> None:
    first, second = at_once([lambda: withdraw(evidence)] * 2)
    assert sorted([first.done, second.done]) == [False, True]
    assert len(said(verbs.VOIDED)) == 7
    assert Enrolment.objects.count() == 2
