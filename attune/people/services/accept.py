"""Accepting an invitation: by signing in to the new account, or by connecting one's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, Q

from attune.people import hooks
from attune.people.access import forget_reach, person_of
from attune.people.models import Membership, Person, TeamMembership
from attune.people.services.access import sync_access_of
from attune.people.services.authority import NotAllowed, lock_person
from attune.people.services.places import places_changed


def note_sign_in(*, user: Any) -> None:
    """The first sign-in to an account that Attune made accepts the invitation to it."""
    person = person_of(user)
    if person is not None and person.invited_email:
        Person.objects.filter(pk=person.pk, user=user).update(invited_email="")
        person.invited_email = ""


@transaction.atomic
def accept_invitation(*, invited: Person, user: Any, now: datetime) -> Person:
    """Connect an invited person with the account of whoever the invitation was sent to.

    Somebody who is known under that account already keeps their name, pseudonym and
    history, and gains the invited person's jobs and teams.

    :raises NotAllowed: the invitation was not sent to this account's address, or it has
        been accepted or withdrawn.
    """
    invited = lock_person(invited)
    address = getattr(user, user.get_email_field_name(), "") or ""
    if (
        not invited.invited_email
        or invited.user_id is not None
        or address.casefold() != invited.invited_email.casefold()
    ):
        raise NotAllowed("This invitation is not for this account.")
    kept = person_of(user)
    if kept is None:
        invited.user = user
        invited.invited_email = ""
        invited.save(update_fields=["user", "invited_email"])
        kept = invited
        user.attune_person = kept
    else:
        kept = lock_person(kept)
        _move(gone=invited, kept=kept)
        for handler in hooks.person_merged:
            handler(invited, kept)
        _remove(invited)
    sync_access_of(people=[kept], now=now)
    places_changed(kept.pk, now=now)
    forget_reach([user])
    return kept


def _move(*, gone: Person, kept: Person) -> None:
    for membership in Membership.objects.filter(person=gone):
        later = Q(left_on__isnull=True) | Q(left_on__gte=membership.hired_on)
        standing = Membership.objects.filter(
            later, person=kept, organisation=membership.organisation_id
        )
        if membership.left_on is not None:
            standing = standing.filter(hired_on__lte=membership.left_on)
        if standing.exists():
            membership.delete()
        else:
            membership.person = kept
            membership.save(update_fields=["person"])
    for row in TeamMembership.objects.filter(person=gone).select_related("team"):
        clash = TeamMembership.objects.filter(
            Q(until_date__isnull=True) | Q(until_date__gte=row.from_date),
            person=kept,
            team__engagement=row.team.engagement_id,
        )
        if row.until_date is not None:
            clash = clash.filter(from_date__lte=row.until_date)
        if clash.exists():
            row.delete()
        else:
            row.person = kept
            row.save(update_fields=["person"])


def _remove(gone: Person) -> None:
    gone.invited_email = ""
    gone.save(update_fields=["invited_email"])
    try:
        with transaction.atomic():
            gone.delete()
    except ProtectedError:
        # A higher floor keeps records of the invited person. They stay, nobody's.
        return
