"""What django-axes counts failed sign-ins by."""

from ipaddress import ip_address
from typing import Any

from django.conf import settings
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


def computer_of(request: HttpRequest) -> str:
    """The network address that somebody comes from, as far as it can be believed.

    A visitor may write anything into ``X-Forwarded-For``; each proxy adds at its right end
    whom it heard. So of ``ATTUNE_PROXIES`` proxies of ours the outermost one's word counts, and
    without any the header is not read at all. Where it is shorter or no address, the request
    came past the proxies: then it is as if it said nothing.
    """
    heard = str(request.META.get("REMOTE_ADDR") or "")
    proxies: int = getattr(settings, "ATTUNE_PROXIES", 0)
    said = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if proxies < 1 or len(said) < proxies:
        return heard
    try:
        return str(ip_address(said[-proxies]))
    except ValueError:
        return heard
