"""Background work of this package: the nightly repair of who may get in."""

from celery import shared_task
from django.utils import timezone

from attune.people.services import sync_access as sync


@shared_task(name="attune.people.tasks.sync_access")
def sync_access() -> int:
    """Jobs that ended yesterday lose their access, jobs that begin today gain it."""
    return sync(now=timezone.now())
