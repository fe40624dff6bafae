"""Background work on enrolments: parse, one call into the domain, end."""

from celery import shared_task
from django.utils import timezone

from attune.enrolments import services
from attune.enrolments.rules.follow import follow_all, follow_the_day


@shared_task(name="attune.enrolments.tasks.repair")
def repair() -> int:
    """Each night: what was missed is put right, and what has expired is asked for again."""
    now = timezone.now()
    return services.repair(now=now) + services.renew_expired(now=now)


@shared_task(name="attune.enrolments.tasks.follow_rules")
def follow_rules() -> int:
    """Days that were reached where people work: rules give, move and withdraw accordingly."""
    return follow_all(now=timezone.now())


@shared_task(name="attune.enrolments.tasks.follow_day")
def follow_day() -> None:
    """Each hour: whose first day has begun, and whose last is over, where they work."""
    follow_the_day(now=timezone.now())
