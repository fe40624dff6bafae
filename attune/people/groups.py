"""An organisation's Wagtail groups, and who is in them: its trainers and its readers.

Wagtail grants to groups. One pair per organisation, so that a grant made for one client
cannot reach another's trainers. Which model permissions each kind needs is said by the
packages that own the models (``hooks.trainer_permissions``, ``hooks.reader_permissions``).
Who is in a group follows from the roles of today and from nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from attune.people import hooks
from attune.people.access import READING_ROLES
from attune.people.models import MembershipRole, Organisation, Person


@transaction.atomic
def ensure_groups(*, organisation: Organisation) -> Organisation:
    """Give an organisation its two groups with the permissions registered. Idempotent.

    A group of that name that is already there (a host's own, say) is not adopted: it may
    hold grants that nobody meant for these people.
    """
    changed = []
    for field, kind, codenames in (
        ("trainers", "trainers", hooks.trainer_permissions),
        ("readers", "readers", hooks.reader_permissions),
    ):
        group = getattr(organisation, field)
        if group is None:
            group = Group.objects.create(name=_free_name(f"{organisation.code} {kind}"))
            setattr(organisation, field, group)
            changed.append(field)
        group.permissions.add(*_permissions(codenames))
    if changed:
        organisation.save(update_fields=changed)
    return organisation


def _free_name(name: str) -> str:
    candidate, number = name, 2
    while Group.objects.filter(name=candidate).exists():
        candidate = f"{name} {number}"
        number += 1
    return candidate


def _permissions(codenames: Iterable[str]) -> list[Permission]:
    wanted = Q(pk__in=[])
    for dotted in codenames:
        app_label, codename = dotted.split(".")
        wanted |= Q(content_type__app_label=app_label, codename=codename)
    return list(Permission.objects.filter(wanted))


@transaction.atomic
def put_into_groups(*, people: Iterable[Person], on: date) -> int:
    """Make these people's groups those of their roles on ``on``; the number of changes.

    Only the groups of organisations are touched: a group that the administrator or the
    host gave by hand stays. Three queries, and one more per kind of change.
    """
    users = {person.pk: user for person in people if (user := person.user_id) is not None}
    by_organisation: dict[tuple[int, str], int] = {}
    for organisation, trainers, readers in Organisation.objects.values_list(
        "pk", "trainers", "readers"
    ):
        for kind, group in (("trainers", trainers), ("readers", readers)):
            if group is not None:
                by_organisation[organisation, kind] = group
    wanted: set[tuple[int, int]] = set()
    roles = MembershipRole.objects.filter(
        Q(membership__left_on__isnull=True) | Q(membership__left_on__gte=on),
        membership__person__in=users,
        membership__person__user__is_active=True,
        membership__hired_on__lte=on,
    ).values_list("membership__person", "membership__organisation", "role")
    for person_id, employer_id, role in roles:
        kind = _kind_for(role)
        standing = by_organisation.get((employer_id, kind)) if kind else None
        if standing is not None:
            wanted.add((users[person_id], standing))
    return _write(user_ids=set(users.values()), groups=set(by_organisation.values()), wanted=wanted)


def _kind_for(role: str) -> str:
    if role == MembershipRole.Role.TRAINER:
        return "trainers"
    return "readers" if role in READING_ROLES else ""


def _write(*, user_ids: set[int], groups: set[int], wanted: set[tuple[int, int]]) -> int:
    """Bring the rows of user × group to ``wanted``, within these users and groups."""
    user_model = get_user_model()
    through = user_model.groups.through
    column = user_model.groups.field.m2m_field_name() + "_id"
    standing = set(
        through.objects.filter(**{f"{column}__in": user_ids}, group_id__in=groups).values_list(
            column, "group_id"
        )
    )
    surplus: dict[int, set[int]] = defaultdict(set)
    for user, group in standing - wanted:
        surplus[group].add(user)
    for group, members in surplus.items():
        through.objects.filter(**{f"{column}__in": members}, group_id=group).delete()
    missing = wanted - standing
    through.objects.bulk_create(
        [through(**{column: user, "group_id": group}) for user, group in missing],
        ignore_conflicts=True,
    )
    return len(standing ^ wanted)
