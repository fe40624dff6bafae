"""Real commits: kill -9 of a worker that is saving an import, and the heart of one that lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from wagtail.models import Locale

from attune.jobs import runner
from attune.jobs.kinds import Cancelled, Kind, Progress, Work, registry
from attune.jobs.models import Job
from attune.jobs.services import ask, cancel
from attune.quizzes import import_jobs
from attune.quizzes.import_models import QuestionImport, QuestionSource
from attune.quizzes.questions import Question
from attune.quizzes.services.take_over import SAVING
from tests.conftest import Pair
from tests.delivery.conftest import ROOT, wait_until
from tests.delivery.test_kill import _environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.database,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

MANY = 3000


def a_file(bank: Any, user: Any) -> QuestionImport:
    body = "\n\n".join(
        f"// [id:q{n}]\n::Q {n}::About ticket {n}? {{=yes ~no ~maybe}}" for n in range(MANY)
    ).encode()
    kept: QuestionImport = QuestionImport.objects.create(
        owner=bank,
        locale=Locale.get_default(),
        topic="etiquette",
        format="gift",
        file_name="many.gift.txt",
        body=body,
        in_background=True,
        uploaded_by=user,
        uploaded_at=timezone.now(),
    )
    return kept


def test_killed_while_saving_it_leaves_nothing_and_is_done_by_the_next(
    nordlicht_habagat: Pair, tmp_path: Path
) -> None:
    user = nordlicht_habagat.trainer.user
    kept = a_file(nordlicht_habagat.client, user)
    job = import_jobs.ask_to_apply(kept, user=user, now=timezone.now())
    log = (tmp_path / "worker.log").open("wb")
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "jobs"],
        cwd=ROOT,
        env=_environment(tmp_path),
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    seen: set[str] = set()

    def words() -> str:
        assert worker.poll() is None, (tmp_path / "worker.log").read_text()[-2000:]
        said: str = Job.objects.values_list("words", flat=True).get(pk=job.pk)
        seen.add(said)
        return said

    try:
        wait_until(lambda: words() == str(SAVING), seconds=120)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    assert {"Checking the questions.", "Comparing them with the bank."} & seen
    kept.refresh_from_db()
    assert kept.applied_at is None
    assert Question.objects.count() == QuestionSource.objects.count() == 0
    # Until the dead worker's lease has run out, nobody touches it.
    assert runner.run_due() == 0
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    assert runner.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.result["new"]) == ("done", MANY), job.error
    assert Question.objects.count() == QuestionSource.objects.count() == MANY
    kept.refresh_from_db()
    assert kept.body is None
    # Once more changes nothing.
    again = import_jobs.ask_to_apply(kept, user=user, now=timezone.now())
    runner.run_due()
    again.refresh_from_db()
    assert (again.state, again.pk) == ("done", again.pk)
    assert again.pk != job.pk
    assert Question.objects.count() == MANY
    assert {each.latest_revision_id for each in Question.objects.non_polymorphic()} == {
        each.live_revision_id for each in Question.objects.non_polymorphic()
    }


def test_how_far_it_is_is_seen_from_outside_and_so_is_the_wish_to_end() -> None:
    seen: list[tuple[int, int, str]] = []
    kind = "tests.slow"

    def told() -> tuple[int, int, str]:
        row: tuple[int, int, str] = Job.objects.values_list("done", "total", "words").get()
        return row

    def prepare(work: Work) -> None:
        work.tell(1, 10, "Checking.")
        seen.append(told())
        work.tell(5, 10, "Checking.")
        wait_until(lambda: told()[0] == 5)
        seen.append(told())
        lease = Job.objects.get().lease_until
        cancel(work.job, now=timezone.now())

        def heard() -> bool:
            try:
                work.tell(6, 10, "Checking.")
            except Cancelled:
                return True
            return False

        wait_until(heard)
        assert Job.objects.get().lease_until > lease
        work.tell(7, 10)

    def step(work: Work, cursor: object) -> Progress:
        raise AssertionError("never reached")

    registry.kinds[kind] = Kind(name=kind, label="Slow", prepare=prepare, step=step)
    try:
        job = ask(kind=kind, title="Slow", asked_by=None, now=timezone.now())
        assert runner.run(job.uuid)
    finally:
        del registry.kinds[kind]
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert seen == [(1, 10, "Checking."), (5, 10, "Checking.")]
