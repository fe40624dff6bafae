"""Assigning, earning, crediting and renewing, on the real database with real statements."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from wagtail.models import Page

from attune.curriculum.models import ProgrammeModule
from attune.enrolments import services
from attune.enrolments.models import Assignment, EnrolmentModule, ModuleEvidence, UnitProgress
from attune.enrolments.readers import Reader, reader_for
from attune.enrolments.services.credit import add_months
from attune.enrolments.states import State
from attune.lessons.services import confirm_lesson
from attune.xapi import verbs
from attune.xapi.models import StatementRecord
from tests import factories

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def bodies() -> list[dict[str, Any]]:
    return [json.loads(record.body) for record in StatementRecord.objects.order_by("id")]


def said(verb: verbs.Verb) -> list[dict[str, Any]]:
    return [body for body in bodies() if body["verb"]["id"] == verb.id]


def reading(person: Any, unit: Any) -> Reader:
    person.refresh_from_db()
    reader = reader_for(person.user, unit)
    assert reader is not None
    return reader


def finish(person: Any, lesson: Any, *, now: datetime = LATER) -> UnitProgress:
    return services.complete_unit(reader=reading(person, lesson), unit=lesson, now=now)


@pytest.fixture
def enrolment(maria: Any, nordlicht_content: Any, engagement: Any) -> Any:
    return factories.enrol(maria, nordlicht_content.programme, engagement, now=NOW)


class TestAssign:
    def test_same_reason_twice_is_one_enrolment_and_one_registration(
        self, maria: Any, nordlicht_content: Any, engagement: Any
    ) -> None:
        first = factories.enrol(maria, nordlicht_content.programme, engagement, now=NOW)
        second = factories.enrol(maria, nordlicht_content.programme, engagement, now=LATER)
        assert first.pk == second.pk
        assert Assignment.objects.count() == 1
        assert len(said(verbs.REGISTERED)) == 1

    def test_earliest_due_date_of_the_reasons_counts(
        self, enrolment: Any, maria: Any, nordlicht_content: Any, engagement: Any
    ) -> None:
        sooner = NOW + timedelta(days=3)
        again = services.assign(
            person=maria,
            programme=nordlicht_content.programme,
            engagement=engagement,
            now=NOW,
            due_at=sooner,
            reason=Assignment.Reason.RULE,
            reference="rule-7",
        )
        assert again.due_at == sooner
        rule = Assignment.objects.get(reference="rule-7")
        assert services.withdraw_assignment(assignment=rule, now=LATER).due_at == (enrolment.due_at)

    def test_withdrawn_only_with_the_last_reason_and_resumes_with_its_progress(
        self, enrolment: Any, maria: Any, nordlicht_content: Any, engagement: Any
    ) -> None:
        finish(maria, nordlicht_content.lesson)
        (reason,) = enrolment.assignments.all()
        gone = services.withdraw_assignment(assignment=reason, now=LATER)
        assert gone.state == State.WITHDRAWN
        assert reader_for(maria.user, nordlicht_content.lesson) is None
        back = factories.enrol(maria, nordlicht_content.programme, engagement, now=LATER)
        assert (back.pk, back.registration) == (enrolment.pk, enrolment.registration)
        assert back.state == State.IN_PROGRESS
        assert UnitProgress.objects.get().state == State.COMPLETED

    def test_a_completed_enrolment_is_not_unmade_by_withdrawing(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        finish(maria, nordlicht_content.lesson)
        finish(maria, nordlicht_content.checked_lesson)
        assert services.withdraw(enrolment=enrolment, now=LATER).state == State.COMPLETED


class TestEarning:
    def test_units_complete_the_module_and_the_module_the_programme(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        finish(maria, nordlicht_content.lesson)
        assert EnrolmentModule.objects.get().state == State.IN_PROGRESS
        finish(maria, nordlicht_content.checked_lesson)
        enrolment.refresh_from_db()
        cell = EnrolmentModule.objects.get()
        assert (cell.state, cell.credit) == (State.COMPLETED, EnrolmentModule.Credit.EARNED)
        assert (enrolment.state, enrolment.completed_at) == (State.COMPLETED, LATER)
        assert (enrolment.modules_done, enrolment.modules_required) == (1, 1)
        assert Counter(body["verb"]["id"].rsplit("/", 1)[1] for body in bodies()) == {
            "registered": 1,
            "initialized": 4,  # the programme, the module, two units
            "completed": 4,
        }

    def test_completing_twice_records_once(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        finish(maria, nordlicht_content.lesson)
        before = StatementRecord.objects.count()
        again = finish(maria, nordlicht_content.lesson, now=LATER + timedelta(days=1))
        assert again.completed_at == LATER
        assert StatementRecord.objects.count() == before

    def test_every_statement_carries_the_registration_and_no_name(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        finish(maria, nordlicht_content.lesson)
        text = json.dumps(bodies(), ensure_ascii=False)
        assert {body["context"]["registration"] for body in bodies()} == {
            str(enrolment.registration)
        }
        assert {body["actor"]["account"]["name"] for body in bodies()} == {str(maria.pseudonym)}
        assert "Santos" not in text
        assert "@" not in text
        assert "Habagat" not in text

    def test_a_module_without_units_never_completes(
        self, maria: Any, nordlicht_content: Any, engagement: Any
    ) -> None:
        empty = factories.module(nordlicht_content.library, "Nothing yet")
        programme = factories.programme(nordlicht_content.home, empty)
        made = factories.enrol(maria, programme, engagement, now=NOW)
        assert services.repair(now=LATER) == 0
        made.refresh_from_db()
        assert made.state == State.NOT_STARTED

    def test_a_programme_of_optional_modules_only_never_completes_by_itself(
        self, maria: Any, nordlicht_content: Any, engagement: Any
    ) -> None:
        row = nordlicht_content.programme.programme_modules.get()
        row.required = False
        row.save()
        made = factories.enrol(maria, nordlicht_content.programme, engagement, now=NOW)
        finish(maria, nordlicht_content.lesson)
        finish(maria, nordlicht_content.checked_lesson)
        made.refresh_from_db()
        assert made.state == State.IN_PROGRESS

    def test_adding_a_module_leaves_a_completed_enrolment_completed(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        finish(maria, nordlicht_content.lesson)
        finish(maria, nordlicht_content.checked_lesson)
        added = factories.module(nordlicht_content.library, "Added later")
        factories.lesson(added)
        ProgrammeModule.objects.create(page=nordlicht_content.programme, module=added, sort_order=9)
        services.repair(now=LATER)
        enrolment.refresh_from_db()
        assert enrolment.state == State.COMPLETED

    def test_the_better_score_stays(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        unit = nordlicht_content.lesson
        for score, best in ((0.6, 0.6), (0.9, 0.9), (0.2, 0.9)):
            progress = services.complete_unit(
                reader=reading(maria, unit), unit=unit, now=LATER, score=score
            )
            assert progress.score == best

    def test_attempts_exhausted_shows_up_to_the_enrolment_and_goes_with_completion(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        unit = nordlicht_content.lesson
        progress = services.start_unit(reader=reading(maria, unit), unit=unit, now=NOW)
        services.set_unit_state(progress=progress, state=State.ATTEMPTS_EXHAUSTED, now=NOW)
        enrolment.refresh_from_db()
        assert enrolment.state == State.ATTEMPTS_EXHAUSTED
        assert EnrolmentModule.objects.get().state == State.ATTEMPTS_EXHAUSTED
        finish(maria, unit)
        enrolment.refresh_from_db()
        assert enrolment.state == State.IN_PROGRESS
        finish(maria, nordlicht_content.checked_lesson)
        enrolment.refresh_from_db()
        assert enrolment.state == State.COMPLETED


class TestSharedEvidence:
    @pytest.fixture
    def both(self, enrolment: Any, maria: Any, nordlicht_content: Any, engagement: Any) -> Any:
        other = factories.programme(
            nordlicht_content.home, nordlicht_content.module, title="Second programme"
        )
        return enrolment, factories.enrol(
            maria, other, engagement, now=NOW, due_at=NOW + timedelta(days=60)
        )

    def test_one_piece_of_evidence_credited_to_both_each_with_its_registration(
        self, both: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        first, second = both
        finish(maria, nordlicht_content.lesson)
        finish(maria, nordlicht_content.checked_lesson)
        evidence = ModuleEvidence.objects.get()
        assert evidence.enrolment_id == first.pk
        cells = {cell.enrolment_id: cell for cell in EnrolmentModule.objects.all()}
        assert cells[first.pk].credit == EnrolmentModule.Credit.EARNED
        assert cells[second.pk].credit == EnrolmentModule.Credit.SATISFIED
        assert {cell.evidence_id for cell in cells.values()} == {evidence.pk}
        (satisfied,) = said(verbs.SATISFIED)
        assert satisfied["context"]["registration"] == str(second.registration)
        modules = [
            body for body in said(verbs.COMPLETED) if "/xapi/module/" in body["object"]["id"]
        ]
        assert [body["context"]["registration"] for body in modules] == [str(first.registration)]
        programmes = [
            body for body in said(verbs.COMPLETED) if "/xapi/programme/" in body["object"]["id"]
        ]
        assert {body["context"]["registration"] for body in programmes} == {
            str(first.registration),
            str(second.registration),
        }

    def test_what_was_earned_before_counts_when_assigned(
        self, enrolment: Any, maria: Any, nordlicht_content: Any, engagement: Any
    ) -> None:
        finish(maria, nordlicht_content.lesson)
        finish(maria, nordlicht_content.checked_lesson)
        other = factories.programme(nordlicht_content.home, nordlicht_content.module)
        late = factories.enrol(maria, other, engagement, now=LATER)
        assert late.state == State.COMPLETED
        assert late.modules.get().credit == EnrolmentModule.Credit.SATISFIED

    def test_evidence_goes_where_they_learn_when_the_first_programme_was_withdrawn(
        self, both: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        first, second = both
        finish(maria, nordlicht_content.lesson)
        services.withdraw(enrolment=first, now=LATER)
        finish(maria, nordlicht_content.checked_lesson)
        assert ModuleEvidence.objects.get().enrolment_id == second.pk
        second.refresh_from_db()
        assert second.state == State.COMPLETED

    def test_client_b_sees_what_is_counted_there_and_nothing_else(
        self, maria: Any, nordlicht_content: Any, cast: Any, engagement: Any
    ) -> None:
        """Rule 6: results are visible by result, not only by person."""
        shared = factories.module(factories.shared_library(), "Data security")
        unit = factories.lesson(shared)
        here = factories.programme(nordlicht_content.home, shared, nordlicht_content.module)
        cedar_home = factories.client_home(cast.cedar.client)
        there = factories.programme(cedar_home, shared)
        factories.enrol(maria, here, engagement, now=NOW)
        factories.enrol(maria, there, cast.cedar.engagement, now=NOW)
        finish(maria, unit)
        finish(maria, nordlicht_content.lesson)
        foreign_hr = cast.cedar.client_hr.user
        visible = ModuleEvidence.objects.visible_to(foreign_hr)
        assert [row.module_key for row in visible] == [shared.translation_key]
        cells = EnrolmentModule.objects.visible_to(foreign_hr)
        assert {cell.enrolment.engagement_id for cell in cells} == {cast.cedar.engagement.pk}
        own_hr = cast.nordlicht.client_hr.user
        assert ModuleEvidence.objects.visible_to(own_hr).count() == 2


class TestTranslation:
    def test_language_switched_half_way_gives_one_completion_and_one_activity(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        locale = factories.german()
        for page in (
            nordlicht_content.home.get_parent().specific,
            nordlicht_content.home,
            nordlicht_content.library,
            nordlicht_content.module,
            nordlicht_content.lesson,
            nordlicht_content.checked_lesson,
        ):
            page.copy_for_translation(locale, alias=False).get_latest_revision_as_object().save()
        Page.objects.filter(locale=locale).update(live=True)
        german = nordlicht_content.checked_lesson.get_translation(locale)
        finish(maria, nordlicht_content.lesson)
        finish(maria, german)
        finish(maria, nordlicht_content.checked_lesson)
        assert ModuleEvidence.objects.get().state == State.COMPLETED
        assert UnitProgress.objects.count() == 2
        units = [body for body in said(verbs.COMPLETED) if "/xapi/lesson/" in body["object"]["id"]]
        assert len({body["object"]["id"] for body in units}) == len(units) == 2
        assert units[1]["context"]["language"] == "de"
        assert set(units[1]["object"]["definition"]["name"]) == {"en", "de"}


class TestRenewal:
    @pytest.fixture
    def completed(self, enrolment: Any, maria: Any, nordlicht_content: Any) -> Any:
        nordlicht_content.module.validity_months = 12
        nordlicht_content.module.save()
        finish(maria, nordlicht_content.lesson, now=NOW)
        finish(maria, nordlicht_content.checked_lesson, now=NOW)
        enrolment.refresh_from_db()
        return enrolment

    def test_states_around_the_expiry(self, completed: Any) -> None:
        expiry = add_months(NOW, 12)
        assert completed.expires_at == expiry
        for moment, state in (
            (expiry - timedelta(days=31), State.COMPLETED),
            (expiry - timedelta(days=29), State.EXPIRING),
            (expiry, State.EXPIRED),
        ):
            assert completed.standing(moment).state is state
            annotated = type(completed).objects.with_standing(moment).get(pk=completed.pk)
            assert annotated.standing_state == state

    def test_a_new_cycle_keeps_the_old_record(
        self, completed: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        then = add_months(NOW, 12)
        renewed = services.renew(enrolment=completed, now=then, due_at=then + timedelta(days=14))
        assert (renewed.cycle, renewed.state) == (2, State.NOT_STARTED)
        assert renewed.registration != completed.registration
        finish(maria, nordlicht_content.lesson, now=then)
        finish(maria, nordlicht_content.checked_lesson, now=then)
        renewed.refresh_from_db()
        completed.refresh_from_db()
        assert renewed.state == State.COMPLETED
        assert (completed.state, completed.completed_at) == (State.COMPLETED, NOW)
        assert (
            ModuleEvidence.objects.values_list("cycle", "completed_at").order_by("cycle").count()
            == 2
        )

    def test_renewing_twice_opens_one_cycle(self, completed: Any) -> None:
        then = add_months(NOW, 12)
        due = then + timedelta(days=14)
        first = services.renew(enrolment=completed, now=then, due_at=due)
        assert services.renew(enrolment=completed, now=then, due_at=due).pk == first.pk

    def test_what_has_expired_is_asked_for_again_each_night_once(self, completed: Any) -> None:
        expiry = add_months(NOW, 12)
        assert services.renew_expired(now=expiry - timedelta(seconds=1)) == 0
        assert services.renew_expired(now=expiry) == 1
        assert services.renew_expired(now=expiry) == 0
        fresh = type(completed).objects.latest_cycle().get()
        assert (fresh.cycle, fresh.due_at) == (2, expiry + timedelta(days=30))

    def test_nobody_is_asked_again_without_a_reason_left(self, completed: Any) -> None:
        services.withdraw(enrolment=completed, now=LATER)
        assert services.renew_expired(now=add_months(NOW, 13)) == 0

    def test_what_is_still_valid_counts_in_the_new_cycle(
        self, completed: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        renewed = services.renew(
            enrolment=completed, now=LATER, due_at=LATER + timedelta(days=5), again=[]
        )
        assert renewed.state == State.COMPLETED

    def test_material_change_asks_again_with_reason_and_date_and_leaves_the_record(
        self, completed: Any, klaus: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        due = LATER + timedelta(days=21)
        services.publish_material_change(
            module=nordlicht_content.module,
            reason="The escalation path has changed.",
            due_at=due,
            published_by=klaus.user,
            now=LATER,
        )
        fresh = type(completed).objects.latest_cycle().get(person=maria)
        assert (fresh.cycle, fresh.state, fresh.due_at) == (2, State.NOT_STARTED, due)
        assert fresh.assignments.get().note == "The escalation path has changed."
        completed.refresh_from_db()
        assert completed.state == State.COMPLETED
        finish(maria, nordlicht_content.lesson, now=LATER)
        finish(maria, nordlicht_content.checked_lesson, now=LATER)
        fresh.refresh_from_db()
        assert fresh.state == State.COMPLETED

    def test_material_change_takes_the_credit_of_an_open_enrolment_back(
        self, enrolment: Any, klaus: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        second = factories.module(nordlicht_content.library)
        factories.lesson(second)
        ProgrammeModule.objects.create(
            page=nordlicht_content.programme, module=second, sort_order=2
        )
        finish(maria, nordlicht_content.lesson)
        finish(maria, nordlicht_content.checked_lesson)
        enrolment.refresh_from_db()
        assert (enrolment.state, enrolment.modules_done) == (State.IN_PROGRESS, 1)
        services.publish_material_change(
            module=nordlicht_content.module,
            reason="New law.",
            due_at=LATER + timedelta(days=2),
            published_by=klaus.user,
            now=LATER,
        )
        enrolment.refresh_from_db()
        assert enrolment.modules_done == 0
        assert enrolment.due_at == LATER + timedelta(days=2)
        assert ModuleEvidence.objects.get(cycle=1).state == State.COMPLETED

    @pytest.mark.parametrize(("reason", "days"), [("", 3), ("  ", 3), ("Why", -1)])
    def test_material_change_refuses_no_reason_and_a_date_gone_by(
        self, reason: str, days: int, klaus: Any, nordlicht_content: Any
    ) -> None:
        with pytest.raises(ValueError, match=r"reason|future"):
            services.publish_material_change(
                module=nordlicht_content.module,
                reason=reason,
                due_at=NOW + timedelta(days=days),
                published_by=klaus.user,
                now=NOW,
            )


def test_what_an_invited_person_was_assigned_goes_to_whom_they_turn_out_to_be(
    enrolment: Any, maria: Any, nordlicht_content: Any
) -> None:
    kept = factories.person("Maria Santos-Cruz")
    services.hand_over(gone=maria, kept=kept, now=LATER)
    enrolment.refresh_from_db()
    assert enrolment.state == State.WITHDRAWN
    moved = type(enrolment).objects.get(person=kept)
    assert (moved.state, moved.due_at) == (State.NOT_STARTED, enrolment.assignments.get().due_at)
    assert moved.registration != enrolment.registration


class TestStandAside:
    def test_pause_stops_the_clock_and_resume_goes_on(
        self, enrolment: Any, maria: Any, nordlicht_content: Any
    ) -> None:
        finish(maria, nordlicht_content.lesson)
        paused = services.pause(enrolment=enrolment, reason="Leave", now=LATER)
        assert paused.state == State.PAUSED
        long_after = NOW + timedelta(days=400)
        assert not paused.standing(long_after).overdue
        assert reader_for(maria.user, nordlicht_content.lesson) is None
        assert services.resume(enrolment=paused, now=LATER).state == State.IN_PROGRESS

    def test_exempt_and_waived_say_so_in_the_record_but_not_why(
        self, enrolment: Any, nordlicht_content: Any
    ) -> None:
        services.waive_module(
            enrolment=enrolment,
            module=nordlicht_content.module,
            reason="Grew up in Bremen",
            now=LATER,
        )
        enrolment.refresh_from_db()
        assert enrolment.state == State.COMPLETED
        (waived,) = said(verbs.WAIVED)
        assert "Bremen" not in json.dumps(waived)

    def test_an_exemption_needs_a_reason(self, enrolment: Any) -> None:
        with pytest.raises(ValueError, match="reason"):
            services.exempt(enrolment=enrolment, reason=" ", now=LATER)


def test_repair_finds_what_a_missed_handler_left(
    enrolment: Any, maria: Any, nordlicht_content: Any
) -> None:
    finish(maria, nordlicht_content.lesson)
    finish(maria, nordlicht_content.checked_lesson)
    EnrolmentModule.objects.all().delete()
    type(enrolment).objects.update(state=State.IN_PROGRESS, completed_at=None)
    assert services.repair(now=LATER) == 1
    enrolment.refresh_from_db()
    assert enrolment.state == State.COMPLETED
    assert services.repair(now=LATER) == 0


def test_frozen_lesson_stays_when_the_lesson_is_edited(
    enrolment: Any, maria: Any, nordlicht_content: Any
) -> None:
    lesson = nordlicht_content.lesson
    progress = confirm_lesson(reader=reading(maria, lesson), lesson=lesson, now=LATER)
    seen = progress.seen
    assert seen is not None
    body = seen.body
    lesson.title = "Changed"
    lesson.save()
    seen.refresh_from_db()
    assert seen.body == body
    with pytest.raises(TypeError):
        seen.save()
    with pytest.raises(TypeError):
        seen.delete()


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (datetime(2026, 1, 31, 8, tzinfo=UTC), 1, datetime(2026, 2, 28, 8, tzinfo=UTC)),
        (datetime(2024, 2, 29, 8, tzinfo=UTC), 12, datetime(2025, 2, 28, 8, tzinfo=UTC)),
        (datetime(2026, 11, 15, 8, tzinfo=UTC), 2, datetime(2027, 1, 15, 8, tzinfo=UTC)),
    ],
)
def test_add_months_ends_on_the_last_day_of_a_short_month(
    start: datetime, months: int, expected: datetime
) -> None:
    assert add_months(start, months) == expected
