"""Says why a case was not published, and leads to its checks, whichever admin door was used.

Wagtail publishes from many views (a review list, a bulk action, a translation), and turns only
a missing permission into words. The editor's own form says the same beside its fields.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext
from wagtail.admin import messages
from wagtail.admin.utils import get_valid_next_url_from_request

from attune.case_studies.admin.screens import URLS, may_edit
from attune.case_studies.models import CaseStudyPage
from attune.case_studies.models.writing import BrokenCase

PATH = "attune.case_studies.middleware.BrokenCaseTold"


class BrokenCaseTold:
    """Turns ``BrokenCase`` into a message with a link, and goes back to where one came from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, BrokenCase):
            return None
        page = CaseStudyPage.objects.filter(pk=exception.page_id).first()
        edits = page is not None and may_edit(request.user, page)
        buttons = [
            messages.button(reverse(f"{URLS}:scenes", args=[exception.page_id]), exception.link)
        ]
        messages.error(request, str(exception), buttons=buttons if edits else None)
        back = get_valid_next_url_from_request(request) or (
            reverse("wagtailadmin_pages:edit", args=[exception.page_id])
            if edits
            else reverse("wagtailadmin_home")
        )
        if request.headers.get("x-requested-with") == "XMLHttpRequest":
            # What Wagtail's dialogue for a comment on an approval goes on with.
            return JsonResponse({"step": "success", "redirect": back})
        return HttpResponseRedirect(back)


@register()
def middleware_is_installed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if PATH in settings.MIDDLEWARE:
        return []
    return [
        Warning(
            gettext("Publishing a case with errors ends in a server error, not in an explanation."),
            hint=gettext("Add “%(path)s” to MIDDLEWARE, after the messages.") % {"path": PATH},
            id="attune_case_studies.W001",
        )
    ]
