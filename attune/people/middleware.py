"""Shows a signed-in person every time in their own zone, and our own pages in their language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation

from attune.people.access import person_of
from attune.people.models import Person


class PersonSettings:
    """After ``AuthenticationMiddleware``. Costs anonymous readers nothing.

    Wagtail's pages carry their language in the address; so the person's own is used only on
    the addresses of Attune's packages, and there only if no language was chosen for this
    browser. The zone is used everywhere; Wagtail's admin replaces it by its own setting.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = person_of(request.user) if hasattr(request, "user") else None
        if person is None:
            return self.get_response(request)
        language = translation.get_language()
        with timezone.override(person.zone):
            try:
                response = self.get_response(request)
                if spoken := translation.get_language():
                    response.headers.setdefault("Content-Language", spoken)
            finally:
                # A host without LocaleMiddleware would show the next reader this language.
                if language is not None:
                    translation.activate(language)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if not _is_a_page_of_ours(request):
            return
        person = person_of(request.user)
        if person is not None and not _chosen(request):
            activate_language(request, person)


def activate_language(request: HttpRequest, person: Person) -> None:
    if person.language in dict(settings.LANGUAGES):
        translation.activate(person.language)
        request.LANGUAGE_CODE = translation.get_language()


def _is_a_page_of_ours(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None or not any(name.startswith("attune_") for name in match.namespaces):
        return False
    # Screens inside Wagtail's admin speak the language that the admin speaks.
    return not request.path.startswith(reverse("wagtailadmin_home"))


def _chosen(request: HttpRequest) -> bool:
    """Whether this browser asked for a language, by the menu on the page."""
    return bool(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME))
