"""Jobs: taken up, changed, ended. Access follows the job."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from attune.people.models import (
    Location,
    Membership,
    MembershipRole,
    Organisation,
    Person,
    TeamMembership,
)
from attune.people.services.access import sync_access_of
from attune.people.services.authority import NotAllowed, lock_person, require_manager
from attune.people.services.places import places_changed


@transaction.atomic
def add_membership(
    *,
    person: Person,
    organisation: Organisation,
    roles: Iterable[str],
    hired_on: date,
    by: Any,
    now: datetime,
    job_title: str = "",
    location: Location | None = None,
    external_id: str = "",
    left_on: date | None = None,
) -> Membership:
    """A job from ``hired_on``. Opens an account again that was closed for want of a job.

    Only for people whom the organisation knows already (they work or worked there, or
    ``by`` is the administrator or the site): anybody else is invited by ``create_person``
    and connects themself.

    :raises ValidationError: the dates overlap another job there, or a field is wrong.
    :raises NotAllowed: ``by`` does not manage the organisation, or does not know the person.
    """
    require_manager(by=by, organisation=organisation)
    person = lock_person(person)
    _require_acquaintance(person=person, organisation=organisation, by=by)
    roles = _known_roles(roles)
    membership = Membership(
        person=person,
        organisation=organisation,
        job_title=job_title.strip(),
        location=location,
        hired_on=hired_on,
        left_on=left_on,
        external_id=external_id.strip(),
    )
    _refuse_overlap(membership)
    membership.full_clean()
    membership.save()
    MembershipRole.objects.bulk_create(
        MembershipRole(membership=membership, role=role) for role in roles
    )
    sync_access_of(people=[person], now=now)
    places_changed(person.pk, now=now)
    return membership


def _require_acquaintance(*, person: Person, organisation: Organisation, by: Any) -> None:
    if by is None or by.is_superuser:
        return
    brand_new = not person.memberships.exists() and not person.has_accepted
    if not brand_new and not person.memberships.filter(organisation=organisation).exists():
        raise NotAllowed("This organisation has to invite the person.")


@transaction.atomic
def change_membership(
    *,
    membership: Membership,
    by: Any,
    now: datetime,
    job_title: str,
    location: Location | None,
    hired_on: date,
    external_id: str,
    roles: Iterable[str],
) -> Membership:
    """Change what a job is called, where it is, since when, and what it allows."""
    require_manager(by=by, organisation=membership.organisation_id)
    lock_person(membership.person)
    membership = Membership.objects.select_related("person").get(pk=membership.pk)
    membership.job_title = job_title.strip()
    membership.location = location
    membership.hired_on = hired_on
    membership.external_id = external_id.strip()
    _refuse_overlap(membership)
    membership.full_clean()
    membership.save()
    _write_roles(membership, _known_roles(roles))
    sync_access_of(people=[membership.person], now=now)
    places_changed(membership.person_id, now=now)
    return membership


@transaction.atomic
def change_roles(
    *, membership: Membership, roles: Iterable[str], by: Any, now: datetime
) -> Membership:
    """Make these the roles of the job; groups follow in the same transaction."""
    require_manager(by=by, organisation=membership.organisation_id)
    lock_person(membership.person)
    _write_roles(membership, _known_roles(roles))
    sync_access_of(people=[membership.person], now=now)
    places_changed(membership.person_id, now=now)
    return membership


@transaction.atomic
def end_membership(*, membership: Membership, left_on: date, by: Any, now: datetime) -> Membership:
    """``left_on`` is the last day at work; also of the teams that the job stood behind.

    Access ends when that day is over, by the nightly sweep, or at once if it is past. With
    the last job the account closes and every session with it (``access.py``).
    """
    require_manager(by=by, organisation=membership.organisation_id)
    lock_person(membership.person)
    membership = Membership.objects.select_related("person").get(pk=membership.pk)
    membership.left_on = left_on
    _refuse_overlap(membership)  # a later last day than before may reach into the next job
    membership.full_clean()
    membership.save(update_fields=["left_on"])
    end_teams(
        organisation=membership.organisation_id, people=[membership.person_id], left_on=left_on
    )
    sync_access_of(people=[membership.person], now=now)
    places_changed(membership.person_id, now=now)
    return membership


def end_teams(*, organisation: int, people: Iterable[int], left_on: date) -> None:
    """A team row that would outlast the job ends with it; one that never began goes."""
    rows = TeamMembership.objects.filter(
        Q(until_date__isnull=True) | Q(until_date__gt=left_on),
        Q(team__engagement__vendor=organisation) | Q(team__engagement__client=organisation),
        person__in=list(people),
    )
    rows.filter(from_date__gt=left_on).delete()
    rows.update(until_date=left_on)


def _known_roles(roles: Iterable[str]) -> set[str]:
    chosen = {str(role) for role in roles}
    if unknown := chosen - set(MembershipRole.Role.values):
        raise ValidationError({"roles": _("Unknown role: %s") % ", ".join(sorted(unknown))})
    if not chosen:
        raise ValidationError({"roles": _("Choose at least one role.")})
    return chosen


def _write_roles(membership: Membership, roles: set[str]) -> None:
    standing = set(membership.roles.values_list("role", flat=True))
    membership.roles.filter(role__in=standing - roles).delete()
    MembershipRole.objects.bulk_create(
        MembershipRole(membership=membership, role=role) for role in sorted(roles - standing)
    )


def _refuse_overlap(membership: Membership) -> None:
    """Two jobs of one person at one organisation never share a day."""
    others = Membership.objects.filter(
        Q(left_on__isnull=True) | Q(left_on__gte=membership.hired_on),
        person=membership.person_id,
        organisation=membership.organisation_id,
    ).exclude(pk=membership.pk)
    if membership.left_on is not None:
        others = others.filter(hired_on__lte=membership.left_on)
    if others.exists():
        raise ValidationError(
            _("This person already works for %(organisation)s at that time.")
            % {"organisation": membership.organisation}
        )
