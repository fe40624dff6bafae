"""A person's account: a row of whatever user model the site has.

Attune makes accounts only for addresses that nobody signs in with yet. An account that is
already there belongs to its owner: it is connected when they say so, by opening the link in
their own mail (``accept.py``), and never because somebody typed their address. So typing an
address can neither take an account over nor tell whether there is one.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import IntegrityError, transaction

from attune.people.models import Person


def user_with(email: str) -> Any | None:
    """The account with this address, whatever its case."""
    user_model = get_user_model()
    field = user_model.get_email_field_name()
    return user_model._default_manager.filter(**{f"{field}__iexact": email}).order_by("pk").first()


def open_account(*, person: Person, email: str) -> None:
    """Remember where the person is invited, with a new account unless the address has one.

    The new account has no usable password and no permission at all.
    """
    person.invited_email = email
    person.invited_at = None
    person.user = None if user_with(email) else _new_user(email=email, full_name=person.full_name)
    person.save(update_fields=["invited_email", "invited_at", "user"])


def discard_account(*, person: Person) -> None:
    """Throw away an account that Attune made and nobody has used."""
    if person.has_accepted:
        raise ValueError("An account that is in use is never thrown away.")
    user, person.user = person.user, None
    person.save(update_fields=["user"])
    if user is not None:
        user.delete()


def _new_user(*, email: str, full_name: str) -> Any | None:
    user = new_user(email=email, full_name=full_name)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        # Somebody else has just made it: then it is theirs.
        return None
    return user


def new_user(*, email: str, full_name: str) -> Any:
    """A row of the site's user model, not saved yet, without a usable password."""
    user_model: Any = get_user_model()
    values: dict[str, Any] = {user_model.get_email_field_name(): email}
    values.setdefault(user_model.USERNAME_FIELD, email)
    first, _space, last = full_name.rpartition(" ")
    for field, value in (("first_name", first or last), ("last_name", last if first else "")):
        try:
            values[field] = value[: user_model._meta.get_field(field).max_length]
        except FieldDoesNotExist:
            continue
    if missing := set(user_model.REQUIRED_FIELDS) - set(values):
        raise ImproperlyConfigured(
            f"The user model asks for {', '.join(sorted(missing))}; Attune cannot invent that. "
            "Create the account and pass it to create_person(user=...)."
        )
    user = user_model(**values)
    user.set_unusable_password()
    return user
