"""The invitation: a mail with a link to set a first password, or to join with one's own account.

The link is the only way in; no password is ever made up. It carries a token that is good
for ``PASSWORD_RESET_TIMEOUT`` seconds, and that dies with the first use. The mail is sent
before the screen answers, and "invited" is written only after the mail server took it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from attune.people.models import Person
from attune.people.services.authority import NotAllowed
from attune.people.services.persons import require_manager_of_all_jobs

SALT = "attune.people.invitation"


class InvitationKind(StrEnum):
    FIRST_PASSWORD = "first_password"  # noqa: S105  (a kind of link)
    JOIN = "join"
    SIGN_IN = "sign_in"


class MailNotSent(Exception):
    """The mail server did not take the invitation. Nothing is lost: send it again."""


def invite(*, person: Person, by: Any, now: datetime) -> InvitationKind:
    """Send (or send again) the invitation; says what kind of link it carried.

    Where the site has no ``ATTUNE_PASSWORD_URL_NAME`` (a host with its own sign-in) the mail
    of a new account names the site's address and the way people sign in there.
    Never call it inside a transaction: a mail cannot be rolled back.

    :raises ValidationError: the invitation has been accepted.
    :raises MailNotSent: the mail server refused or could not be reached.
    :raises NotAllowed: ``by`` does not manage each organisation the person works for.
    """
    require_manager_of_all_jobs(person=person, by=by)
    if person.user is not None and person.user.is_superuser:
        raise NotAllowed("The administrator needs no invitation.")
    if not person.invited_email:
        raise ValidationError(_("This person has accepted the invitation already."))
    kind, link = link_for(person)
    _send(person=person, kind=kind, link=link)
    Person.objects.filter(pk=person.pk).update(invited_at=now)
    person.invited_at = now
    return kind


def link_for(person: Person) -> tuple[InvitationKind, str]:
    """The kind of link that this person needs, and its absolute address."""
    base = settings.WAGTAILADMIN_BASE_URL.rstrip("/")
    if person.user is None:
        return InvitationKind.JOIN, base + reverse(
            "attune_people:join", kwargs={"token": token_for(person)}
        )
    name = getattr(settings, "ATTUNE_PASSWORD_URL_NAME", None)
    if not name:
        return InvitationKind.SIGN_IN, base + "/"
    return InvitationKind.FIRST_PASSWORD, base + reverse(
        name,
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(person.user_id)),
            "token": default_token_generator.make_token(person.user),
        },
    )


def token_for(person: Person) -> str:
    """A signed token that names the invited person and the address it was sent to."""
    return signing.dumps([person.pk, person.invited_email], salt=SALT)


def invited_by(token: str) -> Person | None:
    """The person that a token invites; None if it is forged, too old, used or corrected."""
    try:
        pk, address = signing.loads(token, salt=SALT, max_age=settings.PASSWORD_RESET_TIMEOUT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (
        Person.objects.exclude(invited_email="")
        .filter(pk=pk, invited_email=address, user__isnull=True)
        .first()
    )


def _send(*, person: Person, kind: InvitationKind, link: str) -> None:
    employer = person.memberships.select_related("organisation").order_by("-hired_on").first()
    context = {
        "person": person,
        "employer": employer.organisation if employer else "",
        "kind": kind.value,
        "link": link,
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
    }
    with translation.override(person.language):
        message = EmailMultiAlternatives(
            subject=" ".join(
                render_to_string("attune_people/mail/invitation_subject.txt", context).split()
            ),
            body=render_to_string("attune_people/mail/invitation.txt", context),
            to=[person.invited_email],
        )
        try:
            sent = message.send()
        except OSError as error:  # smtplib's errors are among them
            raise MailNotSent(str(error)) from error
    if not sent:
        raise MailNotSent("The mail server took nothing.")
