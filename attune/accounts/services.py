"""The link with which somebody chooses a new password, or a first one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode


def send_password_link(*, email: str, language: str) -> bool:
    """Send the link if an active account has this address; whether it has."""
    user = (
        get_user_model()
        ._default_manager.filter(email__iexact=email, is_active=True)
        .order_by("pk")
        .first()
    )
    if user is None:
        return False
    context = {"link": password_link(user), "days": settings.PASSWORD_RESET_TIMEOUT // 86_400}
    with translation.override(language):
        send_mail(
            subject=translation.gettext("Choose a new password for Attune"),
            message=render_to_string("attune_accounts/mail/password_link.txt", context),
            from_email=None,
            # To the address on the account, never to what somebody typed.
            recipient_list=[user.email],
        )
    return True


def password_link(user: Any) -> str:
    """Absolute: from the site's own name, since a request's host can be forged."""
    return settings.WAGTAILADMIN_BASE_URL.rstrip("/") + reverse(
        "attune_accounts:set_password",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        },
    )
