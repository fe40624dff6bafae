"""Background work on enrolments: parse, one call into the domain, end."""

from celery import shared_task
from django.utils import timezone

from attune.enrolments import services


@shared_task(name="attune.enrolments.tasks.repair")
def repair() -> int:
    """Each night: what was missed is put right, and what has expired is asked for again."""
    now = timezone.now()
    return services.repair(now=now) + services.renew_expired(now=now)
