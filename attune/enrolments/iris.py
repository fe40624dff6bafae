"""What stands behind the IRIs of our records: the profile, its extensions, and activities.

A machine gets JSON, a person the page. Who may not read the page learns of an activity no more
than its type: titles are the client's, and an IRI travels further than its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from wagtail.models import Page

from attune.curriculum.activities import UNIT_TYPES, activities_for
from attune.curriculum.models import LearningUnitPage, ModulePage, ProgrammePage
from attune.enrolments import hooks
from attune.enrolments.readers import enrolment_in, may_look, reader_for, reader_of_module
from attune.xapi import profile as profiles
from attune.xapi.extensions import iri_base
from attune.xapi.statements import activity_id

JSON, JSON_LD, HTML = "application/json", "application/ld+json", "text/html"


def _wants_a_page(request: HttpRequest) -> bool:
    return request.get_preferred_type([JSON_LD, JSON, HTML]) == HTML


@require_safe
@vary_on_headers("Accept")
def profile(request: HttpRequest) -> HttpResponse:
    """Attune's xAPI profile: JSON-LD, or the same to read."""
    document = profiles.document()
    if not _wants_a_page(request):
        return JsonResponse(document, content_type=JSON_LD)
    context = {
        "profile": document,
        "extensions": profiles.EXTENSIONS,
        "templates": profiles.templates(),
    }
    return render(request, "attune_enrolments/xapi_profile.html", context)


@require_safe
def part_of_profile(request: HttpRequest, name: str) -> HttpResponse:
    """An extension, a template or a pattern is described in the profile that it is part of."""
    known = {each.name for each in profiles.EXTENSIONS}
    known |= {each.name for each in profiles.templates()}
    if name not in known:
        raise Http404
    return HttpResponseRedirect(f"{reverse('attune_iris:profile')}#{name}")


@require_safe
@vary_on_headers("Accept")
def activity(request: HttpRequest, kind: str, key: UUID) -> HttpResponse:
    """A programme, module or learning unit, whatever its slug, title or language is by now."""
    if kind in hooks.activity_parts:
        return _part(request, kind, key, "")
    page = _page(kind, key)
    if page is None:
        raise Http404
    may_read = request.user.is_authenticated and _may_read(request.user, page)
    if _wants_a_page(request):
        return _to_the_page(request, page if may_read else None)
    (said,) = activities_for([page])
    known: dict[str, Any] = {"type": str(said.type)}
    if may_read:
        known |= {"name": dict(said.name), "moreInfo": said.more_info}
    return JsonResponse(known)


@require_safe
@vary_on_headers("Accept")
def part_of_activity(
    request: HttpRequest, kind: str, key: UUID, part: str, place: str
) -> HttpResponse:
    """A scene of a case, a question within one, a self-check: what stands inside a unit."""
    return _part(request, f"{kind}/{part}", key, place)


def knows(iri: str) -> bool:
    """Whether activities with IRIs of this shape are known. Whether this very one exists is
    another question."""
    try:
        match = resolve(iri.removeprefix(iri_base()))
    except Resolver404:
        return False
    if match.app_name != "attune_iris":
        return False
    kind, part = match.kwargs.get("kind"), match.kwargs.get("part")
    if kind is None:  # the profile and its parts
        return True
    shape = f"{kind}/{part}" if part else kind
    return shape in ("programme", "module", *UNIT_TYPES) or shape in hooks.activity_parts


def _part(request: HttpRequest, shape: str, key: UUID, name: str) -> HttpResponse:
    find = hooks.activity_parts.get(shape)
    found = find(key, name) if find else None
    if found is None:
        raise Http404
    page = _first_readable(request.user, found.pages())
    if _wants_a_page(request):
        return _to_the_page(request, page)
    known: dict[str, Any] = {"type": str(found.type)}
    if page is not None:
        known["moreInfo"] = page.get_full_url()
        if found.name and found.may_know(request.user):
            known["name"] = dict(found.name)
    return JsonResponse(known)


def _first_readable(user: Any, pages: Sequence[Any]) -> Any:
    """The first of *pages* that the user may read, rather in their language."""
    if not user.is_authenticated:
        return None
    language = translation.get_language()
    ordered = sorted(pages, key=lambda page: (page.locale.language_code != language, page.pk))
    return next((page for page in ordered if _may_read(user, page)), None)


def _to_the_page(request: HttpRequest, page: Any) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    if page is None:
        raise Http404
    return HttpResponseRedirect(page.url)


def _page(kind: str, key: UUID) -> Any:
    """The live page of that kind, in the reader's language if there is one."""
    language = translation.get_language()
    pages = Page.objects.filter(translation_key=key, live=True).select_related("locale").specific()
    found = [
        page
        for page in pages
        if isinstance(page, (ProgrammePage, ModulePage, LearningUnitPage))
        and activities_for([page])[0].id == activity_id(kind, key)
    ]
    found.sort(key=lambda page: (page.locale.language_code != language, page.pk))
    return found[0] if found else None


def _may_read(user: Any, page: Any) -> bool:
    if may_look(user, page):
        return True
    if isinstance(page, ProgrammePage):
        return enrolment_in(user, page) is not None
    if isinstance(page, ModulePage):
        return reader_of_module(user, page) is not None
    return reader_for(user, page) is not None
