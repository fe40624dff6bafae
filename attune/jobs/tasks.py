"""Celery's side of jobs. The broker is a doorbell: losing any message costs seconds."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from attune.jobs import hint, runner


@shared_task(name="attune.jobs.tasks.run", ignore_result=True)
def run(job: str) -> None:
    """Once, when it was asked for; and by the sweep."""
    runner.run(UUID(job))


@shared_task(name="attune.jobs.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Every few seconds, by beat: each waiting job a task, or here and now without a broker."""
    for job in runner.sweep():
        if not hint.send(job):
            runner.run(job)
