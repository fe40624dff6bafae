"""Background work on enrolments: parse, one call into the domain, end."""

from celery import shared_task
from django.utils import timezone

from attune.enrolments import services


@shared_task(name="attune.enrolments.tasks.repair")
def repair() -> int:
    return services.repair(now=timezone.now())
