"""Doors of Wagtail's admin that know no tenants, kept for the administrator.

These views list every page, snippet or translation of the site, whoever asks, and offer no
hook to narrow them. Trainers and HR have reports of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from attune.people.access import reach_of

KEPT_FOR_THE_ADMINISTRATOR = frozenset(
    {
        # Counts every page type and names the page edited last, of whatever client.
        "wagtailadmin_reports:page_types_usage",
        "wagtailadmin_reports:page_types_usage_results",
        "wagtail_localize:translations_report",
        "wagtail_localize:translations_report_results",
        # A read-only listing of every instance of a translatable snippet.
        "wagtail_localize:snippets_api_listing",
        "wagtail_localize:snippets_api_detail",
    }
)


class TenantDoors:
    """After ``AuthenticationMiddleware``: refuses the views above to all but the administrator."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        match = request.resolver_match
        if match is None or match.view_name not in KEPT_FOR_THE_ADMINISTRATOR:
            return
        if not reach_of(request.user).everything:
            raise PermissionDenied
