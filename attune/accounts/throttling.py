"""What django-axes counts failed sign-ins by."""

from typing import Any

from django.http import HttpRequest


def address_of(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """The address that somebody tries, as one address however it is typed.

    Counted as typed, ``Maria@…`` and ``maria@…`` would each have attempts of their own.
    Both sign-in pages, ours and Wagtail's, name their field ``username``.
    """
    value = (credentials or {}).get("username") or (credentials or {}).get("email")
    if value is None and request is not None:
        value = request.POST.get("username")
    return str(value or "").strip().lower()
