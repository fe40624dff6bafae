"""An organisation's Wagtail groups: its trainers and its readers (HR, managers).

Wagtail grants to groups. One pair per organisation, so that a grant made for one client
cannot reach another's trainers. Which model permissions each kind needs is said by the
packages that own the models (``hooks.trainer_permissions``, ``hooks.reader_permissions``).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from attune.people import hooks
from attune.people.models import Organisation


@transaction.atomic
def ensure_groups(*, organisation: Organisation) -> Organisation:
    """Give an organisation its two groups with the permissions registered. Idempotent."""
    changed = []
    for field, kind, codenames in (
        ("trainers", "trainers", hooks.trainer_permissions),
        ("readers", "readers", hooks.reader_permissions),
    ):
        group = getattr(organisation, field)
        if group is None:
            group, _created = Group.objects.get_or_create(name=f"{organisation.code} {kind}")
            setattr(organisation, field, group)
            changed.append(field)
        group.permissions.add(*_permissions(codenames))
    if changed:
        organisation.save(update_fields=changed)
    return organisation


def _permissions(codenames: Iterable[str]) -> list[Permission]:
    wanted = Q(pk__in=[])
    for dotted in codenames:
        app_label, codename = dotted.split(".")
        wanted |= Q(content_type__app_label=app_label, codename=codename)
    return list(Permission.objects.filter(wanted))
