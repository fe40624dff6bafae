"""A rule's job goes on where it was killed, and does nothing twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from attune.enrolments.models import Assignment, AssignmentRule, Enrolment
from attune.enrolments.rules import jobs
from attune.enrolments.rules.services import APPLY, FOLLOW, follow_places, make_rule, switch_off
from attune.jobs import runner
from attune.jobs.kinds import registry
from attune.jobs.models import Job
from attune.xapi.models import StatementRecord
from tests import factories


class Killed(BaseException):
    """As a worker's end comes: between two steps or in the middle of one."""


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attune.enrolments.rules.services.AT_ONCE", 2)
    monkeypatch.setattr(jobs, "CHUNK", 3)


@pytest.fixture
def people(nordlicht_habagat: Any) -> list[Any]:
    others = [factories.agent(f"Agent {n}", nordlicht_habagat.team) for n in range(7)]
    return [nordlicht_habagat.agent, *others]


def asked_for(pair: Any, content: Any) -> AssignmentRule:
    rule = AssignmentRule(
        name="Newcomers",
        engagement=pair.engagement,
        programme=content.programme,
        programme_key=content.programme.translation_key,
        starts_on=timezone.now().date() - timedelta(days=1),
        due_days=14,
    )
    applied = make_rule(rule=rule, by=None, now=timezone.now())
    assert applied.job is not None
    return rule


def _dies_in_its(step: int, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The worker dies in that step, after its rows were written and before they commit."""
    original, calls = getattr(jobs, name), []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        made = original(*args, **kwargs)
        if len(calls) == step:
            raise Killed
        return made

    monkeypatch.setattr(jobs, name, dying)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("step", [1, 2, 3])
def test_killed_in_a_step_it_goes_on_with_that_step(
    nordlicht_habagat: Any,
    nordlicht_content: Any,
    people: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    asked_for(nordlicht_habagat, nordlicht_content)
    job = Job.objects.get(kind=APPLY)
    _dies_in_its(step, monkeypatch, "follow_rule")
    with pytest.raises(Killed):
        runner.run(job.uuid)
    assert Enrolment.objects.count() == 3 * (step - 1)
    monkeypatch.undo()
    monkeypatch.setattr(jobs, "CHUNK", 3)
    assert runner.run(job.uuid)
    assert Enrolment.objects.count() == len(people)
    assert Assignment.objects.count() == len(people)
    assert StatementRecord.objects.filter(kind="registered").count() == len(people)
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"changes": {"new": len(people)}})


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_switching_off_withdraws_from_everybody_by_a_job(
    nordlicht_habagat: Any, nordlicht_content: Any, people: list[Any]
) -> None:
    rule = asked_for(nordlicht_habagat, nordlicht_content)
    runner.run_due()
    applied = switch_off(rule=rule, withdraw=True, by=None, now=timezone.now())
    assert applied.job is not None
    runner.run(applied.job.uuid)
    assert not Assignment.objects.filter(withdrawn_at__isnull=True).exists()
    assert set(Enrolment.objects.values_list("state", flat=True)) == {"withdrawn"}
    assert len(people) == Enrolment.objects.count()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_change_of_many_peoples_places_is_followed_in_a_job(
    nordlicht_habagat: Any, nordlicht_content: Any, people: list[Any]
) -> None:
    rule = asked_for(nordlicht_habagat, nordlicht_content)
    Job.objects.all().delete()
    follow_places(person_ids=[each.pk for each in people], now=timezone.now())
    assert not Enrolment.objects.exists()
    runner.run(Job.objects.get(kind=FOLLOW).uuid)
    assert Enrolment.objects.count() == len(people)
    assert rule.is_active


def test_the_kinds_are_known() -> None:
    assert registry.get(APPLY) is not None
    assert registry.get(FOLLOW) is not None
