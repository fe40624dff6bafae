"""Training rests when the job behind it ends, and goes on when the person is back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from attune.enrolments.models import Enrolment
from attune.enrolments.services import assign, pause
from attune.enrolments.states import State
from attune.people.models import Person
from attune.people.services import add_membership, end_membership, sync_access
from tests.conftest import Content, Pair

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def enrolment(maria: Person, nordlicht_content: Content, nordlicht_habagat: Pair) -> Enrolment:
    return assign(
        person=maria,
        programme=nordlicht_content.programme,
        engagement=nordlicht_habagat.engagement,
        due_at=NOW + timedelta(days=9),
        now=NOW,
    )


def leave(person: Person, on: date) -> None:
    end_membership(membership=person.memberships.get(), left_on=on, by=None, now=NOW)


def test_it_rests_with_the_job_and_keeps_everything(maria: Person, enrolment: Enrolment) -> None:
    leave(maria, date(2026, 3, 1))
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.resumes_as) == (State.PAUSED, State.NOT_STARTED)
    assert enrolment.state_reason == "The job has ended."
    assert enrolment.assignments.get().withdrawn_at is None


def test_it_goes_on_with_the_next_job_there(
    maria: Person, enrolment: Enrolment, nordlicht_habagat: Pair
) -> None:
    leave(maria, date(2026, 2, 20))
    add_membership(
        person=maria,
        organisation=nordlicht_habagat.vendor,
        roles=["agent"],
        hired_on=date(2026, 3, 2),
        by=None,
        now=NOW,
    )
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.state_reason) == (State.NOT_STARTED, "")


def test_another_vendors_job_does_not_wake_it(
    maria: Person, enrolment: Enrolment, cedar_deccan: Pair
) -> None:
    leave(maria, date(2026, 2, 20))
    add_membership(
        person=maria,
        organisation=cedar_deccan.vendor,
        roles=["agent"],
        hired_on=date(2026, 3, 2),
        by=None,
        now=NOW,
    )
    enrolment.refresh_from_db()
    assert enrolment.state == State.PAUSED
    assert enrolment.engagement.vendor != cedar_deccan.vendor


def test_a_last_day_to_come_takes_effect_when_it_is_over(
    maria: Person, enrolment: Enrolment
) -> None:
    leave(maria, date(2026, 3, 5))
    enrolment.refresh_from_db()
    assert enrolment.state == State.NOT_STARTED
    sync_access(now=NOW + timedelta(days=4))
    enrolment.refresh_from_db()
    assert enrolment.state == State.PAUSED


def test_what_somebody_paused_is_not_resumed_by_a_job(maria: Person, enrolment: Enrolment) -> None:
    pause(enrolment=enrolment, reason="Parental leave", now=NOW)
    sync_access(now=NOW)
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.state_reason) == (State.PAUSED, "Parental leave")
