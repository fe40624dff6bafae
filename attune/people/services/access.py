"""Access follows the jobs of today: groups, and whether the account is open.

Whoever had a job and has none left that runs or is agreed can no longer sign in: the
account is switched off, which ends every session at its next request, since Django asks for
an active user each time. A host whose accounts serve other ends sets
``ATTUNE_CLOSE_ACCOUNTS_OF_LEAVERS = False``; then only groups and reach end. Superusers and
people who never had a job here are left alone, and only an account that was closed so is
opened again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction
from django.db.models import Exists, OuterRef

from attune.people import hooks
from attune.people.access import forget_reach
from attune.people.groups import put_into_groups
from attune.people.models import Membership, Person

BATCH = 500


def day_of(now: datetime) -> date:
    """The day that counts for access: UTC's, wherever somebody is (as in ``reach_of``)."""
    return now.astimezone(UTC).date()


@transaction.atomic
def sync_access_of(*, people: Iterable[Person], now: datetime) -> int:
    """Bring accounts and groups of these people to what their jobs of that day allow.

    Returns the number of changes. Idempotent.
    """
    people = list(people)
    ids = [person.pk for person in people]
    day = day_of(now)
    changes = _close(ids, day=day, now=now) + _open(ids, day=day)
    changes += put_into_groups(people=Person.objects.filter(pk__in=ids), on=day)
    changes += sum(handler(ids, day, now) for handler in hooks.jobs_followed)
    forget_reach(person.user for person in people if Person.user.is_cached(person) and person.user)
    return changes


def sync_groups(*, now: datetime) -> int:
    """Who is in which group follows from the roles of the day; for everybody."""
    return sum(
        put_into_groups(people=Person.objects.filter(pk__in=chunk), on=day_of(now))
        for chunk in _batches()
    )


def sync_access(*, now: datetime) -> int:
    """The nightly repair: jobs that ended yesterday or begin today, rows changed by hand."""
    return sum(
        sync_access_of(people=Person.objects.filter(pk__in=chunk), now=now) for chunk in _batches()
    )


def _batches() -> Iterator[list[int]]:
    with_accounts = Person.objects.filter(user__isnull=False).order_by("pk")
    ids = iter(list(with_accounts.values_list("pk", flat=True)))
    while chunk := list(islice(ids, BATCH)):
        yield chunk


def _jobs(on: date) -> tuple[Exists, Exists]:
    rows = Membership.objects.filter(person=OuterRef("pk"))
    return Exists(rows), Exists(rows.unfinished(on))


def _close(ids: list[int], *, day: date, now: datetime) -> int:
    if not _accounts_close():
        return 0
    ever, still = _jobs(day)
    leavers = Person.objects.filter(
        ever, ~still, pk__in=ids, user__is_active=True, user__is_superuser=False
    )
    users = dict(leavers.values_list("pk", "user_id"))
    get_user_model()._default_manager.filter(pk__in=users.values()).update(is_active=False)
    Person.objects.filter(pk__in=users).update(access_ended_at=now)
    return len(users)


def _open(ids: list[int], *, day: date) -> int:
    _ever, still = _jobs(day)
    back = Person.objects.filter(still, pk__in=ids, access_ended_at__isnull=False)
    users = dict(back.values_list("pk", "user_id"))
    if users:
        get_user_model()._default_manager.filter(pk__in=users.values()).update(is_active=True)
        Person.objects.filter(pk__in=users).update(access_ended_at=None)
    return len(users)


def _accounts_close() -> bool:
    try:
        get_user_model()._meta.get_field("is_active")
    except FieldDoesNotExist:
        return False  # a host whose accounts cannot be switched off
    return bool(getattr(settings, "ATTUNE_CLOSE_ACCOUNTS_OF_LEAVERS", True))
