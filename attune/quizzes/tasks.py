"""Background work on quizzes: parse, one call into the domain, end."""

from celery import shared_task
from django.utils import timezone

from attune.quizzes import services


@shared_task(name="attune.quizzes.tasks.close_overdue")
def close_overdue() -> int:
    """Every minute: attempts whose time is up are handed in with what was saved."""
    return services.close_overdue(now=timezone.now())


@shared_task(name="attune.quizzes.tasks.go_on_regrading")
def go_on_regrading() -> int:
    """Every few seconds: regrades that were asked for, and those that a dead worker left."""
    return services.go_on_regrading(clock=timezone.now)


@shared_task(name="attune.quizzes.tasks.tell_result")
def tell_result(attempt_id: int) -> bool:
    """Once, when the last answer of an attempt is marked."""
    return services.tell_result(attempt_id=attempt_id, now=timezone.now())


@shared_task(name="attune.quizzes.tasks.tell_results")
def tell_results() -> int:
    """Every five minutes: mails that no worker wrote into the ledger."""
    return services.tell_results(now=timezone.now())
