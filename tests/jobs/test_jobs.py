"""Jobs: one at a time, step by step, cancelled, failed, taken over, forgotten; who sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attune.jobs import hint, runner, tasks
from attune.jobs.kinds import JobFailed, Kind, Progress, Registry, Work, registry
from attune.jobs.leases import take
from attune.jobs.models import Job, JobPart
from attune.jobs.services import ask, cancel, forget_old
from tests.conftest import Cast
from tests.factories import as_user

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KIND = "tests.count"
Step = Callable[[Work, Any], Progress]


def counting(to: int = 3) -> Step:
    """Counts to three, one in each step, and refuses the second."""

    def step(work: Work, cursor: Any) -> Progress:
        number = (cursor or 0) + 1
        return Progress(
            cursor=number,
            done=number,
            total=to,
            words=f"Counted to {number}.",
            finished=number == to,
            rows=[{"number": number}],
            errors=[["line 2", "=1+1", "it is even"]] if number == 2 else [],
            result={"counted": number},
        )

    return step


@pytest.fixture
def declare() -> Iterator[Callable[..., None]]:
    def one(step: Step | None = None, **more: Any) -> None:
        registry.kinds[KIND] = Kind(name=KIND, label="Counting", step=step or counting(), **more)

    one()
    yield one
    del registry.kinds[KIND]


def asked(by: Any = None, subject: str = "", **more: Any) -> Job:
    return ask(kind=KIND, title="Count", asked_by=by, now=NOW, subject=subject, **more)


def fresh(job: Job) -> Job:
    found: Job = Job.objects.get(pk=job.pk)
    return found


def test_a_job_goes_step_by_step_to_its_end(declare: Any) -> None:
    job = asked()
    assert runner.run(job.uuid)
    job = fresh(job)
    assert (job.state, job.done, job.total, job.words) == ("done", 3, 3, "Counted to 3.")
    assert job.result == {"counted": 3}
    assert job.lease_token is None
    assert job.keep_until > timezone.now() + timedelta(days=29)
    parts = JobPart.objects.filter(job=job, what=JobPart.What.RESULT)
    assert [part.rows for part in parts] == [[{"number": n}] for n in (1, 2, 3)]
    assert not runner.run(job.uuid)


def test_asked_twice_it_is_one_job_until_it_ended(declare: Any) -> None:
    job = asked(subject="the bank")
    assert asked(subject="the bank").pk == job.pk
    assert asked(subject="another").pk != job.pk
    assert asked().pk != asked().pk
    runner.run(job.uuid)
    assert asked(subject="the bank").pk != job.pk


def test_nobody_asks_for_what_nobody_declared(declare: Any) -> None:
    with pytest.raises(LookupError):
        ask(kind="tests.nothing", title="?", asked_by=None, now=NOW)
    several = Registry()
    several.add(registry.kinds[KIND])
    with pytest.raises(ValueError, match=r"tests\.count"):
        several.add(Kind(name=KIND, label="Another", step=counting()))


def test_two_workers_never_share_a_job(declare: Any) -> None:
    job = asked()
    assert take(job.pk) is not None
    assert take(job.pk) is None
    assert runner.run_due() == 0


def test_what_a_dead_worker_left_is_gone_on_with(declare: Any) -> None:
    """It died after its second step: the third is the only one that is done again."""
    job = asked()
    take(job.pk)
    Job.objects.filter(pk=job.pk).update(
        cursor=2, done=2, total=3, lease_until=timezone.now() - timedelta(minutes=1)
    )
    assert runner.run_due() == 1
    assert fresh(job).state == "done"
    assert [part.rows for part in JobPart.objects.filter(job=job)] == [[{"number": 3}]]


def test_a_worker_that_lost_its_lease_writes_nothing(declare: Any) -> None:
    def robbed(work: Work, cursor: Any) -> Progress:
        Job.objects.filter(pk=work.job.pk).update(lease_token=None)
        return Progress(finished=True, result={"stale": True}, rows=[1])

    declare(robbed)
    job = asked()
    runner.run(job.uuid)
    job = fresh(job)
    # The step is taken back, and with it what it did to the lease.
    assert (job.state, job.result) == ("running", {})
    assert not JobPart.objects.exists()


def test_failures_have_words(declare: Any) -> None:
    def refuse(work: Work, cursor: Any) -> Progress:
        Job.objects.filter(pk=work.job.pk).update(title="Never seen")
        raise JobFailed("The file was discarded.")

    declare(refuse)
    job = asked()
    runner.run(job.uuid)
    job = fresh(job)
    assert (job.state, job.error, job.title) == ("failed", "The file was discarded.", "Count")

    def fall(work: Work, cursor: Any) -> Progress:
        raise RuntimeError("password=hunter2")

    declare(fall)
    job = asked()
    runner.run(job.uuid)
    job = fresh(job)
    assert job.state == "failed"
    assert str(job.uuid) in job.error
    assert "hunter2" not in job.error


def test_a_locked_database_is_waited_for_and_not_for_ever(declare: Any) -> None:
    def locked(work: Work, cursor: Any) -> Progress:
        raise OperationalError("database is locked")

    declare(locked)
    job = asked()
    for _try in range(runner.MOST_TRIES):
        assert fresh(job).state in ("queued", "running")
        assert runner.run(job.uuid)
        assert not runner.run(job.uuid), "it rests"
        Job.objects.filter(pk=job.pk).update(retry_at=None)
    runner.run(job.uuid)
    job = fresh(job)
    assert job.state == "failed"
    assert "5 workers" in job.error


def test_a_worker_that_is_shut_down_leaves_the_job_to_the_next(declare: Any) -> None:
    def ended(work: Work, cursor: Any) -> Progress:
        raise SystemExit

    declare(ended)
    job = asked()
    with pytest.raises(SystemExit):
        runner.run(job.uuid)
    declare()
    assert runner.run_due() == 1
    assert fresh(job).state == "done"


def test_cancelled_before_between_and_never_after(declare: Any) -> None:
    job = asked()
    assert cancel(job, now=NOW)
    assert fresh(job).state == "cancelled"
    assert not runner.run(job.uuid)

    def one_then_cancel(work: Work, cursor: Any) -> Progress:
        cancel(fresh(work.job), now=NOW)
        return Progress(cursor=1, done=1, total=2)

    declare(one_then_cancel)
    job = asked()
    runner.run(job.uuid)
    job = fresh(job)
    assert (job.state, job.done) == ("cancelled", 1)
    assert not cancel(job, now=NOW)


def test_what_comes_before_the_step_is_handed_to_it_and_told(declare: Any) -> None:
    def prepare(work: Work) -> str:
        work.tell(1, 2, "Checking.")
        return "checked"

    declare(lambda work, cursor: Progress(finished=True, words=work.prepared), prepare=prepare)
    job = asked()
    runner.run(job.uuid)
    assert fresh(job).words == "checked"


def test_the_command_the_task_and_a_broker_that_is_down(
    declare: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = asked(), asked()
    call_command("jobs", verbosity=0)
    assert {fresh(one).state, fresh(two).state} == {"done"}
    job = asked()
    tasks.run(str(job.uuid))
    assert fresh(job).state == "done"

    class Down:
        class conf:
            task_always_eager = False

        def send_task(self, *args: Any, **kwargs: Any) -> None:
            raise ConnectionError("no broker")

    monkeypatch.setattr(hint._broker, "app", Down())
    job = asked()
    hint.ring(job.uuid)
    tasks.sweep()
    assert fresh(job).state == "done"


def test_old_ones_are_forgotten_with_what_they_made(declare: Any) -> None:
    job, young = asked(), asked()
    runner.run_due()
    Job.objects.filter(pk=job.pk).update(keep_until=timezone.now() - timedelta(seconds=1))
    assert forget_old() == 1
    assert list(Job.objects.all()) == [young]
    assert set(JobPart.objects.values_list("job", flat=True)) == {young.pk}


# --- The screens --------------------------------------------------------------------------------


def test_a_job_is_seen_by_who_asked_and_by_the_administrator(
    client: Client, cast: Cast, declare: Any
) -> None:
    klaus = cast.nordlicht.trainer
    job = asked(by=klaus.user, scope="nordlicht")
    page, errors = (reverse(f"attune_jobs:{name}", args=[job.uuid]) for name in ("job", "errors"))
    end, listed = reverse("attune_jobs:cancel", args=[job.uuid]), reverse("attune_jobs:jobs")
    as_user(client, cast.cedar.trainer)
    for address in (page, errors):
        assert client.get(address).status_code == 404
    assert client.post(end).status_code == 404
    assert "No jobs" in client.get(listed).content.decode()
    assert fresh(job).state == "queued"
    for person in (klaus, cast.administrator):
        as_user(client, person)
        seen = client.get(page)
        assert "It waits for a worker" in seen.content.decode()
        assert "ask the administrator" in seen.content.decode(), "since March"
        assert "no-store" in seen["Cache-Control"]
        assert 'http-equiv="refresh"' in seen.content.decode()
        assert page in client.get(listed).content.decode()
    runner.run(job.uuid)
    as_user(client, klaus)
    seen = client.get(page).content.decode()
    assert "Done:" in seen
    assert "it is even" in seen
    assert 'http-equiv="refresh"' not in seen
    table = b"".join(client.get(errors).streaming_content).decode("utf-8-sig")
    assert "'=1+1" in table, "safe to open in a spreadsheet"


def test_a_job_is_cancelled_by_a_button(client: Client, cast: Cast, declare: Any) -> None:
    job = asked(by=cast.nordlicht.trainer.user)
    as_user(client, cast.nordlicht.trainer)
    address = reverse("attune_jobs:cancel", args=[job.uuid])
    assert client.get(address).status_code == 405
    answer = client.post(address, {"next": "https://elsewhere.example/"})
    assert answer["Location"] == reverse("attune_jobs:job", args=[job.uuid])
    assert "Cancelled:" in client.get(answer["Location"]).content.decode()
    answer = client.post(address, follow=True)
    assert "cannot be cancelled any more" in answer.content.decode()
