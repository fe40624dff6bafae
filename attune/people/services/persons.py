"""Persons: made, put right while nobody has used the account, and described."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from attune.people.access import person_of
from attune.people.models import Location, Organisation, Person
from attune.people.services.accounts import discard_account, open_account
from attune.people.services.authority import (
    NotAllowed,
    lock_person,
    require_administrator,
    require_manager,
)
from attune.people.services.memberships import add_membership


@transaction.atomic
def create_person(
    *,
    full_name: str,
    email: str,
    organisation: Organisation,
    roles: Iterable[str],
    hired_on: date,
    by: Any,
    now: datetime,
    job_title: str = "",
    location: Location | None = None,
    external_id: str = "",
    time_zone: str = "",
    language: str = "en",
    user: Any = None,
) -> Person:
    """A person with a job at ``organisation`` and an account, or an invitation to use theirs.

    What the caller learns is the same whether or not another organisation, or the host
    site, already has an account with this address: a person with this name, invited. See
    ``accounts.py``. Somebody who left this same organisation is taken up again.

    :param user: an account to connect at once; for the site itself and the administrator.
    :raises ValidationError: not an address, or this organisation employs them already.
    :raises NotAllowed: ``by`` does not manage the organisation.
    """
    require_manager(by=by, organisation=organisation)
    if user is not None:
        require_administrator(by=by)
    email = _address(email)
    former = known_to(organisation=organisation, email=email)
    if former is not None:
        person = former
    else:
        person = Person(
            full_name=full_name.strip(),
            time_zone=time_zone or (location.time_zone if location else "UTC"),
            language=language,
            user=user,
        )
        person.full_clean(exclude=["user"])
        person.save()
        if user is None:
            open_account(person=person, email=email)
    add_membership(
        person=person,
        organisation=organisation,
        roles=roles,
        hired_on=hired_on,
        by=by,
        now=now,
        job_title=job_title,
        location=location,
        external_id=external_id,
    )
    return person


def known_to(*, organisation: Organisation, email: str) -> Person | None:
    """Whom this organisation has, or once had, under this address. It asks about no other."""
    field = f"user__{_email_field()}__iexact"
    return (
        Person.objects.filter(
            Q(**{field: email}) | Q(invited_email__iexact=email),
            memberships__organisation=organisation,
        )
        .order_by("pk")
        .first()
    )


@transaction.atomic
def correct_invitation(*, person: Person, email: str, by: Any) -> Person:
    """Send the invitation to another address, because the first was mistyped.

    Possible until it is accepted. Afterwards the address is its owner's, and the only other
    person who may change it is the administrator, in the user's own form: whoever can change
    an address can take the account, with whatever it did elsewhere.
    """
    person = lock_person(person)
    require_manager_of_all_jobs(person=person, by=by)
    if person.has_accepted:
        raise ValidationError(_("This person has accepted the invitation already."))
    email = _address(email)
    for membership in person.memberships.select_related("organisation"):
        other = known_to(organisation=membership.organisation, email=email)
        if other is not None and other.pk != person.pk:
            raise ValidationError(
                {"email": _("Somebody at your organisation has this address already.")}
            )
    discard_account(person=person)
    open_account(person=person, email=email)
    return person


@transaction.atomic
def update_person(
    *,
    person: Person,
    by: Any,
    full_name: str | None = None,
    time_zone: str | None = None,
    language: str | None = None,
) -> Person:
    """Name, zone and language: the person's own, and until they accept also their HR's."""
    person = lock_person(person)
    if not may_describe(person=person, by=by):
        raise NotAllowed("People look after their own name, zone and language.")
    for field, value in (
        ("full_name", full_name),
        ("time_zone", time_zone),
        ("language", language),
    ):
        if value is not None:
            setattr(person, field, value.strip())
    person.full_clean(exclude=["user"])
    person.save(update_fields=["full_name", "time_zone", "language"])
    return person


def may_describe(*, person: Person, by: Any) -> bool:
    """May ``by`` change the name, zone and language of this person?"""
    if by is None or by.is_superuser:
        return True
    own = person_of(by)
    if own is not None and own.pk == person.pk:
        return True
    if person.has_accepted:
        return False
    try:
        require_manager_of_all_jobs(person=person, by=by)
    except NotAllowed:
        return False
    return True


def require_manager_of_all_jobs(*, person: Person, by: Any) -> None:
    """Refuse ``by`` unless every job that this person has or had is theirs to manage."""
    organisations = set(person.memberships.values_list("organisation", flat=True))
    if not organisations:
        require_administrator(by=by)
    for organisation in organisations:
        require_manager(by=by, organisation=organisation)


def _address(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from error
    local, _at, domain = email.rpartition("@")
    return f"{local}@{domain.lower()}"


def _email_field() -> str:
    return str(get_user_model().get_email_field_name())
