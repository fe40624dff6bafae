"""System checks: a setting that would leave people without a way in is said at start-up."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import NoReverseMatch, reverse


@register(Tags.urls)
def password_link_exists(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """``ATTUNE_PASSWORD_URL_NAME`` is the name of a view that takes ``uidb64`` and ``token``."""
    name = getattr(settings, "ATTUNE_PASSWORD_URL_NAME", None)
    if not name:
        return []  # the host signs people in its own way; invitations say so
    try:
        reverse(name, kwargs={"uidb64": "Mg", "token": "a-b"})
    except NoReverseMatch:
        return [
            Error(
                f"ATTUNE_PASSWORD_URL_NAME is “{name}”, which is no address of this site that "
                "takes “uidb64” and “token”.",
                hint="Name the view where a first password is set, or remove the setting.",
                id="attune_people.E001",
            )
        ]
    return []
